/* Addresses of a location, and what services and locations say of each other.
 */
#include <string.h>
#include <strings.h>

#include "server/import_map_inner.h"

static void join(struct mapper *m, struct bytes text, const char *between)
{
    if (!text.size)
        return;
    if (m->text.size)
        buffer_add_text(&m->text, between);
    buffer_add_bytes(&m->text, text);
}

static void put_written(struct mapper *m, const char *name)
{
    if (buffer_err(&m->text))
        m->err = ERR_NOMEM;
    else
        mapper_put_text(m, name, buffer_bytes(&m->text));
}

static void add_written(struct mapper *m, struct import_field *set)
{
    if (buffer_err(&m->text))
        m->err = ERR_NOMEM;
    else
        mapper_add(m, set, buffer_bytes(&m->text));
}

static void write_street(struct mapper *m, const struct import_row *row)
{
    buffer_clear(&m->text);
    join(m, cell(m, row, "address_1"), "");
    join(m, cell(m, row, "address_2"), ", ");
}

/* A physical address before any other; the id settles the rest. */
static const struct import_row *main_address(struct mapper *m)
{
    const struct import_row *best = NULL;
    for (const struct link *at = mapper_all_children(m, ADDRESS); at;
         at = at->next) {
        bool physical = bytes_is(cell(m, at->row, "address_type"), "physical");
        bool best_physical =
            best && bytes_is(cell(m, best, "address_type"), "physical");
        if (!best || (physical && !best_physical) ||
            (physical == best_physical && strcmp(at->row->id, best->id) < 0))
            best = at->row;
    }
    return best;
}

static void put_main_address(struct mapper *m, const struct import_row *row)
{
    static const struct {
        const char *field, *column;
    } parts[] = {
        {"attention", "attention"}, {"city", "city"},
        {"region", "region"},       {"state", "state_province"},
        {"country", "country"},     {"postal_code", "postal_code"},
    };
    buffer_clear(&m->text);
    if (row)
        write_street(m, row);
    put_written(m, "address");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        mapper_put_text(m, parts[i].field,
                        row ? cell(m, row, parts[i].column)
                            : bytes_of(NULL, 0));
}

/* postal: Ann Persona, 1 Main Street, Tupelo, Lee County, MS 38801, US */
static void put_addresses(struct mapper *m)
{
    bool partial;
    if (!mapper_speaks(m, ADDRESS, &partial))
        return;
    const struct import_row *row = main_address(m);
    put_main_address(m, row);
    struct import_field *set = mapper_set(m, "other_addresses", partial);
    for (const struct link *at = mapper_all_children(m, ADDRESS); at;
         at = at->next) {
        if (at->row == row)
            continue;
        buffer_clear(&m->text);
        join(m, cell(m, at->row, "address_type"), "");
        join(m, cell(m, at->row, "attention"), ": ");
        join(m, cell(m, at->row, "address_1"),
             cell(m, at->row, "attention").size ? ", " : ": ");
        join(m, cell(m, at->row, "address_2"), ", ");
        join(m, cell(m, at->row, "city"), ", ");
        join(m, cell(m, at->row, "region"), ", ");
        join(m, cell(m, at->row, "state_province"), ", ");
        join(m, cell(m, at->row, "postal_code"), " ");
        join(m, cell(m, at->row, "country"), ", ");
        add_written(m, set);
    }
}

static void put_accessibility(struct mapper *m)
{
    bool partial;
    if (!mapper_speaks(m, ACCESSIBILITY, &partial))
        return;
    buffer_clear(&m->text);
    for (const struct link *at = mapper_all_children(m, ACCESSIBILITY); at;
         at = at->next) {
        join(m, cell(m, at->row, "description"), "\n");
        join(m, cell(m, at->row, "details"), "\n");
        join(m, cell(m, at->row, "url"), "\n");
    }
    put_written(m, "accessibility");
}

/* external_identifier is one identifier; a SIDN is the IRS's own. */
static void put_identifiers(struct mapper *m)
{
    const struct import_row *row = m->record->row;
    const struct import_cell *own =
        import_row_cell(m->rows, row, "external_identifier");
    struct bytes type = cell(m, row, "external_identifier_type");
    if (!own->said)
        return;
    struct import_field *set = mapper_set(m, "identifiers", false);
    buffer_clear(&m->text);
    if (own->text.size) {
        join(m, type, "");
        join(m, own->text, ":");
    }
    add_written(m, set);
    if (bytes_is(type, "IRS-SIDN"))
        mapper_put_text(m, "sidn", own->text);
}

/* --- services at locations --- */

static const struct import_row *
end_of(struct mapper *m, const struct import_row *at, const char *column,
       enum import_table_id table, char id[ID_CHARS + 1])
{
    return import_row_key(m->rows, at, column, id)
               ? import_rows_find(m->rows, table, id)
               : NULL;
}

