/* One sync with the office as a state machine: no sockets, no sleeping.
 *
 * Ask session_next() what to do, do it, tell the outcome, ask again.  All that
 * decides (what to push, whether to reconcile, to succeed, to back off) is in
 * here; it reads and writes the vault, takes `now`, and returns actions.  Used
 * by the daemon, the command line and the simulator alike. */
#ifndef EXCHANGE_SESSION_H
#define EXCHANGE_SESSION_H

#include "shared/base/log.h"
#include "shared/exchange/pace.h"
#include "shared/exchange/transport.h"
#include "shared/replica/inbox.h"
#include "shared/replica/outbox.h"
#include "shared/replica/prune.h"

#define SESSION_RECONCILE_ROUNDS_MAX 16
#define SESSION_DETAIL_CHARS 320

struct session;

struct session_options {
    int64_t wait_s; /* long poll when there is nothing to say; 0: none */
    int level;      /* zlib level; 0: adapts to the link */
    int64_t batch_bytes_max; /* deflated; 0: about 1 MiB, adapts */
    const struct log *log;   /* borrowed or NULL */
    struct pace *pace;       /* borrowed or NULL: what earlier sessions
                                measured; level and batch are then its own */
    bool without_sums;       /* for the hour after reconciling gave up */
    bool without_blobs;      /* text only: attachments have just failed */
};

enum session_do {
    SESSION_SEND,  /* perform `request`, then call session_response() */
    SESSION_DONE,  /* caught up; see the report */
    SESSION_FAILED /* gave up this time; report.err and detail say why */
};

struct session_report {
    enum err err;
    char detail[SESSION_DETAIL_CHARS]; /* one line: what is wrong and what to
                               do; may say something without an error too */
    int64_t pushed, pulled;            /* lines */
    int64_t requests, sent_bytes, received_bytes;
    int64_t held;    /* of those just pushed */
    int64_t left;    /* cases that may be read here no longer */
    int64_t blobs;   /* attachments that the office has received */
    bool blobs_wait; /* some could not go now: try again later */
    bool reached;    /* the office answered at least once */
    bool moved;      /* something of an attachment arrived, or all of it */
    bool locked;     /* the vault was: pushed only */
    bool revoked, succeeded, reconciled;
    bool reconcile_gave_up; /* go on without sums for an hour */
    int64_t standing;       /* differences that nothing can end; noted */
    int64_t retry_after_ms; /* what the office asked for; 0: none */
    /* Erased, as it has left and is backed up. */
    struct pruned pruned;
    int64_t blobs_gone; /* attachments, as they are backed up */
};

/* Borrows the vault, which must be enrolled (ERR_NOT_FOUND).  The session holds
 * the vault's lease from its first request until it is closed. */
MUST_CHECK enum err session_open(struct session **out, struct vault *vault,
                                 const struct session_options *options);
void session_close(struct session *session); /* NULL is allowed */
/* `request` borrows from the session until session_response(). */
MUST_CHECK enum err session_next(struct session *session, int64_t now_ms,
                                 enum session_do *what,
                                 struct transport_request *request);
/* Applies what came; a response cut short is applied up to its last page.  What
 * goes wrong stands in the report, not in the return value, except ERR_NOMEM.
 */
MUST_CHECK enum err session_response(struct session *session, int64_t now_ms,
                                     const struct transport_response *response);
const struct session_report *session_report(const struct session *session);

/* Runs a whole session over a transport, waiting; for `satchel sync`, `satcheld
 * --once` and tests. */
MUST_CHECK enum err session_run(struct vault *vault,
                                struct transport *transport,
                                const struct session_options *options,
                                struct session_report *report);

/* What is wrong with these before any office is asked: ERR_INVALID, and
 * `detail` says what to give instead.  `ca_file` may be NULL. */
MUST_CHECK enum err session_enrol_check(const char *server, const char *ca_file,
                                        const char *code,
                                        char detail[SESSION_DETAIL_CHARS]);
/* Enrols a new vault at an office (waits). `detail` as in the report.  *sent is
 * whether any of the request has left, so that the code may be spent: the vault
 * then holds the key that repeats it. */
MUST_CHECK enum err session_enrol(struct vault *vault,
                                  struct transport *transport,
                                  const char *server, const char *ca_file,
                                  const char *code, bool *sent,
                                  char detail[SESSION_DETAIL_CHARS]);

#endif
