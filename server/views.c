#include "server/views.h"

#include <stdio.h>
#include <string.h>

#define STATEMENT_BYTES_MAX (1u << 20)
#define TEXTS_BYTES_MAX (16u << 20)
#define VIEW_NAME_CHARS (NAME_CHARS_MAX + 2)

static const char view_find[] =
    "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = $1";

static const char trust[] = "PRAGMA trusted_schema = ON";

enum err views_connect(struct office *office, struct sql *out)
{
    enum err err = office_connect(office, out);
    if (!err)
        err = sql_run(out, trust, NULL, 0);
    if (err)
        sql_close(out);
    return err;
}

enum err views_statement(struct buffer *out, const char *agency,
                         const struct schema_type *type)
{
    struct bytes name = type_name(type);
    buffer_printf(out, "CREATE VIEW \"v_%.*s\" AS SELECT record, case_id",
                  (int)name.size, (const char *)name.at);
    for (size_t i = 0; i < type_field_count(type); i++) {
        struct bytes field = field_name(type_field_at(type, i));
        int size = (int)field.size;
        const char *text = (const char *)field.at;
        buffer_printf(out,
                      ",\n json_extract(state, '$.fields.\"%.*s\".value') AS "
                      "\"%.*s\",\n coalesce(json_extract(state, "
                      "'$.fields.\"%.*s\".open'), 0) AS \"%.*s__open\"",
                      size, text, size, text, size, text, size, text);
    }
    buffer_printf(out, "\nFROM record WHERE agency = '%s' AND type = '%.*s'",
                  agency, (int)name.size, (const char *)name.at);
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
    struct sql sql;
    /* Drivers know a statement by its address, so each text keeps its own as
     * long as the connection lives. */
    struct arena texts;
};

static enum err run_text(struct update *u, struct bytes text)
{
    const char *copy = arena_copy(&u->texts, text);
    if (!copy)
        return ERR_NOMEM;
    return sql_run(&u->sql, copy, NULL, 0);
}

static enum err drop(struct update *u, const char *name)
{
    char text[VIEW_NAME_CHARS + 32];
    int size = snprintf(text, sizeof text, "DROP VIEW \"%s\"", name);
    return run_text(u, bytes_of(text, (size_t)size));
}

static enum err update_type(struct update *u, const struct schema_type *type)
{
    char name[VIEW_NAME_CHARS + 1];
    struct buffer now, old;
    struct bytes type_text = type_name(type);
    snprintf(name, sizeof name, "v_%.*s", (int)type_text.size,
             (const char *)type_text.at);
    buffer_init(&now, STATEMENT_BYTES_MAX);
    buffer_init(&old, STATEMENT_BYTES_MAX);
    enum err err = views_statement(&now, u->office->agency, type);
    enum err found = err;
    if (!err)
        found = err = sql_find(&u->sql, view_find, SQL_VALUES(sql_text(name)),
                               take_sql, &old);
    if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    bool same = !found && bytes_equal(buffer_bytes(&now), buffer_bytes(&old));
    if (!err && !found && !same)
        err = drop(u, name);
    if (!err && !same)
        err = run_text(u, buffer_bytes(&now));
    buffer_fini(&now);
    buffer_fini(&old);
    return err;
}

enum err views_update(struct office *office)
{
    struct update u = {.office = office};
    arena_init(&u.texts, TEXTS_BYTES_MAX);
    enum err err = office_connect(office, &u.sql);
    if (!err)
        err = sql_begin(&u.sql, true);
    if (!err) {
        const struct schema *schema = office->schema;
        for (size_t i = 0; i < schema_type_count(schema) && !err; i++)
            err = update_type(&u, schema_type_at(schema, i));
        if (err)
            sql_rollback(&u.sql);
        else
            err = sql_commit(&u.sql);
    }
    if (err && u.sql.detail)
        snprintf(office->detail, sizeof office->detail, "%s",
                 u.sql.detail(u.sql.context));
    sql_close(&u.sql);
    arena_fini(&u.texts);
    return err;
}
