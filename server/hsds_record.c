/* From the directory's records to rows: what import_map*.c does, backwards.
 * What people wrote in words goes into the first column that takes words, from
 * which it comes back as it was. */
#include <stdio.h>
#include <string.h>
#include "server/hsds.h"
#include "server/hsds_words.h"

struct source {
    struct hsds *hsds;
    const struct canon *fields;
    char id[ID_CHARS + 1];
    const char *owner;          /* the column of a child that names it */
    enum import_table_id table; /* its own */
};

static struct bytes nothing(void)
{
    return bytes_of(NULL, 0);
}

static const struct canon *value_of(const struct source *s, const char *field)
{
    const struct canon *at = canon_member(s->fields, field);
    return at ? canon_member(at, "value") : NULL;
}

static struct bytes text_of(const struct source *s, const char *field)
{
    const struct canon *value = value_of(s, field);
    if (!value)
        return nothing();
    return value->kind == CANON_TEXT  ? value->text
           : value->kind == CANON_INT ? value->raw
                                      : nothing();
}

/* The first member of a set; NULL when it has none. */
static const struct canon *members_of(const struct source *s, const char *field)
{
    const struct canon *value = value_of(s, field);
    return value && value->kind == CANON_ARRAY ? value->first : NULL;
}

static bool has_member(const struct source *s, const char *field,
                       struct bytes text)
{
    const struct canon *at = members_of(s, field);
    while (at && !bytes_equal(at->text, text))
        at = at->next;
    return at != NULL;
}

static void begin_child(const struct source *s, enum import_table_id table)
{
    hsds_row_begin(s->hsds, table);
    hsds_row_put(s->hsds, s->owner, bytes_text(s->id));
}

/* --- the record's own row ------------------------------------------------- */

static void put_code(struct hsds *h, const char *column, struct bytes code)
{
    char text[64];
    if (code.size >= sizeof text)
        return;
    for (size_t i = 0; i < code.size; i++)
        text[i] = (char)(code.at[i] == '_' ? ' ' : code.at[i]);
    hsds_row_put(h, column, bytes_of(text, code.size));
}

static void begin_own(const struct source *s)
{
    size_t count;
    const struct import_map_column *columns =
        import_map_columns(s->table, &count);
    hsds_row_begin(s->hsds, s->table);
    hsds_row_put(s->hsds, "id", bytes_text(s->id)); /* for messages */
    for (size_t i = 0; i < count; i++) {
        struct bytes text = text_of(s, columns[i].field);
        if (columns[i].as == IMPORT_AS_CODE)
            put_code(s->hsds, columns[i].column, text);
        else
            hsds_row_put(s->hsds, columns[i].column, text);
    }
}

/* --- what people wrote in words ------------------------------------------- */

static void words(const struct source *s, const char *field,
                  enum import_table_id table, const char *column)
{
    for (const struct canon *at = members_of(s, field); at; at = at->next) {
        begin_child(s, table);
        hsds_row_put(s->hsds, column, at->text);
        hsds_row_end(s->hsds, NULL);
    }
}

static void phones(const struct source *s)
{
    for (const struct canon *at = members_of(s, "phones"); at; at = at->next) {
        struct hsds_phone phone = hsds_words_phone(at->text);
        begin_child(s, PHONE);
        hsds_row_put(s->hsds, "number", phone.number);
        hsds_row_put(s->hsds, "extension", phone.extension);
        hsds_row_put(s->hsds, "type", phone.type);
        hsds_row_put(s->hsds, "description", phone.about);
        hsds_row_preset(s->hsds, "type", bytes_text("voice"));
        hsds_row_end(s->hsds, NULL);
    }
}

static void put_language(const struct source *s, struct bytes name,
                         struct bytes code, struct bytes note)
{
    begin_child(s, LANGUAGE);
    hsds_row_put(s->hsds, "name", name);
    hsds_row_put(s->hsds, "code", code);
    hsds_row_put(s->hsds, "note", note);
    hsds_row_end(s->hsds, NULL);
}

