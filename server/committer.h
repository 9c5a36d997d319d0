/* The committer: one thread that writes for all requests of this process.
 *
 * Whoever waits while a transaction becomes durable joins the next one.  Small
 * pushes go first and a bounded amount of large ones with them, so that a
 * first sync of many thousand lines delays nobody for long. */
#ifndef SERVER_COMMITTER_H
#define SERVER_COMMITTER_H

#include "server/bell.h"
#include "server/sync.h"

#define COMMIT_JOBS_MAX 64
#define COMMIT_SMALL_BYTES (16u * 1024)  /* a body up to here is small */
#define COMMIT_LARGE_BYTES (256u * 1024) /* of large bodies at once */

struct committer;

/* Either a sync to commit with others, or a function that makes its own
 * transaction.  `done` is called once, on the committer's thread, when the
 * outcome is durable (or has failed); the job may be freed in it. */
struct job {
    struct sync *sync; /* NULL: `run` */
    enum err (*run)(struct job *job, struct sql *sql);
    void (*done)(struct job *job, enum err err);
    void *context;
    size_t bytes; /* of the request's body */
    struct job *next;
};

MUST_CHECK enum err committer_open(struct committer **out,
                                   struct office *office, struct bell *bell);
/* Commits what is queued, then ends. */
void committer_close(struct committer *committer);
void committer_submit(struct committer *committer, struct job *job);

#endif
