#include "shared/replica/carry.h"

#include <string.h>

#include "shared/replica/own.h"
#include "shared/replica/state.h"
#include "shared/replica/sums.h"
#include "shared/replica/succession.h"
#include "shared/replica/vault_schema.h"

/* Columns of SQL_LOG_RANGE that matter here. */
enum { COLUMN_BODY = 1, COLUMN_KEY = 2, COLUMN_READABLE = 3, COLUMN_ID = 7 };

struct carrying {
    const struct identity_row *old;
    bool another;
    struct arena arena;  /* of the line at hand */
    struct sums *sums;   /* what no longer counts under the old dots */
    struct map *records; /* record ids whose states are to be folded anew */
};

/* One line of the old log. */
struct old_line {
    int64_t n, id, key; /* log.id, case_key.id; 0: not readable */
    bool here;          /* not erased */
    struct buffer text;
};

static enum err line_load(struct vault *vault, const struct identity_row *old,
                          struct old_line *line)
{
    struct sqlite3_stmt *s;
    line->key = 0;
    line->here = false;
    buffer_clear(&line->text);
    enum err err = vault_sql(vault, SQL_LOG_RANGE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, old->log);
    db_bind_int64(vault->db, s, 2, line->n);
    db_bind_int64(vault->db, s, 3, line->n);
    for (bool row = true; !err && row && !line->key;) {
        err = db_step_row(vault->db, s, &row);
        line->here = line->here || row;
        if (err || !row || !db_column_int64(s, COLUMN_READABLE))
            continue;
        line->key = db_column_int64(s, COLUMN_KEY);
        line->id = db_column_int64(s, COLUMN_ID);
        err = line_open(vault, line->key, old->public.replica, line->n,
                        db_column_bytes(s, COLUMN_BODY), &line->text);
    }
    db_reset(s);
    return err;
}

enum err carrier_write(struct vault *vault, struct arena *arena,
                       const struct state_row *row,
                       const struct revision *revision, const struct seen *seen,
                       bool had, const struct revision **out)
{
    struct buffer was;
    const struct own_tip *tip = &vault->tip;
    struct revision_draft draft = {
        .dot.n = tip->n + 1,
        .at = clock_wall_ms(vault->clock),
        .author = tip->user,
        .record = row->record,
        .prev = row->own_n,
        .seen = seen,
        .carries = revision->carries.size ? revision->carries : revision->line,
    };
    memcpy(draft.dot.replica, tip->name, sizeof draft.dot.replica);
    buffer_clear(&vault->line);
    buffer_init(&was, LINE_BYTES_MAX);
    enum err err = revision_was(&was, revision, had);
    draft.was = buffer_bytes(&was);
    if (!err)
        err = revision_write(&vault->line, &draft);
    buffer_fini(&was);
    if (err)
        return err;
    return revision_parse(arena, buffer_bytes(&vault->line), out, NULL);
}

static enum err carrier_make(struct vault *vault, struct carrying *c,
                             const struct revision *revision,
                             const struct state_row *row,
                             const struct revision **out)
{
    bool had = c->another || revision->dot.n <= c->old->public.received;
    struct seen seen;
    seen_init(&seen);
    enum err err = seen_copy(&seen, &revision->seen);
    if (!err)
        err = succession_seen(vault, row->id, c->old->generation, &seen);
    if (!err)
        err = carrier_write(vault, &c->arena, row, revision, &seen, had, out);
    seen_fini(&seen);
    return err;
}

static enum err carried_note(struct vault *vault, const struct carrying *c,
                             const struct old_line *line, int64_t record)
{
    const int64_t values[] = {c->old->log, line->n, record, vault->tip.replica,
                              vault->tip.n};
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_CARRIED_ADD, &s);
    if (err)
        return err;
    for (int i = 0; i < 5; i++)
        db_bind_int64(vault->db, s, i + 1, values[i]);
    err = db_step_done(vault->db, s);
    /* What was held under the old dot is judged anew under the new one. */
    if (!err)
        err = vault_sql(vault, SQL_HELD_DROP, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, c->old->log);
    db_bind_int64(vault->db, s, 2, line->n);
    return db_step_done(vault->db, s);
}

