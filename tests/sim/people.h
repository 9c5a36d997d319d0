/* What people do on devices (people.c). */
#ifndef SIM_PEOPLE_H
#define SIM_PEOPLE_H

#include "tests/sim/world.h"

bool form_open(struct world *world, struct device *device, struct form *form,
               const char *record, const char *type);
/* Writes and, when acknowledged, adds to the ground truth.  `form` is what was
 * on the screen; NULL creates. */
bool people_write(struct world *world, struct device *device,
                  struct record_write *write, const struct form *form,
                  const char *type, const char *kase);
/* What became of a write that somebody has made in another way. */
void people_wrote(struct world *world, struct device *device, enum err err,
                  const struct record_written *written, const struct form *form,
                  const char *type);
/* A random record of a type that this device can read. */
bool people_pick(struct world *world, struct device *device, const char *type,
                 char record[ID_CHARS + 1]);
/* The oldest that it can read: everybody's hands are on it. */
bool people_pick_oldest(struct world *world, struct device *device,
                        const char *type, char record[ID_CHARS + 1]);
/* Somebody of the same caseload, who is sent what this one writes; NULL. */
struct device *people_colleague(struct world *world, const struct device *of);
const char *people_pick_type(struct world *world);
void people_change(struct world *world, const char *type, char *out,
                   size_t room);

#endif
