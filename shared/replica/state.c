#include "shared/replica/state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/replica/line.h"
#include "shared/replica/seal.h"
#include "shared/replica/vault_schema.h"

#define LINES_BYTES_MAX (1u << 30) /* all lines of one record */
#define AD_ROOM (sizeof "state" + TOKEN_KEYED_BYTES)
#define HEAD_BYTES (ID_CHARS + 8) /* record id and size of the state */

void state_row_init(struct state_row *row)
{
    memset(row, 0, sizeof *row);
    fold_init(&row->fold);
}

void state_row_fini(struct state_row *row)
{
    fold_fini(&row->fold);
}

/* --- sealed form: record id, size of the state, state, memo --------------- */

static struct bytes state_ad(uint8_t out[AD_ROOM],
                             const uint8_t token[TOKEN_KEYED_BYTES])
{
    memcpy(out, "state", sizeof "state");
    memcpy(out + sizeof "state", token, TOKEN_KEYED_BYTES);
    return bytes_of(out, AD_ROOM);
}

static enum err state_seal(struct vault *vault, const struct state_row *row,
                           const struct case_key *key)
{
    uint8_t ad[AD_ROOM], size[8];
    struct buffer *plain = &vault->plain;
    store_le64(size, row->fold.state.size);
    buffer_clear(plain);
    buffer_add(plain, row->record, ID_CHARS);
    buffer_add(plain, size, sizeof size);
    buffer_add_bytes(plain, buffer_bytes(&row->fold.state));
    buffer_add_bytes(plain, buffer_bytes(&row->fold.memo));
    enum err err = buffer_err(plain);
    return err ? err
               : seal_close(&vault->sealed, vault->random, key->key,
                            state_ad(ad, row->token), buffer_bytes(plain));
}

static enum err state_open(struct vault *vault, struct state_row *row,
                           struct bytes sealed)
{
    uint8_t ad[AD_ROOM];
    const struct case_key *key;
    enum err err = case_key_get(vault, row->key, &key);
    if (err)
        return err;
    struct buffer *plain = &vault->plain;
    buffer_clear(plain);
    err = seal_open(plain, key->key, state_ad(ad, row->token), sealed);
    if (err)
        return err;
    if (plain->size < HEAD_BYTES)
        return ERR_CORRUPT;
    uint64_t size = load_le64(plain->at + ID_CHARS);
    if (size > plain->size - HEAD_BYTES)
        return ERR_CORRUPT;
    memcpy(row->record, plain->at, ID_CHARS);
    row->record[ID_CHARS] = '\0';
    buffer_clear(&row->fold.state);
    buffer_clear(&row->fold.memo);
    const uint8_t *at = plain->at + HEAD_BYTES;
    err = buffer_add(&row->fold.state, at, (size_t)size);
    return err ? err
               : buffer_add(&row->fold.memo, at + size,
                            plain->size - HEAD_BYTES - (size_t)size);
}

/* --- loading -------------------------------------------------------------- */

static void type_read(struct sqlite3_stmt *s, int column, struct state_row *row)
{
    row->has_type =
        !db_column_is_null(s, column) &&
        db_column_fixed(s, column, row->type, sizeof row->type) == ERR_OK;
}

enum err state_load(struct vault *vault, struct bytes record,
                    struct state_row *row)
{
    struct sqlite3_stmt *s;
    bool found;
    if (record.size != ID_CHARS)
        return ERR_INVALID;
    memcpy(row->record, record.at, ID_CHARS);
    row->record[ID_CHARS] = '\0';
    vault_token(vault, "record", record, row->token);
    enum err err = vault_sql(vault, SQL_RECORD_FIND, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(row->token, sizeof row->token));
    err = db_step_row(vault->db, s, &found);
    if (err || !found)
        return err;
    row->id = db_column_int64(s, 0);
    row->key = db_column_int64(s, 1);
    row->epoch = db_column_int64(s, 3);
    row->own_n = db_column_int64(s, 4);
    type_read(s, 5, row);
    if (row->key)
        err = state_open(vault, row, db_column_bytes(s, 2));
    db_reset(s);
    return err;
}

enum err state_next(struct vault *vault, enum sql which, struct bytes type,
                    struct state_row *row)
{
    uint8_t token[TOKEN_KEYED_BYTES];
    struct sqlite3_stmt *s;
    bool found;
    enum err err = vault_sql(vault, which, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row->id);
    if (which == SQL_RECORD_NEXT_STALE)
        db_bind_int64(vault->db, s, 2, vault->epoch);
    if (which == SQL_RECORD_NEXT_OF_TYPE) {
        vault_token(vault, "type", type, token);
        db_bind_bytes(vault->db, s, 2, bytes_of(token, sizeof token));
    }
    err = db_step_row(vault->db, s, &found);
    if (err || !found)
        return err ? err : ERR_NOT_FOUND;
    row->id = db_column_int64(s, 0);
    err = db_column_fixed(s, 1, row->token, sizeof row->token);
    row->key = db_column_int64(s, 2);
    row->epoch = db_column_int64(s, 4);
    row->own_n = db_column_int64(s, 5);
    type_read(s, 6, row);
    if (!err)
        err = state_open(vault, row, db_column_bytes(s, 3));
    db_reset(s);
    return err;
}

