/* How much to put into the next request, and how hard to compress it.
 *
 * Starts modest, grows while requests come back quickly, shrinks down to a
 * single line when connections are cut, so that even the worst link moves
 * something.  Measured from earlier requests; keep one per vault and office
 * for as long as the program runs.  Pure. */
#ifndef EXCHANGE_PACE_H
#define EXCHANGE_PACE_H

#include <stdbool.h>
#include "shared/base/bytes.h"

#define PACE_BATCH_BYTES_START (64 << 10)
#define PACE_BATCH_BYTES_MIN (1 << 10) /* below: one line at a time */
#define PACE_BATCH_BYTES_MAX (1 << 20)
#define PACE_PLAIN_BYTES_MAX (32 << 20)

struct pace {
    int64_t batch_bytes; /* deflated, the aim of the next request */
    int64_t batch_bytes_max;
    int64_t bytes_per_s;      /* smoothed; 0: not known yet */
    int64_t plain_per_packed; /* times 16 */
    int level;                /* 0: by the link */
    size_t piece_bytes;       /* of an attachment, the aim of the next */
    int64_t blob, blob_bytes; /* the one on its way, and what of it arrived */
};

/* 0 for either gives what adapts. */
void pace_init(struct pace *pace, int64_t batch_bytes_max, int level);
/* A request of `packed` bytes (and `plain` before deflate) was answered with
 * `received` bytes `took_ms` after it was begun. */
void pace_answered(struct pace *pace, int64_t packed, int64_t plain,
                   int64_t received, int64_t took_ms);
/* A request was cut off or timed out without any progress. */
void pace_cut(struct pace *pace);

size_t pace_lines(const struct pace *pace);       /* at most */
size_t pace_plain_bytes(const struct pace *pace); /* about */
int pace_level(const struct pace *pace);          /* zlib's */
/* Inflated bytes of feed that the link brings within seconds. */
int64_t pace_room(const struct pace *pace);
/* Lines between two sign lines: what a cut connection may cost. */
int pace_sign_every(const struct pace *pace);

/* A piece of an attachment took so long, or was cut. */
void pace_piece(struct pace *pace, size_t sent, int64_t took_ms, bool cut);
/* The office has so much of an attachment: true when that is more than it was
 * known to have, so that a link which is cut all the time does get on. */
bool pace_blob(struct pace *pace, int64_t blob, int64_t bytes);

#endif
