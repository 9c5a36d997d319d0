/* The volume on which the office keeps its journal: a real folder, which no
 * power cut touches, and which may be away for a while.
 *
 * While it was never away, a restore that has it has everything that the office
 * ever had, and nobody may notice that there was one. */
#ifndef SIM_VOLUME_H
#define SIM_VOLUME_H

#include "server/journal_replay.h"
#include "tests/sim/world.h"

/* A journal is kept from now on; or its volume goes away, or comes back. */
void volume_step(struct world *world);

/* A restore, which the caller makes between these.  Where there is neither a
 * journal nor an attachment the backup is put in place, and no more. */
struct volume_restore {
    struct world *world;
    struct map *had; /* owned: writes that the office had; NULL: no journal */
    bool used, journal, has_setting, covers, damaged, blobs_lost;
    char path[512];
    struct journal_setting setting; /* of the backup */
    uint8_t key[JOURNAL_KEY_BYTES];
    struct replay_source source;
    struct replay_plan plan; /* owned */
    struct replay_result result;
};
/* Before the store is lost. */
void volume_restore_begin(struct volume_restore *restore, struct world *world);
/* The office is stopped, its store is that of a backup: brings what the journal
 * has.  True when that is all that there ever was. */
bool volume_replay(struct volume_restore *restore);
/* The office has begun a term. */
void volume_restore_end(struct volume_restore *restore);

#endif