/* --- storing -------------------------------------------------------------- */

static enum err row_add(struct vault *vault, struct state_row *row,
                        const struct case_key *key, size_t open)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_ADD, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(row->token, sizeof row->token));
    db_bind_int64(vault->db, s, 2, key->id);
    if (row->has_type)
        db_bind_bytes(vault->db, s, 3, bytes_of(row->type, sizeof row->type));
    db_bind_bytes(vault->db, s, 4, buffer_bytes(&vault->sealed));
    db_bind_int64(vault->db, s, 5, (int64_t)open);
    db_bind_int64(vault->db, s, 6, vault->epoch);
    db_bind_int64(vault->db, s, 7, row->own_n);
    err = db_step_done(vault->db, s);
    row->id = db_last_rowid(vault->db);
    return err;
}

static enum err row_update(struct vault *vault, const struct state_row *row,
                           const struct case_key *key, size_t open)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_STATE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row->id);
    db_bind_int64(vault->db, s, 2, key->id);
    if (row->has_type)
        db_bind_bytes(vault->db, s, 3, bytes_of(row->type, sizeof row->type));
    db_bind_bytes(vault->db, s, 4, buffer_bytes(&vault->sealed));
    db_bind_int64(vault->db, s, 5, (int64_t)open);
    db_bind_int64(vault->db, s, 6, vault->epoch);
    db_bind_int64(vault->db, s, 7, row->own_n);
    return db_step_done(vault->db, s);
}

static enum err row_store(struct vault *vault, struct state_row *row,
                          const struct case_key *key)
{
    size_t open = 0;
    enum err err = ERR_OK;
    if (row->fold.state.size)
        err = fold_open_count(buffer_bytes(&row->fold.state), &open);
    if (!err)
        err = state_seal(vault, row, key);
    if (!err)
        err = row->id ? row_update(vault, row, key, open)
                      : row_add(vault, row, key, open);
    row->key = key->id;
    row->epoch = vault->epoch;
    vault->changed = true;
    if (row->has_type && vault_schema_is(vault, row->type))
        vault->types_changed = true;
    return err;
}

static void type_take(struct vault *vault, struct state_row *row,
                      struct bytes type)
{
    row->has_type = type.size > 0;
    if (row->has_type)
        vault_token(vault, "type", type, row->type);
}

/* The type as the state has it, for rows that do not come from a creation. */
static enum err type_of_state(struct vault *vault, struct state_row *row)
{
    struct arena arena;
    const struct canon *state;
    struct bytes type = bytes_of(NULL, 0);
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, buffer_bytes(&row->fold.state), &state,
                               NULL);
    if (!err && canon_text(state, "type", &type))
        type_take(vault, row, type);
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_CORRUPT : err;
}

static enum err line_note(struct vault *vault, int64_t record, int64_t line)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_LINE_ADD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, record);
    db_bind_int64(vault->db, s, 2, line);
    return db_step_done(vault->db, s);
}

/* --- folding -------------------------------------------------------------- */

/* A record must have a row before lines can point to it. */
static enum err row_ensure(struct vault *vault, struct state_row *row,
                           const struct case_key *key)
{
    return row->id ? ERR_OK : row_store(vault, row, key);
}

enum err state_refold(struct vault *vault, struct state_row *row,
                      const struct case_key *key)
{
    struct state_lines lines;
    const struct revision **revisions = NULL;
    size_t count = 0;
    state_lines_init(&lines);
    enum err err = state_lines_load(vault, row->id, &lines);
    if (!err) {
        revisions = malloc((lines.count + 1) * sizeof *revisions);
        err = revisions ? ERR_OK : ERR_NOMEM;
    }
    for (size_t i = 0; !err && i < lines.count; i++)
        if (lines.lines[i].revision)
            revisions[count++] = lines.lines[i].revision;
    if (!err)
        err = fold_all(vault->schema, revisions, count, &row->fold);
    free(revisions);
    state_lines_fini(&lines);
    if (!err)
        err = type_of_state(vault, row);
    return err ? err : row_store(vault, row, key);
}

static enum err step(struct vault *vault, struct state_row *row,
                     const struct revision *revision, bool *scratch)
{
    struct fold next;
    /* What an older schema folded is no base for a step. */
    *scratch = row->id && (row->epoch != vault->epoch || !row->key);
    if (*scratch)
        return ERR_OK;
    fold_init(&next);
    enum err err = fold_step(vault->schema, buffer_bytes(&row->fold.state),
                             buffer_bytes(&row->fold.memo), revision, &next,
                             scratch);
    if (!err && !*scratch) {
        fold_fini(&row->fold);
        row->fold = next;
    } else {
        fold_fini(&next);
    }
    return err;
}

