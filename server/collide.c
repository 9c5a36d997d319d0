/* Two lines at one dot: the office had given one out, was taken back, and then
 * received another under that dot, from a copy of the writer's vault.  Whoever
 * brings the first one back cannot place it, and its writer may be lost: the
 * office carries it in its own log (sync-protocol.md, section 12).  So it does
 * with what a copy that came second can only give as envelopes (section 13). */
#include <string.h>
#include "server/ingest_batch.h"

struct collision {
    const struct revision *line;
    bool taken;    /* its dot: it is surely of the other branch */
    bool known;    /* its write is here under another dot */
    int64_t first; /* of its writer's lines of this record that lost their dots,
                      the first; 0: none is known */
    int64_t own_seen; /* what it had seen of its own log */
    int64_t last;     /* the last of those that it had seen */
    struct dot dot;   /* which carries that */
};

static enum err look(void *context, int64_t arrival,
                     const uint8_t hash[HASH_BYTES], struct bytes text)
{
    struct collision *c = context;
    struct arena arena;
    const struct revision *r;
    (void)arrival;
    (void)hash;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = revision_parse(&arena, text, &r, NULL);
    if (!err && !strcmp(r->write, c->line->write))
        c->known = true;
    if (!err && r->carries.size && !r->release.size &&
        replica_is_office(bytes_text(r->dot.replica))) {
        const struct dot *lost = &revision_original(r)->dot;
        bool same = !strcmp(lost->replica, c->line->dot.replica);
        if (same && (!c->first || lost->n < c->first))
            c->first = lost->n;
        if (same && lost->n <= c->own_seen && lost->n > c->last) {
            c->last = lost->n;
            c->dot = r->dot;
        }
    }
    arena_fini(&arena);
    return err == ERR_INVALID || err == ERR_TOO_BIG ? ERR_OK : err;
}

/* What it had seen of its own log stands elsewhere, from the first line on that
 * lost its dot too.  Where it is not sure which of the two branches it means,
 * it has seen neither: a conflict too many, and no value that goes unseen. */
static enum err seen_now(const struct collision *c, struct seen *out)
{
    enum err err = ERR_OK;
    const struct seen *seen = &c->line->seen;
    for (size_t i = 0; !err && i < seen->count; i++) {
        const struct seen_entry *entry = &seen->entries[i];
        int64_t n = entry->n;
        if (c->first && n >= c->first &&
            !strcmp(entry->replica, c->line->dot.replica)) {
            n = c->first - 1;
            if (c->last && c->taken)
                err = seen_raise(out, bytes_text(c->dot.replica), c->dot.n);
        }
        if (!err && n)
            err = seen_raise(out, bytes_text(entry->replica), n);
    }
    return err;
}

/* The next that the term writes but the statement itself is held. */
static enum err hold_next(struct batch *b, struct incoming *in,
                          const struct decision *decision, const char *record)
{
    enum err err = batch_log_find(b, b->office->term, &in->log);
    if (err)
        return err;
    in->n = in->log->row.head + 2;
    return hold_state(b, in, record, decision->reason,
                      decision->has_case ? decision->kase : NULL);
}

/* What was held under the dot goes on being held, unless that is the hold of
 * what stands there now, on another record; of a case that was disposed of all
 * is. */
static enum err hold_again(struct batch *b, const struct revision *line,
                           const char *record)
{
    struct held_row held;
    struct incoming in = {.revision = line};
    struct decision decision = {.reason = NULL};
    enum err err = disposed_judge(b, &in, NULL, &decision);
    if (!err && !decision.reason) {
        err = store_held_find(b->sql, b->agency, &line->dot, &held);
        if (err == ERR_NOT_FOUND ||
            (!err && (held.released[0] || strcmp(held.record, record) != 0)))
            return ERR_OK;
        decision.reason = held.reason;
    }
    return err ? err : hold_next(b, &in, &decision, record);
}

