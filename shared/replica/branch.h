/* Two lines at one dot.
 *
 * The office has one line at a dot, but a vault may hold two: its own of a log
 * that a copy of it went on writing, or one that a restored office had to give
 * away.  Each stands in a branch of the log (replica.branch).  In the end only
 * the office's is part of a record, and the other's write stands under the dot
 * that carries it: by this vault when it wrote it, else by the office.  Until
 * the office is known to have it, both are part of the record, so that the sums
 * differ and it is contributed. */
#ifndef REPLICA_BRANCH_H
#define REPLICA_BRANCH_H

#include "shared/replica/sums.h"

/* The line of that log.id leaves its record, which is folded anew.  Inside a
 * write transaction, unlocked. */
MUST_CHECK enum err branch_yield(struct vault *vault, int64_t line,
                                 struct sums *sums);
/* The office has sent the line of that dot in `branch`: what stands there in
 * other branches yields when this vault wrote it, and stays otherwise.  *any
 * says whether there was something. */
MUST_CHECK enum err branch_prevail(struct vault *vault, const char *replica,
                                   int64_t branch, int64_t n, struct sums *sums,
                                   bool *any);
typedef bool branch_each_hash(void *context, const uint8_t hash[HASH_BYTES]);
/* Does the write of that line stand under another dot too, in a line that the
 * office has, as `has` says? */
MUST_CHECK enum err branch_elsewhere(struct vault *vault, int64_t line,
                                     branch_each_hash *has, void *context,
                                     bool *elsewhere);

#endif
