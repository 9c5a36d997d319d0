/* Two lines at one dot: the office had given one out, was taken back, and then
 * received another under that dot, from a copy of the writer's vault.  Whoever
 * brings the first one back cannot place it, and its writer may be lost: the
 * office carries it in its own log (sync-protocol.md, section 12). */
#include <string.h>
#include "server/ingest_batch.h"

struct collision {
    const struct revision *line;
    bool taken;    /* its dot: it is surely of the other branch */
    bool known;    /* its write is here under another dot */
    int64_t first; /* of its writer's lines of this record that lost their dots,
                      the first; 0: none is known */
    int64_t last;  /* the last one that it may have seen */
    struct dot dot; /* which carries that */
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
        if (same && lost->n < c->line->dot.n && lost->n > c->last) {
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
    const char *reason = decision.reason;
    if (!err && !reason) {
        err = store_held_find(b->sql, b->agency, &line->dot, &held);
        if (err == ERR_NOT_FOUND ||
            (!err && (held.released[0] || strcmp(held.record, record) != 0)))
            return ERR_OK;
        reason = held.reason;
    }
    if (!err)
        err = batch_log_find(b, b->office->term, &in.log);
    if (err)
        return err;
    in.n = in.log->row.head + 2; /* behind the statement */
    return hold_state(b, &in, record, reason,
                      decision.has_case ? decision.kase : NULL);
}

static enum err carry(struct batch *b, const struct collision *c,
                      const char *record)
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
        err = revision_was(&was, c->line, true);
    draft.was = buffer_bytes(&was);
    if (!err)
        err = hold_again(b, c->line, record);
    if (!err)
        err = ingest_term(b, "office", &draft, NULL, &dot);
    seen_fini(&seen);
    buffer_fini(&was);
    return err;
}

enum err ingest_collision(struct batch *b, const struct revision *line,
                          bool taken, bool *gone)
{
    struct collision c = {.line = line, .taken = taken};
    char record[ID_CHARS + 1];
    memcpy(record, line->record.at, ID_CHARS);
    record[ID_CHARS] = '\0';
    enum err err = disposed_write(b, line, &c.known);
    if (!err)
        err = store_line_each_of_record(b->sql, b->agency, record, look, &c);
    *gone = taken ||
            (c.first &&
             seen_get(&line->seen, bytes_text(line->dot.replica)) >= c.first);
    return err || !*gone || c.known ? err : carry(b, &c, record);
}
