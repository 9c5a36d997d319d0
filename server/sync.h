/* One sync request, from bytes to bytes: no sockets, no threads of its own.
 *
 * Life: sync_new, sync_feed for every chunk, sync_end (all is parsed and
 * verified, nothing is stored), sync_commit_many (one durable transaction for
 * any number of requests), sync_reply, sync_free.  The HTTP server puts a
 * committer thread in the middle; the simulator calls them in a row. */
#ifndef SERVER_SYNC_H
#define SERVER_SYNC_H

#include "server/ingest.h"

struct sync;

/* `sql` is a reading connection for as long as the request lives. */
MUST_CHECK enum err sync_new(struct sync **out, struct office *office,
                             struct sql *sql);
void sync_free(struct sync *sync);
/* ERR_OK even when the request is already refused: ask sync_reply(). */
MUST_CHECK enum err sync_feed(struct sync *sync, struct bytes chunk);
/* Who has signed the header; "" until that is known, and when nobody has. */
const char *sync_replica(const struct sync *sync);
MUST_CHECK enum err sync_end(struct sync *sync);
/* True when something has to be stored before the reply. */
bool sync_wants_commit(const struct sync *sync);
/* `sql` is a writing connection.  Each request's outcome stands in it; the
 * return value is about the transaction as a whole. */
MUST_CHECK enum err sync_commit_many(struct office *office, struct sql *sql,
                                     struct sync *const *syncs, size_t count);
/* It has slept, and looks again at who it is and what it may see. */
MUST_CHECK enum err sync_woken(struct sync *sync);
/* True when the reply would carry nothing and the client is willing to wait. */
bool sync_may_wait(struct sync *sync, int64_t *wait_ms);
/* Appends the reply's body; the HTTP status and content type are given. */
MUST_CHECK enum err sync_reply(struct sync *sync, struct buffer *body,
                               int *status, const char **content_type);

/* All of the above with one request; for tests and the simulator. */
MUST_CHECK enum err sync_whole(struct office *office, struct sql *sql,
                               struct bytes request, struct buffer *body,
                               int *status, const char **content_type);

/* The same for a bundle (sync-protocol.md section 19), which may be read late
 * and more than once: it takes part in no token and no comparison of heads.
 * `reply` is a file for the device, also when the answer is an error that the
 * device can act upon.  ERR_FOREIGN, ERR_UNSUPPORTED, ERR_CORRUPT, ERR_DENIED
 * (no device of this office has signed it): there is no reply then, and
 * `detail` says why. */
struct sync_bundle {
    char replica[REPLICA_CHARS + 1];
    char account[NAME_CHARS_MAX + 1];
    int status;              /* of the reply */
    struct error_body error; /* when not 200 */
    int64_t taken, head;     /* lines that were news; the log's last now */
    int64_t held;
    char detail[OFFICE_DETAIL_CHARS];
};
MUST_CHECK enum err sync_bundle(struct office *office, struct sql *sql,
                                struct bytes file, struct buffer *reply,
                                struct sync_bundle *out);

/* Enrolment by invitation or succession, the same way. */
MUST_CHECK enum err enrol_whole(struct office *office, struct sql *sql,
                                struct bytes request, struct buffer *body,
                                int *status);

#endif
