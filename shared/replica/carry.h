/* Carrying: lines of a closed log are written again in the present one, word
 * for word, under new dots (sync-protocol.md section 4). */
#ifndef REPLICA_CARRY_H
#define REPLICA_CARRY_H

#include "shared/replica/identity_row.h"
#include "shared/replica/state.h"

/* Makes, in `arena`, the own log's next line that carries `revision`, for its
 * record `row`.  A carrier nests the original only: what the original's writer
 * had seen counts from the outer line and is `seen`, in today's dots.  `had`
 * says that an office may have had it where it stood. */
MUST_CHECK enum err carrier_write(struct vault *vault, struct arena *arena,
                                  const struct state_row *row,
                                  const struct revision *revision,
                                  const struct seen *seen, bool had,
                                  const struct revision **out);

/* Carries every readable line of `old` from n = `from` on and folds their
 * records anew without the old appearances.  In `another` history than that of
 * the old log the office may have lost more than there are receipts for.
 * *unreadable is the last n that could not be read, because its case has left;
 * 0 when none.  Inside a write transaction, with the new identity's tip loaded.
 */
MUST_CHECK enum err carry_lines(struct vault *vault,
                                const struct identity_row *old, int64_t from,
                                bool another, int64_t *unreadable);

#endif
