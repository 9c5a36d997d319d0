#include "shared/replica/blob_inner.h"

#include <inttypes.h>
#include <string.h>

#include "shared/replica/seal.h"
#include "shared/replica/state.h"

_Static_assert(BLOB_SEAL_BYTES == SEAL_OVERHEAD_BYTES,
               "the sealed form is that of seal.h");

/* --- rows ----------------------------------------------------------------- */

enum err blob_find(struct vault *vault, const uint8_t blob[HASH_BYTES],
                   struct blob_held *out)
{
    struct sqlite3_stmt *s;
    bool row;
    *out = (struct blob_held){.id = 0};
    enum err err = vault_sql(vault, SQL_BLOB_FIND, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(blob, HASH_BYTES));
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    struct bytes kept = db_column_bytes(s, 5);
    out->id = db_column_int64(s, 0);
    out->key = db_column_int64(s, 1);
    out->bytes = db_column_int64(s, 2);
    out->held = db_column_int64(s, 3);
    out->whole = db_column_int64(s, 4) != 0;
    if (kept.size <= LINEAGE_CHARS && kept.size)
        memcpy(out->kept, kept.at, kept.size);
    db_reset(s);
    return ERR_OK;
}

enum err blob_row_add(struct vault *vault, const uint8_t *name, int64_t key,
                      int64_t bytes, int64_t *id)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_BLOB_ADD, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(name, HASH_BYTES));
    db_bind_int64(vault->db, s, 2, key);
    db_bind_int64(vault->db, s, 3, bytes);
    err = db_step_done(vault->db, s);
    *id = err ? 0 : db_last_rowid(vault->db);
    vault->changed = true;
    return err;
}

enum err blob_row_set(struct vault *vault, int64_t id, const uint8_t *name,
                      int64_t bytes, int64_t held, bool whole)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_BLOB_SET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    db_bind_bytes(vault->db, s, 2, bytes_of(name, HASH_BYTES));
    db_bind_int64(vault->db, s, 3, bytes);
    db_bind_int64(vault->db, s, 4, held);
    db_bind_int64(vault->db, s, 5, whole);
    vault->changed = true;
    return db_step_done(vault->db, s);
}

enum err blob_row_drop(struct vault *vault, int64_t id)
{
    vault->changed = true;
    enum err err = vault_run_int(vault, SQL_BLOB_CHUNKS_DROP, id);
    return err ? err : vault_run_int(vault, SQL_BLOB_DROP, id);
}

enum err blob_room(struct vault *vault, int64_t *room)
{
    int64_t held;
    enum err err = vault_query(vault, SQL_BLOB_TOTAL, &held);
    *room = vault->blob_bytes_max - held;
    return err;
}

enum err blob_room_fail(struct vault *vault)
{
    return vault_fail(vault, ERR_FULL,
                      "attachments may take %" PRId64
                      " MiB on this device and this one does not fit; nothing "
                      "of it was kept",
                      vault->blob_bytes_max >> 20);
}

/* --- chunks --------------------------------------------------------------- */

