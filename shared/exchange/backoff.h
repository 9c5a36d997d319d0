/* When to try again: exponential, full jitter, a ceiling, reset by success.
 *
 * Pure but for the randomness it is given. */
#ifndef EXCHANGE_BACKOFF_H
#define EXCHANGE_BACKOFF_H

#include "shared/base/random.h"

struct backoff {
    int64_t base_ms, ceiling_ms; /* 1 s and 5 min by default */
    int failures;
};

/* 0 gives the defaults. */
void backoff_init(struct backoff *b, int64_t base_ms, int64_t ceiling_ms);
void backoff_reset(struct backoff *b);
/* Milliseconds until the next try, at least `floor_ms`. */
int64_t backoff_next(struct backoff *b, const struct random *random,
                     int64_t floor_ms);

#endif
