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

#endif
