#include "shared/replica/vault_tries.h"

#include <string.h>

/* A right try and 100 wrong ones (0011_tries.sql), and one too many. */
#define MARKS_MAX (VAULT_TRIES_MAX + 2)

struct tries {
    uint8_t mark[MARKS_MAX][TRY_MARK_BYTES];
    size_t count; /* at least 1: the right one */
    size_t max;   /* wrong ones; 0: none are counted */
};

static enum err tries_load(struct vault *vault, struct tries *tries)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_META_TRIED, &s);
    if (!err)
        err = db_step_row(vault->db, s, &row);
    if (err)
        return err;
    struct bytes tried = row ? db_column_bytes(s, 0) : bytes_of(NULL, 0);
    int64_t max = row ? db_column_int64(s, 1) : 0;
    if (tried.size < TRY_MARK_BYTES ||
        tried.size > sizeof tries->mark - TRY_MARK_BYTES || max < 0 ||
        max > VAULT_TRIES_MAX) {
        err = ERR_CORRUPT;
    } else {
        memcpy(tries->mark, tried.at, tried.size);
        tries->count = tried.size / TRY_MARK_BYTES;
        tries->max = (size_t)max;
    }
    db_reset(s);
    return err;
}

static bool tries_have(const struct tries *tries,
                       const uint8_t mark[TRY_MARK_BYTES])
{
    for (size_t i = 0; i < tries->count; i++)
        if (!memcmp(tries->mark[i], mark, TRY_MARK_BYTES))
            return true;
    return false;
}

static bool tries_are_over(const struct tries *tries)
{
    return tries->count > tries->max;
}

static enum err tries_store(struct vault *vault, struct bytes marks)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_META_TRIED_SET, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, marks);
    return db_step_done(vault->db, s);
}

enum err vault_tries_over(struct vault *vault)
{
    return vault_fail(vault, ERR_DESTROYED,
                      "%.200s: its key was destroyed after too many wrong "
                      "passphrases; `satchel sync` still brings what was "
                      "written to the office, then enrol a new vault: it gets "
                      "everything back from there",
                      vault->path);
}

/* The sealed key goes from the vault, and from the files that follow it. */
static enum err destroy(struct vault *vault)
{
    enum err err = vault_begin(vault);
    if (err)
        return err;
    vault->changed = vault->keys_destroyed = true;
    err = vault_run(vault, SQL_META_KEY_DESTROY);
    if (!err)
        err = vault_run(vault, SQL_MIRROR_DESTROYING);
    err = vault_end(vault, err);
    if (err)
        return err;
    vault_scrub(vault);
    return vault_tries_over(vault);
}

static enum err mark_add(struct vault *vault,
                         const uint8_t mark[TRY_MARK_BYTES], bool *over)
{
    struct tries tries;
    *over = false;
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = tries_load(vault, &tries); /* again: others may have tried, too */
    if (!err && tries.max && !tries_have(&tries, mark)) {
        *over = tries_are_over(&tries);
        memcpy(tries.mark[tries.count], mark, TRY_MARK_BYTES);
        if (!*over)
            err =
                tries_store(vault, bytes_of(tries.mark[0], (tries.count + 1) *
                                                               TRY_MARK_BYTES));
    }
    return vault_end(vault, err);
}

enum err vault_tries_begin(struct vault *vault,
                           const uint8_t mark[TRY_MARK_BYTES])
{
    struct tries tries;
    bool over;
    enum err err = tries_load(vault, &tries);
    if (err || !tries.max || tries_have(&tries, mark))
        return err;
    if (vault->batch)
        return vault_fail(vault, ERR_BUSY,
                          "no other passphrase is tried within a batch");
    err = mark_add(vault, mark, &over);
    if (!err && over)
        err = destroy(vault);
    if (err == ERR_FULL || err == ERR_READ_ONLY)
        return vault_fail(vault, err,
                          "another passphrase than the last right one is tried "
                          "only where the try can be counted: %s",
                          err_text(err));
    return err;
}

void vault_tries_right(struct vault *vault, const uint8_t mark[TRY_MARK_BYTES])
{
    struct tries tries;
    if (vault->batch || tries_load(vault, &tries) || !tries.max ||
        (tries.count == 1 && tries_have(&tries, mark)))
        return;
    if (!vault_begin_relaxed(vault)) {
        enum err ignored = vault_end(
            vault, tries_store(vault, bytes_of(mark, TRY_MARK_BYTES)));
        (void)ignored;
    }
    /* Where that cannot be written the wrong ones still count. */
    vault->detail[0] = '\0';
}

enum err vault_tries_wrong(struct vault *vault)
{
    struct tries tries;
    enum err err = tries_load(vault, &tries);
    if (err)
        return err;
    if (!tries.max)
        return vault_fail(vault, ERR_PASSPHRASE, "the passphrase is wrong");
    if (tries_are_over(&tries))
        return destroy(vault);
    size_t left = tries.max - (tries.count - 1);
    return vault_fail(vault, ERR_PASSPHRASE,
                      "the passphrase is wrong; after %zu more wrong one%s the "
                      "vault's key is destroyed",
                      left, left == 1 ? "" : "s");
}
