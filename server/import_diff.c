#include "server/import_diff.h"

#include <stdio.h>
#include <string.h>

#include "shared/model/revision.h"

#define DROP_REASON "no longer published"

void import_diff_init(struct import_diff *diff)
{
    *diff = (struct import_diff){0};
    buffer_init(&diff->set, ORIGINAL_BYTES_MAX);
    buffer_init(&diff->add, ORIGINAL_BYTES_MAX);
    buffer_init(&diff->drop, ORIGINAL_BYTES_MAX);
}

void import_diff_fini(struct import_diff *diff)
{
    buffer_fini(&diff->set);
    buffer_fini(&diff->add);
    buffer_fini(&diff->drop);
}

struct differ {
    struct import_diff *diff;
    struct import_rows *rows;
    struct arena *arena;
    const struct import_record *record;
    const struct import_published *published;
    const struct schema_type *type;
    struct import_value **end; /* of the changes */
};

static const struct import_value *old_value(const struct differ *d,
                                            const char *field)
{
    const struct import_value *value = d->published->values;
    while (value && strcmp(value->field, field) != 0)
        value = value->next;
    return value;
}

static enum err remember(struct differ *d, const char *field,
                         struct bytes value)
{
    struct import_value *change = arena_take(d->arena, sizeof *change);
    char *copy = arena_copy(d->arena, value);
    if (!change || !copy)
        return ERR_NOMEM;
    change->field = field;
    change->value = bytes_of(copy, value.size);
    *d->end = change;
    d->end = &change->next;
    d->diff->count++;
    return ERR_OK;
}

/* Begins member `name` of an object under construction. */
static void begin_member(struct buffer *object, const char *name)
{
    buffer_add_char(object, object->size ? ',' : '{');
    canon_put_name(object, name);
}

/* --- one value --- */

static enum err diff_value(struct differ *d, const struct import_field *field)
{
    const struct import_value *old = old_value(d, field->name);
    struct bytes before = old ? old->value : bytes_text("null");
    if (bytes_equal(before, field->value))
        return ERR_OK;
    begin_member(&d->diff->set, field->name);
    buffer_add_bytes(&d->diff->set, field->value);
    return remember(d, field->name, field->value);
}

/* --- sets --- */

static bool has_member(const struct import_member *list, struct bytes text)
{
    while (list && bytes_compare(list->text, text) < 0)
        list = list->next;
    return list && bytes_equal(list->text, text);
}

static bool array_has(const struct canon *array, struct bytes text)
{
    const struct canon *e = array ? array->first : NULL;
    while (e && !bytes_equal(e->text, text))
        e = e->next;
    return e != NULL;
}

static bool put_added(struct buffer *out, const struct import_member *list,
                      const struct canon *before, const char *field)
{
    bool any = false;
    for (; list; list = list->next) {
        if (array_has(before, list->text))
            continue;
        if (any)
            buffer_add_char(out, ',');
        else
            begin_member(out, field);
        buffer_add_text(out, any ? "" : "[");
        canon_put_text(out, list->text);
        any = true;
    }
    buffer_add_text(out, any ? "]" : "");
    return any;
}

/* Member names of an object stand in another order than members of a list. */
static bool put_dropped(struct differ *d, const struct import_field *field,
                        const struct canon *before)
{
    struct buffer *out = &d->diff->drop;
    struct bytes last = {0};
    bool any = false;
    for (;;) {
        const struct canon *next = NULL;
        for (const struct canon *e = before ? before->first : NULL; e;
             e = e->next) {
            if (has_member(field->members, e->text) ||
                (any && canon_compare_names(e->text, last) <= 0))
                continue;
            if (!next || canon_compare_names(e->text, next->text) < 0)
                next = e;
        }
        if (!next)
            break;
        if (any)
            buffer_add_char(out, ',');
        else
            begin_member(out, field->name);
        buffer_add_text(out, any ? "" : "{");
        canon_put_text(out, next->text);
        buffer_add_text(out, ":\"" DROP_REASON "\"");
        last = next->text;
        any = true;
    }
    buffer_add_text(out, any ? "}" : "");
    return any;
}

static void put_element(struct buffer *out, struct bytes text)
{
    buffer_add_char(out, out->size ? ',' : '[');
    canon_put_text(out, text);
}

/* Both lists are in byte order; of a partial set what was there stays. */
static void write_members(struct buffer *out, const struct import_field *field,
                          const struct canon *before)
{
    const struct canon *old = before && field->partial ? before->first : NULL;
    const struct import_member *new = field->members;
    while (old || new) {
        int order = !old ? 1 : !new ? -1 : bytes_compare(old->text, new->text);
        put_element(out, order <= 0 ? old->text : new->text);
        if (order <= 0)
            old = old->next;
        if (order >= 0)
            new = new->next;
    }
    buffer_add_text(out, out->size ? "]" : "[]");
}

