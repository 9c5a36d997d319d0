/* Lines of predecessors' logs, which a device brings along.  All assert what
 * they do not return. */
#ifndef TESTS_UNIT_SERVER_CONTRIBUTING_H
#define TESTS_UNIT_SERVER_CONTRIBUTING_H

#include "tests/unit/server/device.h"

/* The office was taken back. */
void history_begin(struct place *place);

/* Lines of `d` from `log->from` to n, which `by` contributes; it has erased the
 * line `erased`, or none: 0.  The log's name and key are filled in. */
void contribute_around(struct device *by, struct place *place,
                       const struct device *d, struct log_line *log, int64_t n,
                       int64_t erased, struct reply *reply);
void contribute_log(struct device *by, struct place *place,
                    const struct device *d, struct log_line *log, int64_t n,
                    struct reply *reply);
/* The line n alone. */
void contribute(struct device *by, struct place *place, const struct device *d,
                int64_t n, struct reply *reply);
/* What stands for a line that was erased, newline-terminated. */
void erased_add(struct buffer *out, const char *line, int64_t n);

#endif
