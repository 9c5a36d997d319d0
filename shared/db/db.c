#include "shared/db/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/buffer.h"
#include "shared/base/clock.h"
#include "shared/db/db_internal.h"

#define URI_BYTES_MAX (16u << 10)
#define WAL_RETRY_MS 5

static const char *const sql_transaction[DB_STATEMENT_COUNT] = {
    [DB_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
    [DB_BEGIN_READ] = "BEGIN",
    [DB_COMMIT] = "COMMIT",
    [DB_ROLLBACK] = "ROLLBACK",
};

/* --- result codes --------------------------------------------------------- */

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
        return code == SQLITE_CANTOPEN_ISDIR ? ERR_FOREIGN
                                             : err_of_errno(system_errno);
    case SQLITE_IOERR:
        return err_of_errno(system_errno);
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
        return errno == EEXIST ? ERR_OK : err_of_errno(errno);
    return close(fd) ? ERR_IO : ERR_OK;
}

static enum err config_set(struct db *db, int option, int value)
{
    return db_result(db,
                     sqlite3_db_config(db->handle, option, value, (int *)NULL));
}

/* Reads the first page, which tells a database from any other file, and turns
 * on WAL, which may be refused without an error code. */
static enum err wal_try(struct db *db)
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

/* Of two connections that turn on WAL at once, SQLite tells one that it is busy
 * without waiting, since neither could go on. */
static enum err wal_set(struct db *db)
{
    const struct clock *clock = clock_system();
    int64_t end_ms = clock_monotonic_ms(clock) + DB_BUSY_MS_DEFAULT;
    enum err err = wal_try(db);
    while (err == ERR_BUSY && clock_monotonic_ms(clock) < end_ms) {
        sqlite3_sleep(WAL_RETRY_MS);
        err = wal_try(db);
    }
    return err;
}

/* Only a file with nothing in it takes it; any other would be written to, which
 * a full disk refuses whoever only reads. */
static enum err shrinks_set(struct db *db)
{
    int64_t pages;
    enum err err = db_query_int64(db, "PRAGMA page_count", &pages);
    return err || pages ? err : db_exec(db, "PRAGMA auto_vacuum = INCREMENTAL");
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
    if (!err && flags & DB_SHRINKS)
        err = shrinks_set(db);
    if (err)
        return err;
    int64_t version;
    return flags & DB_READ_ONLY
               ? db_query_int64(db, "PRAGMA schema_version", &version)
               : wal_set(db);
}

/* As a URI; what is special there is written in hexadecimal. */
static enum err immutable_name(struct buffer *out, const char *path)
{
    buffer_init(out, URI_BYTES_MAX);
    buffer_add_text(out, "file:");
    for (; *path; path++)
        if (strchr("%?#", *path))
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)*path);
        else
            buffer_add_char(out, *path);
    return buffer_add_text(out, "?immutable=1");
}

static enum err handle_open(struct db *db, const char *path, unsigned flags,
                            int mode, const char *vfs)
{
    struct buffer uri;
    if (!(flags & DB_IMMUTABLE))
        return db_result(db, sqlite3_open_v2(path, &db->handle, mode, vfs));
    enum err err = immutable_name(&uri, path);
    if (!err)
        err = db_result(db, sqlite3_open_v2(buffer_text(&uri), &db->handle,
                                            mode | SQLITE_OPEN_URI, vfs));
    buffer_fini(&uri);
    return err;
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
    enum err err = handle_open(db, path, flags, mode, vfs);
    if (!db->handle)
        return ERR_NOMEM;
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
        err =
            db_prepare(db, sql_transaction, DB_STATEMENT_COUNT, db->statement);
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
    db_finalize(db->statement, DB_STATEMENT_COUNT);
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
