/* Attachments: taken on devices, brought to the office behind the text in
 * pieces that are cut, fetched by others, let go, backed up, lost and brought
 * again.
 *
 * In the end the office has each whose write it has, byte for byte, unless the
 * only vault that ever held it is lost or was put back. */
#ifndef SIM_PHOTOS_H
#define SIM_PHOTOS_H

#include "tests/sim/world.h"

/* Somebody attaches one to a contact on `d`. */
void photos_attach(struct world *world, struct device *d);
/* Somebody looks at one. */
void photos_fetch(struct world *world);
/* A device makes room: what is backed up may go. */
void photos_prune(struct world *world, struct device *d);
/* The office's disk has no room for attachments; or it has again. */
void photos_disk(struct world *world);

/* With a backup of the store; in a write transaction. */
MUST_CHECK enum err photos_backup(struct world *world);
/* The office's disk is lost with all files on it, sometimes. */
void photos_lose(struct world *world);
/* As `restore` does, in a write transaction of an office that is opened for it:
 * those that are backed up; *lost counts those that are missing. */
MUST_CHECK enum err photos_bring(struct world *world, int64_t *lost);

/* The office says of the one of this name that it is backed up. */
void photos_claimed(struct world *world, const char *name);
/* After a restore: whatever it has said so of can be read. */
void photos_check_claims(struct world *world);

/* Everything has come together. */
void photos_check(struct world *world);

#endif
