/* Going on under a fresh key: what becomes of the closed log.
 *
 * See sync-protocol.md section 13.  identity_succeed_begin() and
 * identity_succeed_finish() are implemented here. */
#ifndef REPLICA_SUCCESSION_H
#define REPLICA_SUCCESSION_H

#include "shared/replica/vault_inner.h"

/* Rewrites what a form that was read at `generation` claims to have seen:
 * lines that have changed places since are meant by where they stand now.
 * `record` is record.id.  Inside a write transaction, with the tip loaded. */
MUST_CHECK enum err succession_seen(struct vault *vault, int64_t record,
                                    int64_t generation, struct seen *seen);

/* The office has other lines from n = `from` on of this closed identity's log,
 * although there is a receipt for them (it was restored, and a copy of this
 * vault came first): what stands there is carried like what had no receipt.
 * Inside a write transaction, unlocked. */
MUST_CHECK enum err succession_lost(struct vault *vault, int64_t identity,
                                    int64_t from);

struct identity_row;
/* Closes `old` and makes `pending` the current identity: carries, queues
 * contributions, resets cursors.  Inside a write transaction, unlocked. */
MUST_CHECK enum err succession_take(struct vault *vault,
                                    const struct identity_row *old,
                                    const struct identity_row *pending,
                                    const char *server, const char *ca_file,
                                    const struct enrol_reply *reply);

#endif
