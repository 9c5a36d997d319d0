#include "shared/replica/vault_keys.h"

#include <sodium.h>
#include <string.h>

#include "shared/replica/seal.h"

#define KDF_OPS_MAX 64
#define KDF_BYTES_MAX (INT64_C(4) << 30)

enum subkey {
    SUBKEY_DEVICE = 1,
    SUBKEY_CHECK,
    SUBKEY_CASE_TOKEN,
    SUBKEY_TOKEN,
    SUBKEY_MARK
};

static void subkey(uint8_t *out, size_t size, const uint8_t from[SECRET_BYTES],
                   enum subkey which)
{
    crypto_kdf_derive_from_key(out, size, (uint64_t)which, "satchelv", from);
}

void vault_keys_device(struct vault *vault,
                       const uint8_t secret[DEVICE_SECRET_BYTES])
{
    subkey(vault->device_key, sizeof vault->device_key, secret, SUBKEY_DEVICE);
    subkey(vault->case_token_key, sizeof vault->case_token_key, secret,
           SUBKEY_CASE_TOKEN);
}

static void device_check(const struct vault *vault,
                         uint8_t out[KEY_CHECK_BYTES])
{
    subkey(out, KEY_CHECK_BYTES, vault->device_key, SUBKEY_CHECK);
}

enum err vault_keys_stretch(const struct key_row *row,
                            const uint8_t device_key[SECRET_BYTES],
                            const char *passphrase,
                            uint8_t wrapping[SECRET_BYTES])
{
    uint8_t stretched[SECRET_BYTES];
    if (row->ops < 1 || row->ops > KDF_OPS_MAX || row->bytes < 8192 ||
        row->bytes > KDF_BYTES_MAX)
        return ERR_CORRUPT;
    if (crypto_pwhash(stretched, sizeof stretched, passphrase,
                      strlen(passphrase), row->salt,
                      (unsigned long long)row->ops, (size_t)row->bytes,
                      crypto_pwhash_ALG_ARGON2ID13))
        return ERR_NOMEM; /* its only cause once the limits are sane */
    crypto_generichash(wrapping, SECRET_BYTES, device_key, SECRET_BYTES,
                       stretched, sizeof stretched);
    sodium_memzero(stretched, sizeof stretched);
    return ERR_OK;
}

void vault_keys_mark(const uint8_t wrapping[SECRET_BYTES],
                     uint8_t out[TRY_MARK_BYTES])
{
    uint8_t whole[crypto_kdf_BYTES_MIN];
    subkey(whole, sizeof whole, wrapping, SUBKEY_MARK);
    memcpy(out, whole, TRY_MARK_BYTES);
    sodium_memzero(whole, sizeof whole);
}

static struct bytes key_ad(void)
{
    return bytes_text("vault key");
}

void vault_keys_take(struct vault *vault, const uint8_t key[SECRET_BYTES])
{
    memcpy(vault->vault_key, key, SECRET_BYTES);
    sodium_memzero(vault->tokens, sizeof vault->tokens);
    subkey(vault->token_key, sizeof vault->token_key, key, SUBKEY_TOKEN);
    vault->unlocked = true;
}

enum err vault_keys_seal(struct vault *vault, struct key_row *row,
                         const char *passphrase,
                         const uint8_t key[SECRET_BYTES],
                         uint8_t mark[TRY_MARK_BYTES])
{
    uint8_t wrapping[SECRET_BYTES];
    random_fill(vault->random, row->salt, sizeof row->salt);
    enum err err =
        vault_keys_stretch(row, vault->device_key, passphrase, wrapping);
    if (err)
        return err;
    vault_keys_mark(wrapping, mark);
    err = seal_close(&vault->sealed, vault->random, wrapping, key_ad(),
                     bytes_of(key, SECRET_BYTES));
    if (!err)
        memcpy(row->sealed, vault->sealed.at, sizeof row->sealed);
    sodium_memzero(wrapping, sizeof wrapping);
    return err;
}

static enum err row_store(struct vault *vault, const struct key_row *row,
                          const uint8_t mark[TRY_MARK_BYTES])
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_META_MAKE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row->ops);
    db_bind_int64(vault->db, s, 2, row->bytes);
    db_bind_bytes(vault->db, s, 3, bytes_of(row->salt, sizeof row->salt));
    db_bind_bytes(vault->db, s, 4, bytes_of(row->sealed, sizeof row->sealed));
    db_bind_bytes(vault->db, s, 5, bytes_of(row->check, sizeof row->check));
    db_bind_bytes(vault->db, s, 6, bytes_of(mark, TRY_MARK_BYTES));
    return db_step_done(vault->db, s);
}

enum err vault_keys_make(struct vault *vault,
                         const struct vault_options *options)
{
    struct key_row row = {.ops = vault->kdf_ops, .bytes = vault->kdf_bytes};
    uint8_t key[SECRET_BYTES], mark[TRY_MARK_BYTES];
    if (!row.ops)
        row.ops = VAULT_KDF_OPS;
    if (!row.bytes)
        row.bytes = VAULT_KDF_BYTES;
    random_fill(vault->random, key, sizeof key);
    device_check(vault, row.check);
    enum err err = vault_keys_seal(vault, &row, options->passphrase, key, mark);
    if (!err)
        err = row_store(vault, &row, mark);
    if (!err)
        vault_keys_take(vault, key);
    sodium_memzero(key, sizeof key);
    return err;
}

