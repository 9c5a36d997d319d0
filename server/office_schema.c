/* Record types: the built-in ones and those of the store's `schema` records. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "server/ingest_batch.h"
#include "server/office_inner.h"
#include "shared/replica/shipped.h"

static const char schema_states[] =
    "SELECT state FROM record WHERE agency = $1 AND type = 'schema' "
    "ORDER BY record";

static const char schema_arrival[] =
    "SELECT coalesce(max(l.arrival), 0) FROM record r JOIN line l "
    "ON l.agency = r.agency AND l.record = r.record "
    "WHERE r.agency = $1 AND r.type = 'schema'";

static enum err take_state(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    return schema_add_state(context, row[0].bytes);
}

enum err office_schema_load(struct office *office, struct sql *sql,
                            struct schema **out)
{
    enum err err = schema_new(out);
    if (!err)
        err = shipped_types_add(*out);
    /* Read before the records are, so that a change between is seen later. */
    if (!err && sql)
        err = sql_find_int(sql, schema_arrival,
                           SQL_VALUES(sql_text(office->agency)),
                           &office->schema_arrival);
    if (!err && sql)
        err = sql_each_row(sql, schema_states,
                           SQL_VALUES(sql_text(office->agency)), take_state,
                           *out);
    if (err) {
        schema_free(*out);
        *out = NULL;
    }
    return err;
}

enum err office_schema_refresh(struct office *office, struct sql *sql)
{
    struct schema *fresh;
    enum err err = office_schema_load(office, sql, &fresh);
    if (err)
        return err;
    struct schema **grown =
        realloc(office->retired, (office->retired_count + 1) * sizeof *grown);
    if (!grown) {
        schema_free(fresh);
        return ERR_NOMEM;
    }
    office->retired = grown;
    grown[office->retired_count++] = office->schema;
    office->schema = fresh;
    return ERR_OK;
}

enum err office_schema_current(struct office *office, struct sql *sql)
{
    int64_t arrival;
    enum err err = sql_find_int(sql, schema_arrival,
                                SQL_VALUES(sql_text(office->agency)), &arrival);
    if (err || arrival == office->schema_arrival)
        return err;
    return office_schema_refresh(office, sql);
}

/* --- publishing the shipped types ----------------------------------------- */

static enum err type_set(struct buffer *set, const struct schema_type *type)
{
    buffer_add_text(set, "{\"definition\":");
    canon_put_text(set, type_definition(type));
    buffer_add_text(set, ",\"name\":");
    canon_put_text(set, type_name(type));
    buffer_printf(set, ",\"version\":%" PRId64 "}", type_version(type));
    return buffer_err(set);
}

/* What its writer has seen of the type's record, and which version that tells.
 */
static enum err record_read(const struct record_row *row, int64_t *version,
                            struct seen *seen)
{
    struct arena arena;
    const struct canon *state, *value;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = canon_parse(&arena, row->state, &state, NULL);
    if (!err) {
        value = canon_member(state, "fields");
        value = value ? canon_member(value, "version") : NULL;
        value = value ? canon_member(value, "value") : NULL;
        *version = value && value->kind == CANON_INT ? value->integer : 1;
        err = fold_context(row->memo, seen);
    }
    arena_fini(&arena);
    return err;
}

/* `row` is NULL when the type has no record yet. */
static enum err type_write(struct batch *b, const char *record,
                           const struct record_row *row,
                           const struct schema_type *type)
{
    int64_t version = 0;
    struct dot dot;
    struct seen seen;
    struct buffer set;
    seen_init(&seen);
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    enum err err = row ? record_read(row, &version, &seen) : ERR_OK;
    if (!err && version < type_version(type)) {
        err = type_set(&set, type);
        struct revision_draft draft = {.record = record,
                                       .type = version ? NULL : "schema",
                                       .seen = &seen,
                                       .set = buffer_bytes(&set)};
        if (!err)
            err = ingest_term(b, "office", &draft, NULL, &dot);
    }
    buffer_fini(&set);
    seen_fini(&seen);
    return err;
}

/* Most stand there already, and need not be read to see so. */
static enum err type_publish(struct batch *b, size_t index)
{
    const struct schema *schema = b->office->schema;
    const struct schema_type *type;
    char record[ID_CHARS + 1];
    struct record_row row;
    id_derive(record, "schema", schema_name_at(schema, index));
    buffer_clear(&b->record_bytes);
    enum err err = store_record_find(b->sql, b->agency, bytes_text(record),
                                     &row, &b->record_bytes);
    bool found = !err;
    if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    if (err || (found && schema_says_state(schema, index, row.state)))
        return err;
    err = schema_at(schema, index, &type);
    return err ? err : type_write(b, record, found ? &row : NULL, type);
}

enum err office_schema_publish(struct batch *b)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < schema_type_count(b->office->schema); i++)
        err = type_publish(b, i);
    return err;
}
