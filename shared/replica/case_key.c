#include "shared/replica/case_key.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/replica/seal.h"

#define POOL_KEYS 256

struct case_cache {
    struct map *by_name; /* case id -> key */
    struct map *by_id;   /* case_key.id -> the same keys */
    /* Owned: room for keys that is not swapped where the system allows it;
     * more than it has room for stand in other memory. */
    struct case_key *pool;
    size_t pool_used;
};

enum err case_cache_new(struct case_cache **out)
{
    struct case_cache *cache = calloc(1, sizeof *cache);
    *out = NULL;
    if (!cache)
        return ERR_NOMEM;
    cache->pool = sodium_allocarray(POOL_KEYS, sizeof *cache->pool);
    enum err err = cache->pool ? map_new(&cache->by_name) : ERR_NOMEM;
    if (!err)
        err = map_new(&cache->by_id);
    if (err) {
        case_cache_free(cache);
        return err;
    }
    *out = cache;
    return ERR_OK;
}

/* Zeroed. */
static struct case_key *key_take(struct case_cache *cache)
{
    if (cache->pool_used == POOL_KEYS)
        return calloc(1, sizeof(struct case_key));
    struct case_key *key = &cache->pool[cache->pool_used++];
    memset(key, 0, sizeof *key);
    return key;
}

static void key_drop(struct case_cache *cache, struct case_key *key)
{
    sodium_memzero(key, sizeof *key);
    if (key < cache->pool || key >= cache->pool + POOL_KEYS)
        free(key);
    else if (key + 1 == cache->pool + cache->pool_used)
        cache->pool_used--;
}

static void keys_drop(struct case_cache *cache)
{
    for (size_t i = cache->by_id ? map_count(cache->by_id) : 0; i-- > 0;)
        key_drop(cache, map_value_at(cache->by_id, i));
    cache->pool_used = 0;
}

void case_cache_free(struct case_cache *cache)
{
    if (!cache)
        return;
    keys_drop(cache);
    map_free(cache->by_id);
    map_free(cache->by_name);
    sodium_free(cache->pool);
    free(cache);
}

void case_cache_clear(struct case_cache *cache)
{
    if (!cache)
        return;
    keys_drop(cache);
    map_clear(cache->by_id);
    map_clear(cache->by_name);
}

static struct bytes id_bytes(const int64_t *id)
{
    return bytes_of(id, sizeof *id);
}

/* The cache owns `key` on success, and frees it otherwise. */
static enum err cache_add(struct case_cache *cache, struct case_key *key)
{
    enum err err = map_put(cache->by_id, id_bytes(&key->id), key);
    if (!err) {
        err = map_put(cache->by_name, bytes_text(key->kase), key);
        if (err)
            map_remove(cache->by_id, id_bytes(&key->id));
    }
    if (err)
        key_drop(cache, key);
    return err;
}

/* --- wrapping ------------------------------------------------------------- */

/* A wrapping holds the key and the case id, bound to the case's token. */
static void wrap_ad(uint8_t out[5 + TOKEN_KEYED_BYTES],
                    const uint8_t token[TOKEN_KEYED_BYTES])
{
    memcpy(out, "case", 5);
    memcpy(out + 5, token, TOKEN_KEYED_BYTES);
}

enum err case_key_unwrap(const uint8_t vault_key[SECRET_BYTES],
                         const uint8_t token[TOKEN_KEYED_BYTES],
                         struct bytes wrap, struct case_key *out)
{
    uint8_t ad[5 + TOKEN_KEYED_BYTES];
    struct buffer plain;
    buffer_init(&plain, SECRET_BYTES + ID_CHARS);
    wrap_ad(ad, token);
    enum err err = seal_open(&plain, vault_key, bytes_of(ad, sizeof ad), wrap);
    if (err == ERR_TOO_BIG || (!err && plain.size < SECRET_BYTES))
        err = ERR_CORRUPT;
    if (!err) {
        memcpy(out->key, plain.at, SECRET_BYTES);
        memcpy(out->kase, plain.at + SECRET_BYTES, plain.size - SECRET_BYTES);
        out->kase[plain.size - SECRET_BYTES] = '\0';
    }
    buffer_wipe(&plain);
    return err;
}

static enum err unwrap(struct vault *vault, int64_t id,
                       const uint8_t token[TOKEN_KEYED_BYTES],
                       struct bytes wrap, bool office_wrapped,
                       const struct case_key **out)
{
    struct case_key *key = key_take(vault->cases);
    if (!key)
        return ERR_NOMEM;
    key->id = id;
    key->office_wrapped = office_wrapped;
    enum err err = case_key_unwrap(vault->vault_key, token, wrap, key);
    if (err) {
        key_drop(vault->cases, key);
        return err;
    }
    err = cache_add(vault->cases, key);
    if (!err)
        *out = key;
    return err;
}

static enum err wrap(struct vault *vault,
                     const uint8_t token[TOKEN_KEYED_BYTES], struct bytes kase,
                     const uint8_t secret[SECRET_BYTES])
{
    uint8_t ad[5 + TOKEN_KEYED_BYTES];
    uint8_t plain[SECRET_BYTES + ID_CHARS];
    if (kase.size > ID_CHARS)
        return ERR_INVALID;
    wrap_ad(ad, token);
    memcpy(plain, secret, SECRET_BYTES);
    if (kase.size)
        memcpy(plain + SECRET_BYTES, kase.at, kase.size);
    enum err err = seal_close(&vault->sealed, vault->random, vault->vault_key,
                              bytes_of(ad, sizeof ad),
                              bytes_of(plain, SECRET_BYTES + kase.size));
    sodium_memzero(plain, sizeof plain);
    return err;
}

