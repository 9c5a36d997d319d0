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
struct sql_value sql_text(const char *text);        /* NULL gives SQL NULL */
struct sql_value sql_text_bytes(struct bytes text);
struct sql_value sql_blob(struct bytes bytes);
struct sql_value sql_null(void);

/* Called for each row; `row` is borrowed for the call.  An error stops the
 * statement and is returned by run. */
typedef enum err sql_each(void *context, const struct sql_value *row,
                          size_t columns);

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
    const char *(*detail)(void *context); /* of the last error */
    void (*close)(void *context);
    void *context;
};

#endif
