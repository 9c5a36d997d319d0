/* What people and applications do that nobody has foreseen (mishap.c). */
#ifndef SIM_MISHAP_H
#define SIM_MISHAP_H

#include "tests/sim/world.h"

/* A form that was read on one tablet is saved on another, which has not got
 * what the first had in view; nor has the office, for a while. */
void mishap_lend(struct world *world);
/* Two give one id to two records of a person, often of two types. */
void mishap_same_id(struct world *world);

#endif
