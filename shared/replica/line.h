/* Rows of the log: sealing lines into it, opening them, links over them.
 *
 * Envelopes are those of sync-protocol.md section 14, so that a locked vault
 * can push them as they stand.  Rows are only ever added; prune.h alone takes
 * some away. */
#ifndef REPLICA_LINE_H
#define REPLICA_LINE_H

#include "shared/replica/case_key.h"

/* Where a line stands. */
struct line_place {
    int64_t replica;  /* replica.id */
    const char *name; /* the same on the wire; borrowed */
    int64_t n;
};

/* The small number of a branch of a replica's log, made when new. */
MUST_CHECK enum err line_replica(struct vault *vault, struct bytes name,
                                 int64_t branch, int64_t *id);

/* Seals `line` under `key` and adds it.  `pack` deflates it first.  `page` is
 * 0 for own lines.  *id is 0 when it stands there already under that key;
 * ERR_FORK when another line does, under whatever key: two lines of one dot may
 * be of two cases. */
MUST_CHECK enum err line_add(struct vault *vault,
                             const struct line_place *place,
                             const struct case_key *key, struct bytes line,
                             const uint8_t hash[HASH_BYTES], int64_t page,
                             bool pack, int64_t *id);

/* Appends the plain line of an envelope.  ERR_NOT_FOUND when its key is
 * destroyed, ERR_LOCKED, ERR_CORRUPT. */
MUST_CHECK enum err line_open(struct vault *vault, int64_t key,
                              const char *name, int64_t n, struct bytes body,
                              struct buffer *out);

/* The same with a key at hand, of this vault or another. */
MUST_CHECK enum err line_unseal(struct vault *vault,
                                const uint8_t key[SECRET_BYTES],
                                const char *name, int64_t n, struct bytes body,
                                struct buffer *out);

/* The hash of the line at that place, erased or not; ERR_NOT_FOUND. */
MUST_CHECK enum err line_hash(struct vault *vault, int64_t replica, int64_t n,
                              uint8_t hash[HASH_BYTES]);
/* The greatest n of a replica's log here, erased lines included; 0: none. */
MUST_CHECK enum err line_head(struct vault *vault, int64_t replica, int64_t *n);

/* Link of a log of our own at n, from the nearest signed link before it.
 * ERR_GAP when lines are missing. */
MUST_CHECK enum err line_link(struct vault *vault, int64_t replica,
                              const char *agency, const uint8_t key[KEY_BYTES],
                              int64_t n, uint8_t link[LINK_BYTES]);

#endif
