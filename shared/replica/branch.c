#include "shared/replica/branch.h"

#include <string.h>

#include "shared/replica/line.h"
#include "shared/replica/state.h"

#define RIVALS_MAX 16

/* One line of the log with its record. */
struct place {
    int64_t line, log, n, key;
    struct arena arena;
    struct buffer text;
    const struct revision *revision; /* NULL: its case has left */
    struct state_row row;
    bool stands; /* it is part of its record */
};

static void place_init(struct place *p, int64_t line)
{
    memset(p, 0, sizeof *p);
    p->line = line;
    arena_init(&p->arena, REVISION_ARENA_BYTES);
    buffer_init(&p->text, LINE_BYTES_MAX);
    state_row_init(&p->row);
}

static void place_fini(struct place *p)
{
    state_row_fini(&p->row);
    buffer_wipe(&p->text);
    arena_fini(&p->arena);
}

/* Columns of SQL_LOG_AT: name, n, key, body, hash, replica. */
static enum err line_read(struct vault *vault, struct place *p)
{
    struct sqlite3_stmt *s;
    char name[REPLICA_CHARS + 1] = "";
    bool row;
    enum err err = vault_sql(vault, SQL_LOG_AT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, p->line);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_CORRUPT;
    p->n = db_column_int64(s, 1);
    p->key = db_column_int64(s, 2);
    p->log = db_column_int64(s, 5);
    err = db_column_fixed(s, 0, name, REPLICA_CHARS);
    if (!err)
        err = line_open(vault, p->key, name, p->n, db_column_bytes(s, 3),
                        &p->text);
    db_reset(s);
    return err;
}

static enum err stands_find(struct vault *vault, struct place *p)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_LINE_HAS, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, p->row.id);
    db_bind_int64(vault->db, s, 2, p->line);
    err = db_step_row(vault->db, s, &p->stands);
    db_reset(s);
    return err;
}

static enum err place_load(struct vault *vault, struct place *p)
{
    enum err err = line_read(vault, p);
    if (err == ERR_NOT_FOUND)
        return ERR_OK; /* its case has left: it stands nowhere */
    if (!err)
        err = revision_parse(&p->arena, buffer_bytes(&p->text), &p->revision,
                             NULL);
    if (err == ERR_INVALID && p->revision &&
        p->revision->record.size == ID_CHARS)
        err = ERR_OK; /* kept, though this build cannot fold it */
    if (!err)
        err = state_load(vault, p->revision->record, &p->row);
    return err ? err : stands_find(vault, p);
}

/* Forms that were read before mean what stood there then. */
static enum err place_changed(struct vault *vault, const struct place *p)
{
    const int64_t values[] = {p->log, p->n, p->row.id, 0, 0};
    struct sqlite3_stmt *s;
    enum err err = vault_run(vault, SQL_META_GENERATION_RAISE);
    if (!err)
        err = vault_query(vault, SQL_META_GENERATION, &vault->tip.generation);
    if (!err)
        err = vault_sql(vault, SQL_CARRIED_ADD, &s);
    if (err)
        return err;
    for (int i = 0; i < 5; i++)
        db_bind_int64(vault->db, s, i + 1, values[i]);
    return db_step_done(vault->db, s);
}

static enum err line_drop(struct vault *vault, const struct place *p)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_LINE_DROP, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, p->row.id);
    db_bind_int64(vault->db, s, 2, p->line);
    err = db_step_done(vault->db, s);
    return err ? err : place_changed(vault, p);
}

enum err branch_yield(struct vault *vault, int64_t line, struct sums *sums)
{
    const struct case_key *key;
    struct place p;
    place_init(&p, line);
    enum err err = place_load(vault, &p);
    if (!err && p.stands) {
        uint8_t hash[HASH_BYTES];
        hash_bytes(hash, buffer_bytes(&p.text));
        err = line_drop(vault, &p);
        if (!err)
            err = sums_add(sums, p.row.key, 0 - hash_share(hash));
        if (!err)
            err = case_key_get(vault, p.row.key, &key);
        if (!err)
            err = state_refold(vault, &p.row, key);
        vault->changed = true;
    }
    place_fini(&p);
    return err;
}

/* The office may not have its write anywhere: it stands until it is known to,
 * beside what the office has at its dot. */
static enum err branch_stay(struct vault *vault, int64_t line)
{
    struct sqlite3_stmt *s;
    struct place p;
    place_init(&p, line);
    enum err err = place_load(vault, &p);
    if (!err && p.stands) {
        err = place_changed(vault, &p);
        if (!err)
            err = vault_sql(vault, SQL_CARRIED_RETURNED, &s);
        if (!err) {
            db_bind_int64(vault->db, s, 1, p.log);
            db_bind_int64(vault->db, s, 2, p.n);
            err = db_step_done(vault->db, s);
        }
    }
    place_fini(&p);
    return err;
}

struct rival {
    int64_t line;
    bool own; /* written here: it is carried */
};

enum err branch_prevail(struct vault *vault, const char *replica,
                        int64_t branch, int64_t n, struct sums *sums, bool *any)
{
    struct rival rivals[RIVALS_MAX];
    size_t count = 0;
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_LOG_RIVALS, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(replica));
    db_bind_int64(vault->db, s, 2, branch);
    db_bind_int64(vault->db, s, 3, n);
    for (bool row = true; !err && row && count < RIVALS_MAX;) {
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            rivals[count++] = (struct rival){db_column_int64(s, 0),
                                             db_column_int64(s, 1) == 0};
    }
    db_reset(s);
    for (size_t i = 0; !err && i < count; i++)
        err = rivals[i].own ? branch_yield(vault, rivals[i].line, sums)
                            : branch_stay(vault, rivals[i].line);
    *any = count > 0;
    return err;
}

enum err branch_elsewhere(struct vault *vault, int64_t line,
                          branch_each_hash *has, void *context, bool *elsewhere)
{
    struct state_lines lines;
    struct place p;
    *elsewhere = false;
    place_init(&p, line);
    state_lines_init(&lines);
    enum err err = place_load(vault, &p);
    if (!err && p.stands)
        err = state_lines_load(vault, p.row.id, &lines);
    for (size_t i = 0; !err && i < lines.count; i++) {
        const struct revision *other = lines.lines[i].revision;
        /* A release is one write with what it releases, and not instead. */
        if (other && lines.lines[i].log != line && !other->release.size &&
            !p.revision->release.size &&
            !strcmp(other->write, p.revision->write) &&
            has(context, other->hash))
            *elsewhere = true;
    }
    state_lines_fini(&lines);
    place_fini(&p);
    return err;
}
