#include "server/views.h"

#include <stdio.h>
#include <string.h>

#define STATEMENT_BYTES_MAX (1u << 20)
#define TEXTS_BYTES_MAX (16u << 20)
#define VIEW_NAME_CHARS (2 * NAME_CHARS_MAX + 4)

static const char view_find[] =
    "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = $1";

static const char trust[] = "PRAGMA trusted_schema = ON";
static const char read_only[] = "PRAGMA query_only = ON";

enum err views_connect(struct office *office, struct sql *out)
{
    enum err err = office_connect(office, out);
    if (!err)
        err = sql_run(out, trust, NULL, 0);
    if (!err)
        err = sql_run(out, read_only, NULL, 0);
    if (err)
        sql_close(out);
    return err;
}

static bool is_day(const struct schema_field *field)
{
    enum value_kind kind = field_kind(field);
    return (kind == VALUE_DATE || kind == VALUE_INSTANT) &&
           !views_has_rows(field);
}

bool views_has_rows(const struct schema_field *field)
{
    return field_list(field) || field_rule(field) == RULE_SET ||
           field_row_count(field) > 0;
}

static void add_field(struct buffer *out, const struct schema_field *field)
{
    struct bytes name = field_name(field);
    int size = (int)name.size;
    const char *text = (const char *)name.at;
    buffer_printf(out,
                  ",\n json_extract(state, '$.fields.\"%.*s\".value') AS "
                  "\"%.*s\",\n coalesce(json_extract(state, "
                  "'$.fields.\"%.*s\".open'), 0) AS \"%.*s__open\"",
                  size, text, size, text, size, text, size, text);
    buffer_printf(out,
                  ",\n json_extract(state, '$.fields.\"%.*s\".live[0].author') "
                  "AS \"%.*s__by\",\n json_extract(state, "
                  "'$.fields.\"%.*s\".live[0].at') AS \"%.*s__at\"",
                  size, text, size, text, size, text, size, text);
    if (is_day(field))
        buffer_printf(out,
                      ",\n CAST(julianday(substr(json_extract(state, "
                      "'$.fields.\"%.*s\".value'), 1, 10)) - 2440587.5 "
                      "AS INTEGER) AS \"%.*s__day\"",
                      size, text, size, text);
}

enum err views_statement(struct buffer *out, const char *agency,
                         const struct schema_type *type)
{
    struct bytes name = type_name(type);
    buffer_printf(out, "CREATE VIEW \"v_%.*s\" AS SELECT record, case_id",
                  (int)name.size, (const char *)name.at);
    for (size_t i = 0; i < type_field_count(type); i++)
        add_field(out, type_field_at(type, i));
    buffer_printf(out, "\nFROM record WHERE agency = '%s' AND type = '%.*s'",
                  agency, (int)name.size, (const char *)name.at);
    return buffer_err(out);
}

enum err views_rows_statement(struct buffer *out, const char *agency,
                              const struct schema_type *type,
                              const struct schema_field *field)
{
    struct bytes name = type_name(type), list = field_name(field);
    size_t rows = field_row_count(field);
    buffer_printf(out,
                  "CREATE VIEW \"v_%.*s__%.*s\" AS SELECT record, case_id, "
                  "row.key AS position%s",
                  (int)name.size, (const char *)name.at, (int)list.size,
                  (const char *)list.at, rows ? "" : ", row.value");
    for (size_t i = 0; i < rows; i++) {
        struct bytes row = field_row_at(field, i);
        buffer_printf(out,
                      ",\n json_extract(row.value, '$.\"%.*s\"') AS "
                      "\"%.*s\"",
                      (int)row.size, (const char *)row.at, (int)row.size,
                      (const char *)row.at);
    }
    buffer_printf(out,
                  "\nFROM record, json_each(state, '$.fields.\"%.*s\".value') "
                  "AS row\nWHERE agency = '%s' AND record.type = '%.*s' "
                  "AND row.type %s",
                  (int)list.size, (const char *)list.at, agency, (int)name.size,
                  (const char *)name.at, rows ? "= 'object'" : "<> 'null'");
    return buffer_err(out);
}

