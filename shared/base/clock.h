/* The clock seam: wall time is testimony, monotonic time measures waits.
 *
 * Everything that needs time takes a struct clock; only clock_system() reads
 * the real one, so that a simulator runs a hundred devices on virtual time. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "shared/base/bytes.h"

struct clock {
    int64_t (*wall_ms)(void *context);      /* since 1970-01-01 UTC */
    int64_t (*monotonic_ms)(void *context); /* since some fixed point */
    void *context;                          /* borrowed */
};

const struct clock *clock_system(void); /* static */
int64_t clock_wall_ms(const struct clock *clock);
int64_t clock_monotonic_ms(const struct clock *clock);

#define INSTANT_CHARS 32
/* Milliseconds as "2026-11-21T21:20:05.123Z"; `out` holds INSTANT_CHARS. */
void instant_format(char *out, int64_t wall_ms);
/* "2026-11-21 15:20 -06:00" in this machine's time zone (TZ), for people;
 * `out` holds INSTANT_CHARS. */
void instant_format_local(char *out, int64_t wall_ms);
/* "2026-11-21T15:20:05-06:00" in this machine's time zone, which
 * instant_parse() reads; with ".123" when it is no whole second. */
void instant_format_offset(char *out, int64_t wall_ms);
/* Reads ISO 8601 with an offset or Z, seconds optional; a date alone is
 * midnight UTC.  ERR_INVALID otherwise. */
MUST_CHECK enum err instant_parse(struct bytes text, int64_t *wall_ms);
/* The first and last millisecond of a date YYYY-MM-DD in this machine's time
 * zone.  ERR_INVALID: it is none. */
MUST_CHECK enum err day_local(struct bytes text, int64_t *first, int64_t *last);
/* True for a real calendar date YYYY-MM-DD. */
bool date_valid(struct bytes text);

#endif
