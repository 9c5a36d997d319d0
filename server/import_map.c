#include "server/import_map.h"

#include <string.h>
#include <strings.h>

#include "server/import_map_inner.h"
#include "shared/model/canon.h"

static const struct import_map_column organization_columns[] = {
    {"name", "name", IMPORT_AS_TEXT},
    {"alternate_name", "alternate_name", IMPORT_AS_TEXT},
    {"description", "description", IMPORT_AS_TEXT},
    {"email", "email", IMPORT_AS_TEXT},
    {"website", "website", IMPORT_AS_TEXT},
    {"tax_status", "tax_status", IMPORT_AS_TEXT},
    {"tax_id", "tax_id", IMPORT_AS_TEXT},
    {"year_incorporated", "year_incorporated", IMPORT_AS_INT},
    {"legal_status", "legal_status", IMPORT_AS_TEXT},
    {"logo", "logo", IMPORT_AS_TEXT},
    {"uri", "uri", IMPORT_AS_TEXT},
    {"parent_organization_id", "parent", IMPORT_AS_KEY},
};

static const struct import_map_column location_columns[] = {
    {"location_type", "location_type", IMPORT_AS_CODE},
    {"url", "url", IMPORT_AS_TEXT},
    {"organization_id", "organization", IMPORT_AS_KEY},
    {"name", "name", IMPORT_AS_TEXT},
    {"alternate_name", "alternate_name", IMPORT_AS_TEXT},
    {"description", "description", IMPORT_AS_TEXT},
    {"transportation", "transportation", IMPORT_AS_TEXT},
    {"latitude", "latitude", IMPORT_AS_TEXT},
    {"longitude", "longitude", IMPORT_AS_TEXT},
};