enum err vault_keys_load(struct vault *vault, struct key_row *row)
{
    struct sqlite3_stmt *s;
    bool found;
    enum err err = vault_sql(vault, SQL_META_KEY, &s);
    if (!err)
        err = db_step_row(vault->db, s, &found);
    if (err)
        return err;
    if (!found)
        return vault_fail(vault, ERR_NOT_FOUND,
                          "%s is a vault that was never finished; `satchel "
                          "enroll` finishes it",
                          vault->path);
    row->ops = db_column_int64(s, 0);
    row->bytes = db_column_int64(s, 1);
    err = db_column_fixed(s, 2, row->salt, sizeof row->salt);
    if (!err)
        err = db_column_fixed(s, 3, row->sealed, sizeof row->sealed);
    if (!err)
        err = db_column_fixed(s, 4, row->check, sizeof row->check);
    if (!err)
        err = db_column_fixed(s, 5, row->name, sizeof row->name);
    db_reset(s);
    return err;
}

enum err vault_keys_there(struct vault *vault)
{
    struct key_row row;
    return vault_keys_load(vault, &row);
}

enum err vault_keys_of_device(const struct vault *vault,
                              const uint8_t check[KEY_CHECK_BYTES])
{
    uint8_t own[KEY_CHECK_BYTES];
    device_check(vault, own);
    return sodium_memcmp(own, check, sizeof own) ? ERR_DENIED : ERR_OK;
}

enum err vault_keys_check(struct vault *vault)
{
    struct key_row row = {.ops = 0};
    enum err err = vault_keys_load(vault, &row);
    if (err)
        return err;
    err = vault_keys_of_device(vault, row.check);
    if (err)
        return vault_fail(vault, err,
                          "%s was made with another device secret; bring that "
                          "file back",
                          vault->path);
    return ERR_OK;
}

bool vault_keys_destroyed(const struct key_row *row)
{
    return sodium_is_zero(row->sealed, sizeof row->sealed);
}

enum err vault_keys_unseal(const struct key_row *row,
                           const uint8_t wrapping[SECRET_BYTES],
                           uint8_t out[SECRET_BYTES])
{
    struct buffer plain;
    buffer_init(&plain, SECRET_BYTES);
    enum err err = seal_open(&plain, wrapping, key_ad(),
                             bytes_of(row->sealed, sizeof row->sealed));
    if (err == ERR_CORRUPT)
        err = ERR_PASSPHRASE;
    if (!err && plain.size != SECRET_BYTES)
        err = ERR_CORRUPT;
    if (!err)
        memcpy(out, plain.at, SECRET_BYTES);
    buffer_wipe(&plain);
    return err;
}

enum err vault_keys_open(const struct key_row *row,
                         const uint8_t device_key[SECRET_BYTES],
                         const char *passphrase, uint8_t out[SECRET_BYTES])
{
    uint8_t wrapping[SECRET_BYTES];
    enum err err = vault_keys_stretch(row, device_key, passphrase, wrapping);
    if (!err)
        err = vault_keys_unseal(row, wrapping, out);
    sodium_memzero(wrapping, sizeof wrapping);
    return err;
}

static void token(const uint8_t key[SECRET_BYTES], const char *space,
                  struct bytes name, uint8_t out[TOKEN_KEYED_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, key, SECRET_BYTES, TOKEN_KEYED_BYTES);
    crypto_generichash_update(&state, (const uint8_t *)space,
                              strlen(space) + 1);
    crypto_generichash_update(&state, name.at, name.size);
    crypto_generichash_final(&state, out, TOKEN_KEYED_BYTES);
}

/* Where a name's token is kept: ids differ in their last characters. */
static struct token_kept *token_slot(struct vault *vault, struct bytes name)
{
    const uint8_t *end = name.at + name.size;
    return &vault->tokens[(end[-1] * 7u + end[-2]) % TOKENS_KEPT];
}

void vault_token(struct vault *vault, const char *space, struct bytes name,
                 uint8_t out[TOKEN_KEYED_BYTES])
{
    if (name.size < 2 || name.size > ID_CHARS) {
        token(vault->token_key, space, name, out);
        return;
    }
    struct token_kept *kept = token_slot(vault, name);
    if (kept->space != space[0] || kept->size != name.size ||
        memcmp(kept->name, name.at, name.size) != 0) {
        kept->space = space[0];
        kept->size = (uint8_t)name.size;
        memcpy(kept->name, name.at, name.size);
        token(vault->token_key, space, name, kept->token);
    }
    memcpy(out, kept->token, sizeof kept->token);
}

void vault_case_token(const struct vault *vault, struct bytes kase,
                      uint8_t out[TOKEN_KEYED_BYTES])
{
    token(vault->case_token_key, "case", kase, out);
}
