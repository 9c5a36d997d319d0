#include "shared/model/schema_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool reading_refuse(struct reading *r, struct bytes where, const char *what)
{
    r->err = ERR_INVALID;
    r->where = where;
    r->what = what;
    return false;
}

void *reading_take(struct reading *r, size_t size)
{
    void *at = arena_take(&r->type->arena, size);
    if (!at)
        r->err = ERR_NOMEM;
    return at;
}

static struct bytes no_field(void)
{
    return bytes_of(NULL, 0);
}

/* An absent member leaves *out as it is. */
static bool read_text(struct reading *r, const struct canon *object,
                      const char *name, struct bytes where, const char *what,
                      struct bytes *out)
{
    const struct canon *member = canon_member(object, name);
    if (!member)
        return true;
    if (member->kind != CANON_TEXT || !member->text.size)
        return reading_refuse(r, where, what);
    *out = member->text;
    return true;
}

static bool read_bool(struct reading *r, const struct canon *object,
                      const char *name, struct bytes where, const char *what,
                      bool *out)
{
    const struct canon *member = canon_member(object, name);
    *out = member && member->kind == CANON_TRUE;
    if (!member || *out || member->kind == CANON_FALSE)
        return true;
    return reading_refuse(r, where, what);
}

/* --- fields -------------------------------------------------------------- */

static bool read_rule(struct reading *r, const struct canon *object,
                      struct schema_field *field)
{
    struct bytes text;
    if (!canon_text(object, "rule", &text) || rule_parse(text, &field->rule))
        return reading_refuse(
            r, field->name,
            "rule is one of fixed, latest, furthest, safest, set, "
            "both");
    if (!canon_text(object, "kind", &text) || !kind_parse(text, &field->kind))
        return reading_refuse(
            r, field->name,
            "kind is one of any, text, code, int, bool, date, "
            "instant, record, user, cents, minutes, attachment");
    return true;
}

static bool read_writer(struct reading *r, const struct canon *object,
                        struct schema_field *field)
{
    const struct canon *writer = canon_member(object, "writer");
    if (!writer)
        return true;
    field->office =
        writer->kind == CANON_TEXT && bytes_is(writer->text, "office");
    return field->office ||
           reading_refuse(r, field->name, "writer: only \"office\" is known");
}

static bool read_target(struct reading *r, const struct canon *object,
                        struct schema_field *field)
{
    if (!read_text(r, object, "target", field->name,
                   "target: a type is expected", &field->target))
        return false;
    if (!field->target.size)
        return true;
    if (field->kind != VALUE_RECORD || !name_valid(field->target))
        return reading_refuse(r, field->name,
                              "target names a type, with kind record only");
    return true;
}

static bool read_list(struct reading *r, const struct canon *object,
                      struct schema_field *field)
{
    if (!read_bool(r, object, "list", field->name,
                   "list: true or false is expected", &field->list))
        return false;
    if (field->list &&
        (field->rule == RULE_SET || field->rule == RULE_FURTHEST ||
         field->rule == RULE_SAFEST))
        return reading_refuse(
            r, field->name, "list stands with rule fixed, latest or both only");
    return true;
}

static bool read_merges(struct reading *r, const struct canon *object,
                        struct schema_field *field)
{
    if (!read_bool(r, object, "merges", field->name,
                   "merges: true or false is expected", &field->merges))
        return false;
    if (!field->merges)
        return true;
    if (field->kind != VALUE_RECORD || field->list || !field->office ||
        field->rule != RULE_LATEST)
        return reading_refuse(r, field->name,
                              "merges stands with kind record, rule latest "
                              "and writer office only");
    if (r->type->merges)
        return reading_refuse(r, field->name,
                              "merges: one field of a type is enough");
    r->type->merges = field;
    return true;
}

static bool row_is_new(const struct schema_field *field, struct bytes name)
{
    for (size_t i = 0; i < field->row_count; i++)
        if (bytes_equal(field->rows[i], name))
            return false;
    return true;
}

/* The value is a list of objects of these members, for whoever reads it as a
 * table. */
