/* The simulator's disks: an SQLite VFS in memory that loses what was not
 * synced.
 *
 * A path is ROOT/MACHINE/NAME.  A machine's power can be cut at any
 * time or after a number of writes: from then on every operation on its files
 * fails, and disk_power_on() keeps, of what was written after the last sync,
 * any subset that the seed chooses. */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "shared/base/random.h"

#define DISK_VFS "sim"

/* Registers the VFS once and starts with no files; `root` is the folder below
 * which machines have theirs, "/tmp/x/" (borrowed). */
void disk_reset(const char *root, const struct random *random);

/* The machine loses power after `writes` more write operations; 0: at once;
 * negative: never. */
void disk_power_cut(const char *machine, int64_t writes);
bool disk_is_off(const char *machine);
/* From now on a power cut takes only what was in memory; until disk_reset(). */
void disk_keep_unsynced(void);
/* Applies the loss and lets the machine's files be used again.  All of its
 * connections must be closed by then. */
void disk_power_on(const char *machine);

/* The nth operation from now on that writes or syncs (or, `reads`, that reads)
 * fails with this code of SQLite's, once, or until it is called off: nth 0. */
void disk_refuse(const char *machine, int64_t nth, bool reads, int code,
                 bool once);
bool disk_has_refused(const char *machine);

/* Copies every file of a machine as it stands to another (a clone, a backup).
 * Connections to the target must be closed. */
void disk_copy(const char *from, const char *to);

/* Keeps a copy of all files as they are, to begin again from. */
void disk_keep(void);
/* After disk_reset(), which may name another root: they are there again. */
void disk_restore(void);

uint64_t disk_writes(const char *machine); /* so far */

#endif
