#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/ingest_batch.h"

/* Who settles a hold. */
static const char *reason_owner(const char *reason)
{
    static const struct {
        const char *reason, *owner;
    } owners[] = {
        {"waiting", "office"},
        {"out-of-scope", "supervisor"},
        {"revoked", "administrator"},
        {"disposed", "administrator"},
    };
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++)
        if (!strcmp(owners[i].reason, reason))
            return owners[i].owner;
    return "administrator";
}

/* --- stating -------------------------------------------------------------- */

static enum err hold_write(struct buffer *out, const struct dot *dot,
                           const char *reason)
{
    char text[DOT_CHARS + 1];
    dot_format(text, dot);
    return buffer_printf(out, "{\"%s\":\"%s\"}", text, reason);
}

enum err hold_state(struct batch *b, const struct incoming *in,
                    const char *record, const char *reason, const char *kase)
{
    struct buffer hold, set;
    struct dot dot = {.n = in->n}, statement;
    memcpy(dot.replica, in->log->row.replica, sizeof dot.replica);
    buffer_init(&hold, 1024);
    buffer_init(&set, 1024);
    enum err err = hold_write(&hold, &dot, reason);
    struct revision_draft draft = {.record = record};
    if (!err && !in->revision) {
        draft.type = "unreadable";
        draft.kase = record;
        err = buffer_printf(
            &set, "{\"n\":%" PRId64 ",\"reason\":\"%s\",\"replica\":\"%s\"}",
            dot.n, reason, dot.replica);
    }
    draft.hold = buffer_bytes(&hold);
    draft.set = buffer_bytes(&set);
    if (!err)
        err = ingest_term(b, "office", &draft, kase, &statement);
    buffer_fini(&set);
    buffer_fini(&hold);
    return err;
}

static enum err statement_note(struct batch *b, const struct revision *revision)
{
    enum err err = ERR_OK;
    const struct canon *member = revision->hold ? revision->hold->first : NULL;
    for (; !err && member; member = member->next) {
        struct held_row row = {.since = b->now};
        if (!dot_parse(&row.dot, member->name) || member->kind != CANON_TEXT ||
            member->text.size > NAME_CHARS_MAX)
            continue;
        memcpy(row.record, revision->record.at, ID_CHARS);
        memcpy(row.reason, member->text.at, member->text.size);
        snprintf(row.owner, sizeof row.owner, "%s", reason_owner(row.reason));
        err = store_held_put(b->sql, b->agency, &row);
    }
    return err;
}

enum err hold_note(struct batch *b, const struct revision *revision)
{
    enum err err = statement_note(b, revision);
    struct dot held;
    if (!err && revision->release.size && dot_parse(&held, revision->release)) {
        char release[DOT_CHARS + 1];
        dot_format(release, &revision->dot);
        err = store_held_release(b->sql, b->agency, &held, release);
    }
    return err;
}

/* --- waiting -------------------------------------------------------------- */

struct waiting {
    struct batch *batch;
    struct dot line;
};

static enum err wait_add(void *context, const struct dot *need)
{
    struct waiting *waiting = context;
    struct batch *b = waiting->batch;
    struct batch_log *log;
    enum err err = store_waiting_add(b->sql, b->agency, need, &waiting->line);
    if (!err)
        err = batch_log_find(b, need->replica, &log);
    if (!err)
        err = batch_need_add(log, need->n);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err hold_wait(struct batch *b, const struct incoming *in)
{
    struct waiting waiting = {.batch = b, .line = in->revision->dot};
    return decide_missing(b, in->revision, wait_add, &waiting);
}

struct dots {
    struct dot *at; /* owned */
    size_t count, room;
};

static enum err dots_add(void *context, const struct dot *dot)
{
    struct dots *dots = context;
    if (dots->count == dots->room) {
        size_t room = dots->room ? dots->room * 2 : 8;
        struct dot *grown = realloc(dots->at, room * sizeof *grown);
        if (!grown)
            return ERR_NOMEM;
        dots->at = grown;
        dots->room = room;
    }
    dots->at[dots->count++] = *dot;
    return ERR_OK;
}

static void need_drop(struct batch_log *log, int64_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < log->need_count; i++)
        if (log->needs[i] != n)
            log->needs[kept++] = log->needs[i];
    log->need_count = kept;
}