static enum err diff_set(struct differ *d, const struct import_field *field)
{
    const struct import_value *old = old_value(d, field->name);
    const struct canon *before = NULL;
    if (old && canon_parse(d->arena, old->value, &before, NULL))
        return ERR_CORRUPT;
    if (before && before->kind != CANON_ARRAY)
        before = NULL; /* of an older record type, where it was no set */
    bool added = put_added(&d->diff->add, field->members, before, field->name);
    bool dropped = !field->partial && put_dropped(d, field, before);
    if (!added && !dropped)
        return ERR_OK;
    struct buffer members;
    buffer_init(&members, ORIGINAL_BYTES_MAX);
    write_members(&members, field, before);
    enum err err = buffer_err(&members);
    if (!err)
        err = remember(d, field->name, buffer_bytes(&members));
    buffer_fini(&members);
    return err;
}

/* --- what the record type takes --- */

static enum err note_once(struct differ *d, const char *field, const char *what)
{
    char key[160];
    bool first;
    (void)snprintf(key, sizeof key, "field/%s/%s", d->record->type, field);
    enum err err = import_rows_once(d->rows, key, &first);
    if (err || !first)
        return err;
    return import_notes_add(d->rows->notes, IMPORT_WARNING, NULL, 0,
                            "the record type %s %s; its field %s is not "
                            "imported",
                            d->record->type, what, field);
}

static enum err note_value(struct differ *d, const char *detail)
{
    const struct import_row *row = d->record->row;
    return import_notes_add(d->rows->notes, IMPORT_WARNING, row->file,
                            row->offset, "%s; not imported", detail);
}

static enum err check_json(struct differ *d, const struct schema_field *of,
                           struct bytes json, bool *fits)
{
    char detail[SCHEMA_DETAIL_CHARS];
    const struct canon *value;
    enum err err = canon_parse(d->arena, json, &value, NULL);
    if (err)
        return err;
    err = field_check(of, value, detail);
    *fits = err == ERR_OK;
    return err == ERR_INVALID ? note_value(d, detail) : err;
}

/* Members that do not fit are taken out of the list. */
static enum err check_members(struct differ *d, const struct schema_field *of,
                              struct import_field *field)
{
    struct buffer json;
    enum err err = ERR_OK;
    struct import_member **at = &field->members;
    buffer_init(&json, ORIGINAL_BYTES_MAX);
    while (*at && !err) {
        bool fits = true;
        buffer_clear(&json);
        canon_put_text(&json, (*at)->text);
        err = buffer_err(&json);
        if (!err)
            err = check_json(d, of, buffer_bytes(&json), &fits);
        if (fits)
            at = &(*at)->next;
        else
            *at = (*at)->next;
    }
    buffer_fini(&json);
    return err;
}

static enum err diff_field(struct differ *d, struct import_field *field)
{
    const struct schema_field *of =
        type_field(d->type, bytes_text(field->name));
    bool fits = true;
    if (!of)
        return note_once(d, field->name, "is older than this program");
    if ((field_rule(of) == RULE_SET) != field->set)
        return note_once(d, field->name,
                         field->set ? "has one value there"
                                    : "has a set there");
    enum err err = field->set ? check_members(d, of, field)
                              : check_json(d, of, field->value, &fits);
    if (err || !fits)
        return err;
    return field->set ? diff_set(d, field) : diff_value(d, field);
}

static enum err close(struct buffer *object)
{
    if (object->size)
        buffer_add_char(object, '}');
    return buffer_err(object);
}

enum err import_diff_make(struct import_diff *diff, struct import_rows *rows,
                          struct arena *arena,
                          const struct import_record *record,
                          const struct import_published *published,
                          const struct schema_type *type)
{
    struct differ d = {.diff = diff,
                       .rows = rows,
                       .arena = arena,
                       .record = record,
                       .published = published,
                       .type = type,
                       .end = &diff->changes};
    buffer_clear(&diff->set);
    buffer_clear(&diff->add);
    buffer_clear(&diff->drop);
    diff->changes = NULL;
    diff->count = 0;
    enum err err = ERR_OK;
    for (struct import_field *f = record->fields; f && !err; f = f->next)
        err = diff_field(&d, f);
    if (!err)
        err = close(&diff->set);
    if (!err)
        err = close(&diff->add);
    return err ? err : close(&diff->drop);
}