static void languages(const struct source *s)
{
    struct bytes code, about;
    for (const struct canon *at = members_of(s, "languages"); at;
         at = at->next) {
        bool noted = false;
        for (const struct canon *note = members_of(s, "language_notes"); note;
             note = note->next)
            if (hsds_words_note(note->text, at->text, &code, &about)) {
                put_language(s, at->text, code, about);
                noted = true;
            }
        if (!noted)
            put_language(s, at->text, nothing(), nothing());
    }
}

/* taxonomy:code=value */
static void put_category(const struct source *s, struct bytes whole)
{
    struct bytes taxonomy, code, term, value;
    char id[ID_CHARS + 1];
    struct hsds *h = s->hsds;
    (void)hsds_words_cut(whole, "=", &term, &value);
    import_id(id, "taxonomy_term", term);
    if (!hsds_words_cut(term, ":", &taxonomy, &code)) {
        code = term;
        taxonomy = nothing();
    }
    hsds_row_begin(h, TAXONOMY_TERM);
    hsds_row_put(h, "code", code);
    hsds_row_put(h, "name", code);
    hsds_row_put(h, "description", code);
    hsds_row_put(h, "taxonomy", taxonomy);
    hsds_row_end(h, id);
    hsds_row_begin(h, ATTRIBUTE);
    hsds_row_put(h, "link_id", bytes_text(s->id));
    hsds_row_put(h, "taxonomy_term_id", bytes_text(id));
    hsds_row_put(h, "link_entity",
                 bytes_text(h->package.tables[s->table].name));
    hsds_row_put(h, "value", value);
    hsds_row_end(h, NULL);
}

static void categories(const struct source *s)
{
    const struct canon *vita = value_of(s, "vita");
    bool marked = !vita || vita->kind != CANON_TRUE;
    for (const struct canon *at = members_of(s, "taxonomy"); at;
         at = at->next) {
        struct bytes taxonomy, code;
        if (!hsds_words_cut(at->text, ":", &taxonomy, &code))
            code = at->text;
        marked = marked || bytes_is(code, IMPORT_VITA_CODE);
        put_category(s, at->text);
    }
    if (!marked)
        put_category(s, bytes_text(IMPORT_VITA_CODE));
}

/* --- hours ---------------------------------------------------------------- */

/* One row for each service at a place: its id is known to whoever names it. */
static void offer_id(char out[ID_CHARS + 1], const char *service,
                     struct bytes place)
{
    char both[2 * ID_CHARS + 2];
    snprintf(both, sizeof both, "%s/%.*s", service, (int)place.size,
             (const char *)place.at);
    import_id(out, "service_at_location", bytes_text(both));
}

static void put_schedule(const struct source *s, const struct canon *schedule)
{
    struct bytes place = nothing();
    char offer[ID_CHARS + 1];
    hsds_row_begin(s->hsds, SCHEDULE);
    if (canon_text(schedule, "location", &place) &&
        has_member(s, "locations", place)) {
        offer_id(offer, s->id, place);
        hsds_row_put(s->hsds, "service_at_location_id", bytes_text(offer));
    } else {
        hsds_row_put(s->hsds, s->owner, bytes_text(s->id));
        hsds_row_put(s->hsds, "location_id", place);
    }
    for (const struct canon *at = schedule->first; at; at = at->next) {
        char column[32];
        snprintf(column, sizeof column, "%.*s", (int)at->name.size,
                 (const char *)at->name.at);
        if (at->kind == CANON_TEXT)
            hsds_row_put(s->hsds, column, at->text);
    }
    hsds_row_end(s->hsds, NULL);
}

