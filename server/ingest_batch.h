/* What one write transaction of ingest keeps in memory.
 *
 * Logs, cases and scopes that the transaction touches are read once, changed
 * here and written by batch_flush(), so that a push of thousands of lines costs
 * a few inserts a line and no lookups but the record's.  Internal to ingest. */
#ifndef SERVER_INGEST_BATCH_H
#define SERVER_INGEST_BATCH_H

#include "server/ingest.h"
#include "server/store_case.h"
#include "server/store_line.h"
#include "server/store_record.h"
#include "server/store_replica.h"
#include "shared/base/map.h"

struct batch_scope {
    char name[SCOPE_CHARS_MAX + 1];
    struct feed_head head;
    bool dirty;
    uint64_t push;               /* for which `cursor` was looked up */
    const struct cursor *cursor; /* of that push's header, or NULL */
};

struct batch_member {
    struct batch_scope *scope; /* borrowed */
    int64_t joined_seq;
    int64_t left_seq;   /* 0: a member */
    uint64_t told_push; /* for which the leave was repeated */
};

struct batch_case {
    char kase[ID_CHARS + 1];
    struct case_total total;
    bool disposed; /* what came before the decision is gone */
    bool known; /* the office had it before this transaction, or has it now */
    bool dirty;
    struct batch_member *members; /* in the arena */
    size_t member_count, member_room;
};

struct batch_log {
    struct replica_row row;
    struct scope_list scopes; /* granted now */
    bool dirty;
    bool sign;      /* a term's: its new link has to be signed */
    int64_t *needs; /* owned; n that held lines wait for */
    size_t need_count, need_room;
};

struct batch {
    struct office *office; /* borrowed */
    struct sql *sql;       /* borrowed */
    const char *agency;    /* borrowed from the office */
    int64_t now;           /* wall ms, one for the whole transaction */
    struct map *logs, *cases, *scopes; /* owned; values in the arena */
    struct arena arena;
    struct arena parse;         /* of the line at hand */
    struct buffer record_bytes; /* of the record at hand */
    struct fold fold;           /* of the record at hand */
    const struct push *push;    /* at work, or NULL */
    uint64_t push_number;       /* 1, 2, ...: tells pushes apart */
    bool schema_changed;
    enum { DISPOSALS_UNKNOWN, DISPOSALS_NONE, DISPOSALS_SOME } disposals;
    int64_t arrival;      /* last number given out; 0: none yet */
    int64_t arrival_last; /* of the block */
};

MUST_CHECK enum err batch_open(struct batch *batch, struct office *office,
                               struct sql *sql);
void batch_fini(struct batch *batch);
/* Writes what changed and signs the term's log.  The transaction's end. */
MUST_CHECK enum err batch_flush(struct batch *batch);

/* ERR_NOT_FOUND for a replica that the office does not know. */
MUST_CHECK enum err batch_log_find(struct batch *batch, const char *replica,
                                   struct batch_log **out);
/* A case that nobody knows yet comes back with `known` false. */
MUST_CHECK enum err batch_case_find(struct batch *batch, const char *kase,
                                    struct batch_case **out);
/* One more scope that sees or saw the case, zeroed. */
MUST_CHECK enum err batch_member_add(struct batch *batch,
                                     struct batch_case *kase, const char *scope,
                                     struct batch_member **out);
MUST_CHECK enum err batch_scope_find(struct batch *batch, const char *name,
                                     struct batch_scope **out);
MUST_CHECK enum err batch_arrival(struct batch *batch, int64_t *arrival);
MUST_CHECK enum err batch_need_add(struct batch_log *log, int64_t n);
/* The header's cursor of this scope in the push at work, or NULL. */
const struct cursor *batch_cursor(struct batch *batch,
                                  struct batch_scope *scope);

/* One line on its way in. */
struct incoming {
    struct batch_log *log;
    int64_t n;
    struct bytes line;
    uint8_t hash[HASH_BYTES];
    const struct revision *revision; /* NULL: the line is not one */
    enum err parse;   /* ERR_INVALID or ERR_TOO_BIG when it is not */
    bool healed;      /* a page receipt proves it: not judged again */
    bool contributed; /* from before a rollback: what it has seen may come
                         later */
    bool linked;      /* the next of its log, not out of order */
    const char *kase; /* office: the case of a record not known yet */
};

