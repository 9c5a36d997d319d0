/* What told stories are made of, where nothing is drawn: people and machines
 * by number, one after the other (test_exhaust.c, test_orders.c).
 *
 * Device 0 is dana's and 1 lee's, both of caseload:east, 2 kim's of the west.
 * All is about the first record, a person.  Every call may find a machine
 * without power, which is then started again. */
#ifndef SIM_TALE_H
#define SIM_TALE_H

#include "tests/sim/world.h"

struct device *tale_device(struct world *world, int i);
void tale_person(struct world *world, int i);
void tale_contact(struct world *world, int i, const char *text);
/* Nothing when the device cannot read the person. */
void tale_edit(struct world *world, int i, const char *name);
/* "010": these devices, one after the other. */
void tale_syncs(struct world *world, const char *order);
void tale_assign(struct world *world, const char *scope);
/* Another case than that of the first record. */
void tale_assign_record(struct world *world, const char *record,
                        const char *scope);
void tale_step(struct world *world, enum step_kind kind);
/* A copy of that device's vault, powered; its number, or -1. */
int tale_copy(struct world *world, int i);
/* A person with a contact, known to dana and lee. */
void tale_begin(struct world *world);
/* Faults stop, all come together, all oracles hold; closes the world. */
void tale_end(struct world *world, const char *name);

#endif