static bool is_vita(struct mapper *m, const char *service)
{
    char id[ID_CHARS + 1];
    for (const struct link *at = mapper_children(m, service, ATTRIBUTE); at;
         at = at->next) {
        const struct import_row *term =
            end_of(m, at->row, "taxonomy_term_id", TAXONOMY_TERM, id);
        if (term && bytes_is(cell(m, term, "code"), IMPORT_VITA_CODE))
            return true;
    }
    return false;
}

/* Which counties are served from here: those of the services given here. */
static void put_coverage(struct mapper *m)
{
    char id[ID_CHARS + 1];
    const struct import_package *package = m->rows->package;
    bool whole = package->tables[SERVICE_AT_LOCATION].present &&
                 package->tables[SERVICE_AREA].present;
    const struct link *at =
        mapper_children(m, m->record->row->id, SERVICE_AT_LOCATION);
    if (!whole && !at)
        return;
    struct import_field *set = mapper_set(m, "coverage", !whole);
    for (; at; at = at->next) {
        if (!import_row_key(m->rows, at->row, "service_id", id))
            continue;
        for (const struct link *area = mapper_children(m, id, SERVICE_AREA);
             area; area = area->next) {
            struct bytes extent = cell(m, area->row, "extent");
            if (import_is_county(extent))
                mapper_add(m, set, extent);
        }
    }
}

/* Only what all services at the location have in common. */
static void put_appointment(struct mapper *m)
{
    static const struct {
        const char *published, *code;
    } ways[] = {
        {"appointment required", "required"},
        {"appointment not required", "not_required"},
        {"walk-in only", "walk_in_only"},
    };
    char id[ID_CHARS + 1];
    const char *code = NULL;
    for (const struct link *at =
             mapper_children(m, m->record->row->id, SERVICE_AT_LOCATION);
         at; at = at->next) {
        const struct import_row *service =
            end_of(m, at->row, "service_id", SERVICE, id);
        const char *found = NULL;
        struct bytes way = service ? cell(m, service, "application_process")
                                   : bytes_of(NULL, 0);
        for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
            if (way.size == strlen(ways[i].published) &&
                !strncasecmp((const char *)way.at, ways[i].published, way.size))
                found = ways[i].code;
        }
        if (!found || (code && found != code))
            return;
        code = found;
    }
    if (code)
        mapper_put_text(m, "appointment", bytes_text(code));
}

static void put_vita_site(struct mapper *m)
{
    char id[ID_CHARS + 1];
    for (const struct link *at =
             mapper_children(m, m->record->row->id, SERVICE_AT_LOCATION);
         at; at = at->next) {
        if (import_row_key(m->rows, at->row, "service_id", id) &&
            is_vita(m, id)) {
            mapper_put_true(m, "vita_site");
            return;
        }
    }
    if (m->rows->package->tables[SERVICE_AT_LOCATION].present &&
        m->rows->package->tables[ATTRIBUTE].present)
        mapper_put_null(m, "vita_site");
}

void mapper_place(struct mapper *m)
{
    put_addresses(m);
    put_accessibility(m);
    put_identifiers(m);
    put_coverage(m);
    put_appointment(m);
    put_vita_site(m);
}

static void put_locations(struct mapper *m)
{
    char id[ID_CHARS + 1];
    const char *own = m->record->row->id;
    bool partial = !import_rows_said(m->rows, own, SERVICE_AT_LOCATION);
    const struct link *at = mapper_children(m, own, SERVICE_AT_LOCATION);
    if (partial && !at)
        return;
    struct import_field *places = mapper_set(m, "locations", partial);
    struct import_field *notes = mapper_set(m, "location_notes", partial);
    for (; at; at = at->next) {
        const struct import_row *place =
            end_of(m, at->row, "location_id", LOCATION, id);
        struct bytes note = cell(m, at->row, "description");
        if (!import_row_key(m->rows, at->row, "location_id", id))
            continue;
        mapper_add(m, places, bytes_text(id));
        buffer_clear(&m->text);
        if (note.size) {
            join(m, place ? cell(m, place, "name") : bytes_text(id), "");
            join(m, note, ": ");
        }
        add_written(m, notes);
    }
}

static void put_program(struct mapper *m)
{
    char id[ID_CHARS + 1];
    const struct import_row *row = m->record->row;
    if (!import_row_cell(m->rows, row, "program_id")->said)
        return;
    const struct import_row *program =
        end_of(m, row, "program_id", PROGRAM, id);
    mapper_put_text(m, "program",
                    program ? cell(m, program, "name")
                            : cell(m, row, "program_id"));
}

void mapper_offers(struct mapper *m)
{
    const char *own = m->record->row->id;
    put_locations(m);
    put_program(m);
    if (!import_rows_said(m->rows, own, ATTRIBUTE))
        return;
    struct import_field *categories = mapper_set(m, "categories", false);
    if (is_vita(m, own)) {
        mapper_put_true(m, "vita");
        mapper_add(m, categories, bytes_text("tax"));
    } else {
        mapper_put_null(m, "vita");
    }
}
