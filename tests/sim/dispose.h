/* Cases whose time is over go when two persons say so, and stay gone whatever
 * is restored or comes back; what devices have not sent by then is held. */
#ifndef SIM_DISPOSE_H
#define SIM_DISPOSE_H

#include "tests/sim/world.h"

void dispose_step(struct world *world);

#endif
