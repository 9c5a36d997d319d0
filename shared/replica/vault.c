#include "shared/replica/vault.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/db/migrate.h"
#include "shared/replica/blob.h"
#include "shared/replica/case_key.h"
#include "shared/replica/device_secret.h"
#include "shared/replica/mirror.h"
#include "shared/replica/vault_inner.h"
#include "shared/replica/vault_keys.h"

#define PATH_ROOM 4096
#define SCRATCH_BYTES_MAX (64u << 20) /* a state and its memo */

static const struct vault_options options_default;

static enum err path_copy(struct vault *vault, const char *path)
{
    size_t size = strlen(path) + 1;
    vault->path = malloc(size);
    if (!vault->path)
        return ERR_NOMEM;
    memcpy(vault->path, path, size);
    return ERR_OK;
}

static enum err refused(enum err err, char detail[VAULT_DETAIL_CHARS])
{
    if (detail)
        snprintf(detail, VAULT_DETAIL_CHARS, "%s", err_text(err));
    return err;
}

/* Keys stand in it.  It is locked into memory and left out of images of the
 * process, where the system allows that, and wiped when it is freed. */
static struct vault *handle_take(void)
{
    size_t align = alignof(max_align_t);
    size_t size = (sizeof(struct vault) + align - 1) / align * align;
    struct vault *vault = sodium_malloc(size);
    if (vault)
        memset(vault, 0, size);
    return vault;
}

static enum err handle_new(struct vault **out, const char *path,
                           const struct vault_options *options,
                           char detail[VAULT_DETAIL_CHARS])
{
    *out = NULL;
    if (sodium_init() < 0)
        return refused(ERR_UNSUPPORTED, detail);
    struct vault *vault = handle_take();
    if (!vault)
        return refused(ERR_NOMEM, detail);
    vault->clock = options->clock ? options->clock : clock_system();
    vault->random = options->random ? options->random : random_system();
    vault->on_disk = !options->vfs;
    vault->kdf_ops = options->kdf_ops;
    vault->kdf_bytes = options->kdf_bytes;
    vault->tries_max = options->tries_max;
    /* Whoever had it open before may have died before the key file followed. */
    vault->keys_changed = true;
    random_pool_init(&vault->pool, vault->random);
    arena_init(&vault->arena, REVISION_ARENA_BYTES);
    buffer_init(&vault->plain, SCRATCH_BYTES_MAX);
    buffer_init(&vault->sealed, SCRATCH_BYTES_MAX);
    buffer_init(&vault->line, LINE_BYTES_MAX);
    vault_lease_init(vault);
    vault->blob_bytes_max = BLOB_VAULT_BYTES_MAX;
    enum err err = path_copy(vault, path);
    if (!err)
        err = case_cache_new(&vault->cases);
    if (!err)
        err = deflate_line_new(&vault->deflate, 1);
    if (err) {
        vault_close(vault);
        return refused(err, detail);
    }
    *out = vault;
    return ERR_OK;
}

/* A write-ahead log that holds something. */
static bool wal_there(const char *path)
{
    char wal[PATH_ROOM];
    struct stat st;
    int size = snprintf(wal, sizeof wal, "%s-wal", path);
    return (size_t)size >= sizeof wal || (!stat(wal, &st) && st.st_size > 0);
}

/* A file that was begun and has nothing in it: opening makes nothing of it. */
static enum err empty_check(struct vault *vault, const char *vfs)
{
    struct stat st;
    if (vfs || stat(vault->path, &st) || !S_ISREG(st.st_mode) || st.st_size ||
        wal_there(vault->path))
        return ERR_OK;
    return vault_fail(vault, ERR_NOT_FOUND,
                      "%s is a vault that was never finished; `satchel enroll` "
                      "finishes it",
                      vault->path);
}

/* Why the file did not open, in words for whoever named it. */
static enum err file_fail(struct vault *vault, enum err err, const char *detail)
{
    struct stat st;
    const char *path = vault->path;
    if (err == ERR_NOT_FOUND)
        return vault_fail(vault, err,
                          "there is no vault at %s; `satchel enroll` makes one",
                          path);
    if (err == ERR_FOREIGN && !stat(path, &st) && S_ISDIR(st.st_mode))
        return vault_fail(vault, err,
                          "%s is a folder; name the vault's file in it", path);
    if (err == ERR_FOREIGN)
        return vault_fail(vault, err, "%s is not a vault", path);
    if (err == ERR_READ_ONLY || err == ERR_DENIED)
        return vault_fail(vault, err,
                          "%s: the file or its folder cannot be written; the "
                          "user who runs this must own both",
                          path);
    if (err == ERR_FULL)
        return vault_fail(vault, err,
                          "%s: the disk is full; make room, what is written "
                          "stays safe",
                          path);
    if (err == ERR_CORRUPT)
        return vault_fail(vault, err,
                          "%s is damaged (%s); keep the file and enrol a new "
                          "vault: what the office received comes back",
                          path, detail);
    return vault_fail(vault, err, "%s: %s: %s", path, err_text(err), detail);
}