/* Only when nothing else is missing and the record is known by now. */
static enum err wait_end(struct batch *b, const struct dot *line)
{
    struct held_row held;
    enum err err = store_waiting_any(b->sql, b->agency, line);
    if (err != ERR_NOT_FOUND)
        return err;
    err = store_held_find(b->sql, b->agency, line, &held);
    if (err || held.released[0] || strcmp(held.reason, "waiting") != 0)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = hold_release(b, "office", line);
    return err == ERR_INVALID || err == ERR_DENIED ? ERR_OK : err;
}

enum err hold_arrived(struct batch *b, const struct incoming *in)
{
    struct dots lines = {.at = NULL};
    struct batch_log *log = in->log;
    struct dot dot = {.n = in->n};
    /* A healed line's log may be one that the office does not know. */
    bool needed = in->healed;
    for (size_t i = 0; i < log->need_count; i++)
        needed = needed || log->needs[i] == in->n;
    if (!needed)
        return ERR_OK;
    memcpy(dot.replica, log->row.replica, sizeof dot.replica);
    need_drop(log, dot.n);
    enum err err =
        store_waiting_lines(b->sql, b->agency, &dot, dots_add, &lines);
    if (!err && lines.count)
        err = store_waiting_met(b->sql, b->agency, &dot);
    for (size_t i = 0; !err && i < lines.count; i++)
        err = wait_end(b, &lines.at[i]);
    free(lines.at);
    return err;
}

/* --- releasing ------------------------------------------------------------ */

/* The held line again, as what it was: its own seen, counted as its own dot. */
static enum err release_write(struct batch *b, const char *author,
                              const struct revision *line,
                              const struct dot *held)
{
    char record[ID_CHARS + 1], release[DOT_CHARS + 1];
    struct dot dot;
    memcpy(record, line->record.at, ID_CHARS);
    record[ID_CHARS] = '\0';
    dot_format(release, held);
    struct revision_draft draft = {
        .record = record,
        .seen = &line->seen,
        .carries = line->carries.size ? line->carries : line->line,
        .release = release,
    };
    return ingest_term(b, author, &draft, NULL, &dot);
}

/* What was held brought its case into no caseload; now it does. */
static enum err release_admit(struct batch *b, const char *name,
                              const struct dot *held)
{
    struct batch_case *kase;
    struct batch_log *writer;
    enum err err = batch_log_find(b, held->replica, &writer);
    if (!err && name[0])
        err = batch_case_find(b, name, &kase);
    if (err || !name[0])
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    return member_admit(b, writer, kase);
}

/* What was begun before the disposal has no beginning any more. */
static enum err release_check(struct batch *b, struct bytes record)
{
    char kase[ID_CHARS + 1];
    bool disposed;
    enum err err = disposed_record(b, record, &disposed, kase);
    if (!err && disposed) {
        snprintf(b->office->detail, sizeof b->office->detail,
                 "its record was disposed of and does not come back; write it "
                 "again in a new case if it is needed, and dispose of %s again",
                 kase);
        err = ERR_DENIED;
    }
    return err;
}

static enum err release_parsed(struct batch *b, const char *author,
                               const struct dot *held, struct bytes line,
                               struct arena *arena)
{
    const struct revision *revision;
    struct record_row row;
    enum err err = revision_parse(arena, line, &revision, NULL);
    if (err)
        return err == ERR_TOO_BIG ? ERR_INVALID : err;
    err = release_check(b, revision->record);
    if (err)
        return err;
    buffer_clear(&b->record_bytes);
    err = store_record_find(b->sql, b->agency, revision->record, &row,
                            &b->record_bytes);
    if (err || !row.has_case)
        return err == ERR_NOT_FOUND || !err ? ERR_INVALID : err;
    err = release_write(b, author, revision, held);
    return err ? err : release_admit(b, row.kase, held);
}

enum err hold_release(struct batch *b, const char *author,
                      const struct dot *held)
{
    struct held_row row;
    struct buffer line;
    struct arena arena;
    enum err err = store_held_find(b->sql, b->agency, held, &row);
    if (err || row.released[0])
        return err ? err : ERR_EXISTS;
    buffer_init(&line, LINE_BYTES_MAX);
    arena_init(&arena, REVISION_ARENA_BYTES);
    err =
        store_line_load(b->sql, b->agency, held->replica, held->n, &line, NULL);
    if (!err)
        err = release_parsed(b, author, held, buffer_bytes(&line), &arena);
    if (err == ERR_INVALID)
        snprintf(b->office->detail, sizeof b->office->detail,
                 "the line is no revision of a known record");
    arena_fini(&arena);
    buffer_fini(&line);
    return err;
}
