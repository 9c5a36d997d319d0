/* The vault's own log: its tip, appending, signing.
 *
 * Inside a write transaction.  Nothing is committed unsigned: whoever appends
 * calls own_sign() before the transaction ends. */
#ifndef REPLICA_OWN_H
#define REPLICA_OWN_H

#include "shared/replica/line.h"

/* Brings vault->tip up to date.  ERR_DENIED before enrolment, ERR_REVOKED. */
MUST_CHECK enum err own_load(struct vault *vault);
/* Adds its line as tip.n + 1, wraps its case key to the office, and signs when
 * 64 lines or much text have gathered.  *id is its log.id. */
MUST_CHECK enum err own_append(struct vault *vault, const struct case_key *key,
                               const struct revision *revision, int64_t *id);
/* Signs what is not signed yet. */
MUST_CHECK enum err own_sign(struct vault *vault);

#endif
