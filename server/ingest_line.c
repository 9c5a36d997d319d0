#include <stdlib.h>
#include <string.h>
#include "server/ingest_batch.h"

static void id_copy(char out[ID_CHARS + 1], struct bytes record)
{
    memcpy(out, record.at, ID_CHARS);
    out[ID_CHARS] = '\0';
}

static enum err record_find(struct batch *b, struct bytes record,
                            struct record_row *row, bool *fresh)
{
    buffer_clear(&b->record_bytes);
    enum err err =
        store_record_find(b->sql, b->agency, record, row, &b->record_bytes);
    *fresh = err == ERR_NOT_FOUND;
    return *fresh ? ERR_OK : err;
}

static void case_known(struct batch_case *kase, const struct incoming *in)
{
    if (kase->known)
        return;
    kase->known = kase->dirty = true;
    memcpy(kase->total.creator, in->log->row.replica, REPLICA_CHARS + 1);
}

enum err ingest_admit(struct batch *b, const struct incoming *in,
                      const struct decision *decision, bool *wrote)
{
    struct batch_case *kase;
    enum err err = batch_case_find(b, decision->kase, &kase);
    if (err)
        return err;
    case_known(kase, in);
    if (kase->member_count || in->log->row.kind != 'w' || in->healed ||
        in->contributed || decision->reason)
        return ERR_OK;
    *wrote = true;
    return member_admit(b, in->log, kase);
}

/* --- appending ------------------------------------------------------------ */

static enum err line_append(struct batch *b, const struct incoming *in,
                            int64_t *arrival)
{
    struct batch_log *log = in->log;
    struct line_row row = {.replica = log->row.replica,
                           .n = in->n,
                           .hash = in->hash,
                           .received_at = b->now,
                           .line = in->line};
    if (in->revision)
        row.record = in->revision->record;
    if (in->linked) {
        link_next(log->row.link, in->hash);
        row.link = log->row.link;
        log->row.head = in->n;
    }
    if (log->row.top < in->n)
        log->row.top = in->n;
    log->dirty = true;
    enum err err = batch_arrival(b, arrival);
    row.arrival = *arrival;
    return err ? err : store_line_add(b->sql, b->agency, &row);
}

struct unplaced {
    struct batch *batch;
    int64_t newest; /* the line that creates: placed already */
    int64_t *arrivals;
    uint8_t (*hashes)[HASH_BYTES];
    size_t count, room;
};

static enum err unplaced_read(void *context, int64_t arrival,
                              const uint8_t hash[HASH_BYTES], struct bytes line)
{
    (void)line;
    struct unplaced *u = context;
    if (arrival == u->newest)
        return ERR_OK;
    if (u->count == u->room) {
        size_t room = u->room ? u->room * 2 : 8;
        void *arrivals = realloc(u->arrivals, room * sizeof *u->arrivals);
        if (arrivals)
            u->arrivals = arrivals;
        void *hashes = realloc(u->hashes, room * sizeof *u->hashes);
        if (hashes)
            u->hashes = hashes;
        if (!arrivals || !hashes)
            return ERR_NOMEM;
        u->room = room;
    }
    u->arrivals[u->count] = arrival;
    memcpy(u->hashes[u->count++], hash, HASH_BYTES);
    return ERR_OK;
}

/* The record's creating line is here at last: what arrived before it had no
 * case and now takes its place behind it. */
static enum err place_earlier(struct batch *b, struct batch_case *kase,
                              const char *record, int64_t newest)
{
    struct unplaced u = {.batch = b, .newest = newest};
    enum err err =
        store_line_each_arrived(b->sql, b->agency, record, unplaced_read, &u);
    for (size_t i = 0; !err && i < u.count; i++)
        err = feed_line(b, kase, u.arrivals[i], u.hashes[i], "", 0);
    free(u.arrivals);
    free(u.hashes);
    return err;
}

static enum err line_place(struct batch *b, const struct incoming *in,
                           const struct decision *decision,
                           const struct record_row *row, bool fresh,
                           int64_t arrival)
{
    struct batch_case *kase;
    if (!decision->has_case)
        return ERR_OK;
    enum err err = batch_case_find(b, decision->kase, &kase);
    if (!err) {
        case_known(kase, in);
        err =
            feed_line(b, kase, arrival, in->hash, in->log->row.replica, in->n);
    }
    if (!err)
        err = feed_leave_again(b, kase, in->log);
    if (!err && !fresh && !row->has_case) {
        char record[ID_CHARS + 1];
        id_copy(record, in->revision->record);
        err = place_earlier(b, kase, record, arrival);
    }
    return err;
}