/* A location's hours that belong to a service are given by the service. */
static void schedules(const struct source *s)
{
    struct bytes words_of = text_of(s, "schedule"), service;
    struct bytes from = text_of(s, "season_from"), to = text_of(s, "season_to");
    const struct canon *at = members_of(s, "schedules");
    if (!at && (words_of.size || from.size || to.size)) {
        begin_child(s, SCHEDULE);
        hsds_row_put(s->hsds, "description", words_of);
        hsds_row_put(s->hsds, "valid_from", from);
        hsds_row_put(s->hsds, "valid_to", to);
        hsds_row_end(s->hsds, NULL);
    }
    for (; at; at = at->next)
        if (at->kind == CANON_OBJECT && !canon_text(at, "service", &service))
            put_schedule(s, at);
}

/* --- each type ------------------------------------------------------------ */

static void organization(const struct source *s)
{
    struct bytes head, rest;
    begin_own(s);
    hsds_row_preset(s->hsds, "description", text_of(s, "name"));
    hsds_row_end(s->hsds, s->id);
    for (const struct canon *at = members_of(s, "identifiers"); at;
         at = at->next) {
        if (!hsds_words_cut(at->text, ":", &head, &rest)) {
            rest = head;
            head = bytes_text("other");
        }
        begin_child(s, ORGANIZATION_IDENTIFIER);
        hsds_row_put(s->hsds, "identifier_type", head);
        hsds_row_put(s->hsds, "identifier", rest);
        hsds_row_end(s->hsds, NULL);
    }
    for (const struct canon *at = members_of(s, "programs"); at;
         at = at->next) {
        struct bytes other;
        (void)hsds_words_cut(at->text, ": ", &head, &rest);
        head = hsds_words_bracket(head, &other);
        begin_child(s, PROGRAM);
        hsds_row_put(s->hsds, "name", head);
        hsds_row_put(s->hsds, "alternate_name", other);
        hsds_row_put(s->hsds, "description", rest.size ? rest : head);
        hsds_row_end(s->hsds, NULL);
    }
}

static void put_identifier(const struct source *s)
{
    const struct canon *first = members_of(s, "identifiers");
    struct bytes type, identifier, sidn = text_of(s, "sidn");
    if (sidn.size) {
        type = bytes_text("IRS-SIDN");
        identifier = sidn;
    } else if (!first ||
               !hsds_words_cut(first->text, ":", &type, &identifier)) {
        type = nothing();
        identifier = first ? first->text : nothing();
    }
    hsds_row_put(s->hsds, "external_identifier", identifier);
    hsds_row_put(s->hsds, "external_identifier_type", type);
}

static void put_address(const struct source *s)
{
    static const struct {
        const char *field, *column;
    } parts[] = {
        {"attention", "attention"},
        {"address", "address_1"},
        {"city", "city"},
        {"region", "region"},
        {"state", "state_province"},
        {"country", "country"},
        {"postal_code", "postal_code"},
        {"location_type", "address_type"},
    };
    if (!text_of(s, "address").size)
        return;
    begin_child(s, ADDRESS);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        hsds_row_put(s->hsds, parts[i].column, text_of(s, parts[i].field));
    hsds_row_preset(s->hsds, "address_type", bytes_text("physical"));
    hsds_row_end(s->hsds, NULL);
}

static void location(const struct source *s)
{
    begin_own(s);
    hsds_row_preset(s->hsds, "location_type", bytes_text("physical"));
    put_identifier(s);
    hsds_row_end(s->hsds, s->id);
    put_address(s);
    if (text_of(s, "accessibility").size) {
        begin_child(s, ACCESSIBILITY);
        hsds_row_put(s->hsds, "description", text_of(s, "accessibility"));
        hsds_row_end(s->hsds, NULL);
    }
    languages(s);
    schedules(s);
}

static void put_area(const struct source *s, struct bytes area)
{
    bool county = import_is_county(area);
    begin_child(s, SERVICE_AREA);
    hsds_row_put(s->hsds, county ? "extent" : "name", area);
    if (county)
        hsds_row_put(s->hsds, "extent_type", bytes_text("US-county-GEOID"));
    hsds_row_end(s->hsds, NULL);
}