static bool read_rows(struct reading *r, const struct canon *object,
                      struct schema_field *field)
{
    const struct canon *rows = canon_member(object, "rows");
    if (!rows)
        return true;
    if (field->kind != VALUE_ANY || field->list || field->rule == RULE_SET)
        return reading_refuse(r, field->name,
                              "rows stands with kind any, without list, and "
                              "not with rule set");
    if (rows->kind != CANON_ARRAY || !rows->count ||
        rows->count > SCHEMA_CODES_MAX)
        return reading_refuse(r, field->name,
                              "rows: a list of names is expected");
    field->rows = reading_take(r, rows->count * sizeof *field->rows);
    if (!field->rows)
        return false;
    for (const struct canon *row = rows->first; row; row = row->next) {
        if (row->kind != CANON_TEXT || !name_valid(row->text))
            return reading_refuse(r, field->name, "rows: one is not a name");
        if (!row_is_new(field, row->text))
            return reading_refuse(r, field->name, "rows: one stands twice");
        field->rows[field->row_count++] = row->text;
    }
    return true;
}

static bool read_within(struct reading *r, const struct canon *within,
                        struct schema_field *field)
{
    if (!within || within->kind != CANON_ARRAY || !within->count ||
        within->count > SCHEMA_FIELDS_MAX)
        return reading_refuse(r, field->name,
                              "numbered: within is a list of fields");
    field->within = reading_take(r, within->count * sizeof *field->within);
    if (!field->within)
        return false;
    for (const struct canon *at = within->first; at; at = at->next)
        field->within[field->within_count++] = at->text;
    return true;
}

/* The office alone gives the number; one of a type is enough. */
static bool read_numbered(struct reading *r, const struct canon *object,
                          struct schema_field *field)
{
    const struct canon *numbered = canon_member(object, "numbered");
    if (!numbered)
        return true;
    if (numbered->kind != CANON_OBJECT)
        return reading_refuse(r, field->name,
                              "numbered: an object is expected");
    if (field->kind != VALUE_INT || field->list || !field->office ||
        field->rule != RULE_LATEST)
        return reading_refuse(r, field->name,
                              "numbered stands with kind int, rule latest and "
                              "writer office only");
    if (r->type->numbered)
        return reading_refuse(r, field->name,
                              "numbered: one field of a type is enough");
    r->type->numbered = field;
    return read_within(r, canon_member(numbered, "within"), field) &&
           read_text(r, numbered, "once", field->name,
                     "numbered: once is a field", &field->once);
}

static bool numbers_by(struct reading *r, struct bytes name)
{
    const struct schema_field *of = type_field(r->type, name);
    return of && of != r->type->numbered && !of->list && of->rule != RULE_SET;
}

/* Once all fields of the type are there. */
static bool numbered_check(struct reading *r)
{
    const struct schema_field *field = r->type->numbered;
    bool fits = !field || !field->once.size || numbers_by(r, field->once);
    for (size_t i = 0; field && i < field->within_count; i++)
        fits = fits && numbers_by(r, field->within[i]);
    return fits || reading_refuse(r, field->name,
                                  "numbered names other fields of the type, "
                                  "with one value each");
}

static bool read_field(struct reading *r, const struct canon *object,
                       struct schema_field *field)
{
    field->name = field->title = object->name;
    if (!name_valid(object->name))
        return reading_refuse(r, object->name,
                              "the field's name is not a name");
    if (object->kind != CANON_OBJECT)
        return reading_refuse(r, object->name, "a field is an object");
    return read_rule(r, object, field) &&
           read_text(r, object, "title", field->name, "title: text is expected",
                     &field->title) &&
           read_bool(r, object, "required", field->name,
                     "required: true or false is expected", &field->required) &&
           read_writer(r, object, field) && read_target(r, object, field) &&
           read_list(r, object, field) && read_merges(r, object, field) &&
           read_numbered(r, object, field) && read_rows(r, object, field) &&
           codes_read(r, object, field) && order_read(r, object, field) &&
           moves_read(r, object, field);
}

static bool read_fields(struct reading *r, const struct canon *root)
{
    struct schema_type *type = r->type;
    const struct canon *fields = canon_member(root, "fields");
    if (!fields || fields->kind != CANON_OBJECT ||
        fields->count > SCHEMA_FIELDS_MAX)
        return reading_refuse(r, no_field(), "fields: an object is expected");
    type->fields = reading_take(r, fields->count * sizeof *type->fields);
    if (!type->fields)
        return false;
    const struct canon *field = fields->first;
    for (; field; field = field->next)
        if (!read_field(r, field, &type->fields[type->field_count++]))
            return false;
    size_t i = 0;
    for (field = fields->first; field; field = field->next)
        if (!coded_read(r, field, &type->fields[i]) ||
            !guards_read(r, field, &type->fields[i++]))
            return false;
    return numbered_check(r);
}

/* --- types --------------------------------------------------------------- */