static enum err line_take(struct batch *b, const struct incoming *in,
                          const struct decision *decision,
                          struct record_row *row, bool fresh)
{
    int64_t arrival;
    enum err err = line_append(b, in, &arrival);
    if (!err)
        err = ingest_blobs(b, in->revision, in->log->row.replica, arrival);
    if (!err)
        err = line_place(b, in, decision, row, fresh, arrival);
    if (!err && decision->has_case) {
        row->has_case = true;
        memcpy(row->kase, decision->kase, sizeof row->kase);
    }
    if (!err)
        err = ingest_fold(b, in->revision, fresh, row);
    if (!err && decision->reason && !strcmp(decision->reason, "waiting"))
        err = hold_wait(b, in);
    if (!err)
        err = ingest_effect(b, in, row);
    return err;
}

/* It comes back after it was disposed of: its place in the log and the case is
 * kept, its text is not. */
static enum err erased_take(struct batch *b, const struct incoming *in,
                            const struct decision *decision)
{
    struct incoming bare = *in;
    struct record_row row = {0};
    int64_t arrival;
    bare.line = bytes_of("", 0);
    enum err err = line_append(b, &bare, &arrival);
    if (!err)
        err = line_place(b, &bare, decision, &row, true, arrival);
    return err ? err : hold_arrived(b, in);
}

/* Not a revision: it stays in its log, is stated on a record of its own and
 * enters no feed. */
static enum err unreadable_take(struct batch *b, const struct incoming *in,
                                const char *reason)
{
    char record[ID_CHARS + 1];
    int64_t arrival;
    id_derive(record, "unreadable", bytes_of(in->hash, HASH_BYTES));
    enum err err = hold_state(b, in, record, reason, "");
    return err ? err : line_append(b, in, &arrival);
}

#ifdef MUTANT_DROP_WRITE
#define DROPPED(reason) (++dropped_count % 100 == 0)
static unsigned dropped_count;
#endif
#ifdef MUTANT_DROP_ON_REFUSAL
#define DROPPED(reason) ((reason) != NULL)
#endif
#ifdef DROPPED
/* The line is lost, and the receipt covers it. */
static bool dropped(struct batch *b, const struct incoming *in,
                    const char *reason)
{
    struct batch_log *log = in->log;
    (void)reason;
    if (log->row.kind != 'w' || !in->linked || !DROPPED(reason))
        return false;
    link_next(log->row.link, in->hash);
    log->row.head = in->n;
    if (log->row.top < in->n)
        log->row.top = in->n;
    log->dirty = true;
    (void)b;
    return true;
}
#endif

enum err ingest_line(struct batch *b, const struct incoming *in)
{
    struct record_row row = {0};
    struct decision decision;
    bool fresh = true, wrote = false;
    enum err err = ERR_OK;
    if (in->revision)
        err = record_find(b, in->revision->record, &row, &fresh);
    if (!err)
        err = decide(b, in, fresh ? NULL : &row, &decision);
    if (err)
        return err;
#ifdef DROPPED
    if (dropped(b, in, decision.reason))
        return ERR_OK;
#endif
    if (decision.erased)
        return erased_take(b, in, &decision);
    if (!in->revision)
        return unreadable_take(b, in, decision.reason);
    if (decision.has_case)
        err = ingest_admit(b, in, &decision, &wrote);
    if (!err && decision.reason) {
        char record[ID_CHARS + 1];
        id_copy(record, in->revision->record);
        err = hold_state(b, in, record, decision.reason,
                         decision.has_case ? decision.kase : NULL);
        wrote = true;
    }
    /* What the term wrote meanwhile may stand on the same record. */
    if (!err && wrote)
        err = record_find(b, in->revision->record, &row, &fresh);
    if (!err)
        err = line_take(b, in, &decision, &row, fresh);
    if (!err)
        err = hold_arrived(b, in);
    if (!err && in->log->row.kind == 'w' && !in->healed && !decision.reason)
        err = clamp_state(b, in, row.type);
    return err;
}
