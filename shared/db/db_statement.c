#include "shared/db/db.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include "shared/db/db_internal.h"

/* --- statements ----------------------------------------------------------- */

/* SQLite took the transaction back by itself, as it may after a failure: what
 * ran now would be committed at once, without what came before.  The detail
 * keeps saying why. */
static bool taken_back(const struct db *db)
{
    return db->holder[0] && !db_in_transaction(db);
}

enum err db_exec(struct db *db, const char *sql)
{
    if (taken_back(db))
        return ERR_IO;
    return db_result(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

enum err db_query_int64(struct db *db, const char *sql, int64_t *out)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    *out = 0;
    enum err err = db_prepare(db, &sql, 1, &statement);
    if (!err)
        err = db_step_row(db, statement, &row);
    if (!err && !row)
        err = ERR_NOT_FOUND;
    if (!err)
        *out = db_column_int64(statement, 0);
    db_finalize(&statement, 1);
    return err;
}

enum err db_prepare(struct db *db, const char *const sql[], size_t count,
                    struct sqlite3_stmt *statements[])
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < count; i++)
        statements[i] = NULL;
    for (size_t i = 0; !err && i < count; i++) {
        int code =
            sqlite3_prepare_v3(db->handle, sql[i], -1,
                               SQLITE_PREPARE_PERSISTENT, &statements[i], NULL);
        err = db_result(db, code);
    }
    if (err)
        db_finalize(statements, count);
    return err;
}

void db_finalize(struct sqlite3_stmt *statements[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        /* The result repeats that of the last step, which was seen there. */
        (void)sqlite3_finalize(statements[i]);
        statements[i] = NULL;
    }
}

enum err db_step_row(struct db *db, struct sqlite3_stmt *statement, bool *row)
{
    enum err err = taken_back(db) ? ERR_IO : db->bind_err;
    db->bind_err = ERR_OK;
    *row = false;
    if (!err) {
        int code = sqlite3_step(statement);
        err = db_result(db, code);
        *row = code == SQLITE_ROW;
    }
    if (!*row)
        db_reset(statement);
    return err;
}

enum err db_step_done(struct db *db, struct sqlite3_stmt *statement)
{
    bool row;
    enum err err = db_step_row(db, statement, &row);
    assert(err || !row); /* a query is read with db_step_row() */
    if (row)
        db_reset(statement);
    return err;
}

void db_reset(struct sqlite3_stmt *statement)
{
    /* The result repeats that of the last step, which was seen there. */
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

static void bind_note(struct db *db, int code)
{
    assert(code != SQLITE_RANGE && code != SQLITE_MISUSE);
    enum err err = db_result(db, code);
    if (err && !db->bind_err)
        db->bind_err = err;
}

void db_bind_int64(struct db *db, struct sqlite3_stmt *statement, int index,
                   int64_t value)
{
    bind_note(db, sqlite3_bind_int64(statement, index, value));
}

void db_bind_bytes(struct db *db, struct sqlite3_stmt *statement, int index,
                   struct bytes value)
{
    /* A NULL pointer would bind NULL rather than an empty BLOB. */
    bind_note(db, sqlite3_bind_blob64(statement, index,
                                      value.size ? (const void *)value.at : "",
                                      value.size, SQLITE_STATIC));
}

void db_bind_text(struct db *db, struct sqlite3_stmt *statement, int index,
                  struct bytes value)
{
    bind_note(db, sqlite3_bind_text64(statement, index,
                                      value.size ? (const char *)value.at : "",
                                      value.size, SQLITE_STATIC, SQLITE_UTF8));
}

void db_bind_null(struct db *db, struct sqlite3_stmt *statement, int index)
{
    bind_note(db, sqlite3_bind_null(statement, index));
}

int64_t db_column_int64(struct sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int64(statement, column);
}

struct bytes db_column_bytes(struct sqlite3_stmt *statement, int column)
{
    /* As a BLOB even when it is TEXT: asking for text may allocate. */
    const void *at = sqlite3_column_blob(statement, column);
    return bytes_of(at,
                    at ? (size_t)sqlite3_column_bytes(statement, column) : 0);
}

bool db_column_is_null(struct sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL;
}

enum err db_column_fixed(struct sqlite3_stmt *statement, int column, void *out,
                         size_t size)
{
    struct bytes bytes = db_column_bytes(statement, column);
    if (bytes.size != size)
        return ERR_CORRUPT;
    if (size)
        memcpy(out, bytes.at, size);
    return ERR_OK;
}

int64_t db_changes(const struct db *db)
{
    return sqlite3_changes64(db->handle);
}

int64_t db_last_rowid(const struct db *db)
{
    return sqlite3_last_insert_rowid(db->handle);
}

/* --- transactions --------------------------------------------------------- */

static enum err begin(struct db *db, sqlite3_stmt *statement, const char *file,
                      int line)
{
    assert(!db_in_transaction(db));
    db->holder[0] = '\0';
    enum err err = db_step_done(db, statement);
    if (!err)
        snprintf(db->holder, sizeof db->holder, "%s:%d", file, line);
    return err;
}

enum err db_begin_immediate_at(struct db *db, const char *file, int line)
{
    return begin(db, db->statement[DB_BEGIN_IMMEDIATE], file, line);
}

enum err db_begin_read_at(struct db *db, const char *file, int line)
{
    return begin(db, db->statement[DB_BEGIN_READ], file, line);
}

enum err db_commit(struct db *db)
{
    assert(db->holder[0]);
    enum err err = db_step_done(db, db->statement[DB_COMMIT]);
    if (err)
        db_rollback(db);
    db->holder[0] = '\0';
    return err;
}

void db_rollback(struct db *db)
{
    db->bind_err = ERR_OK;
    db->holder[0] = '\0';
    if (!db_in_transaction(db))
        return;
    /* Not through db_step_done(): db_detail() keeps saying why. */
    (void)sqlite3_step(db->statement[DB_ROLLBACK]);
    db_reset(db->statement[DB_ROLLBACK]);
}

bool db_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(db->handle);
}

const char *db_holder(const struct db *db)
{
    return db->holder;
}
