/* Differences that stand: what two rounds of a reconcile found alike, although
 * all that could be given was given in between (sync-protocol.md section 12).
 *
 * The office counts a record in another case than this vault, say, as somebody
 * gave its id twice.  Comparing again would find the same for ever: what the
 * office's sum is above ours is kept beside it, and told with it, until the two
 * differ in another way. */
#ifndef REPLICA_STANDING_H
#define REPLICA_STANDING_H

#include "shared/replica/sums.h"

struct difference {
    int64_t key; /* case_key.id */
    uint64_t own, office;
};

struct standing {
    struct difference *now, *before; /* owned; of this round and the last */
    size_t now_count, now_room, before_count, before_room;
    size_t asked, given; /* lines of the office, since the last round */
    bool moved;          /* a line has given way in this round */
};

void standing_init(struct standing *standing);
void standing_fini(struct standing *standing);

/* A round begins. */
void standing_round(struct standing *standing);
/* A case differs in this round: what was kept beside its sum is forgotten.
 * `have` is the office's list, eight bytes of each hash. */
MUST_CHECK enum err standing_note(struct standing *standing,
                                  struct vault *vault, int64_t key,
                                  struct bytes have);
/* The round is over, and was told whole.  *count: how many differences stand;
 * `keep` keeps them. */
MUST_CHECK enum err standing_keep(struct standing *standing,
                                  struct vault *vault, bool keep,
                                  size_t *count);

#endif
