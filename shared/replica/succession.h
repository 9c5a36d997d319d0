/* Going on under a fresh key: what becomes of the closed log.
 *
 * See sync-protocol.md section 13.  identity_succeed_begin() and
 * identity_succeed_finish() are implemented here. */
#ifndef REPLICA_SUCCESSION_H
#define REPLICA_SUCCESSION_H

#include "shared/replica/vault_inner.h"

/* Rewrites what a form that was read before a succession claims to have seen:
 * lines of a closed log above its last receipt exist for others only under
 * the dots that carry them.  `record` is record.id. */
MUST_CHECK enum err succession_seen(struct vault *vault, int64_t record,
                                    struct seen *seen);

struct identity_row;
/* Closes `old` and makes `pending` the current identity: carries, queues
 * contributions, resets cursors.  Inside a write transaction, unlocked. */
MUST_CHECK enum err succession_take(struct vault *vault,
                                    const struct identity_row *old,
                                    const struct identity_row *pending,
                                    const char *server, const char *ca_file,
                                    const struct enrol_reply *reply);

#endif
