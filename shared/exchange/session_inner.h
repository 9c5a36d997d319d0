/* What the modules of a session share; no other layer includes this.
 *
 * session.c and session_reply.c decide, push.c makes requests, pull.c applies
 * replies, succession.c enrols, reconcile.c compares, refusal.c reads errors,
 * upload.c sends attachments once the text is through.
 */
#ifndef EXCHANGE_SESSION_INNER_H
#define EXCHANGE_SESSION_INNER_H

#include "shared/exchange/endpoint.h"
#include "shared/replica/blob.h"
#include "shared/exchange/session.h"
#include "shared/wire/frame.h"

#define REQUEST_BYTES_MAX (8u << 20)
#define OLD_LOGS_MAX 16

enum phase {
    PHASE_CONTRIBUTE, /* predecessors' lines that the office lost */
    PHASE_RECONCILE,  /* compare sums by case */
    PHASE_FIX,        /* give and ask for what differs */
    PHASE_SYNC,       /* push and pull */
    PHASE_BLOBS,      /* attachments, behind the text */
    PHASE_SUCCEED,    /* a fresh key, introduced by the old one */
    PHASE_DONE,
    PHASE_FAILED
};

/* One of a predecessor's logs in a request: given up to n. */
struct old_log {
    char replica[REPLICA_CHARS + 1];
    int64_t n;
};

/* What the request under way says. */
struct sent {
    bool under_way;
    enum phase phase;
    int64_t at_ms;
    bool waits;     /* a long poll: its time says nothing about the link */
    int64_t lines;  /* of the current log */
    int64_t last_n; /* the last of them */
    int64_t plain_bytes;
    struct old_log old[OLD_LOGS_MAX];
    size_t old_count;
    size_t pages, needs; /* of a fix */
    bool all_fixed;      /* nothing is left for another fix */
};

/* The attachment on its way. */
struct upload {
    int64_t id;   /* blob.id; 0: the next is to be found */
    int64_t done; /* those up to this id are through for this session */
    struct blob_outgoing blob;
    bool asked; /* how far the office is */
    bool going; /* it is only asked after, whether it is backed up */
    int goings; /* that were asked after in this session */
    int64_t offset;
    int restarts, stuck;
    bool stopped;         /* no more in this session */
    int64_t synced_at_ms; /* news are asked for between pieces */
};

/* What the reply just applied said. */
struct got {
    bool header; /* a header was read and verified */
    bool whole;  /* nothing was cut off */
    bool more;
    bool receipt_moved; /* a receipt for lines above the last one */
    enum reply_state state;
    size_t pages; /* pages applied, empty ones too */
    size_t diffs;
    size_t scopes_asked; /* granted scopes that this reply did not serve */
    int64_t wants_from;
};

/* The two header lines of a request about an attachment. */
#define BLOB_LINE_CHARS (BLOB_HEADER_BYTES_MAX + 32)
struct blob_header {
    char request[BLOB_LINE_CHARS], auth[BLOB_LINE_CHARS];
};
/* Signs the request as this vault; blob, method, offset, size, body and wrap
 * are filled in. */
MUST_CHECK enum err blob_header_make(struct vault *vault,
                                     const struct identity *identity,
                                     struct blob_request *request,
                                     struct blob_header *out,
                                     char url[ENDPOINT_CHARS]);

struct session {
    struct vault *vault; /* borrowed */
    struct session_options options;
    struct pace own_pace;
    struct pace *pace;   /* own_pace or the caller's */
    struct inbox *inbox; /* owned */
    int64_t left_before; /* vault_cases_left() when it was opened */
    struct session_report report;
    enum phase phase;
    bool begun; /* the first step has looked at the vault */
    bool leased;
    int64_t lease_at_ms;
    struct identity identity; /* as of the last request */
    struct cursor cursors[SCOPES_MAX];
    size_t cursor_count;
    struct buffer body; /* of the request under way */
    char url[ENDPOINT_CHARS];
    struct sent sent;
    struct got got;
    struct upload upload;
    int64_t now_ms;
    bool blobs_due; /* at the last look: no long poll then */
    struct blob_header blob_header;
    int fruitless;            /* requests in a row that moved nothing */
    int untaken;              /* pushes in a row without a higher receipt */
    int resent;               /* 422s answered by sending again */
    int old_refused;          /* 422s of predecessors' logs */
    struct old_log old_given; /* of which the last request gave something */
    int successions;
    char succeed_reason[16];
    bool reconcile_due;
    bool fix_due; /* after the predecessors' lines */
    bool by_file; /* a bundle: session_bundle.c */
    bool push_only;
    struct cursor here[SCOPES_MAX]; /* by file: where the vault's cursors are */
    size_t here_count;
    int64_t passed_over; /* by file: pages that the vault is past */
    int reconcile_rounds;
    bool troubled; /* since the last round: not all was answered or taken */
    size_t fix_pages, fix_needs; /* done of this round */
};

/* Ends the session with an error and one line for the user. */
void session_fail(struct session *s, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The vault refused something: its own text, or the error's. */
void session_fail_vault(struct session *s, enum err err);
void session_note(struct session *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Goes on under a fresh key, which only the old one can introduce: a locked
 * vault ends with `err` instead. */
void session_succeed(struct session *s, const char *reason, enum err err);

/* Nothing of the predecessors' logs is left to give: what comes next. */
void session_contributed(struct session *s);

/* By file: true when this page, or the leave of a whole scope (`page` NULL), is
 * the next that the vault lacks.  Pages it is past are passed over. */
MUST_CHECK enum err session_bundle_next(struct session *s, const char *scope,
                                        const struct cursor *page, bool *next);

/* Starts a request: identity, cursors, header and auth line.  The writer is
 * the caller's. */
MUST_CHECK enum err push_open(struct session *s, enum mode mode,
                              struct frame_writer **out);
/* Finishes the body and frees the writer, also after a failure. */
MUST_CHECK enum err push_close(struct session *s, struct frame_writer *w,
                               enum err err);
/* The current log past the last receipt. */
MUST_CHECK enum err push_sync(struct session *s);
/* Predecessors' lines; sent.old_count is 0 when there are none. */
MUST_CHECK enum err push_old(struct session *s);

/* Applies a reply's body; ERR_OK unless this device failed or a signature did
 * not verify. */
MUST_CHECK enum err pull_apply(struct session *s, struct bytes body);

MUST_CHECK enum err reconcile_build(struct session *s);
/* sent.pages and sent.needs are 0 when nothing is left. */
MUST_CHECK enum err reconcile_build_fix(struct session *s);
/* A fresh identity of an old vault compares before it asks for everything. */
MUST_CHECK enum err reconcile_wanted(struct session *s, bool *wanted);

MUST_CHECK enum err succession_build(struct session *s);
MUST_CHECK enum err succession_apply(struct session *s, struct bytes body);

/* Nothing is left to do. */
void session_end(struct session *s);
/* True when an attachment waits and may go. */
MUST_CHECK enum err upload_due(struct session *s, bool *due);
MUST_CHECK enum err upload_build(struct session *s);
/* The connection broke: the office is asked how far it is. */
void upload_cut(struct session *s);
MUST_CHECK enum err upload_apply(struct session *s,
                                 const struct transport_response *r);

/* Applies a reply that came by file; nothing is asked for again. */
void session_reply_by_file(struct session *s, struct bytes body);

/* An answer other than 200. */
void refusal_apply(struct session *s, const struct transport_response *r);
/* The user's line about an enrolment that was refused. */
enum err refusal_of_enrolment(const struct transport_response *r,
                              char detail[SESSION_DETAIL_CHARS]);

#endif
