/* Walks every row of the log in the order of arrival, opened where its key is
 * still here.  For verify and rebuild. */
#ifndef REPLICA_LOG_SCAN_H
#define REPLICA_LOG_SCAN_H

#include "shared/replica/case_key.h"

struct log_scan {
    int64_t id; /* log.id */
    char name[REPLICA_CHARS + 1];
    int64_t log; /* replica.id */
    int64_t n;
    int64_t key; /* case_key.id */
    uint8_t hash[HASH_BYTES];
    bool readable;   /* its key has not been destroyed */
    enum err opened; /* ERR_OK, or why the envelope does not open */
    /* NULL: not readable, or it does not say which record it is of.  Of a line
     * that is no revision here, only dot and record are to be used. */
    const struct revision *revision;
    struct buffer text;
    struct arena arena;
};

void log_scan_init(struct log_scan *scan);
void log_scan_fini(struct log_scan *scan);
/* ERR_NOT_FOUND at the end. */
MUST_CHECK enum err log_scan_next(struct vault *vault, struct log_scan *scan);
/* Was the line carried, and does the office not have the original? Then no
 * record counts it. */
MUST_CHECK enum err log_scan_replaced(struct vault *vault,
                                      const struct log_scan *scan, bool *out);

#endif
