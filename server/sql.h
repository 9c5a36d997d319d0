/* The store seam: what the office needs of a database, and no more.
 *
 * All statements are written once, in a dialect that SQLite and PostgreSQL
 * share (parameters $1, $2, ...; ON CONFLICT; RETURNING), and live with the
 * noun that uses them (store_*.c).  A driver runs them.  One connection
 * belongs to one thread at a time. */
#ifndef SERVER_SQL_H
#define SERVER_SQL_H

#include "shared/base/bytes.h"
#include "shared/base/err.h"

enum sql_kind { SQL_NULL, SQL_INT, SQL_TEXT, SQL_BLOB };

struct sql_value {
    enum sql_kind kind;
    int64_t integer;
    struct bytes bytes; /* TEXT and BLOB; borrowed for the call */
};

struct sql_value sql_int(int64_t value);
struct sql_value sql_text(const char *text); /* NULL gives SQL NULL */
struct sql_value sql_text_bytes(struct bytes text);
struct sql_value sql_blob(struct bytes bytes);
struct sql_value sql_null(void);

/* Called for each row; `row` is borrowed for the call.  An error stops the
 * statement and is returned by run. */
typedef enum err sql_each(void *context, const struct sql_value *row,
                          size_t columns);

struct sql;

/* Hears what a connection changes: every statement inside a write transaction
 * that is not one of SELECT, PRAGMA, CREATE, DROP, and the transaction's end.
 * An error makes the transaction fail. */
struct sql_tap {
    /* May run statements, which are not heard. */
    enum err (*begun)(void *context, struct sql *sql);
    void (*ran)(void *context, const char *statement,
                const struct sql_value *values, size_t count);
    /* Before the commit; may run statements, which are not heard. */
    enum err (*committing)(void *context, struct sql *sql);
    void (*ended)(void *context, bool committed);
    void *context;
};

/* One connection.  `statement` is a static text: drivers cache the prepared
 * form by its address. */
struct sql {
    enum err (*begin)(void *context, bool write);
    enum err (*commit)(void *context); /* durable when it returns */
    enum err (*rollback)(void *context);
    enum err (*run)(void *context, const char *statement,
                    const struct sql_value *values, size_t count,
                    sql_each *each, void *each_context);
    enum err (*backup)(void *context, const char *path); /* online */
    const char *(*detail)(void *context);                /* of the last error */
    /* Housekeeping for a moment in which nobody waits; NULL: none. */
    void (*idle)(void *context);
    /* Gives the first of `arrival_block` free numbers of arrival, for use in
     * the write transaction that asks; 0: as many as it likes. */
    const char *arrival_next;
    int64_t arrival_block;
    void (*close)(void *context);
    void *context;
    const struct sql_tap *tap; /* borrowed; NULL: nobody listens */
    bool heard;                /* a write transaction with a listener */
};

/* Values of a statement, and how many: SQL_VALUES(sql_text(a), sql_int(1)). */
#define SQL_VALUES(...)                                                        \
    (const struct sql_value[]){__VA_ARGS__},                                   \
        sizeof((const struct sql_value[]){__VA_ARGS__}) /                      \
            sizeof(struct sql_value)

/* A statement whose rows, if any, do not matter. */
MUST_CHECK enum err sql_run(struct sql *sql, const char *statement,
                            const struct sql_value *values, size_t count);
MUST_CHECK enum err sql_each_row(struct sql *sql, const char *statement,
                                 const struct sql_value *values, size_t count,
                                 sql_each *each, void *context);
/* One row at most: ERR_NOT_FOUND when there is none.  `each` may be NULL. */
MUST_CHECK enum err sql_find(struct sql *sql, const char *statement,
                             const struct sql_value *values, size_t count,
                             sql_each *each, void *context);
/* One integer; ERR_NOT_FOUND when there is no row. */
MUST_CHECK enum err sql_find_int(struct sql *sql, const char *statement,
                                 const struct sql_value *values, size_t count,
                                 int64_t *out);
MUST_CHECK enum err sql_begin(struct sql *sql, bool write);
MUST_CHECK enum err sql_commit(struct sql *sql);
/* After a failure; what it says itself does not matter any more. */
void sql_rollback(struct sql *sql);
void sql_idle(struct sql *sql);
void sql_close(struct sql *sql); /* a zeroed struct is allowed */

/* Reading a row.  Copies of TEXT end with a NUL and are cut to `room`. */
void sql_copy_text(char *out, size_t room, const struct sql_value *value);
/* A BLOB of exactly `size` bytes; ERR_CORRUPT otherwise. */
MUST_CHECK enum err sql_copy_fixed(void *out, size_t size,
                                   const struct sql_value *value);
bool sql_is_null(const struct sql_value *value);

#endif
