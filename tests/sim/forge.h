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
/* Somebody's account is closed by mistake: what the device sends meanwhile is
 * held, and it does not hear of it. */
void office_suspend(struct world *world, struct device *device);
/* A device is shut out for good, and all that have followed it. */
void office_revoke(struct world *world, struct device *device);
/* It was told that it is revoked.  One that was put back to an identity that a
 * copy of it had followed, and with which it was revoked, cannot be told from
 * that copy: it is, too. */
void access_put_back(struct world *world, const struct device *device);
/* A backup knows who is revoked, and what is restored knows no more. */
void access_backup(struct world *world);
void access_lose_backup(struct world *world); /* the newest */
void access_forget(struct world *world);
/* In the end a person settles every hold. */
void office_release_all(struct world *world);
void office_release_one(struct world *world);

#endif
