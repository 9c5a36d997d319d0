/* One line an event, key=value, to one stream.
 *
 * Never pass personal data: names, narratives, field values and passphrases do
 * not belong in a log.  Values with spaces or quotes are quoted.  Thread-safe:
 * one write a line. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "shared/base/clock.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

struct log {
    int fd;                    /* borrowed; -1 is silence */
    enum log_level level;      /* lines above it are dropped */
    const struct clock *clock; /* borrowed; stamps each line */
    const char *program;       /* borrowed; first key of each line */
};

/* log_event(log, LOG_INFO, "sync_done", "lines", "%d", 5, NULL): pairs of key
 * and format with exactly one argument each, ended by NULL. The only
 * conversions are %s, %d (int), %lld (long long) and %zu. */
void log_event(const struct log *log, enum log_level level, const char *event,
               ...);

#endif
