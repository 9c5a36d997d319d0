/* What the verify*.c files share. */
#ifndef SERVER_VERIFY_INNER_H
#define SERVER_VERIFY_INNER_H

#include "server/ingest_batch.h"
#include "server/verify.h"

struct verify {
    struct batch batch; /* for its office, store, buffers */
    verify_report *report;
    void *context;
    size_t problems;
};

void verify_say(struct verify *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

MUST_CHECK enum err verify_logs(struct verify *v);      /* verify_log.c */
MUST_CHECK enum err verify_records(struct verify *v);   /* verify_record.c */
MUST_CHECK enum err verify_feeds(struct verify *v);     /* verify_feed.c */
MUST_CHECK enum err verify_blobs(struct verify *v);     /* verify_blob.c */
MUST_CHECK enum err verify_disposals(struct verify *v); /* verify_disposal.c */

/* Names of the first column of a query, collected before anything is asked of
 * each of them. */
struct names {
    char (*at)[SCOPE_CHARS_MAX + 1]; /* owned */
    size_t count, room;
};
MUST_CHECK enum err names_load(struct names *out, struct sql *sql,
                               const char *statement, const char *agency);
void names_fini(struct names *names);

#endif