enum err case_key_wrap(struct vault *vault, const struct case_key *key,
                       const uint8_t box[KEY_BYTES])
{
    uint8_t sealed[SECRET_BYTES + crypto_box_SEALBYTES];
    struct sqlite3_stmt *s;
    if (key->office_wrapped)
        return ERR_OK;
    if (crypto_box_seal(sealed, key->key, sizeof key->key, box))
        return ERR_INVALID;
    enum err err = vault_sql(vault, SQL_CASE_OFFICE_WRAP, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, key->id);
    db_bind_bytes(vault->db, s, 2, bytes_of(sealed, sizeof sealed));
    err = db_step_done(vault->db, s);
    if (!err) {
        struct case_key *cached =
            map_get(vault->cases->by_id, id_bytes(&key->id));
        cached->office_wrapped = true;
    }
    return err;
}

/* --- finding -------------------------------------------------------------- */

enum err case_key_find(struct vault *vault, struct bytes kase,
                       const struct case_key **out)
{
    uint8_t token[TOKEN_KEYED_BYTES];
    struct sqlite3_stmt *s;
    bool row;
    *out = map_get(vault->cases->by_name, kase);
    if (*out)
        return ERR_OK;
    if (!vault->unlocked)
        return ERR_LOCKED;
    vault_case_token(vault, kase, token);
    enum err err = vault_sql(vault, SQL_CASE_FIND, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(token, sizeof token));
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_NOT_FOUND;
    err = unwrap(vault, db_column_int64(s, 0), token, db_column_bytes(s, 1),
                 db_column_int64(s, 2) != 0, out);
    db_reset(s);
    return err;
}

static enum err key_make(struct vault *vault, struct bytes kase,
                         const struct case_key **out)
{
    uint8_t token[TOKEN_KEYED_BYTES];
    uint8_t secret[SECRET_BYTES];
    struct sqlite3_stmt *s;
    vault_case_token(vault, kase, token);
    random_fill(vault->random, secret, sizeof secret);
    enum err err = wrap(vault, token, kase, secret);
    if (!err)
        err = vault_sql(vault, SQL_CASE_ADD, &s);
    if (!err) {
        db_bind_bytes(vault->db, s, 1, bytes_of(token, sizeof token));
        db_bind_bytes(vault->db, s, 2, buffer_bytes(&vault->sealed));
        err = db_step_done(vault->db, s);
    }
    if (!err) {
        vault->changed = vault->keys_changed = true;
        err = unwrap(vault, db_last_rowid(vault->db), token,
                     buffer_bytes(&vault->sealed), false, out);
    }
    sodium_memzero(secret, sizeof secret);
    return err;
}

enum err case_key_obtain(struct vault *vault, struct bytes kase,
                         const struct case_key **out)
{
    enum err err = case_key_find(vault, kase, out);
    return err == ERR_NOT_FOUND ? key_make(vault, kase, out) : err;
}

enum err case_key_get(struct vault *vault, int64_t id,
                      const struct case_key **out)
{
    uint8_t token[TOKEN_KEYED_BYTES];
    struct sqlite3_stmt *s;
    bool row;
    *out = map_get(vault->cases->by_id, id_bytes(&id));
    if (*out)
        return ERR_OK;
    if (!vault->unlocked)
        return ERR_LOCKED;
    enum err err = vault_sql(vault, SQL_CASE_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_CORRUPT;
    err = db_column_fixed(s, 0, token, sizeof token);
    if (!err && db_column_is_null(s, 1))
        err = ERR_NOT_FOUND;
    if (!err)
        err = unwrap(vault, id, token, db_column_bytes(s, 1),
                     !db_column_is_null(s, 2), out);
    db_reset(s);
    return err;
}

enum err case_key_number(struct vault *vault, struct bytes kase, int64_t *id)
{
    uint8_t token[TOKEN_KEYED_BYTES];
    struct sqlite3_stmt *s;
    bool row;
    *id = 0;
    vault_case_token(vault, kase, token);
    enum err err = vault_sql(vault, SQL_CASE_FIND, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(token, sizeof token));
    err = db_step_row(vault->db, s, &row);
    if (!err && row) {
        *id = db_column_int64(s, 0);
        db_reset(s);
    }
    return err;
}

enum err case_key_next(struct vault *vault, int64_t id, int64_t *next)
{
    struct sqlite3_stmt *s;
    bool row;
    *next = 0;
    enum err err = vault_sql(vault, SQL_CASE_NEXT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    err = db_step_row(vault->db, s, &row);
    if (!err && row) {
        *next = db_column_int64(s, 0);
        db_reset(s);
    }
    return err;
}

void case_key_reference(char out[CASE_REFERENCE_CHARS + 1],
                        const uint8_t token[TOKEN_KEYED_BYTES], int64_t id)
{
    char text[BASE64_CHARS(TOKEN_KEYED_BYTES) + 1];
    base64_encode(text, token, TOKEN_KEYED_BYTES);
    snprintf(out, CASE_REFERENCE_CHARS + 1, "%s.%" PRId64, text, id);
}
