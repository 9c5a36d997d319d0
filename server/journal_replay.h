/* What the office's journal holds, put into a store again: for `restore`.
 *
 * Begins at the last whole base, which needs an empty store, or else at the
 * first transaction that the given backup does not have.  Goes on until the
 * end, or until something is missing. */
#ifndef SERVER_JOURNAL_REPLAY_H
#define SERVER_JOURNAL_REPLAY_H

#include "server/office_journal.h"
#include "shared/base/arena.h"
#include "shared/base/map.h"

struct replay_source {
    const char *path;
    const uint8_t *key; /* JOURNAL_KEY_BYTES */
    bool has_backup;    /* and then what its setting says: */
    struct journal_setting backup;
};

/* The way through the file that journal_survey() found. */
struct replay_plan {
    bool usable;        /* false: nothing in it follows the backup */
    bool from_base;     /* the store has to be empty */
    bool at_backup;     /* it ends with what the backup has */
    bool beyond;        /* it has some of what came after the backup */
    uint64_t first;     /* record number of the GROUP to begin with */
    struct map *texts;  /* owned: id -> statement in `arena` */
    struct arena arena; /* owned */
};

struct replay_result {
    int64_t transactions;
    int64_t groups; /* number of the last */
    uint64_t lost;  /* records that are missing behind it */
    uint8_t instance[GROUP_INSTANCE_BYTES]; /* of the last transaction */
};

/* `plan` is given back with replay_plan_fini(), also after a failure. */
MUST_CHECK enum err journal_survey(const struct replay_source *source,
                                   struct replay_plan *plan);
void replay_plan_fini(struct replay_plan *plan);

/* Into `sql`, which nobody else uses; durable when it returns. */
MUST_CHECK enum err journal_replay(const struct replay_source *source,
                                   const struct replay_plan *plan,
                                   struct sql *sql,
                                   struct replay_result *result);

#endif