/* What is to be done with it. */
struct decision {
    const char *reason; /* NULL: it takes effect; else held */
    bool erased;        /* or it was disposed of: its place is kept, no more */
    bool has_case;
    char kase[ID_CHARS + 1];
};

/* ingest_decide.c: needs the record's row as it is now, NULL when unknown. */
MUST_CHECK enum err decide(struct batch *batch, const struct incoming *in,
                           const struct record_row *record,
                           struct decision *out);
/* True when the log has this line already. */
MUST_CHECK enum err decide_known(struct batch *batch, const struct dot *dot,
                                 bool *known);
typedef enum err decide_each_dot(void *context, const struct dot *dot);
/* Calls `each` for every dot of its `seen` that the office has not got. */
MUST_CHECK enum err decide_missing(struct batch *batch,
                                   const struct revision *revision,
                                   decide_each_dot *each, void *context);

/* disposed.c: sets out->erased, or the reason, where the line's case was
 * disposed of. */
MUST_CHECK enum err disposed_judge(struct batch *batch,
                                   const struct incoming *in,
                                   const struct record_row *record,
                                   struct decision *out);
MUST_CHECK enum err disposed_case(struct batch *batch, const char *kase,
                                  bool *disposed);
/* `kase`: where it was. */
MUST_CHECK enum err disposed_record(struct batch *batch, struct bytes record,
                                    bool *disposed, char kase[ID_CHARS + 1]);
/* What the line says was there, and was disposed of. */
MUST_CHECK enum err disposed_write(struct batch *batch,
                                   const struct revision *revision,
                                   bool *known);

/* ingest_line.c: decides, holds, appends, folds, feeds. */
MUST_CHECK enum err ingest_line(struct batch *batch, const struct incoming *in);

/* ingest_fold.c: `row` is the record's as found (fresh: none), changed to what
 * was stored; its bytes live in the batch until the next record. */
MUST_CHECK enum err ingest_fold(struct batch *batch,
                                const struct revision *revision, bool fresh,
                                struct record_row *row);

/* The record's state from scratch, into batch->fold.  `kase` (ID_CHARS + 1) and
 * *has_case say what its first creating line to arrive names. */
MUST_CHECK enum err ingest_refold(struct batch *batch, const char *record,
                                  char *kase, bool *has_case);
/* Folds the record anew. */
MUST_CHECK enum err ingest_again(struct batch *batch, const char *record);
/* The state in batch->fold becomes the record's row. */
MUST_CHECK enum err ingest_store(struct batch *batch, struct bytes record,
                                 bool fresh, bool stepped,
                                 struct record_row *row);

/* ingest_effect.c: what a folded line means beyond its record. */
MUST_CHECK enum err ingest_effect(struct batch *batch,
                                  const struct incoming *in,
                                  const struct record_row *row);

/* ingest_types.c: record types that the batch has changed are in force from
 * here on, for what came before them too. */
MUST_CHECK enum err ingest_types(struct batch *batch);

typedef enum err ingest_each_record(struct batch *batch, const char *record);
/* Calls `each` for every record of the type, by id; it may write to it. */
MUST_CHECK enum err ingest_each_of_type(struct batch *batch, struct bytes type,
                                        ingest_each_record *each);

/* number.c: gives the record its number when its type is numbered and it has
 * none, or one that another has.  Afterwards the row's bytes may be gone. */
MUST_CHECK enum err ingest_number(struct batch *batch,
                                  const struct record_row *row);
/* The same of every record of the type, or of all types; of two that have one
 * number the later made gives way. */
MUST_CHECK enum err ingest_number_type(struct batch *batch,
                                       const struct schema_type *type);
MUST_CHECK enum err ingest_number_all(struct batch *batch);

/* ingest_blob.c: the attachments that a line names. */
MUST_CHECK enum err ingest_blobs(struct batch *batch,
                                 const struct revision *revision,
                                 const char *replica, int64_t arrival);
/* The same of all lines, where rows are missing. */
MUST_CHECK enum err ingest_blobs_again(struct batch *batch);

