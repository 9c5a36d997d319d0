/* Two lines at one dot.
 *
 * The office has one line at a dot, but a vault may hold two: its own of a log
 * that a copy of it went on writing, or one that a restored office had to give
 * away.  Each stands in a branch of the log (replica.branch), and only the
 * office's is part of a record; the other's write stands under the dot that
 * carries it. */
#ifndef REPLICA_BRANCH_H
#define REPLICA_BRANCH_H

#include "shared/replica/sums.h"

/* The line of that log.id leaves its record, which is folded anew.  Inside a
 * write transaction, unlocked. */
MUST_CHECK enum err branch_yield(struct vault *vault, int64_t line,
                                 struct sums *sums);
/* The same for whatever stands at that dot in other branches than `branch`.
 * *any says whether something did. */
MUST_CHECK enum err branch_prevail(struct vault *vault, const char *replica,
                                   int64_t branch, int64_t n, struct sums *sums,
                                   bool *any);
/* Does the write of that line stand under another dot too? */
MUST_CHECK enum err branch_carried(struct vault *vault, int64_t line,
                                   bool *carried);

#endif
