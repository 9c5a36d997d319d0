/* Erasing what is backed up and cannot be read here any more.
 *
 * Only cases that have left, whose keys are destroyed, each whole: others'
 * lines first, own lines last and together, of which the hashes stay.  A case
 * goes once a line that was written here after it left is backed up, since the
 * office had all of it before that line; what merely is received stays, and so
 * does a case with own lines of an earlier history of the office.  The log's
 * own triggers hold to that.  Then the file gets smaller: of its free pages,
 * which hold zeros, an eighth stays for new work.  Works on a locked vault. */
#ifndef REPLICA_PRUNE_H
#define REPLICA_PRUNE_H

#include "shared/replica/vault.h"

#define PRUNE_LINES_MAX 512 /* others' lines in one step */

struct pruned {
    int64_t cases, lines; /* erased */
    int64_t bytes;        /* that they took */
};

/* One bounded step, in a transaction of its own; adds to *out.  *more: there is
 * something left to do at once. */
MUST_CHECK enum err prune_step(struct vault *vault, struct pruned *out,
                               bool *more);
/* Cases that have left and are still here. */
MUST_CHECK enum err prune_waiting(struct vault *vault, int64_t *cases);

#endif