/* What is written can be read also where nothing can be: without the file of
 * shared memory, which a full disk has no room for, or reading only. */
static enum err db_open_anyhow(struct vault *vault, unsigned flags,
                               const struct vault_options *options,
                               char detail[DB_DETAIL_CHARS])
{
    const char *path = vault->path;
    enum err err = db_open_vfs(&vault->db, path, flags, options->vfs, detail);
    if (!options->anyhow || flags & DB_CREATE || options->vfs)
        return err;
    if (err == ERR_FULL)
        return db_open(&vault->db, path, flags | DB_EXCLUSIVE, detail);
    if (err != ERR_READ_ONLY && err != ERR_DENIED)
        return err;
    err = db_open(&vault->db, path, flags | DB_READ_ONLY, detail);
    if (err && !wal_there(path))
        err = db_open(&vault->db, path, flags | DB_READ_ONLY | DB_IMMUTABLE,
                      detail);
    return err;
}

/* Opens the file and brings it to this build's tables. */
static enum err file_open(struct vault *vault, unsigned flags,
                          const struct vault_options *options)
{
    char detail[DB_DETAIL_CHARS];
    enum err err = db_open_anyhow(vault, flags | DB_SECURE_DELETE | DB_SHRINKS,
                                  options, detail);
    if (err)
        return file_fail(vault, err, detail);
    /* A large pull or import fits the cache, so that no page is written and
     * read again while it goes on. */
    err = db_exec(vault->db, "PRAGMA cache_size = -8000");
    if (!err && options->busy_ms)
        err = db_busy_ms(vault->db, options->busy_ms);
    if (!err)
        err = migrate(vault->db, VAULT_APPLICATION_ID, embed_vault_schema);
    if (err == ERR_FOREIGN)
        return vault_fail(vault, err, "%s is not a vault", vault->path);
    if (err == ERR_NEWER)
        return vault_fail(vault, err,
                          "%s was written by a newer Satchel; update this one",
                          vault->path);
    return err ? file_fail(vault, err, db_detail(vault->db)) : ERR_OK;
}

static enum err device_key_load(struct vault *vault,
                                const struct vault_options *options,
                                bool create)
{
    uint8_t secret[DEVICE_SECRET_BYTES];
    char detail[VAULT_DETAIL_CHARS];
    enum err err = device_secret_load(secret, options->device_secret, create,
                                      vault->random, detail, sizeof detail);
    if (err)
        return vault_fail(vault, err, "%s", detail);
    vault_keys_device(vault, secret);
    sodium_memzero(secret, sizeof secret);
    return ERR_OK;
}

/* Hands over the handle, or its detail text and nothing. */
static enum err finish(struct vault *vault, enum err err, struct vault **out,
                       char detail[VAULT_DETAIL_CHARS])
{
    if (detail)
        snprintf(detail, VAULT_DETAIL_CHARS, "%s", vault->detail);
    if (err) {
        if (detail && !detail[0])
            snprintf(detail, VAULT_DETAIL_CHARS, "%s: %s", vault->path,
                     err_text(err));
        vault_close(vault);
        return err;
    }
    *out = vault;
    return ERR_OK;
}

/* A vault without keys has had no key file: what stands there is another's,
 * and this vault would be left without one. */
static enum err key_file_check(struct vault *vault)
{
    char keys[PATH_ROOM];
    int size = snprintf(keys, sizeof keys, "%s.keys", vault->path);
    if (!vault->on_disk || (size_t)size >= sizeof keys || access(keys, F_OK))
        return ERR_OK;
    return vault_fail(vault, ERR_EXISTS,
                      "%.300s is the key file of another vault, which may be "
                      "needed to salvage that: move it away, or give this "
                      "vault another name",
                      keys);
}

