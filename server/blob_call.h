/* One request about an attachment, judged: who asks, and for what.
 *
 * sync-protocol.md section 20.  What is not named by a line in view of the one
 * who asks does not exist for him.  No sockets, nothing is written. */
#ifndef SERVER_BLOB_CALL_H
#define SERVER_BLOB_CALL_H

#include "server/office.h"
#include "server/store_blob.h"

struct blob_call {
    struct arena arena; /* owned */
    struct blob_request request;
    struct blob_row row;
    int status;              /* 200 unless refused */
    struct error_body error; /* then */
};
void blob_call_init(struct blob_call *call);
void blob_call_fini(struct blob_call *call);

/* `name` is what the path says, `header` and `sig` the two header fields (NULL
 * when absent).  ERR_OK also when it is refused. */
MUST_CHECK enum err blob_call_judge(struct blob_call *call,
                                    const struct office *office,
                                    struct sql *sql, const char *method,
                                    const char *name, const char *header,
                                    const char *sig);
/* The first refusal stands. */
void blob_call_refuse(struct blob_call *call, int status, const char *error,
                      const char *detail);
/* The office's answer; with `whole` its receipt. */
MUST_CHECK enum err blob_call_reply(const struct blob_call *call,
                                    const struct office *office, int64_t offset,
                                    bool whole, struct buffer *out);

#endif