static bool read_home(struct reading *r, const struct canon *root)
{
    struct schema_type *type = r->type;
    type->home = bytes_text("case");
    if (!read_text(r, root, "home", no_field(),
                   "home is one of case, agency, own", &type->home))
        return false;
    if (bytes_is(type->home, "case") || bytes_is(type->home, "agency") ||
        bytes_is(type->home, "own"))
        return true;
    return reading_refuse(r, no_field(), "home is one of case, agency, own");
}

static bool read_version(struct reading *r, const struct canon *root)
{
    const struct canon *version = canon_member(root, "version");
    r->type->version = version ? version->integer : 1;
    if (version && (version->kind != CANON_INT || version->integer < 1))
        return reading_refuse(r, no_field(),
                              "version: a number from 1 is expected");
    return true;
}

static bool read_type(struct reading *r, const struct canon *root)
{
    struct schema_type *type = r->type;
    type->name = bytes_text("type"); /* until it is known */
    if (root->kind != CANON_OBJECT)
        return reading_refuse(r, no_field(), "a definition is an object");
    if (!canon_text(root, "type", &type->name) || !name_valid(type->name)) {
        type->name = bytes_text("type");
        return reading_refuse(r, no_field(), "a name is expected");
    }
    type->title = type->name;
    return read_text(r, root, "title", no_field(), "title: text is expected",
                     &type->title) &&
           read_version(r, root) && read_home(r, root) &&
           read_bool(r, root, "office_only", no_field(),
                     "office_only: true or false is expected",
                     &type->office_only) &&
           read_bool(r, root, "system", no_field(),
                     "system: true or false is expected", &type->system) &&
           read_fields(r, root);
}

static void explain(const struct reading *r, char *detail)
{
    const struct schema_type *type = r->type;
    const char *name = (const char *)type->name.at;
    int size = (int)(type->name.size < NAME_CHARS_MAX ? type->name.size
                                                      : NAME_CHARS_MAX);
    int where =
        (int)(r->where.size < NAME_CHARS_MAX ? r->where.size : NAME_CHARS_MAX);
    snprintf(detail, SCHEMA_DETAIL_CHARS, "%.*s%s%.*s: %s", size,
             name ? name : "", where ? "." : "", where,
             where ? (const char *)r->where.at : "", r->what);
}

static enum err keep(struct schema_type *type, struct bytes definition)
{
    char *copy = arena_copy(&type->arena, definition);
    type->definition = bytes_of(copy, definition.size);
    return copy ? ERR_OK : ERR_NOMEM;
}

/* The definition in canonical form, in the type's own memory. */
static enum err normalise(struct schema_type *type, struct bytes json,
                          char *detail)
{
    struct buffer text;
    struct canon_fault fault;
    buffer_init(&text, SCHEMA_DEFINITION_BYTES_MAX);
    enum err err = canon_normalise(&text, json, &fault);
    if (err == ERR_INVALID)
        snprintf(detail, SCHEMA_DETAIL_CHARS, "offset %zu: %s", fault.offset,
                 fault.what);
    if (!err)
        err = keep(type, buffer_bytes(&text));
    buffer_fini(&text);
    return err;
}

/* Most are canonical as they come. */
static enum err tree_make(struct schema_type *type, struct bytes json,
                          const struct canon **root, char *detail)
{
    enum err err = keep(type, json);
    if (!err)
        err = canon_parse(&type->arena, type->definition, root, NULL);
    if (err != ERR_INVALID)
        return err;
    err = normalise(type, json, detail);
    return err ? err : canon_parse(&type->arena, type->definition, root, NULL);
}

enum err schema_type_read(struct schema_type **out, struct bytes json,
                          char *detail)
{
    *out = NULL;
    detail[0] = '\0';
    if (json.size > SCHEMA_DEFINITION_BYTES_MAX) {
        snprintf(detail, SCHEMA_DETAIL_CHARS, "the definition is too long");
        return ERR_TOO_BIG;
    }
    struct schema_type *type = calloc(1, sizeof *type);
    if (!type)
        return ERR_NOMEM;
    arena_init(&type->arena, 256u * SCHEMA_DEFINITION_BYTES_MAX);
    struct reading r = {.type = type};
    const struct canon *root;
    enum err err = tree_make(type, json, &root, detail);
    if (!err && !read_type(&r, root)) {
        err = r.err;
        if (err == ERR_INVALID)
            explain(&r, detail);
    }
    if (err)
        schema_type_free(type);
    else
        *out = type;
    return err;
}

void schema_type_free(struct schema_type *type)
{
    if (!type)
        return;
    arena_fini(&type->arena);
    free(type);
}