static enum err create(struct vault *vault, const struct vault_options *options)
{
    if (!options->passphrase)
        return vault_fail(vault, ERR_INVALID, "a vault needs a passphrase");
    bool there = !options->vfs && access(vault->path, F_OK) == 0;
    enum err err = there ? ERR_OK : key_file_check(vault);
    if (err)
        return err;
    err = file_open(vault, DB_CREATE, options);
    if (err == ERR_FOREIGN && there)
        return vault_fail(vault, ERR_EXISTS, "%s exists and is not a vault",
                          vault->path);
    if (err == ERR_NOT_FOUND)
        return vault_fail(vault, err, "%s: there is no such folder; make it",
                          vault->path);
    if (err)
        return err;
    /* No new secret for a vault that was made with another. */
    err = vault_keys_there(vault);
    if (!err)
        return vault_fail(vault, ERR_EXISTS, "%s exists already", vault->path);
    vault->detail[0] = '\0';
    err = err == ERR_NOT_FOUND ? key_file_check(vault) : err;
    if (err)
        return err;
    err = device_key_load(vault, options, true);
    if (!err)
        err = vault_keys_make(vault, options);
    if (err == ERR_EXISTS)
        return vault_fail(vault, err, "%s exists already", vault->path);
    return err;
}

enum err vault_create(struct vault **out, const char *path,
                      const struct vault_options *options,
                      char detail[VAULT_DETAIL_CHARS])
{
    struct vault *vault;
    *out = NULL;
    if (!options)
        options = &options_default;
    enum err err = handle_new(&vault, path, options, detail);
    if (err)
        return err;
    return finish(vault, create(vault, options), out, detail);
}

enum err vault_open(struct vault **out, const char *path,
                    const struct vault_options *options,
                    char detail[VAULT_DETAIL_CHARS])
{
    struct vault *vault;
    *out = NULL;
    if (!options)
        options = &options_default;
    enum err err = handle_new(&vault, path, options, detail);
    if (err)
        return err;
    err = empty_check(vault, options->vfs);
    if (!err)
        err = file_open(vault, 0, options);
    if (!err)
        err = vault_keys_there(vault);
    if (!err)
        err = device_key_load(vault, options, false);
    if (!err)
        err = vault_keys_check(vault);
    if (!err && options->passphrase)
        err = vault_unlock(vault, options->passphrase);
    return finish(vault, err, out, detail);
}

void vault_close(struct vault *vault)
{
    if (!vault)
        return;
    vault_lock(vault);
    mirror_close(vault);
    if (vault->db) {
        db_rollback(vault->db);
        db_finalize(vault->statement, SQL_COUNT);
    }
    db_close(vault->db);
    case_cache_free(vault->cases);
    schema_free(vault->schema);
    schema_free(vault->schema_before);
    deflate_line_free(vault->deflate);
    random_pool_fini(&vault->pool);
    buffer_fini(&vault->sealed);
    free(vault->path);
    sodium_free(vault); /* which overwrites it */
}

enum err vault_discard(struct vault *vault)
{
    char log[PATH_ROOM], keys[PATH_ROOM];
    char *path = vault->path;
    /* Else what stands there is not of this vault. */
    bool own_keys = vault->on_disk && !vault->keys_changed;
    vault->path = NULL;
    vault_close(vault);
    /* The last of all connections takes the write-ahead log away. */
    int size = snprintf(log, sizeof log, "%s-wal", path);
    snprintf(keys, sizeof keys, "%s.keys", path);
    enum err err = ERR_OK;
    if ((size_t)size >= sizeof log || !access(log, F_OK))
        err = ERR_BUSY;
    else if (unlink(path))
        err = err_of_errno(errno);
    if (!err && own_keys && strlen(path) + sizeof ".keys" <= sizeof keys)
        unlink(keys); /* a copy, of what is no more */
    free(path);
    return err;
}

void vault_lock(struct vault *vault)
{
    vault->unlocked = false;
    sodium_memzero(vault->vault_key, sizeof vault->vault_key);
    sodium_memzero(vault->token_key, sizeof vault->token_key);
    sodium_memzero(vault->tokens, sizeof vault->tokens);
    buffer_wipe(&vault->plain);
    buffer_wipe(&vault->line);
    arena_wipe(&vault->arena);
    vault_forget(vault);
}

bool vault_locked(const struct vault *vault)
{
    return !vault->unlocked;
}

const char *vault_detail(const struct vault *vault)
{
    return vault->detail;
}

const char *vault_path(const struct vault *vault)
{
    return vault->path;
}

const struct clock *vault_clock(const struct vault *vault)
{
    return vault->clock;
}

const struct random *vault_random(const struct vault *vault)
{
    return vault->random;
}

int64_t vault_cases_left(const struct vault *vault)
{
    return vault->cases_left;
}

enum err vault_change_count(struct vault *vault, int64_t *count)
{
    return vault_query(vault, SQL_META_CHANGE, count);
}
