#include "server/record.h"

#include <stdio.h>
#include <string.h>
#include "server/ingest.h"
#include "shared/model/view.h"

#define RECORD_BYTES_MAX (2u * STATE_BYTES_MAX)

/* Of records that may have a value in the field: most have not. */
static const char state_with_field[] =
    "SELECT state FROM record WHERE agency = $1 AND type = $2 "
    "AND state LIKE '%\"' || $3 || '\":%'";

enum err record_load(struct record *out, struct office *office, struct sql *sql,
                     const char *id)
{
    struct record_row row;
    memset(out, 0, sizeof *out);
    buffer_init(&out->bytes, RECORD_BYTES_MAX);
    arena_init(&out->arena, REVISION_ARENA_BYTES);
    if (!id_valid(bytes_text(id))) {
        snprintf(office->detail, sizeof office->detail,
                 "\"%.64s\" is no record id; it is a UUID in lower case", id);
        return ERR_INVALID;
    }
    enum err err = store_record_find(sql, office->agency, bytes_text(id), &row,
                                     &out->bytes);
    if (err == ERR_NOT_FOUND)
        snprintf(office->detail, sizeof office->detail,
                 "there is no record %s at the office", id);
    if (!err)
        err = canon_parse(&out->arena, row.state, &out->root, NULL);
    if (err) {
        record_fini(out);
        return err;
    }
    memcpy(out->id, id, ID_CHARS + 1);
    memcpy(out->type, row.type, sizeof out->type);
    memcpy(out->kase, row.kase, sizeof out->kase);
    out->state = row.state;
    out->memo = row.memo;
    return ERR_OK;
}

void record_fini(struct record *record)
{
    buffer_fini(&record->bytes);
    arena_fini(&record->arena);
    memset(record, 0, sizeof *record);
}

const struct canon *record_field(const struct record *record, const char *field)
{
    const struct canon *fields = canon_member(record->root, "fields");
    return fields ? canon_member(fields, field) : NULL;
}

const struct canon *record_value(const struct record *record, const char *field)
{
    const struct canon *object = record_field(record, field);
    const struct canon *value = object ? canon_member(object, "value") : NULL;
    return value && value->kind != CANON_NULL ? value : NULL;
}

struct bytes record_text(const struct record *record, const char *field)
{
    const struct canon *value = record_value(record, field);
    return value && value->kind == CANON_TEXT ? value->text : bytes_of(NULL, 0);
}

static struct bytes own_name(const struct record *record)
{
    struct bytes name = bytes_of(NULL, 0);
    for (size_t i = 0; !name.size && view_name_fields[i]; i++)
        name = record_text(record, view_name_fields[i]);
    return name;
}

/* Of the record that `id` names, if it is one and is here. */
static enum err name_find(struct bytes id, struct office *office,
                          struct sql *sql, struct buffer *out)
{
    struct record record;
    char text[ID_CHARS + 1];
    if (id.size != ID_CHARS)
        return ERR_OK;
    memcpy(text, id.at, ID_CHARS);
    text[ID_CHARS] = '\0';
    enum err err = record_load(&record, office, sql, text);
    if (!err)
        err = buffer_add_bytes(out, own_name(&record));
    record_fini(&record);
    return err == ERR_NOT_FOUND || err == ERR_INVALID ? ERR_OK : err;
}

enum err record_name(const struct record *record, struct office *office,
                     struct sql *sql, struct buffer *out)
{
    struct bytes name = own_name(record);
    if (name.size)
        return buffer_add_bytes(out, name);
    return name_find(record_text(record, VIEW_PERSON_FIELD), office, sql, out);
}

enum err record_name_of_line(const struct revision *original,
                             struct office *office, struct sql *sql,
                             struct buffer *out)
{
    struct bytes person;
    if (!original->set ||
        !canon_text(original->set, VIEW_PERSON_FIELD, &person))
        return ERR_OK;
    return name_find(person, office, sql, out);
}

struct merging {
    struct same *same;
    const struct schema_type *type;
};

static enum err take_link(void *context, const struct sql_value *row,
                          size_t columns)
{
    const struct merging *m = context;
    (void)columns;
    return same_take(m->same, m->type, row[0].bytes);
}

enum err record_same_load(struct office *office, struct sql *sql,
                          struct bytes type, struct same **out)
{
    struct merging m;
    enum err err = same_new(&m.same);
    if (err)
        return err;
    const struct schema *schema = office->schema;
    for (size_t i = 0; !err && i < schema_type_count(schema); i++) {
        err = schema_merging_at(schema, i, &m.type);
        if (err || !m.type)
            continue;
        struct bytes name = type_name(m.type);
        struct bytes link = field_name(type_merges(m.type));
        if (!type.size || bytes_equal(type, name))
            err = sql_each_row(sql, state_with_field,
                               SQL_VALUES(sql_text(office->agency),
                                          sql_text_bytes(name),
                                          sql_text_bytes(link)),
                               take_link, &m);
    }
    if (err)
        same_free(m.same);
    else
        *out = m.same;
    return err;
}

enum err record_context(const struct record *record, struct seen *seen,
                        struct buffer *token)
{
    enum err err = fold_context(record->memo, seen);
    return err ? err : context_write(token, record->id, 0, seen);
}

enum err record_put(struct office *office, struct sql *sql, const char *author,
                    const char *id, const char *type, const char *kase,
                    struct bytes set)
{
    struct record record;
    struct seen seen;
    struct dot dot;
    struct revision_draft draft = {.record = id, .set = set};
    seen_init(&seen);
    enum err err = record_load(&record, office, sql, id);
    if (err == ERR_NOT_FOUND || (!err && !record.type[0])) {
        draft.type = type;
        draft.kase = kase;
    }
    if (!err)
        err = fold_context(record.memo, &seen);
    draft.seen = &seen;
    if (!err || err == ERR_NOT_FOUND)
        err = ingest_office(office, sql, author, &draft, &dot);
    record_fini(&record);
    seen_fini(&seen);
    return err;
}
