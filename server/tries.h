/* How often a source may try: ten failures a minute, then it has to wait.
 *
 * Guessing is what is counted: a try that succeeds is given back, so that a
 * hundred tablets may be enrolled behind one address.  Memory is bounded; when
 * too many sources fail at once the oldest are forgotten.  Thread-safe. */
#ifndef SERVER_TRIES_H
#define SERVER_TRIES_H

#include "shared/base/clock.h"

#define TRIES_MAX 10
#define TRIES_WINDOW_MS 60000
#define TRIES_SOURCES 1024
#define TRIES_SOURCE_BYTES 8

struct tries;

MUST_CHECK enum err tries_open(struct tries **out, const struct clock *clock);
void tries_close(struct tries *tries);
/* Counts one try.  False when there were too many: *wait_s until the next. */
bool tries_take(struct tries *tries, const uint8_t source[TRIES_SOURCE_BYTES],
                int *wait_s);
void tries_give_back(struct tries *tries,
                     const uint8_t source[TRIES_SOURCE_BYTES]);

#endif
