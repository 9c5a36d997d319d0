#include "shared/replica/vault_inner.h"

#include <assert.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>

#include "shared/replica/case_key.h"
#include "shared/replica/mirror.h"
#include "shared/replica/vault_schema.h"

enum err vault_fail(struct vault *vault, enum err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(vault->detail, sizeof vault->detail, format, arguments);
    va_end(arguments);
    return err;
}

enum err vault_sql(struct vault *vault, enum sql which,
                   struct sqlite3_stmt **out)
{
    struct sqlite3_stmt **slot = &vault->statement[which];
    *out = NULL;
    if (!*slot) {
        enum err err = db_prepare(vault->db, &sql_of[which], 1, slot);
        if (err)
            return err;
    }
    assert(!sqlite3_stmt_busy(*slot)); /* a query in use is never restarted */
    *out = *slot;
    return ERR_OK;
}

enum err vault_query(struct vault *vault, enum sql which, int64_t *out)
{
    struct sqlite3_stmt *s;
    bool row = false;
    enum err err = vault_sql(vault, which, &s);
    if (!err)
        err = db_step_row(vault->db, s, &row);
    *out = 0;
    if (row) {
        *out = db_column_int64(s, 0);
        db_reset(s);
    }
    return err;
}

enum err vault_run(struct vault *vault, enum sql which)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, which, &s);
    return err ? err : db_step_done(vault->db, s);
}

enum err vault_run_int(struct vault *vault, enum sql which, int64_t value)
{
    return vault_run_values(vault, which, &value, 1);
}

enum err vault_run_values(struct vault *vault, enum sql which,
                          const int64_t *values, size_t count)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, which, &s);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++)
        db_bind_int64(vault->db, s, (int)i + 1, values[i]);
    return db_step_done(vault->db, s);
}

void vault_forget(struct vault *vault)
{
    case_cache_clear(vault->cases);
    sodium_memzero(&vault->tip, sizeof vault->tip);
}

enum err vault_refresh(struct vault *vault)
{
    int64_t version;
    enum err err = vault_query(vault, SQL_DATA_VERSION, &version);
    if (err)
        return err;
    if (version != vault->data_version) {
        vault_forget(vault);
        err = vault_schema_refresh(vault);
    }
    vault->data_version = version;
    return err;
}

/* Why nothing was written, in words for whoever wanted it written. */
static enum err write_failed(struct vault *vault, enum err err)
{
    const char *detail = db_detail(vault->db);
    if (err == ERR_FULL)
        return vault_fail(vault, err,
                          "the disk is full: this was not written, all that "
                          "was written before is safe; make room and try "
                          "again");
    if (err == ERR_READ_ONLY)
        return vault_fail(vault, err,
                          "%s: the file or its folder cannot be written; what "
                          "is in it can be read, and `satchel bundle write` on "
                          "another disk takes unsent work to the office",
                          vault->path);
    if (err == ERR_BUSY)
        return vault_fail(vault, err,
                          "another process is writing to this vault; try "
                          "again");
    return vault_fail(vault, err, "%s%s%s", err_text(err), *detail ? ": " : "",
                      detail);
}

static enum err begin(struct vault *vault, bool relaxed, const char *file,
                      int line)
{
    enum err err = ERR_OK;
    vault->detail[0] = '\0';
    if (relaxed != vault->relaxed)
        err = db_exec(vault->db, relaxed ? "PRAGMA synchronous = NORMAL"
                                         : "PRAGMA synchronous = FULL");
    if (!err) {
        vault->relaxed = relaxed;
        err = db_begin_immediate_at(vault->db, file, line);
    }
    if (err)
        return write_failed(vault, err);
    vault->changed = vault->grew = false;
    vault->types_changed = vault->epoch_raised = false;
    err = vault_refresh(vault);
    if (err)
        vault_rollback(vault);
    return err;
}

enum err vault_begin_at(struct vault *vault, const char *file, int line)
{
    return begin(vault, false, file, line);
}

enum err vault_begin_relaxed_at(struct vault *vault, const char *file, int line)
{
    return begin(vault, true, file, line);
}

enum err vault_commit(struct vault *vault)
{
    /* The log's last id counts too, and goes up with a line. */
    bool silent = vault->changed && !vault->grew;
    enum err err = silent ? vault_run(vault, SQL_META_CHANGED) : ERR_OK;
    if (!err && vault->types_changed)
        err = vault_schema_changed(vault);
    if (err) {
        vault_rollback(vault);
        return err;
    }
    err = db_commit(vault->db);
    if (err)
        vault_forget(vault);
    else
        mirror_follow(vault);
    return err;
}

void vault_rollback(struct vault *vault)
{
    db_rollback(vault->db);
    vault_forget(vault);
    if (vault->types_changed || vault->epoch_raised)
        vault_schema_drop(vault); /* its epoch was part of what is undone */
}

enum err vault_end(struct vault *vault, enum err err)
{
    if (!err)
        err = vault_commit(vault);
    else
        vault_rollback(vault);
    if (err && !vault->detail[0])
        write_failed(vault, err);
    return err;
}

void vault_shrink(struct vault *vault)
{
    /* Pages in use stay; there is nothing to do about them. */
    (void)sqlite3_db_release_memory(db_handle(vault->db));
}

void vault_scrub(struct vault *vault)
{
    /* A reader that holds the log back only delays this to the next time. */
    (void)sqlite3_wal_checkpoint_v2(db_handle(vault->db), NULL,
                                    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}