static enum err record_line(struct vault *vault, enum sql which, int64_t record,
                            int64_t line)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, which, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, record);
    db_bind_int64(vault->db, s, 2, line);
    return db_step_done(vault->db, s);
}

static enum err line_carry(struct vault *vault, struct carrying *c,
                           const struct old_line *line,
                           const struct revision *revision,
                           struct state_row *row)
{
    const struct case_key *key;
    const struct revision *carrier = NULL;
    int64_t id;
    struct sqlite3_stmt *s;
    enum err err = case_key_get(vault, line->key, &key);
    if (!err && line->n <= c->old->public.received)
        err = sums_add(c->sums, key->id, 0 - hash_share(revision->hash));
    if (!err)
        err = carrier_make(vault, c, revision, row, &carrier);
    if (!err)
        err = own_append(vault, key, carrier, &id);
    if (!err)
        err = carried_note(vault, c, line, row->id);
    if (!err)
        err = record_line(vault, SQL_RECORD_LINE_DROP, row->id, line->id);
    if (!err)
        err = record_line(vault, SQL_RECORD_LINE_ADD, row->id, id);
    if (!err)
        err = vault_sql(vault, SQL_RECORD_OWN, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row->id);
    db_bind_int64(vault->db, s, 2, vault->tip.n);
    err = db_step_done(vault->db, s);
    return err ? err : map_put(c->records, bytes_of(row->record, ID_CHARS), c);
}

static enum err carried_find(struct vault *vault, const struct carrying *c,
                             int64_t n, bool *carried)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_CARRIED_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, c->old->log);
    db_bind_int64(vault->db, s, 2, n);
    err = db_step_row(vault->db, s, carried);
    db_reset(s);
    return err;
}

static enum err one(struct vault *vault, struct carrying *c,
                    struct old_line *line, int64_t *unreadable)
{
    struct state_row row;
    const struct revision *revision = NULL;
    bool carried;
    enum err err = carried_find(vault, c, line->n, &carried);
    if (err || carried)
        return err;
    err = line_load(vault, c->old, line);
    if (!err && !line->key) {
        if (line->here)
            *unreadable = line->n;
        return ERR_OK;
    }
    arena_clear(&c->arena);
    if (!err)
        err = revision_parse(&c->arena, buffer_bytes(&line->text), &revision,
                             NULL);
    if (err)
        return err == ERR_INVALID ? ERR_CORRUPT : err;
    state_row_init(&row);
    err = state_load(vault, revision->record, &row);
    if (!err && !row.id)
        err = ERR_CORRUPT;
    if (!err)
        err = line_carry(vault, c, line, revision, &row);
    state_row_fini(&row);
    return err;
}

static enum err refold(struct vault *vault, const struct carrying *c)
{
    enum err err = vault_schema_load(vault);
    for (size_t i = 0; !err && i < map_count(c->records); i++) {
        const struct case_key *key;
        struct state_row row;
        state_row_init(&row);
        err = state_load(vault, map_key_at(c->records, i), &row);
        if (!err)
            err = case_key_get(vault, row.key, &key);
        if (!err)
            err = state_refold(vault, &row, key);
        state_row_fini(&row);
    }
    return err;
}

enum err carry_lines(struct vault *vault, const struct identity_row *old,
                     int64_t from, bool another, int64_t *unreadable)
{
    struct carrying c = {.old = old, .another = another};
    struct old_line line = {.n = from};
    int64_t head;
    *unreadable = 0;
    buffer_init(&line.text, LINE_BYTES_MAX);
    arena_init(&c.arena, REVISION_ARENA_BYTES);
    enum err err = line_head(vault, old->log, &head);
    if (!err)
        err = map_new(&c.records);
    if (!err)
        err = sums_new(&c.sums);
    for (; !err && line.n <= head; line.n++)
        err = one(vault, &c, &line, unreadable);
    if (!err)
        err = sums_store(vault, c.sums);
    if (!err)
        err = refold(vault, &c);
    map_free(c.records);
    sums_free(c.sums);
    arena_fini(&c.arena);
    buffer_wipe(&line.text);
    return err;
}
