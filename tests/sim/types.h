/* A record type that the office adds in the middle of a history, and to which
 * it then adds a field, a version at a time; devices learn each with a sync. */
#ifndef SIM_TYPES_H
#define SIM_TYPES_H

#include "tests/sim/world.h"

/* The office publishes the next version of type `visit`. */
void types_step(struct world *world);
/* Somebody writes one, by the version that the device knows. */
void types_visit(struct world *world);

#endif
