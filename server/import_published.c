#include "server/import_published.h"

#include <stdio.h>
#include <string.h>

#define SEEN_BYTES_MAX (1024u * 1024u)

static const char find_record[] =
    "SELECT publication, seen FROM published_record "
    "WHERE agency = $1 AND record = $2";
static const char find_values[] =
    "SELECT field, value FROM published "
    "WHERE agency = $1 AND record = $2 ORDER BY field";
static const char stored_type[] =
    "SELECT type FROM record WHERE agency = $1 AND record = $2";
static const char put_record[] =
    "INSERT INTO published_record "
    "(agency, record, type, publication, seen, imported_at) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (agency, record) "
    "DO UPDATE SET type = excluded.type, publication = excluded.publication, "
    "seen = excluded.seen, imported_at = excluded.imported_at";
static const char put_value[] =
    "INSERT INTO published (agency, record, field, value, replica, n) "
    "VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (agency, record, field) "
    "DO UPDATE SET value = excluded.value, replica = excluded.replica, "
    "n = excluded.n";
static const char last_publication[] =
    "SELECT COALESCE(MAX(publication), 0) FROM published_record "
    "WHERE agency = $1";
static const char join_publications[] =
    "UPDATE published_record SET publication = $3 "
    "WHERE agency = $1 AND publication = $2";
static const char each_record[] =
    "SELECT type, record FROM published_record "
    "WHERE agency = $1 AND publication = $2 ORDER BY type, record";

struct reading {
    struct import_published *out;
    struct arena *arena;
    struct import_value **end;
};

static enum err read_record(void *context, const struct sql_value *row,
                            size_t columns)
{
    struct reading *reading = context;
    (void)columns;
    const struct canon *root;
    reading->out->found = true;
    reading->out->publication = row[0].integer;
    /* The tree borrows the text, which is the row's; `seen` copies. */
    if (canon_parse(reading->arena, row[1].bytes, &root, NULL))
        return ERR_CORRUPT;
    return seen_read(&reading->out->seen, root);
}

static enum err read_value(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct reading *reading = context;
    (void)columns;
    struct import_value *value = arena_take(reading->arena, sizeof *value);
    char *field = arena_copy(reading->arena, row[0].bytes);
    char *json = arena_copy(reading->arena, row[1].bytes);
    if (!value || !field || !json)
        return ERR_NOMEM;
    value->field = field;
    value->value = bytes_of(json, row[1].bytes.size);
    *reading->end = value;
    reading->end = &value->next;
    return ERR_OK;
}

enum err import_published_find(struct sql *sql, const char *agency,
                               const char *record, struct arena *arena,
                               struct import_published *out)
{
    *out = (struct import_published){0};
    seen_init(&out->seen);
    struct reading reading = {.out = out, .arena = arena, .end = &out->values};
    enum err err = sql_each_row(sql, find_record,
                                SQL_VALUES(sql_text(agency), sql_text(record)),
                                read_record, &reading);
    if (err || !out->found)
        return err;
    return sql_each_row(sql, find_values,
                        SQL_VALUES(sql_text(agency), sql_text(record)),
                        read_value, &reading);
}

void import_published_fini(struct import_published *published)
{
    seen_fini(&published->seen);
    *published = (struct import_published){0};
}

static enum err copy_type(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    (void)snprintf(context, NAME_CHARS_MAX + 1, "%.*s", (int)row[0].bytes.size,
                   row[0].bytes.size ? (const char *)row[0].bytes.at : "");
    return ERR_OK;
}

enum err import_stored_type(struct sql *sql, const char *agency,
                            const char *record, char type[NAME_CHARS_MAX + 1])
{
    type[0] = 0;
    return sql_find(sql, stored_type,
                    SQL_VALUES(sql_text(agency), sql_text(record)), copy_type,
                    type);
}

enum err import_published_put(struct sql *sql, const char *agency,
                              const char *record, const char *type,
                              int64_t publication, const struct seen *seen,
                              int64_t now)
{
    struct buffer json;
    buffer_init(&json, SEEN_BYTES_MAX);
    enum err err = seen_write(&json, seen);
    if (!err)
        err = sql_run(sql, put_record,
                      SQL_VALUES(sql_text(agency), sql_text(record),
                                 sql_text(type), sql_int(publication),
                                 sql_text_bytes(buffer_bytes(&json)),
                                 sql_int(now)));
    buffer_fini(&json);
    return err;
}

enum err import_published_value(struct sql *sql, const char *agency,
                                const char *record, const char *field,
                                struct bytes value, const struct dot *dot)
{
    return sql_run(sql, put_value,
                   SQL_VALUES(sql_text(agency), sql_text(record),
                              sql_text(field), sql_text_bytes(value),
                              sql_text(dot->replica), sql_int(dot->n)));
}

static enum err copy_int(void *context, const struct sql_value *row,
                         size_t columns)
{
    (void)columns;
    *(int64_t *)context = row[0].integer;
    return ERR_OK;
}

enum err import_publication_new(struct sql *sql, const char *agency,
                                int64_t *out)
{
    *out = 0;
    enum err err = sql_find(sql, last_publication, SQL_VALUES(sql_text(agency)),
                            copy_int, out);
    ++*out;
    return err;
}

enum err import_publication_join(struct sql *sql, const char *agency,
                                 int64_t from, int64_t into)
{
    return sql_run(sql, join_publications,
                   SQL_VALUES(sql_text(agency), sql_int(from), sql_int(into)));
}

struct visit {
    import_each_record *each;
    void *context;
};

static enum err visit_record(void *context, const struct sql_value *row,
                             size_t columns)
{
    const struct visit *visit = context;
    char type[NAME_CHARS_MAX + 1], record[ID_CHARS + 1];
    (void)columns;
    (void)copy_type(type, row, 1);
    (void)snprintf(record, sizeof record, "%.*s", (int)row[1].bytes.size,
                   (const char *)row[1].bytes.at);
    return visit->each(visit->context, type, record);
}

enum err import_publication_each(struct sql *sql, const char *agency,
                                 int64_t publication, import_each_record *each,
                                 void *context)
{
    struct visit visit = {.each = each, .context = context};
    return sql_each_row(sql, each_record,
                        SQL_VALUES(sql_text(agency), sql_int(publication)),
                        visit_record, &visit);
}
