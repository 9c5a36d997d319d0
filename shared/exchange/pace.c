#include "shared/exchange/pace.h"

#include "shared/model/chain.h"
#include "shared/wire/message.h"

#define QUICK_MS 2000 /* a request that took less may be larger */
#define SLOW_MS 15000 /* one that took longer should be smaller */
#define MEASURE_BYTES                                                          \
    2048 /* less says more of the round trip than the rate                     \
          */
#define FAST_BYTES_PER_S (1 << 20)
#define SLOW_BYTES_PER_S (32 << 10)
#define ROOM_SECONDS 10
#define ROOM_BYTES_MIN (16 << 10)
#define PIECE_BYTES_START (64u << 10)
#define PIECE_BYTES_MIN (16u << 10)
#define PIECE_QUICK_MS 500
#define PIECE_SLOW_MS 2000
#define RATIO_UNIT 16
#define RATIO_START (3 * RATIO_UNIT)
#define RATIO_MAX (20 * RATIO_UNIT)

void pace_init(struct pace *pace, int64_t batch_bytes_max, int level)
{
    *pace = (struct pace){
        .batch_bytes_max =
            batch_bytes_max > 0 ? batch_bytes_max : PACE_BATCH_BYTES_MAX,
        .plain_per_packed = RATIO_START,
        .level = level,
        .piece_bytes = PIECE_BYTES_START,
    };
    pace->batch_bytes = PACE_BATCH_BYTES_START;
    if (pace->batch_bytes > pace->batch_bytes_max)
        pace->batch_bytes = pace->batch_bytes_max;
}

static void measure(struct pace *pace, int64_t bytes, int64_t took_ms)
{
    int64_t rate = bytes * 1000 / (took_ms > 0 ? took_ms : 1);
    if (rate < 1)
        rate = 1;
    pace->bytes_per_s =
        pace->bytes_per_s ? (pace->bytes_per_s + rate) / 2 : rate;
}

void pace_answered(struct pace *pace, int64_t packed, int64_t plain,
                   int64_t received, int64_t took_ms)
{
    if (packed + received >= MEASURE_BYTES)
        measure(pace, packed + received, took_ms);
    if (packed >= MEASURE_BYTES) {
        int64_t ratio = plain * RATIO_UNIT / packed;
        if (ratio < RATIO_UNIT)
            ratio = RATIO_UNIT;
        pace->plain_per_packed = ratio > RATIO_MAX ? RATIO_MAX : ratio;
    }
    /* A small request says nothing about a large one, unless the aim itself is
     * that small. */
    if (took_ms < QUICK_MS && packed >= pace->batch_bytes / 4)
        pace->batch_bytes *= 4;
    else if (took_ms > SLOW_MS && packed >= pace->batch_bytes / 4)
        pace->batch_bytes /= 2;
    if (pace->batch_bytes > pace->batch_bytes_max)
        pace->batch_bytes = pace->batch_bytes_max;
    if (pace->batch_bytes < 1)
        pace->batch_bytes = 1;
}

void pace_cut(struct pace *pace)
{
    pace->batch_bytes /= 8;
    if (pace->batch_bytes < 1)
        pace->batch_bytes = 1;
}

size_t pace_lines(const struct pace *pace)
{
    return pace->batch_bytes < PACE_BATCH_BYTES_MIN ? 1 : REQUEST_LINES_MAX;
}

size_t pace_plain_bytes(const struct pace *pace)
{
    int64_t plain = pace->batch_bytes * pace->plain_per_packed / RATIO_UNIT;
    return (size_t)(plain > PACE_PLAIN_BYTES_MAX ? PACE_PLAIN_BYTES_MAX
                                                 : plain);
}

int pace_level(const struct pace *pace)
{
    if (pace->level)
        return pace->level;
    return pace->bytes_per_s >= FAST_BYTES_PER_S ? 1 : 6;
}

int64_t pace_room(const struct pace *pace)
{
    if (!pace->bytes_per_s)
        return ROOM_BYTES_DEFAULT;
    int64_t room = pace->bytes_per_s * ROOM_SECONDS * 3;
    if (room < ROOM_BYTES_MIN)
        return ROOM_BYTES_MIN;
    return room > ROOM_BYTES_DEFAULT ? ROOM_BYTES_DEFAULT : room;
}

int pace_sign_every(const struct pace *pace)
{
    bool slow = pace->batch_bytes < PACE_BATCH_BYTES_START ||
                (pace->bytes_per_s && pace->bytes_per_s < SLOW_BYTES_PER_S);
    return slow ? SIGN_EVERY / 8 : SIGN_EVERY;
}

/* It takes about a second: text that is written meanwhile waits for it. */
void pace_piece(struct pace *pace, size_t sent, int64_t took_ms, bool cut)
{
    size_t *piece = &pace->piece_bytes;
    if ((cut || took_ms > PIECE_SLOW_MS) && *piece > PIECE_BYTES_MIN)
        *piece /= 2;
    else if (!cut && took_ms < PIECE_QUICK_MS && sent == *piece &&
             *piece < BLOB_PIECE_BYTES_MAX)
        *piece *= 2;
}

bool pace_blob(struct pace *pace, int64_t blob, int64_t bytes)
{
    bool more = pace->blob == blob && bytes > pace->blob_bytes;
    pace->blob = blob;
    pace->blob_bytes = bytes;
    return more;
}
