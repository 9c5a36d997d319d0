#include "shared/replica/state.h"

#include <string.h>

#include "shared/replica/line.h"
#include "shared/replica/seal.h"
#include "shared/replica/vault_schema.h"

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

/* --- sealed form: record id, size of the state, state, memo; or nothing --- */

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
               : seal_close(&vault->sealed, &vault->pool.random, key->key,
                            state_ad(ad, row->token), buffer_bytes(plain));
}

static enum err state_open(struct vault *vault, struct state_row *row,
                           struct bytes sealed)
{
    uint8_t ad[AD_ROOM];
    const struct case_key *key;
    if (!sealed.size)
        return state_fold(vault, row);
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

void state_new(struct vault *vault, struct bytes record, struct state_row *row)
{
    memcpy(row->record, record.at, ID_CHARS);
    row->record[ID_CHARS] = '\0';
    vault_token(vault, "record", record, row->token);
}

static enum err find(struct vault *vault, struct bytes record, bool open,
                     struct state_row *row)
{
    struct sqlite3_stmt *s;
    bool found;
    if (record.size != ID_CHARS)
        return ERR_INVALID;
    state_new(vault, record, row);
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
    if (open && row->key)
        err = state_open(vault, row, db_column_bytes(s, 2));
    db_reset(s);
    return err;
}

enum err state_load(struct vault *vault, struct bytes record,
                    struct state_row *row)
{
    return find(vault, record, true, row);
}

enum err state_find(struct vault *vault, struct bytes record,
                    struct state_row *row)
{
    return find(vault, record, false, row);
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
    if (which == SQL_RECORD_NEXT_OF_CASE)
        db_bind_int64(vault->db, s, 3, row->key);
    if (which == SQL_RECORD_NEXT_OF_TYPE || which == SQL_RECORD_NEXT_OF_CASE) {
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

/* The state stands in vault->sealed. */
static enum err row_store(struct vault *vault, struct state_row *row,
                          const struct case_key *key, size_t open)
{
    enum err err = row->id ? row_update(vault, row, key, open)
                           : row_add(vault, row, key, open);
    row->key = key->id;
    row->epoch = vault->epoch;
    vault->changed = true;
    return err;
}

enum err state_store(struct vault *vault, struct state_row *row,
                     const struct case_key *key)
{
    size_t open = 0;
    enum err err = ERR_OK;
    /* Quotes inside texts are escaped, so this stands nowhere else. */
    if (strstr(buffer_text(&row->fold.state), "\"open\":true"))
        err = fold_open_count(buffer_bytes(&row->fold.state), &open);
    if (!err)
        err = state_seal(vault, row, key);
    if (!err)
        err = row_store(vault, row, key, open);
    if (row->has_type && vault_schema_is(vault, row->type))
        vault->types_changed = true;
    return err;
}

enum err state_store_unfolded(struct vault *vault, struct state_row *row,
                              const struct case_key *key)
{
    buffer_clear(&vault->sealed);
    return row_store(vault, row, key, 0);
}

enum err state_add_empty(struct vault *vault, struct state_row *row,
                         int64_t key)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECORD_ADD, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(row->token, sizeof row->token));
    db_bind_int64(vault->db, s, 2, key);
    db_bind_int64(vault->db, s, 5, 0);
    db_bind_int64(vault->db, s, 6, 0);
    db_bind_int64(vault->db, s, 7, row->own_n);
    err = db_step_done(vault->db, s);
    row->id = db_last_rowid(vault->db);
    row->key = key;
    return err;
}

/* The record's id stands only in its lines. */
static enum err record_of_line(struct vault *vault, struct sqlite3_stmt *s,
                               struct state_row *row)
{
    struct arena arena;
    struct buffer text;
    const struct revision *revision = NULL;
    char name[REPLICA_CHARS + 1] = "";
    arena_init(&arena, REVISION_ARENA_BYTES);
    buffer_init(&text, LINE_BYTES_MAX);
    enum err err = db_column_fixed(s, 6, name, REPLICA_CHARS);
    if (!err)
        err = line_open(vault, db_column_int64(s, 5), name,
                        db_column_int64(s, 7), db_column_bytes(s, 4), &text);
    if (!err)
        err = revision_parse(&arena, buffer_bytes(&text), &revision, NULL);
    if (err == ERR_INVALID && revision && revision->record.size == ID_CHARS)
        err = ERR_OK;
    if (!err)
        memcpy(row->record, revision->record.at, ID_CHARS);
    buffer_wipe(&text);
    arena_fini(&arena);
    return err;
}

enum err state_next_blank(struct vault *vault, struct state_row *row)
{
    struct sqlite3_stmt *s;
    bool found;
    enum err err = vault_sql(vault, SQL_RECORD_NEXT_BLANK, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row->id);
    err = db_step_row(vault->db, s, &found);
    if (err || !found)
        return err ? err : ERR_NOT_FOUND;
    row->id = db_column_int64(s, 0);
    row->key = db_column_int64(s, 2);
    row->own_n = db_column_int64(s, 3);
    row->has_type = false;
    err = db_column_fixed(s, 1, row->token, sizeof row->token);
    if (!err)
        err = record_of_line(vault, s, row);
    db_reset(s);
    return err;
}
