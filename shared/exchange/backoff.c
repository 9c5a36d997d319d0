#include "shared/exchange/backoff.h"

#include <assert.h>

#define BASE_MS 1000
#define CEILING_MS (5 * 60 * 1000)
#define DOUBLINGS_MAX 30

void backoff_init(struct backoff *b, int64_t base_ms, int64_t ceiling_ms)
{
    b->base_ms = base_ms > 0 ? base_ms : BASE_MS;
    b->ceiling_ms = ceiling_ms > 0 ? ceiling_ms : CEILING_MS;
    assert(b->base_ms <= b->ceiling_ms);
    b->failures = 0;
}

void backoff_reset(struct backoff *b)
{
    b->failures = 0;
}

int64_t backoff_next(struct backoff *b, const struct random *random,
                     int64_t floor_ms)
{
    int64_t span_ms = b->base_ms;
    for (int i = 0; i < b->failures && span_ms < b->ceiling_ms; i++)
        span_ms *= 2;
    if (span_ms > b->ceiling_ms)
        span_ms = b->ceiling_ms;
    if (b->failures < DOUBLINGS_MAX)
        b->failures++;
    /* Anything from nothing to the whole span, so that devices that lost the
     * office together do not come back together. */
    int64_t wait_ms = 1 + (int64_t)random_below(random, (uint64_t)span_ms);
    return wait_ms < floor_ms ? floor_ms : wait_ms;
}