enum err blob_chunk_put(struct vault *vault, int64_t id, int64_t index,
                        const uint8_t *key, const uint8_t salt[BLOB_SALT_BYTES],
                        struct bytes plain)
{
    uint8_t ad[BLOB_AD_BYTES];
    struct sqlite3_stmt *s;
    blob_ad(ad, salt, index);
    enum err err = seal_close(&vault->sealed, &vault->pool.random, key,
                              bytes_of(ad, sizeof ad), plain);
    if (!err)
        err = vault_sql(vault, SQL_BLOB_CHUNK_PUT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    db_bind_int64(vault->db, s, 2, index);
    db_bind_bytes(vault->db, s, 3, buffer_bytes(&vault->sealed));
    vault->changed = true;
    return db_step_done(vault->db, s);
}

enum err blob_chunk_find(struct vault *vault, int64_t id, int64_t index,
                         struct sqlite3_stmt **s, struct bytes *body)
{
    bool row;
    enum err err = vault_sql(vault, SQL_BLOB_CHUNK_GET, s);
    if (err)
        return err;
    db_bind_int64(vault->db, *s, 1, id);
    db_bind_int64(vault->db, *s, 2, index);
    err = db_step_row(vault->db, *s, &row);
    if (err || !row)
        return err ? err : ERR_NOT_FOUND;
    *body = db_column_bytes(*s, 0);
    return ERR_OK;
}

enum err blob_chunk_open(struct vault *vault, int64_t id, int64_t index,
                         int64_t key, const uint8_t salt[BLOB_SALT_BYTES],
                         struct bytes *plain)
{
    uint8_t ad[BLOB_AD_BYTES];
    const struct case_key *found;
    struct sqlite3_stmt *s;
    struct bytes body;
    blob_ad(ad, salt, index);
    enum err err = case_key_get(vault, key, &found);
    if (!err)
        err = blob_chunk_find(vault, id, index, &s, &body);
    if (err)
        return err;
    buffer_clear(&vault->plain);
    err = seal_open(&vault->plain, found->key, bytes_of(ad, sizeof ad), body);
    db_reset(s);
    *plain = buffer_bytes(&vault->plain);
    return err;
}

/* --- content -------------------------------------------------------------- */

static enum err chunks_give(struct vault *vault, const struct blob_held *held,
                            const struct blob_ref *ref,
                            struct blob_hasher *hasher, blob_sink *sink,
                            void *context)
{
    enum err err = ERR_OK;
    int64_t given = 0;
    for (int64_t i = 0; !err && i < blob_chunks(ref->bytes); i++) {
        struct bytes plain;
        err = blob_chunk_open(vault, held->id, i, held->key, ref->salt, &plain);
        if (err)
            return err;
        given += (int64_t)plain.size;
        blob_hasher_add(hasher, plain);
        if (sink)
            err = sink(context, plain);
    }
    return !err && given != ref->bytes ? ERR_CORRUPT : err;
}

enum err blob_content(struct vault *vault, const struct blob_held *held,
                      const struct blob_ref *ref, blob_sink *sink,
                      void *context)
{
    struct blob_hasher *hasher;
    uint8_t name[HASH_BYTES];
    enum err err = blob_hasher_new(&hasher, ref->salt);
    if (err)
        return err;
    err = chunks_give(vault, held, ref, hasher, sink, context);
    blob_hasher_end(hasher, name);
    blob_hasher_free(hasher);
    if (!err && memcmp(name, ref->blob, sizeof name) != 0)
        err = ERR_CORRUPT;
    return err;
}

enum err blob_read(struct vault *vault, const struct blob_ref *ref,
                   blob_sink *sink, void *context)
{
    struct blob_held held;
    vault->detail[0] = '\0';
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    enum err err = vault->batch ? ERR_OK : vault_refresh(vault);
    if (!err)
        err = blob_find(vault, ref->blob, &held);
    if (!err && !held.whole)
        err = ERR_NOT_FOUND;
    if (!err)
        err = blob_content(vault, &held, ref, sink, context);
    if (err == ERR_NOT_FOUND)
        return vault_fail(vault, err, "this attachment is not on this device");
    if (err == ERR_CORRUPT)
        return vault_fail(vault, err,
                          "this attachment is damaged on this device");
    return err;
}

enum err blob_case(struct vault *vault, const char *record,
                   const struct case_key **key)
{
    struct state_row row;
    if (!id_valid(bytes_text(record)))
        return vault_fail(vault, ERR_INVALID, "%.40s: not a record id", record);
    state_row_init(&row);
    enum err err = state_find(vault, bytes_text(record), &row);
    if (!err && !row.key)
        err =
            vault_fail(vault, ERR_NOT_FOUND, "%s: no such record here", record);
    if (!err)
        err = case_key_get(vault, row.key, key);
    state_row_fini(&row);
    return err;
}
