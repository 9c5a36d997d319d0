/* One sync request on its way; internal to the sync_*.c files. */
#ifndef SERVER_SYNC_INNER_H
#define SERVER_SYNC_INNER_H

#include "server/ingest_batch.h"
#include "server/sync.h"
#include "shared/wire/deflate.h"
#include "shared/wire/frame.h"

/* Trees of lines are kept until ingest up to so many bytes; the rest is parsed
 * once more then. */
#define SYNC_TREE_BYTES_MAX (16u * 1024u * 1024u)
#define SYNC_ARENA_BYTES (256u * 1024u * 1024u)
#define SYNC_SCRATCH_BYTES (128u * 1024u * 1024u)
#define SYNC_CASES_MAX 200000u

enum sync_stage {
    STAGE_HEADER,
    STAGE_AUTH,
    STAGE_BODY,
    STAGE_REFUSED /* the reply is an error; nothing more is read */
};

/* What the header's comparison with the log says (section 13). */
enum verdict {
    VERDICT_SERVE,
    VERDICT_CLOSED,     /* closed before: `fork` for ever */
    VERDICT_FORK,       /* to be closed now */
    VERDICT_LINEAGE,    /* it knows another history */
    VERDICT_ROLLED_BACK /* it has a receipt above our log */
};

/* Consecutive lines of one log: the replica's own, or a predecessor's. */
struct piece {
    struct replica_row row; /* as read when the piece began */
    int64_t first;
    struct bytes *lines; /* owned array; bytes in the sync's arena; empty:
                            the device has erased it */
    uint8_t (*hashes)[HASH_BYTES];
    const struct revision **revisions;
    size_t count, room;
    uint8_t link[LINK_BYTES]; /* after the last line */
    size_t signed_count;      /* lines up to the last valid sign line */
    uint8_t signed_link[LINK_BYTES];
    uint8_t signature[SIGNATURE_BYTES];
    bool contributed; /* from before a rollback */
    bool apart;       /* it goes on from lines that are not in the log here */
    bool dead;        /* it failed: later lines of this log are dropped */
};

struct case_key { /* of sealed lines, within one request */
    uint8_t key[32];
};

/* Lines of other replicas that came with a page receipt. */
struct page_part {
    struct bytes *lines; /* owned array */
    size_t count, room;
};

struct need_part {
    char kase[ID_CHARS + 1];
    struct bytes hashes; /* in the arena */
};

struct sync {
    struct office *office; /* borrowed */
    struct sql *sql;       /* borrowed, reading; not touched by the commit,
                              which may run in another thread */
    struct frame_reader *reader;
    enum sync_stage stage;
    bool by_file;         /* a bundle: sync_bundle.c */
    bool authentic;       /* the replica has signed the header */
    struct arena arena;   /* header, lines, trees */
    struct arena scratch; /* of the control line at hand */
    struct bytes header_line;
    struct request_header header;
    char lineage[LINEAGE_CHARS + 1]; /* the office's, as last read */
    struct replica_row row;
    struct scope_list scopes; /* granted now */
    enum verdict verdict;
    bool stale, revoked;
    bool feed_waits; /* some feed has something for it */
    bool differs;    /* a cursor's sum is not ours: state `reconcile` */

    struct piece *pieces; /* owned; the first is the replica's own */
    size_t piece_count;
    size_t line_count;
    size_t body_bytes;
    struct map *case_keys; /* token -> struct case_key in the arena */
    struct deflate_line *deflate;
    int64_t wants_from, wants_to;

    struct map *case_sums; /* reconcile: case -> struct case_sum */
    size_t page_left;      /* fix: lines that still belong to the page */
    struct bytes page_hashes;
    struct page_part healed;
    struct need_part *needs; /* owned */
    size_t need_count, need_room;

    int64_t offset; /* of the line at hand in the inflated body */
    int status;     /* 200 unless refused */
    struct error_body error;

    struct {
        enum sync_stage stage;
        int status;
        struct error_body error;
    } before; /* the commit: for when it has to be tried again */

    bool slept;      /* it has waited for news */
    bool committed;  /* the outcome below is durable */
    bool journalled; /* and in the journal */
    bool backed_due; /* the replica is told what is backed up of its log */
    int64_t head;
    uint8_t link[LINK_BYTES];
    struct held_note *held; /* owned */
    size_t held_count;
    char token[TOKEN_CHARS + 1]; /* to give; "" none */
};

