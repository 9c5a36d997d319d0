/* Hostile and careless requests, and what the office does by itself. */
#ifndef SIM_FORGE_H
#define SIM_FORGE_H

#include "tests/sim/world.h"

#define FORGED "f0rged"

/* Sends a device's next push with a line altered, or with its last sign lines
 * cut off; nothing of it may stay. */
void forge_request(struct world *world);

/* admin.c */
bool office_knows(struct world *world, const char *record);
void office_edit(struct world *world);
void office_release_one(struct world *world);

#endif