static const struct import_map_column service_columns[] = {
    {"organization_id", "organization", IMPORT_AS_KEY},
    {"name", "name", IMPORT_AS_TEXT},
    {"alternate_name", "alternate_name", IMPORT_AS_TEXT},
    {"description", "description", IMPORT_AS_TEXT},
    {"url", "url", IMPORT_AS_TEXT},
    {"email", "email", IMPORT_AS_TEXT},
    {"status", "status", IMPORT_AS_CODE},
    {"interpretation_services", "interpretation", IMPORT_AS_TEXT},
    {"application_process", "application", IMPORT_AS_TEXT},
    {"fees_description", "fees", IMPORT_AS_TEXT},
    {"wait_time", "wait_time", IMPORT_AS_TEXT},
    {"fees", "fees_note", IMPORT_AS_TEXT},
    {"accreditations", "accreditations", IMPORT_AS_TEXT},
    {"eligibility_description", "eligibility", IMPORT_AS_TEXT},
    {"minimum_age", "minimum_age", IMPORT_AS_TEXT},
    {"maximum_age", "maximum_age", IMPORT_AS_TEXT},
    {"assured_date", "assured_on", IMPORT_AS_TEXT},
    {"assurer_email", "assurer_email", IMPORT_AS_TEXT},
    {"licenses", "licenses", IMPORT_AS_TEXT},
    {"alert", "alert", IMPORT_AS_TEXT},
    {"last_modified", "last_modified", IMPORT_AS_TEXT},
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const struct {
    enum import_table_id table;
    const struct import_map_column *columns;
    size_t count;
    void (*more)(struct mapper *m); /* NULL: nothing */
} types[] = {
    {ORGANIZATION, organization_columns, COUNT(organization_columns), NULL},
    {LOCATION, location_columns, COUNT(location_columns), mapper_place},
    {SERVICE, service_columns, COUNT(service_columns), mapper_offers},
};

const struct import_map_column *import_map_columns(enum import_table_id table,
                                                   size_t *count)
{
    for (size_t i = 0; i < COUNT(types); i++) {
        if (types[i].table == table) {
            *count = types[i].count;
            return types[i].columns;
        }
    }
    *count = 0;
    return NULL;
}

bool import_is_county(struct bytes extent)
{
    if (extent.size != 5)
        return false;
    for (size_t i = 0; i < extent.size; i++) {
        if (extent.at[i] < '0' || extent.at[i] > '9')
            return false;
    }
    return true;
}

/* "temporarily closed" is the code temporarily_closed. */
static void put_code(struct mapper *m, const char *name, struct bytes text)
{
    buffer_clear(&m->text);
    buffer_add_bytes(&m->text, text);
    if (buffer_err(&m->text)) {
        m->err = ERR_NOMEM;
        return;
    }
    for (size_t i = 0; i < m->text.size; i++) {
        if (m->text.at[i] == ' ')
            m->text.at[i] = '_';
    }
    mapper_put_text(m, name, buffer_bytes(&m->text));
}

/* 2011, also when it was written as 2011.0. */
static void put_int(struct mapper *m, const char *name,
                    const struct import_cell *from)
{
    struct bytes text = from->text;
    const uint8_t *dot = text.size ? memchr(text.at, '.', text.size) : NULL;
    int64_t value;
    if (dot) {
        struct bytes rest =
            bytes_of(dot + 1, text.size - (size_t)(dot - text.at) - 1);
        while (rest.size && rest.at[rest.size - 1] == '0')
            rest.size--;
        if (!rest.size)
            text.size = (size_t)(dot - text.at);
    }
    if (!text.size) {
        mapper_put_null(m, name);
        return;
    }
    if (int64_parse(text, &value) || value > CANON_INT_MAX ||
        value < -CANON_INT_MAX) {
        char quoted[IMPORT_QUOTE_CHARS];
        m->err = import_notes_add(m->rows->notes, IMPORT_WARNING,
                                  m->record->row->file, from->offset,
                                  "%s: %s is no whole number; not imported",
                                  name, import_quote(quoted, from->text));
        return;
    }
    buffer_clear(&m->text);
    buffer_add_int(&m->text, value);
    if (buffer_err(&m->text))
        m->err = ERR_NOMEM;
    else
        mapper_put_json(m, name, buffer_bytes(&m->text));
}

static void put_column(struct mapper *m, const struct import_map_column *column)
{
    const struct import_row *row = m->record->row;
    const struct import_cell *from =
        import_row_cell(m->rows, row, column->column);
    char id[ID_CHARS + 1];
    if (!from->said)
        return;
    switch (column->as) {
    case IMPORT_AS_TEXT:
        mapper_put_text(m, column->field, from->text);
        return;
    case IMPORT_AS_CODE:
        put_code(m, column->field, from->text);
        return;
    case IMPORT_AS_INT:
        put_int(m, column->field, from);
        return;
    case IMPORT_AS_KEY:
        if (import_row_key(m->rows, row, column->column, id))
            mapper_put_text(m, column->field, bytes_text(id));
        else
            mapper_put_null(m, column->field);
        return;
    }
}

/* The publisher's id, where the record has another. */
static void put_external_id(struct mapper *m)
{
    const struct import_row *row = m->record->row;
    struct bytes id = row->cells[0].text;
    if (id.size != ID_CHARS || !id_valid(bytes_text(row->id)) ||
        strncasecmp((const char *)id.at, row->id, ID_CHARS) != 0)
        mapper_put_text(m, "external_id", id);
}

static enum err map_row(struct mapper *m, size_t type,
                        const struct import_row *row, const char *source,
                        struct import_records *out)
{
    struct import_record *record = arena_take(m->arena, sizeof *record);
    if (!record)
        return ERR_NOMEM;
    record->type = m->rows->package->tables[row->table].name;
    record->row = row;
    m->record = record;
    for (size_t i = 0; i < types[type].count && !m->err; i++)
        put_column(m, &types[type].columns[i]);
    put_external_id(m);
    mapper_put_text(m, "source", bytes_text(source));
    mapper_lists(m);
    if (!is_type(m, ORGANIZATION))
        mapper_hours(m);
    if (types[type].more)
        types[type].more(m);
    if (out->last)
        out->last->next = record;
    else
        out->first = record;
    out->last = record;
    out->count++;
    return m->err;
}

/* Tables that become neither records nor fields. */
static enum err note_left_aside(struct import_publication *publication)
{
    static const enum import_table_id aside[] = {METADATA,
                                                 META_TABLE_DESCRIPTION};
    enum err err = ERR_OK;
    for (size_t i = 0; i < COUNT(aside) && !err; i++) {
        size_t count = publication->rows.tables[aside[i]].count;
        const struct import_row *first =
            publication->rows.tables[aside[i]].first;
        if (count)
            err = import_notes_add(
                &publication->notes, IMPORT_REMARK, first->file, first->offset,
                "%zu row%s of %s: about the data, not imported", count,
                count == 1 ? "" : "s",
                publication->package.tables[aside[i]].name);
    }
    return err;
}

enum err import_map(struct import_publication *publication, const char *source,
                    struct import_records *out)
{
    struct mapper m;
    *out = (struct import_records){0};
    enum err err = mapper_init(&m, publication);
    if (err)
        return err;
    for (size_t type = 0; type < COUNT(types) && !err; type++) {
        const struct import_row *row = m.rows->tables[types[type].table].first;
        for (; row && !err; row = row->next)
            err = map_row(&m, type, row, source, out);
    }
    mapper_fini(&m);
    return err ? err : note_left_aside(publication);
}