/* The cell of a row that was made before this record's. */
static struct bytes cell_of(const struct source *s, enum import_table_id table,
                            const struct hsds_row *row, const char *column)
{
    int at = import_table_column(&s->hsds->package.tables[table],
                                 bytes_text(column));
    return at < 0 ? nothing() : row->cells[at];
}

/* That of its organization which is so called. */
static void put_program(const struct source *s)
{
    struct bytes name = text_of(s, "program");
    struct bytes owner = text_of(s, "organization");
    const struct hsds_row *at = s->hsds->tables[PROGRAM].first;
    while (at &&
           (!bytes_equal(cell_of(s, PROGRAM, at, "name"), name) ||
            !bytes_equal(cell_of(s, PROGRAM, at, "organization_id"), owner)))
        at = at->next;
    if (at)
        hsds_row_put(s->hsds, "program_id", at->cells[0]);
}

/* "Civic Center: upstairs" of the place that is so called. */
static void put_place_note(const struct source *s, struct bytes place)
{
    struct bytes name, note;
    const struct canon *at = members_of(s, "location_notes");
    const struct hsds_row *row = at ? s->hsds->tables[LOCATION].first : NULL;
    while (row && !bytes_equal(row->cells[0], place))
        row = row->next;
    name = row ? cell_of(s, LOCATION, row, "name") : place;
    for (; at && name.size; at = at->next) {
        if (at->text.size < name.size + 2 ||
            !bytes_equal(bytes_of(at->text.at, name.size), name) ||
            memcmp(at->text.at + name.size, ": ", 2) != 0)
            continue;
        note = bytes_of(at->text.at + name.size + 2,
                        at->text.size - name.size - 2);
        hsds_row_preset(s->hsds, "description", note);
    }
}

static void put_offers(const struct source *s)
{
    char offer[ID_CHARS + 1];
    for (const struct canon *at = members_of(s, "locations"); at;
         at = at->next) {
        offer_id(offer, s->id, at->text);
        begin_child(s, SERVICE_AT_LOCATION);
        hsds_row_put(s->hsds, "location_id", at->text);
        put_place_note(s, at->text);
        hsds_row_end(s->hsds, offer);
    }
}

static void service(const struct source *s)
{
    begin_own(s);
    hsds_row_preset(s->hsds, "status", bytes_text("active"));
    put_program(s);
    hsds_row_end(s->hsds, s->id);
    put_offers(s);
    for (const struct canon *at = members_of(s, "counties"); at; at = at->next)
        put_area(s, at->text);
    for (const struct canon *at = members_of(s, "service_areas"); at;
         at = at->next)
        if (!has_member(s, "counties", at->text))
            put_area(s, at->text);
    words(s, "cost_options", COST_OPTION, "option");
    words(s, "required_documents", REQUIRED_DOCUMENT, "document");
    languages(s);
    schedules(s);
}

void hsds_record(struct hsds *h, const struct canon *state)
{
    static const struct {
        enum import_table_id table;
        const char *owner;
        void (*write)(const struct source *s);
    } types[] = {
        {ORGANIZATION, "organization_id", organization},
        {LOCATION, "location_id", location},
        {SERVICE, "service_id", service},
    };
    struct source s = {.hsds = h, .fields = canon_member(state, "fields")};
    struct bytes type, id;
    if (!s.fields || !canon_text(state, "type", &type) ||
        !canon_text(state, "record", &id) || id.size != ID_CHARS)
        return;
    memcpy(s.id, id.at, ID_CHARS);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!bytes_is(type, h->package.tables[types[i].table].name))
            continue;
        s.table = types[i].table;
        s.owner = types[i].owner;
        types[i].write(&s);
        phones(&s);
        words(&s, "contacts", CONTACT, "name");
        if (s.table != LOCATION)
            words(&s, "funding", FUNDING, "source");
        categories(&s);
    }
}