/* Which site referrals speak of which case, from their states. */
MUST_CHECK enum err ingest_site_links(struct batch *batch);

/* ingest_office.c: writes as the term; `kase` for a record not known yet. */
MUST_CHECK enum err ingest_term(struct batch *batch, const char *author,
                                struct revision_draft *draft, const char *kase,
                                struct dot *dot);

/* collide.c: a line that the office had once and whose dot is another's now is
 * written again, unless its write stands elsewhere.  So is, where its dot is
 * not `taken`, one that has seen such a line at its old dot; any other is not
 * *gone and takes its place. */
MUST_CHECK enum err ingest_collision(struct batch *batch,
                                     const struct revision *line, bool taken,
                                     bool *gone);

/* A piece of a log that stands here otherwise, as a copy of its writer's vault
 * came first: what of it is nowhere here is written again, and held where it
 * would be under its own dot.  `apart`: the branch began before this piece.
 * ERR_FORK: something in it is no revision. */
MUST_CHECK enum err ingest_branch(struct batch *batch, const struct push *push,
                                  bool apart);

/* ingest_line.c: a case that no scope has ever seen joins its writer's first
 * caseload, by an assignment that stands before its first line that takes
 * effect. */
MUST_CHECK enum err ingest_admit(struct batch *batch, const struct incoming *in,
                                 const struct decision *decision, bool *wrote);

/* hold.c */
MUST_CHECK enum err hold_state(struct batch *batch, const struct incoming *in,
                               const char *record, const char *reason,
                               const char *kase);
/* After a held line was appended: what it waits for. */
MUST_CHECK enum err hold_wait(struct batch *batch, const struct incoming *in);
/* The line's dot has arrived: releases what waited for it alone. */
MUST_CHECK enum err hold_arrived(struct batch *batch,
                                 const struct incoming *in);
/* An office line's own hold and release statements, into the table. */
MUST_CHECK enum err hold_note(struct batch *batch,
                              const struct revision *revision);
MUST_CHECK enum err hold_release(struct batch *batch, const char *author,
                                 const struct dot *held);

/* clamp.c: states the time of a line whose writer's clock is far ahead. */
MUST_CHECK enum err clamp_state(struct batch *batch, const struct incoming *in,
                                const char *type);

/* member.c */
/* A case that no scope has ever seen joins its writer's first caseload, when
 * the writer is in good standing and has one. */
MUST_CHECK enum err member_admit(struct batch *batch,
                                 const struct batch_log *writer,
                                 struct batch_case *kase);
/* Joins and leaves until exactly these scopes see the case. */
MUST_CHECK enum err member_set(struct batch *batch, struct batch_case *kase,
                               const struct scope_list *scopes);
bool member_has(const struct batch_case *kase, const char *scope);
/* May this replica's line n change the case?  See sync-protocol.md, section 11,
 * last paragraph. */
MUST_CHECK enum err member_right(struct batch *batch,
                                 const struct batch_log *log,
                                 const struct batch_case *kase, int64_t n,
                                 bool *right);
/* Writes the case's assignment record. */
MUST_CHECK enum err member_assign(struct batch *batch, const char *author,
                                  const char *kase,
                                  const struct scope_list *scopes);

/* feed.c: entries of the case's scopes. */
MUST_CHECK enum err feed_line(struct batch *batch, struct batch_case *kase,
                              int64_t arrival, const uint8_t hash[HASH_BYTES],
                              const char *replica, int64_t n);
MUST_CHECK enum err feed_join(struct batch *batch, struct batch_case *kase,
                              struct batch_scope *scope, int64_t *seq);
MUST_CHECK enum err feed_leave(struct batch *batch, struct batch_case *kase,
                               struct batch_member *member, int64_t *seq);
/* A device wrote in a case that is not its own any more, although it had passed
 * the leave: it has the case again, by carrying, and is told once more. */
MUST_CHECK enum err feed_leave_again(struct batch *batch,
                                     struct batch_case *kase,
                                     const struct batch_log *log);

/* ingest.c: inside an open batch. */
MUST_CHECK enum err batch_push(struct batch *batch, const struct push *push,
                               struct push_result *out);
MUST_CHECK enum err batch_healed(struct batch *batch, const struct bytes *lines,
                                 size_t count);

#endif