/* Links chain; deeper than this they go round, and the least id of the circle
 * stands for all (shared/model/same.h). */
#define LINKS_DEEP "64"
#define LINKS_ROUND "32"

enum err views_same_statement(struct buffer *out, const char *agency,
                              const struct schema *schema)
{
    size_t count = 0;
    buffer_add_text(out, "CREATE VIEW \"v_same\" AS WITH RECURSIVE\n"
                         "link(record, next) AS (");
    for (size_t i = 0; i < schema_type_count(schema); i++) {
        const struct schema_type *type;
        enum err err = schema_merging_at(schema, i, &type);
        if (err)
            return err;
        if (!type)
            continue;
        struct bytes name = type_name(type);
        struct bytes field = field_name(type_merges(type));
        buffer_printf(out,
                      "%sSELECT record, json_extract(state, "
                      "'$.fields.\"%.*s\".value')\n FROM record "
                      "WHERE agency = '%s' AND type = '%.*s'",
                      count++ ? "\n UNION ALL " : "", (int)field.size,
                      (const char *)field.at, agency, (int)name.size,
                      (const char *)name.at);
    }
    if (count == 0)
        buffer_add_text(out, "SELECT '', '' WHERE 0 = 1");
    buffer_add_text(
        out, "),\nwalk(record, at, depth) AS (SELECT record, record, 0 "
             "FROM link\n UNION ALL SELECT walk.record, link.next, depth + 1 "
             "FROM walk\n JOIN link ON link.record = walk.at "
             "WHERE link.next IS NOT NULL AND depth < " LINKS_DEEP "),\n"
             "deepest(record, depth) AS (SELECT record, max(depth) FROM walk "
             "GROUP BY record)\n"
             "SELECT walk.record, min(walk.at) AS stands_for FROM walk "
             "JOIN deepest ON deepest.record = walk.record\n"
             "WHERE walk.depth = deepest.depth OR (deepest.depth = " LINKS_DEEP
             " AND walk.depth >= " LINKS_ROUND ") GROUP BY walk.record");
    return buffer_err(out);
}

static enum err take_sql(void *context, const struct sql_value *row,
                         size_t columns)
{
    (void)columns;
    struct buffer *old = context;
    buffer_add_bytes(old, row[0].bytes);
    return buffer_err(old);
}

struct update {
    struct office *office;
    struct sql *sql;
    /* Drivers know a statement by its address, so each text keeps its own as
     * long as the connection lives. */
    struct arena *texts;
    bool temporary; /* for this connection alone, where there are none yet */
};

static enum err run_text(struct update *u, struct bytes text)
{
    const char *copy = arena_copy(u->texts, text);
    if (!copy)
        return ERR_NOMEM;
    return sql_run(u->sql, copy, NULL, 0);
}

static enum err drop(struct update *u, const char *name)
{
    char text[VIEW_NAME_CHARS + 32];
    int size = snprintf(text, sizeof text, "DROP VIEW \"%s\"", name);
    return run_text(u, bytes_of(text, (size_t)size));
}

static enum err make_temporary(struct update *u, struct bytes now)
{
    static const char create[] = "CREATE";
    size_t size = sizeof create - 1;
    struct buffer text;
    buffer_init(&text, STATEMENT_BYTES_MAX);
    buffer_printf(&text, "%s TEMP", create);
    buffer_add_bytes(&text, bytes_of(now.at + size, now.size - size));
    enum err err = buffer_err(&text);
    if (!err)
        err = run_text(u, buffer_bytes(&text));
    buffer_fini(&text);
    return err;
}

/* Makes the view, in place of one that was made otherwise. */
static enum err update(struct update *u, const char *name, struct bytes now)
{
    struct buffer old;
    if (u->temporary)
        return make_temporary(u, now);
    buffer_init(&old, STATEMENT_BYTES_MAX);
    enum err err =
        sql_find(u->sql, view_find, SQL_VALUES(sql_text(name)), take_sql, &old);
    bool same = !err && bytes_equal(now, buffer_bytes(&old));
    if (!err && !same)
        err = drop(u, name);
    if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    if (!err && !same)
        err = run_text(u, now);
    buffer_fini(&old);
    return err;
}