/* `had`: an office may have had the line where it stood, and told of it. */
static enum err carry(struct batch *b, const struct collision *c,
                      const char *record, bool had)
{
    struct seen seen;
    struct dot dot;
    struct buffer was;
    seen_init(&seen);
    buffer_init(&was, LINE_BYTES_MAX);
    struct revision_draft draft = {
        .record = record,
        .seen = &seen,
        .carries = c->line->carries.size ? c->line->carries : c->line->line,
    };
    enum err err = seen_now(c, &seen);
    if (!err)
        err = revision_was(&was, c->line, had);
    draft.was = buffer_bytes(&was);
    if (!err)
        err = ingest_term(b, "office", &draft, NULL, &dot);
    seen_fini(&seen);
    buffer_fini(&was);
    return err;
}

static enum err others_find(struct batch *b, struct collision *c,
                            const char *record)
{
    c->own_seen = seen_get(&c->line->seen, bytes_text(c->line->dot.replica));
    enum err err = disposed_write(b, c->line, &c->known);
    return err ? err
               : store_line_each_of_record(b->sql, b->agency, record, look, c);
}

static void record_name(char out[ID_CHARS + 1], const struct revision *line)
{
    memcpy(out, line->record.at, ID_CHARS);
    out[ID_CHARS] = '\0';
}

enum err ingest_collision(struct batch *b, const struct revision *line,
                          bool taken, bool *gone)
{
    struct collision c = {.line = line, .taken = taken};
    char record[ID_CHARS + 1];
    record_name(record, line);
    enum err err = others_find(b, &c, record);
    *gone = taken || (c.first && c.own_seen >= c.first);
    if (err || !*gone || c.known)
        return err;
    err = hold_again(b, line, record);
    return err ? err : carry(b, &c, record, true);
}

/* --- a branch of a log ---------------------------------------------------- */

static enum err branch_decide(struct batch *b, const struct incoming *in,
                              const char *record, struct decision *out)
{
    struct record_row row;
    buffer_clear(&b->record_bytes);
    enum err err = store_record_find(b->sql, b->agency, bytes_text(record),
                                     &row, &b->record_bytes);
    if (err && err != ERR_NOT_FOUND)
        return err;
    return decide(b, in, err ? NULL : &row, out);
}

/* `first`: of the lines that lost their dots. */
static enum err branch_line(struct batch *b, struct incoming *in, int64_t first)
{
    struct collision c = {.line = in->revision, .taken = true, .first = first};
    struct decision decision;
    char record[ID_CHARS + 1];
    bool rolled_back = in->contributed, wrote;
    record_name(record, in->revision);
    enum err err = others_find(b, &c, record);
    if (err || c.known)
        return err;
    in->contributed = true; /* what it has seen is not waited for */
    err = branch_decide(b, in, record, &decision);
    if (err || decision.erased)
        return err;
    in->contributed = rolled_back;
    if (decision.has_case)
        err = ingest_admit(b, in, &decision, &wrote);
    if (!err && decision.reason)
        err = hold_next(b, in, &decision, record);
    return err ? err : carry(b, &c, record, rolled_back);
}

static enum err branch_parse(struct incoming *in, struct arena *arena)
{
    enum err err = revision_parse(arena, in->line, &in->revision, NULL);
    if (err == ERR_INVALID || err == ERR_TOO_BIG)
        return ERR_FORK;
    bool own = !err && in->revision->dot.n == in->n &&
               !strcmp(in->revision->dot.replica, in->log->row.replica);
    return err || own ? err : ERR_FORK;
}

enum err ingest_branch(struct batch *b, const struct push *push, bool apart)
{
    struct batch_log *log;
    struct arena arena;
    int64_t first = apart ? 1 : 0;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = batch_log_find(b, push->replica, &log);
    for (size_t i = 0; !err && i < push->count; i++) {
        struct incoming in = {.log = log,
                              .n = push->first + (int64_t)i,
                              .line = push->lines[i],
                              .contributed = push->contributed};
        struct line_found found;
        err =
            store_line_find(b->sql, b->agency, log->row.replica, in.n, &found);
        if (!err && !memcmp(found.hash, push->hashes[i], HASH_BYTES))
            continue;
        if (err && err != ERR_NOT_FOUND)
            break;
        first = first ? first : in.n;
        err = ERR_OK;
        if (!in.line.size)
            continue;
        arena_clear(&arena);
        err = branch_parse(&in, &arena);
        if (!err)
            err = branch_line(b, &in, first);
    }
    arena_fini(&arena);
    return err;
}