enum err state_apply(struct vault *vault, struct state_row *row,
                     const struct case_key *key,
                     const struct revision *revision, int64_t line)
{
    bool scratch;
    enum err err = vault_schema_load(vault);
    if (!err)
        err = step(vault, row, revision, &scratch);
    if (err)
        return err;
    if (!scratch) {
        const struct revision *original = revision_original(revision);
        if (original->creates)
            type_take(vault, row, original->type);
        err = row_store(vault, row, key);
        return err ? err : line_note(vault, row->id, line);
    }
    err = row_ensure(vault, row, key);
    if (!err)
        err = line_note(vault, row->id, line);
    return err ? err : state_refold(vault, row, key);
}

/* Is the record's type defined otherwise than when its state was folded? */
static enum err redefined(struct vault *vault, const struct state_row *row,
                          bool *out)
{
    struct arena arena;
    const struct canon *state;
    struct bytes name;
    int64_t version = 0;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, buffer_bytes(&row->fold.state), &state,
                               NULL);
    *out = false;
    if (!err && canon_text(state, "type", &name)) {
        const struct schema_type *type = schema_type(vault->schema, name);
        if (!canon_int(state, "schema", &version))
            version = 0;
        *out = version != (type ? type_version(type) : 0);
    }
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_CORRUPT : err;
}

static enum err epoch_set(struct vault *vault, int64_t record)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_EPOCH, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, record);
    db_bind_int64(vault->db, s, 2, vault->epoch);
    return db_step_done(vault->db, s);
}

enum err state_renew(struct vault *vault)
{
    struct state_row row;
    const struct case_key *key;
    state_row_init(&row);
    enum err err = vault_schema_load(vault);
    while (!err) {
        bool changed;
        err = state_next(vault, SQL_RECORD_NEXT_STALE, bytes_of(NULL, 0), &row);
        if (!err)
            err = redefined(vault, &row, &changed);
        if (!err && !changed)
            err = epoch_set(vault, row.id);
        else if (!err && !(err = case_key_get(vault, row.key, &key)))
            err = state_refold(vault, &row, key);
    }
    state_row_fini(&row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* --- lines ---------------------------------------------------------------- */

void state_lines_init(struct state_lines *lines)
{
    memset(lines, 0, sizeof *lines);
    arena_init(&lines->arena, LINES_BYTES_MAX);
}

void state_lines_fini(struct state_lines *lines)
{
    free(lines->lines);
    arena_fini(&lines->arena);
    state_lines_init(lines);
}

static enum err line_room(struct state_lines *lines)
{
    if (lines->count < lines->room)
        return ERR_OK;
    size_t room = lines->room ? lines->room * 2 : 16;
    struct state_line *grown =
        realloc(lines->lines, room * sizeof *lines->lines);
    if (!grown)
        return ERR_NOMEM;
    lines->lines = grown;
    lines->room = room;
    return ERR_OK;
}

static enum err line_take(struct vault *vault, struct sqlite3_stmt *s,
                          struct state_lines *out)
{
    struct buffer text;
    enum err err = line_room(out);
    if (err)
        return err;
    struct state_line *line = &out->lines[out->count];
    *line = (struct state_line){.log = db_column_int64(s, 0),
                                .n = db_column_int64(s, 2),
                                .replica = db_column_int64(s, 5)};
    struct bytes name = db_column_bytes(s, 1);
    if (name.size != REPLICA_CHARS)
        return ERR_CORRUPT;
    memcpy(line->name, name.at, REPLICA_CHARS);
    buffer_init(&text, LINE_BYTES_MAX);
    err = line_open(vault, db_column_int64(s, 3), line->name, line->n,
                    db_column_bytes(s, 4), &text);
    char *copy = err ? NULL : arena_copy(&out->arena, buffer_bytes(&text));
    line->line = bytes_of(copy, text.size);
    buffer_fini(&text);
    if (err == ERR_NOT_FOUND)
        return ERR_OK; /* under an older key of a case that came back */
    if (err || !copy)
        return err ? err : ERR_NOMEM;
    err = revision_parse(&out->arena, line->line, &line->revision, NULL);
    if (err) /* stored and relayed all the same, but nothing folds it */
        line->revision = NULL;
    if (err == ERR_NOMEM)
        return err;
    out->count++;
    return ERR_OK;
}

enum err state_lines_load(struct vault *vault, int64_t record,
                          struct state_lines *out)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_LOG_OF_RECORD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, record);
    for (bool row = true; !err && row;) {
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            err = line_take(vault, s, out);
    }
    db_reset(s);
    return err;
}
