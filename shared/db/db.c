#include "shared/db/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BEGIN_IMMEDIATE, BEGIN_READ, COMMIT, ROLLBACK, STATEMENT_COUNT };
static const char *const sql_transaction[STATEMENT_COUNT] = {
    [BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
    [BEGIN_READ] = "BEGIN",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

struct db {
    sqlite3 *handle;                          /* owned */
    sqlite3_stmt *statement[STATEMENT_COUNT]; /* owned */
    enum err bind_err;                        /* first since the last step */
    char detail[DB_DETAIL_CHARS];
    char holder[64];
};

/* --- result codes --------------------------------------------------------- */

static enum err err_of_errno(int number, enum err otherwise)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EROFS:
        return ERR_READ_ONLY;
    case ENOSPC:
    case EDQUOT:
        return ERR_FULL;
    case ENOMEM:
        return ERR_NOMEM;
    case EISDIR:
        return ERR_FOREIGN;
    default:
        return otherwise;
    }
}

static enum err err_of_constraint(int extended)
{
    switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
        return ERR_EXISTS;
    case SQLITE_CONSTRAINT_TRIGGER:
        return ERR_DENIED;
    default:
        return ERR_INVALID;
    }
}

static enum err err_of_code(int code, int system_errno)
{
    if (code == SQLITE_IOERR_NOMEM)
        return ERR_NOMEM;
    if (code == SQLITE_READONLY_DBMOVED)
        return ERR_IO;
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return ERR_OK;
    case SQLITE_NOMEM:
        return ERR_NOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return ERR_BUSY;
    case SQLITE_FULL:
        return ERR_FULL;
    case SQLITE_CORRUPT:
        return ERR_CORRUPT;
    case SQLITE_NOTADB:
        return ERR_FOREIGN;
    case SQLITE_READONLY:
        return ERR_READ_ONLY;
    case SQLITE_CANTOPEN:
        return code == SQLITE_CANTOPEN_ISDIR
                   ? ERR_FOREIGN
                   : err_of_errno(system_errno, ERR_IO);
    case SQLITE_IOERR:
        return err_of_errno(system_errno, ERR_IO);
    case SQLITE_TOOBIG:
    case SQLITE_NOLFS:
        return ERR_TOO_BIG;
    case SQLITE_CONSTRAINT:
        return err_of_constraint(code);
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return ERR_DENIED;
    case SQLITE_INTERRUPT:
        return ERR_TIMEOUT;
    default:
        return ERR_INVALID;
    }
}

enum err db_result(struct db *db, int code)
{
    int plain = code & 0xff;
    if (plain == SQLITE_OK || plain == SQLITE_ROW || plain == SQLITE_DONE)
        return ERR_OK;
    int extended = sqlite3_extended_errcode(db->handle);
    if ((extended & 0xff) != plain)
        extended = code; /* the connection has gone on since */
    snprintf(db->detail, sizeof db->detail, "%s (SQLite %d)",
             (extended & 0xff) == (sqlite3_errcode(db->handle) & 0xff)
                 ? sqlite3_errmsg(db->handle)
                 : sqlite3_errstr(code),
             extended);
    return err_of_code(extended, sqlite3_system_errno(db->handle));
}

/* --- opening -------------------------------------------------------------- */

/* SQLite would make the file readable to all; its journals take the mode of
 * the file. */
static enum err file_create(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? ERR_OK : err_of_errno(errno, ERR_IO);
    return close(fd) ? ERR_IO : ERR_OK;
}

static enum err config_set(struct db *db, int option, int value)
{
    return db_result(db,
                     sqlite3_db_config(db->handle, option, value, (int *)NULL));
}

/* Reads the first page, which tells a database from any other file, and turns
 * on WAL, which may be refused without an error code. */
static enum err wal_set(struct db *db)
{
    sqlite3_stmt *statement = NULL;
    static const char *const sql[] = {"PRAGMA journal_mode = WAL"};
    enum err err = db_prepare(db, sql, 1, &statement);
    bool row = false;
    if (!err)
        err = db_step_row(db, statement, &row);
    if (!err) {
        struct bytes mode =
            row ? db_column_bytes(statement, 0) : bytes_of(NULL, 0);
        if (!bytes_is(mode, "wal") && !bytes_is(mode, "memory")) {
            snprintf(db->detail, sizeof db->detail,
                     "write-ahead logging is not possible here");
            err = ERR_UNSUPPORTED;
        }
    }
    db_finalize(&statement, 1);
    return err;
}

