/* Child rows as members of sets: one line of text each. */
#include "server/import_map_inner.h"

typedef void write_member(struct mapper *m, const struct import_row *row);

static void put(struct mapper *m, const char *before, struct bytes text,
                const char *after)
{
    if (!text.size)
        return;
    if (m->text.size)
        buffer_add_text(&m->text, before);
    buffer_add_bytes(&m->text, text);
    buffer_add_text(&m->text, after);
}

static void put_cell(struct mapper *m, const struct import_row *row,
                     const char *before, const char *column)
{
    put(m, before, cell(m, row, column), "");
}

/* (a), (a, b), or nothing. */
struct bracket {
    bool open;
};

static void bracket(struct mapper *m, struct bracket *b, struct bytes text)
{
    if (!text.size)
        return;
    put(m, b->open ? ", " : " (", text, "");
    b->open = true;
}

static void bracket_end(struct mapper *m, const struct bracket *b)
{
    if (b->open)
        buffer_add_char(&m->text, ')');
}

/* 601-555-0100 ext. 7 (fax, Spanish): after hours */
static void write_phone(struct mapper *m, const struct import_row *row)
{
    struct bytes type = cell(m, row, "type");
    struct bracket b = {false};
    put_cell(m, row, ", ", "number");
    put_cell(m, row, " ext. ", "extension");
    if (!bytes_is(type, "voice"))
        bracket(m, &b, type);
    for (const struct link *at = mapper_children(m, row->id, LANGUAGE); at;
         at = at->next) {
        struct bytes name = cell(m, at->row, "name");
        bracket(m, &b, name.size ? name : cell(m, at->row, "code"));
    }
    bracket_end(m, &b);
    put_cell(m, row, ": ", "description");
}

static void write_contact(struct mapper *m, const struct import_row *row)
{
    put_cell(m, row, ", ", "name");
    put_cell(m, row, ", ", "title");
    put_cell(m, row, ", ", "department");
    put_cell(m, row, ", ", "email");
    for (const struct link *at = mapper_children(m, row->id, PHONE); at;
         at = at->next)
        write_phone(m, at->row);
}

static void write_funding(struct mapper *m, const struct import_row *row)
{
    put_cell(m, row, "", "source");
}

static void write_identifier(struct mapper *m, const struct import_row *row)
{
    struct bytes scheme = cell(m, row, "identifier_scheme");
    struct bytes type = cell(m, row, "identifier_type");
    put(m, "", scheme.size ? scheme : type, ":");
    buffer_add_bytes(&m->text, cell(m, row, "identifier"));
}

static void write_program(struct mapper *m, const struct import_row *row)
{
    struct bracket b = {false};
    put_cell(m, row, "", "name");
    bracket(m, &b, cell(m, row, "alternate_name"));
    bracket_end(m, &b);
    put_cell(m, row, ": ", "description");
}

/* taxonomy:code, the taxonomy by the name that the term or its table gives. */
static void write_attribute(struct mapper *m, const struct import_row *row)
{
    char id[ID_CHARS + 1];
    if (!import_row_key(m->rows, row, "taxonomy_term_id", id))
        return;
    const struct import_row *term =
        import_rows_find(m->rows, TAXONOMY_TERM, id);
    if (!term)
        return;
    struct bytes taxonomy = cell(m, term, "taxonomy");
    if (!taxonomy.size && import_row_key(m->rows, term, "taxonomy_id", id)) {
        const struct import_row *of = import_rows_find(m->rows, TAXONOMY, id);
        taxonomy = of ? cell(m, of, "name") : taxonomy;
    }
    struct bytes code = cell(m, term, "code");
    put(m, "", taxonomy, ":");
    buffer_add_bytes(&m->text, code.size ? code : cell(m, term, "name"));
    put_cell(m, row, "=", "value");
}

/* A five-digit extent is a county's GEOID. */
static struct bytes county(struct mapper *m, const struct import_row *row)
{
    struct bytes extent = cell(m, row, "extent");
    return import_is_county(extent) ? extent : bytes_of(NULL, 0);
}

