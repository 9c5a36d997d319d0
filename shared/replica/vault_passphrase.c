/* What a passphrase is good for: to unlock a vault, and to be changed. */
#include <sodium.h>
#include <string.h>

#include "shared/replica/vault_keys.h"
#include "shared/replica/vault_tries.h"

/* A try, counted before it is made. */
static enum err key_try(struct vault *vault, const char *passphrase,
                        struct key_row *row, uint8_t key[SECRET_BYTES])
{
    uint8_t wrapping[SECRET_BYTES], mark[TRY_MARK_BYTES];
    vault->detail[0] = '\0';
    if (!passphrase)
        return vault_fail(vault, ERR_INVALID, "a vault needs a passphrase");
    enum err err = vault_keys_load(vault, row);
    if (!err && vault_keys_destroyed(row))
        err = vault_tries_over(vault);
    if (!err)
        err = vault_keys_stretch(row, vault->device_key, passphrase, wrapping);
    if (err)
        return err;
    vault_keys_mark(wrapping, mark);
    err = vault_tries_begin(vault, mark);
    if (!err)
        err = vault_keys_unseal(row, wrapping, key);
    sodium_memzero(wrapping, sizeof wrapping);
    if (err == ERR_PASSPHRASE)
        return vault_tries_wrong(vault);
    if (!err)
        vault_tries_right(vault, mark);
    return err;
}

enum err vault_unlock(struct vault *vault, const char *passphrase)
{
    struct key_row row = {.ops = 0};
    uint8_t key[SECRET_BYTES];
    enum err err = key_try(vault, passphrase, &row, key);
    if (err)
        return err;
    vault_forget(vault);
    vault_keys_take(vault, key);
    sodium_memzero(key, sizeof key);
    return ERR_OK;
}

/* --- another one ---------------------------------------------------------- */

static int64_t cost(int64_t wanted, int64_t before, int64_t today)
{
    return wanted ? wanted : before > today ? before : today;
}

/* In place of the row that was opened, and of no other. */
static enum err row_change(struct vault *vault, const struct key_row *row,
                           const uint8_t mark[TRY_MARK_BYTES],
                           const struct key_row *before)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_META_KEY_CHANGE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row->ops);
    db_bind_int64(vault->db, s, 2, row->bytes);
    db_bind_bytes(vault->db, s, 3, bytes_of(row->salt, sizeof row->salt));
    db_bind_bytes(vault->db, s, 4, bytes_of(row->sealed, sizeof row->sealed));
    db_bind_bytes(vault->db, s, 5, bytes_of(mark, TRY_MARK_BYTES));
    db_bind_bytes(vault->db, s, 6,
                  bytes_of(before->sealed, sizeof before->sealed));
    db_bind_int64(vault->db, s, 7, vault->tries_max);
    err = db_step_done(vault->db, s);
    if (!err && !db_changes(vault->db))
        return vault_fail(vault, ERR_BUSY,
                          "another program has just changed the passphrase; "
                          "nothing was done");
    return err;
}

static enum err change_store(struct vault *vault, const struct key_row *row,
                             const uint8_t mark[TRY_MARK_BYTES],
                             const struct key_row *before)
{
    enum err err = vault_begin(vault);
    if (err)
        return err;
    vault->changed = vault->keys_destroyed = true;
    err = row_change(vault, row, mark, before);
    if (!err)
        err = vault_run(vault, SQL_MIRROR_DESTROYING);
    return vault_end(vault, err);
}

enum err vault_passphrase_change(struct vault *vault, const char *before,
                                 const char *after, bool *behind)
{
    struct key_row old = {.ops = 0};
    uint8_t key[SECRET_BYTES], mark[TRY_MARK_BYTES];
    *behind = false;
    if (!before || !after || !after[0])
        return vault_fail(vault, ERR_INVALID, "a vault needs a passphrase");
    if (vault->tries_max < -1 || vault->tries_max > VAULT_TRIES_MAX)
        return vault_fail(vault, ERR_INVALID,
                          "%d wrong tries: give 1 to %d, or none",
                          vault->tries_max, VAULT_TRIES_MAX);
    if (vault->batch)
        return vault_fail(vault, ERR_BUSY,
                          "the passphrase is not changed within a batch");
    enum err err = key_try(vault, before, &old, key);
    if (err)
        return err;
    struct key_row row = old;
    row.ops = cost(vault->kdf_ops, old.ops, VAULT_KDF_OPS);
    row.bytes = cost(vault->kdf_bytes, old.bytes, VAULT_KDF_BYTES);
    err = vault_keys_seal(vault, &row, after, key, mark);
    sodium_memzero(key, sizeof key);
    if (!err)
        err = change_store(vault, &row, mark, &old);
    if (err)
        return err;
    *behind = vault->on_disk && (vault->keys_destroyed || vault->lines_changed);
    vault_scrub(vault);
    return ERR_OK;
}
