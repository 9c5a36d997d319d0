/* Carrying: lines of a closed log are written again in the present one, word
 * for word, under new dots (sync-protocol.md section 4). */
#ifndef REPLICA_CARRY_H
#define REPLICA_CARRY_H

#include "shared/replica/identity_row.h"

/* Carries every readable line of `old` from n = `from` on and folds their
 * records anew without the old appearances.  *unreadable is the last n that
 * could not be read, because its case has left; 0 when none.  Inside a write
 * transaction, with the new identity's tip loaded. */
MUST_CHECK enum err carry_lines(struct vault *vault,
                                const struct identity_row *old, int64_t from,
                                int64_t *unreadable);

#endif