/* sync.c: the reply becomes this error; the first one stands. */
void sync_refuse(struct sync *s, int status, const char *error,
                 const char *detail);

/* sync.c: its receipts have to be noted before it is sent to succession. */
bool sync_witnesses(const struct sync *s);

/* sync_header.c: the first two lines. */
MUST_CHECK enum err sync_header(struct sync *s, struct bytes line);
MUST_CHECK enum err sync_auth(struct sync *s, struct bytes line);
/* Compares header and log; run again inside the write transaction. */
MUST_CHECK enum err sync_judge(struct sync *s, struct sql *sql);
/* Turns the verdict into the reply it means. */
void sync_judged(struct sync *s);

/* sync_push.c: lines and signatures of logs. */
MUST_CHECK enum err
sync_piece_begin(struct sync *s, const struct replica_row *row, int64_t first,
                 const uint8_t link[LINK_BYTES], bool contributed);
MUST_CHECK enum err sync_line(struct sync *s, struct bytes line);
MUST_CHECK enum err sync_erased(struct sync *s, struct bytes line);
MUST_CHECK enum err sync_sign(struct sync *s, struct bytes line);
MUST_CHECK enum err sync_log(struct sync *s, struct bytes line);
void sync_pieces_end(struct sync *s);
/* A predecessor's log goes on from elsewhere than the office's end of it. */
void sync_old_gap(struct sync *s, const struct replica_row *row);
/* A predecessor's lines differ from those that are here: 422. */
void sync_old_other(struct sync *s, const struct replica_row *row);

/* sync_sealed.c */
MUST_CHECK enum err sync_key(struct sync *s, struct bytes line);
MUST_CHECK enum err sync_sealed(struct sync *s, struct bytes line);

/* reconcile.c */
MUST_CHECK enum err sync_cases(struct sync *s, struct bytes line);
MUST_CHECK enum err sync_page(struct sync *s, struct bytes line);
MUST_CHECK enum err sync_page_line(struct sync *s, struct bytes line);
MUST_CHECK enum err sync_need(struct sync *s, struct bytes line);
MUST_CHECK enum err reconcile_commit(struct sync *s, struct batch *batch);
MUST_CHECK enum err fix_commit(struct sync *s, struct batch *batch);

/* The reply's lines, gathered before its header is known. */
struct outgoing {
    struct sync *sync;
    struct buffer plain;  /* newline-terminated */
    struct buffer hashes; /* of the page's revision lines */
    size_t page_lines;
    size_t page_entries; /* joins and leaves too */
    bool more;
};
MUST_CHECK enum err outgoing_line(struct outgoing *out, struct bytes line);
/* A revision line of the present page. */
MUST_CHECK enum err outgoing_revision(struct outgoing *out,
                                      const uint8_t hash[HASH_BYTES],
                                      struct bytes line);
MUST_CHECK enum err outgoing_leave(struct outgoing *out, const char *scope,
                                   const char *kase);
MUST_CHECK enum err outgoing_cursor(struct outgoing *out,
                                    const struct cursor *cursor, bool end);
MUST_CHECK enum err outgoing_given(struct outgoing *out);

/* feed_read.c: the feeds of the granted scopes, from the request's cursors. */
MUST_CHECK enum err feed_read(struct outgoing *out);
/* True when some feed has something for this replica. */
MUST_CHECK enum err feed_waits(struct sync *s, bool *waits);
/* reconcile.c */
MUST_CHECK enum err reconcile_read(struct outgoing *out);
MUST_CHECK enum err fix_read(struct outgoing *out);

/* sync_reply.c: signs a receipt whose replica, n and link are set. */
MUST_CHECK enum err sync_receipt_sign(const struct sync *s, const char *domain,
                                      struct receipt *r);

/* sync_older.c: is there anything to tell of the logs that the header names as
 * older?  The receipts that tell it. */
MUST_CHECK enum err sync_older_due(const struct sync *s, bool *due);
MUST_CHECK enum err sync_older_sign(const struct sync *s,
                                    struct receipt receipts[LOG_MARKS_MAX],
                                    size_t *count);

#endif
