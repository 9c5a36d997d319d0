/* The memo beside a state: what the next step must know of the past.
 *
 * One byte of flags, then for each replica, sorted: its id, the n that its
 * unbroken chain reaches on this record, and the greatest n of it that any
 * line of the record had seen (both 64 bits, little endian).  `plain` says that
 * every line so far took effect as a simple write with its whole chain before
 * it, which is what the fast path rests on.  Internal to the fold; local to a
 * database, never sent. */
#ifndef MODEL_FOLD_MEMO_H
#define MODEL_FOLD_MEMO_H

#include "shared/model/fold_acts.h"

#define MEMO_ENTRY_BYTES (REPLICA_CHARS + 16)
#define MEMO_JOINED_MAX 4096 /* replicas; above, no fast path */

struct memo_entry {
    char replica[REPLICA_CHARS + 1];
    int64_t reached; /* 0: nothing */
    int64_t joined;  /* 0: never seen */
};

/* Writes the memo of all lines. */
MUST_CHECK enum err memo_write(struct buffer *out, const struct acts *acts,
                               bool plain);

bool memo_valid(struct bytes memo);
bool memo_plain(struct bytes memo);
size_t memo_count(struct bytes memo);
struct memo_entry memo_at(struct bytes memo, size_t index);
/* Zeros when the replica is not there. */
struct memo_entry memo_find(struct bytes memo, const char *replica);
/* `memo` after one more line at the end of its replica's chain. */
MUST_CHECK enum err memo_step(struct buffer *out, struct bytes memo,
                              const struct revision *next);

/* Nothing but plain writes and set members. */
bool line_plain(const struct revision *line);

#endif
