#include "server/sql.h"

#include <string.h>

struct sql_value sql_int(int64_t value)
{
    return (struct sql_value){.kind = SQL_INT, .integer = value};
}

struct sql_value sql_text_bytes(struct bytes text)
{
    return (struct sql_value){.kind = SQL_TEXT, .bytes = text};
}

struct sql_value sql_text(const char *text)
{
    return text ? sql_text_bytes(bytes_text(text)) : sql_null();
}

struct sql_value sql_blob(struct bytes bytes)
{
    return (struct sql_value){.kind = SQL_BLOB, .bytes = bytes};
}

struct sql_value sql_null(void)
{
    return (struct sql_value){.kind = SQL_NULL};
}

/* True of every statement that may change rows; one that turns out to read
 * only (WITH ... SELECT) does no harm. */
static bool changes(const char *statement)
{
    static const char *const others[] = {"SELECT", "PRAGMA", "CREATE", "DROP"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strncmp(statement, others[i], strlen(others[i])))
            return false;
    return true;
}

enum err sql_each_row(struct sql *sql, const char *statement,
                      const struct sql_value *values, size_t count,
                      sql_each *each, void *context)
{
    enum err err =
        sql->run(sql->context, statement, values, count, each, context);
    if (!err && sql->heard && changes(statement))
        sql->tap->ran(sql->tap->context, statement, values, count);
    return err;
}

enum err sql_run(struct sql *sql, const char *statement,
                 const struct sql_value *values, size_t count)
{
    return sql_each_row(sql, statement, values, count, NULL, NULL);
}

struct finding {
    sql_each *each;
    void *context;
    bool found;
};

static enum err found_row(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct finding *finding = context;
    finding->found = true;
    return finding->each ? finding->each(finding->context, row, columns)
                         : ERR_OK;
}

enum err sql_find(struct sql *sql, const char *statement,
                  const struct sql_value *values, size_t count, sql_each *each,
                  void *context)
{
    struct finding finding = {.each = each, .context = context};
    enum err err =
        sql_each_row(sql, statement, values, count, found_row, &finding);
    return err || finding.found ? err : ERR_NOT_FOUND;
}

static enum err int_row(void *context, const struct sql_value *row,
                        size_t columns)
{
    (void)columns;
    *(int64_t *)context = row[0].integer;
    return ERR_OK;
}

enum err sql_find_int(struct sql *sql, const char *statement,
                      const struct sql_value *values, size_t count,
                      int64_t *out)
{
    return sql_find(sql, statement, values, count, int_row, out);
}

enum err sql_begin(struct sql *sql, bool write)
{
    enum err err = sql->begin(sql->context, write);
    if (err || !write || !sql->tap)
        return err;
    err = sql->tap->begun(sql->tap->context, sql);
    sql->heard = true;
    if (err)
        sql_rollback(sql);
    return err;
}

static void transaction_end(struct sql *sql, bool committed)
{
    if (sql->heard)
        sql->tap->ended(sql->tap->context, committed);
    sql->heard = false;
}

static enum err transaction_tell(struct sql *sql)
{
    if (!sql->heard)
        return ERR_OK;
    sql->heard = false;
    enum err err = sql->tap->committing(sql->tap->context, sql);
    sql->heard = true;
    return err;
}

enum err sql_commit(struct sql *sql)
{
    enum err err = transaction_tell(sql);
    if (err)
        sql_rollback(sql);
    else
        err = sql->commit(sql->context);
    transaction_end(sql, !err);
    return err;
}

void sql_rollback(struct sql *sql)
{
    enum err err = sql->rollback(sql->context);
    (void)err;
    transaction_end(sql, false);
}

void sql_idle(struct sql *sql)
{
    if (sql->idle)
        sql->idle(sql->context);
}

void sql_close(struct sql *sql)
{
    if (sql->close)
        sql->close(sql->context);
    *sql = (struct sql){0};
}

void sql_copy_text(char *out, size_t room, const struct sql_value *value)
{
    size_t size = value->bytes.size < room ? value->bytes.size : room - 1;
    if (size)
        memcpy(out, value->bytes.at, size);
    out[size] = '\0';
}

enum err sql_copy_fixed(void *out, size_t size, const struct sql_value *value)
{
    if (value->kind != SQL_BLOB || value->bytes.size != size)
        return ERR_CORRUPT;
    memcpy(out, value->bytes.at, size);
    return ERR_OK;
}

bool sql_is_null(const struct sql_value *value)
{
    return value->kind == SQL_NULL;
}