static void write_county(struct mapper *m, const struct import_row *row)
{
    put(m, "", county(m, row), "");
}

static void write_area(struct mapper *m, const struct import_row *row)
{
    struct bracket b = {false};
    put(m, "", county(m, row), "");
    if (m->text.size)
        return;
    put_cell(m, row, "", "name");
    bracket(m, &b, cell(m, row, "extent_type"));
    bracket(m, &b, cell(m, row, "extent"));
    bracket(m, &b, cell(m, row, "uri"));
    bracket_end(m, &b);
    put_cell(m, row, ": ", "description");
}

static void write_document(struct mapper *m, const struct import_row *row)
{
    struct bracket b = {false};
    put_cell(m, row, "", "document");
    bracket(m, &b, cell(m, row, "uri"));
    bracket_end(m, &b);
}

static void write_cost(struct mapper *m, const struct import_row *row)
{
    put_cell(m, row, "", "option");
    put_cell(m, row, ": ", "amount");
    put_cell(m, row, " ", "currency");
    put_cell(m, row, " ", "amount_description");
    put_cell(m, row, ", from ", "valid_from");
    put_cell(m, row, ", until ", "valid_to");
}

static void write_language(struct mapper *m, const struct import_row *row)
{
    struct bytes name = cell(m, row, "name");
    put(m, "", name.size ? name : cell(m, row, "code"), "");
}

static void write_language_note(struct mapper *m, const struct import_row *row)
{
    struct bracket b = {false};
    struct bytes name = cell(m, row, "name"), code = cell(m, row, "code");
    if (!cell(m, row, "note").size && !(name.size && code.size))
        return;
    write_language(m, row);
    if (name.size)
        bracket(m, &b, code);
    bracket_end(m, &b);
    put_cell(m, row, ": ", "note");
}

enum { OF_ORGANIZATION = 1, OF_SERVICE = 2, OF_LOCATION = 4, OF_ALL = 7 };

static const struct {
    const char *field;
    enum import_table_id table;
    int of;
    write_member *write;
} sets[] = {
    {"contacts", CONTACT, OF_ALL, write_contact},
    {"cost_options", COST_OPTION, OF_SERVICE, write_cost},
    {"counties", SERVICE_AREA, OF_SERVICE, write_county},
    {"funding", FUNDING, OF_ORGANIZATION | OF_SERVICE, write_funding},
    {"identifiers", ORGANIZATION_IDENTIFIER, OF_ORGANIZATION, write_identifier},
    {"language_notes", LANGUAGE, OF_SERVICE | OF_LOCATION, write_language_note},
    {"languages", LANGUAGE, OF_SERVICE | OF_LOCATION, write_language},
    {"phones", PHONE, OF_ALL, write_phone},
    {"programs", PROGRAM, OF_ORGANIZATION, write_program},
    {"required_documents", REQUIRED_DOCUMENT, OF_SERVICE, write_document},
    {"service_areas", SERVICE_AREA, OF_SERVICE, write_area},
    {"taxonomy", ATTRIBUTE, OF_ALL, write_attribute},
};

void mapper_lists(struct mapper *m)
{
    int of = is_type(m, ORGANIZATION) ? OF_ORGANIZATION
             : is_type(m, SERVICE)    ? OF_SERVICE
                                      : OF_LOCATION;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        bool partial;
        if (!(sets[i].of & of) || !mapper_speaks(m, sets[i].table, &partial))
            continue;
        struct import_field *set = mapper_set(m, sets[i].field, partial);
        for (const struct link *at = mapper_all_children(m, sets[i].table); at;
             at = at->next) {
            buffer_clear(&m->text);
            sets[i].write(m, at->row);
            if (buffer_err(&m->text))
                m->err = buffer_err(&m->text);
            mapper_add(m, set, buffer_bytes(&m->text));
        }
    }
}