static enum err settings_set(struct db *db, unsigned flags)
{
    enum err err = db_busy_ms(db, DB_BUSY_MS_DEFAULT);
    if (!err)
        err = config_set(db, SQLITE_DBCONFIG_DEFENSIVE, 1);
    if (!err)
        err = config_set(db, SQLITE_DBCONFIG_DQS_DML, 0);
    if (!err)
        err = config_set(db, SQLITE_DBCONFIG_DQS_DDL, 0);
    if (!err)
        err = config_set(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0);
    if (!err)
        err = config_set(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1);
    if (!err && flags & DB_EXCLUSIVE)
        err = db_exec(db, "PRAGMA locking_mode = EXCLUSIVE");
    if (!err)
        err = db_exec(db, "PRAGMA synchronous = FULL;"
                          "PRAGMA cell_size_check = ON;"
                          "PRAGMA temp_store = MEMORY");
    if (!err && flags & DB_SECURE_DELETE)
        err = db_exec(db, "PRAGMA secure_delete = ON");
    if (err)
        return err;
    int64_t version;
    return flags & DB_READ_ONLY
               ? db_query_int64(db, "PRAGMA schema_version", &version)
               : wal_set(db);
}

static enum err db_connect(struct db *db, const char *path, unsigned flags,
                           const char *vfs)
{
    int mode = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (flags & DB_READ_ONLY)
        mode |= SQLITE_OPEN_READONLY;
    else
        mode |= SQLITE_OPEN_READWRITE;
    if (flags & DB_CREATE && !(flags & DB_READ_ONLY)) {
        mode |= SQLITE_OPEN_CREATE;
        enum err err =
            vfs || !strcmp(path, ":memory:") ? ERR_OK : file_create(path);
        if (err) {
            snprintf(db->detail, sizeof db->detail, "cannot create the file");
            return err;
        }
    }
    int code = sqlite3_open_v2(path, &db->handle, mode, vfs);
    if (!db->handle)
        return ERR_NOMEM;
    enum err err = db_result(db, code);
    if (err)
        return err;
    /* SQLite falls back to reading when a file cannot be written. */
    if (!(flags & DB_READ_ONLY) && sqlite3_db_readonly(db->handle, "main")) {
        snprintf(db->detail, sizeof db->detail, "the file is read-only");
        return ERR_READ_ONLY;
    }
    return settings_set(db, flags);
}

enum err db_open_vfs(struct db **out, const char *path, unsigned flags,
                     const char *vfs, char *detail)
{
    *out = NULL;
    if (detail)
        detail[0] = '\0';
    struct db *db = calloc(1, sizeof *db);
    if (!db)
        return ERR_NOMEM;
    enum err err = db_connect(db, path, flags, vfs);
    if (!err)
        err = db_prepare(db, sql_transaction, STATEMENT_COUNT, db->statement);
    if (err) {
        if (detail)
            snprintf(detail, DB_DETAIL_CHARS, "%s", db->detail);
        db_close(db);
        return err;
    }
    *out = db;
    return ERR_OK;
}

enum err db_open(struct db **out, const char *path, unsigned flags,
                 char *detail)
{
    return db_open_vfs(out, path, flags, NULL, detail);
}

void db_close(struct db *db)
{
    if (!db)
        return;
    db_finalize(db->statement, STATEMENT_COUNT);
    int code = sqlite3_close(db->handle);
    assert(code == SQLITE_OK); /* a statement was not finalized */
    (void)code;
    free(db);
}

struct sqlite3 *db_handle(const struct db *db)
{
    return db->handle;
}

const char *db_detail(const struct db *db)
{
    return db->detail;
}

enum err db_busy_ms(struct db *db, int ms)
{
    return db_result(db, sqlite3_busy_timeout(db->handle, ms));
}

/* --- statements ----------------------------------------------------------- */

enum err db_exec(struct db *db, const char *sql)
{
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
    enum err err = db->bind_err;
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
    enum err err = db_step_done(db, statement);
    if (!err)
        snprintf(db->holder, sizeof db->holder, "%s:%d", file, line);
    return err;
}

enum err db_begin_immediate_at(struct db *db, const char *file, int line)
{
    return begin(db, db->statement[BEGIN_IMMEDIATE], file, line);
}

enum err db_begin_read_at(struct db *db, const char *file, int line)
{
    return begin(db, db->statement[BEGIN_READ], file, line);
}

enum err db_commit(struct db *db)
{
    assert(db_in_transaction(db));
    enum err err = db_step_done(db, db->statement[COMMIT]);
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
    (void)sqlite3_step(db->statement[ROLLBACK]);
    db_reset(db->statement[ROLLBACK]);
}

bool db_in_transaction(const struct db *db)
{
    return !sqlite3_get_autocommit(db->handle);
}

const char *db_holder(const struct db *db)
{
    return db->holder;
}
