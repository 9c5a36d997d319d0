/* Which logs are the vault's own, and how far the office has each: what
 * custody and sums are counted by. */
#ifndef REPLICA_OWN_LOGS_H
#define REPLICA_OWN_LOGS_H

#include "shared/replica/vault_inner.h"

struct own_log {
    int64_t identity; /* identity.id */
    int64_t log;      /* replica.id */
    int64_t received, backed;
    bool current;
};

struct own_logs {
    struct own_log *logs; /* owned, the current one first */
    size_t count;
};

/* Release with own_logs_fini(). */
MUST_CHECK enum err own_logs_load(struct vault *vault, struct own_logs *out);
void own_logs_fini(struct own_logs *logs);
/* NULL when it is another's. */
const struct own_log *own_logs_find(const struct own_logs *logs, int64_t log);
/* Does a line that is part of a record count in sums? */
bool own_logs_counts(const struct own_logs *logs, int64_t log, int64_t n);

#endif
