/* The SQLite helper: one connection with the settings that durability needs,
 * result codes as enum err, prepared statements, write transactions.
 *
 * Every file is in WAL mode with synchronous=FULL: what is committed survives
 * a power cut.  A connection is used by one thread at a time; other threads
 * and processes open their own. */
#ifndef DB_DB_H
#define DB_DB_H

#include "shared/base/bytes.h"

#define DB_DETAIL_CHARS 256
#define DB_BUSY_MS_DEFAULT 5000

struct db;
struct sqlite3;
struct sqlite3_stmt;

enum db_flag {
    DB_CREATE = 1,        /* make the file (mode 0600) when it is missing */
    DB_READ_ONLY = 2,     /* never write, not even to recover */
    DB_SECURE_DELETE = 4, /* overwrite deleted content with zeros */
    DB_EXCLUSIVE = 8,     /* this connection alone: no shared memory file */
    DB_IMMUTABLE = 16,    /* with DB_READ_ONLY: nobody writes; there must be no
                             write-ahead log */
    DB_SHRINKS = 32,      /* a file made now can give free pages back */
};

/* Opens `path` (":memory:" is allowed).  The caller owns *out, which is NULL
 * on failure.  `detail` holds DB_DETAIL_CHARS and says what went wrong; NULL
 * is allowed.  ERR_NOT_FOUND, ERR_DENIED, ERR_READ_ONLY when it can be read
 * only and DB_READ_ONLY is not set, ERR_FOREIGN when it is not a database,
 * ERR_BUSY, ERR_CORRUPT, ERR_FULL, ERR_IO, ERR_NOMEM; ERR_UNSUPPORTED where
 * the file system or VFS cannot do WAL. */
MUST_CHECK enum err db_open(struct db **out, const char *path, unsigned flags,
                            char *detail);
/* The same through a registered VFS, as the simulator does. */
MUST_CHECK enum err db_open_vfs(struct db **out, const char *path,
                                unsigned flags, const char *vfs, char *detail);
/* Rolls back what is open.  All statements must be finalized. */
void db_close(struct db *db); /* NULL is allowed */

struct sqlite3 *db_handle(const struct db *db); /* borrowed */
/* What the last failed call said, without any stored value; "" at first. */
const char *db_detail(const struct db *db);
/* How long to wait for another writer before ERR_BUSY. */
MUST_CHECK enum err db_busy_ms(struct db *db, int ms);

/* Turns an SQLite result code of this connection into an error and remembers
 * the detail.  ERR_EXISTS is a UNIQUE or PRIMARY KEY violation, ERR_DENIED an
 * abort by a trigger or authorizer, ERR_INVALID any other constraint or faulty
 * SQL; NOTADB is ERR_FOREIGN.  An I/O error for lack of space is ERR_FULL. */
enum err db_result(struct db *db, int code);

/* Runs statements that return nothing. */
MUST_CHECK enum err db_exec(struct db *db, const char *sql);
/* Runs a query of one integer, such as a pragma or a count.  ERR_NOT_FOUND
 * when there is no row. */
MUST_CHECK enum err db_query_int64(struct db *db, const char *sql,
                                   int64_t *out);

/* Prepares sql[i] into statements[i]; all of them or, on failure, none (every
 * statements[i] is then NULL).  Release with db_finalize(). */
MUST_CHECK enum err db_prepare(struct db *db, const char *const sql[],
                               size_t count, struct sqlite3_stmt *statements[]);
/* NULL members are allowed; sets all to NULL. */
void db_finalize(struct sqlite3_stmt *statements[], size_t count);

/* --- transactions --------------------------------------------------------- */

/* Takes the write lock at once, so that a transaction never fails halfway
 * because of another writer.  The holder's file and line are remembered for
 * db_holder().  Not to be nested (assert). */
#define db_begin_immediate(db) db_begin_immediate_at((db), __FILE__, __LINE__)
MUST_CHECK enum err db_begin_immediate_at(struct db *db, const char *file,
                                          int line);
/* One consistent snapshot for several reads; end it with db_rollback(). */
#define db_begin_read(db) db_begin_read_at((db), __FILE__, __LINE__)
MUST_CHECK enum err db_begin_read_at(struct db *db, const char *file, int line);
/* The transaction is over whatever the result: on failure it was rolled back
 * and nothing of it is kept. */
MUST_CHECK enum err db_commit(struct db *db);
/* Allowed without a transaction: SQLite ends one by itself on some errors. Then
 * all that runs before this is ERR_IO, the commit too. */
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);
/* "file:line" of the open transaction, or "". */
const char *db_holder(const struct db *db);

/* --- statements ----------------------------------------------------------- */

/* Steps to the next row: *row is false at the end.  At the end and on failure
 * the statement is reset and its bindings are cleared. */
MUST_CHECK enum err db_step_row(struct db *db, struct sqlite3_stmt *statement,
                                bool *row);
/* Runs a statement that yields no row, and resets it. */
MUST_CHECK enum err db_step_done(struct db *db, struct sqlite3_stmt *statement);
/* Ends a query early. */
void db_reset(struct sqlite3_stmt *statement);

/* Bound bytes are borrowed until the statement is reset.  A failed binding
 * comes out of the next db_step_*(). */
void db_bind_int64(struct db *db, struct sqlite3_stmt *statement, int index,
                   int64_t value);
void db_bind_bytes(struct db *db, struct sqlite3_stmt *statement, int index,
                   struct bytes value); /* a BLOB, empty when size is 0 */
void db_bind_text(struct db *db, struct sqlite3_stmt *statement, int index,
                  struct bytes value);
void db_bind_null(struct db *db, struct sqlite3_stmt *statement, int index);

/* Columns of the present row, counted from 0.  Bytes are borrowed until the
 * next step or reset and carry no final NUL.  NULL reads as 0 or empty. */
int64_t db_column_int64(struct sqlite3_stmt *statement, int column);
struct bytes db_column_bytes(struct sqlite3_stmt *statement, int column);
bool db_column_is_null(struct sqlite3_stmt *statement, int column);
/* Copies a BLOB of exactly `size` bytes; ERR_CORRUPT when it has another. */
MUST_CHECK enum err db_column_fixed(struct sqlite3_stmt *statement, int column,
                                    void *out, size_t size);

/* Rows changed by the last INSERT, UPDATE or DELETE. */
int64_t db_changes(const struct db *db);
int64_t db_last_rowid(const struct db *db);

#endif