static enum err update_rows(struct update *u, const struct schema_type *type,
                            const struct schema_field *field)
{
    char name[VIEW_NAME_CHARS + 1];
    struct buffer now;
    struct bytes text = type_name(type), list = field_name(field);
    (void)snprintf(name, sizeof name, "v_%.*s__%.*s", (int)text.size,
                   (const char *)text.at, (int)list.size,
                   (const char *)list.at);
    buffer_init(&now, STATEMENT_BYTES_MAX);
    enum err err = views_rows_statement(&now, u->office->agency, type, field);
    if (!err)
        err = update(u, name, buffer_bytes(&now));
    buffer_fini(&now);
    return err;
}

static enum err update_type(struct update *u, const struct schema_type *type)
{
    char name[VIEW_NAME_CHARS + 1];
    struct buffer now;
    struct bytes text = type_name(type);
    snprintf(name, sizeof name, "v_%.*s", (int)text.size,
             (const char *)text.at);
    buffer_init(&now, STATEMENT_BYTES_MAX);
    enum err err = views_statement(&now, u->office->agency, type);
    if (!err)
        err = update(u, name, buffer_bytes(&now));
    buffer_fini(&now);
    return err;
}

static enum err update_types(struct update *u)
{
    const struct schema *schema = u->office->schema;
    enum err err = ERR_OK;
    for (size_t i = 0; i < schema_type_count(schema) && !err; i++) {
        const struct schema_type *type;
        err = schema_at(schema, i, &type);
        if (!err)
            err = update_type(u, type);
        for (size_t j = 0; !err && j < type_field_count(type); j++)
            if (views_has_rows(type_field_at(type, j)))
                err = update_rows(u, type, type_field_at(type, j));
    }
    return err;
}

static enum err update_fixed(struct update *u)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < views_fixed_count() && !err; i++) {
        struct bytes text = views_fixed_name(i);
        char name[VIEW_NAME_CHARS + 1];
        struct buffer now;
        snprintf(name, sizeof name, "%.*s", (int)text.size,
                 (const char *)text.at);
        buffer_init(&now, STATEMENT_BYTES_MAX);
        err = views_fixed_statement(&now, u->office->agency, i);
        if (!err)
            err = update(u, name, buffer_bytes(&now));
        buffer_fini(&now);
    }
    return err;
}

static enum err update_same(struct update *u)
{
    struct buffer now;
    buffer_init(&now, STATEMENT_BYTES_MAX);
    enum err err =
        views_same_statement(&now, u->office->agency, u->office->schema);
    if (!err)
        err = update(u, "v_same", buffer_bytes(&now));
    buffer_fini(&now);
    return err;
}

static enum err update_all(struct update *u)
{
    enum err err = update_types(u);
    if (!err)
        err = update_fixed(u);
    return err ? err : update_same(u);
}

enum err views_update(struct office *office)
{
    struct sql sql;
    struct arena texts;
    struct update u = {.office = office, .sql = &sql, .texts = &texts};
    arena_init(&texts, TEXTS_BYTES_MAX);
    enum err err = office_connect(office, &sql);
    if (!err)
        err = sql_begin(&sql, true);
    if (!err) {
        err = update_all(&u);
        if (err)
            sql_rollback(&sql);
        else
            err = sql_commit(&sql);
    }
    if (err && sql.detail)
        snprintf(office->detail, sizeof office->detail, "%s",
                 sql.detail(sql.context));
    sql_close(&sql);
    arena_fini(&texts);
    return err;
}

enum err views_temporary(struct office *office, struct sql *sql,
                         struct arena *texts)
{
    struct update u = {
        .office = office, .sql = sql, .texts = texts, .temporary = true};
    return update_all(&u);
}
