#include <stdio.h>
#include <string.h>

#include "server/import_map_inner.h"
#include "shared/model/canon.h"

#define TEXT_BYTES_MAX (16u * 1024u * 1024u)

static enum err hang(struct mapper *m, const struct import_row *row,
                     const char *owner)
{
    char key[64];
    (void)snprintf(key, sizeof key, "%s/%d", owner, (int)row->table);
    struct link *link = arena_take(m->arena, sizeof *link);
    if (!link)
        return ERR_NOMEM;
    link->row = row;
    /* The map's value is the last link of a ring, so that order is kept. */
    struct link *last = map_get(m->children, bytes_text(key));
    link->next = last ? last->next : link;
    if (last)
        last->next = link;
    return map_put(m->children, bytes_text(key), link);
}

static enum err hang_row(struct mapper *m, const struct import_row *row)
{
    static const char *const keys[] = {
        "organization_id", "service_id",
        "location_id",     "service_at_location_id",
        "contact_id",      "phone_id",
        "link_id",
    };
    char owner[ID_CHARS + 1];
    enum err err = ERR_OK;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && !err; i++) {
        if (import_row_key(m->rows, row, keys[i], owner))
            err = hang(m, row, owner);
    }
    return err;
}

/* Rings become lists that end. */
static void open_rings(struct mapper *m)
{
    for (size_t i = 0; i < map_count(m->children); i++) {
        struct link *last = map_value_at(m->children, i);
        struct link *first = last->next;
        last->next = NULL;
        /* A key that is there is replaced without allocating. */
        if (map_put(m->children, map_key_at(m->children, i), first))
            m->err = ERR_NOMEM;
    }
}

enum err mapper_init(struct mapper *m, struct import_publication *publication)
{
    *m = (struct mapper){.rows = &publication->rows,
                         .arena = &publication->arena};
    buffer_init(&m->text, TEXT_BYTES_MAX);
    enum err err = map_new(&m->children);
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT && !err; id++) {
        const struct import_row *row = m->rows->tables[id].first;
        for (; row && !err; row = row->next)
            err = hang_row(m, row);
    }
    if (!err)
        open_rings(m);
    if (err || m->err) {
        mapper_fini(m);
        return err ? err : m->err;
    }
    return ERR_OK;
}

void mapper_fini(struct mapper *m)
{
    map_free(m->children);
    buffer_fini(&m->text);
    m->children = NULL;
}

struct import_field *mapper_field(struct mapper *m, const char *name)
{
    struct import_field **at = &m->record->fields;
    while (*at && strcmp((*at)->name, name) < 0)
        at = &(*at)->next;
    if (*at && !strcmp((*at)->name, name))
        return *at;
    struct import_field *field = arena_take(m->arena, sizeof *field);
    if (!field) {
        m->err = ERR_NOMEM;
        return NULL;
    }
    field->name = name;
    field->next = *at;
    *at = field;
    return field;
}

void mapper_put_json(struct mapper *m, const char *name, struct bytes json)
{
    struct import_field *field = mapper_field(m, name);
    char *copy = arena_copy(m->arena, json);
    if (!copy)
        m->err = ERR_NOMEM;
    if (field && copy)
        field->value = bytes_of(copy, json.size);
}

void mapper_put_null(struct mapper *m, const char *name)
{
    mapper_put_json(m, name, bytes_text("null"));
}

void mapper_put_true(struct mapper *m, const char *name)
{
    mapper_put_json(m, name, bytes_text("true"));
}

void mapper_put_text(struct mapper *m, const char *name, struct bytes text)
{
    struct buffer json;
    if (!text.size) {
        mapper_put_null(m, name);
        return;
    }
    buffer_init(&json, TEXT_BYTES_MAX);
    if (canon_put_text(&json, text))
        m->err = ERR_NOMEM;
    else
        mapper_put_json(m, name, buffer_bytes(&json));
    buffer_fini(&json);
}

struct import_field *mapper_set(struct mapper *m, const char *name,
                                bool partial)
{
    struct import_field *field = mapper_field(m, name);
    if (field) {
        field->set = true;
        field->partial = partial;
    }
    return field;
}

void mapper_add(struct mapper *m, struct import_field *set, struct bytes text)
{
    if (!set || !text.size)
        return;
    struct import_member **at = &set->members;
    while (*at && bytes_compare((*at)->text, text) < 0)
        at = &(*at)->next;
    if (*at && bytes_equal((*at)->text, text))
        return;
    struct import_member *member = arena_take(m->arena, sizeof *member);
    char *copy = arena_copy(m->arena, text);
    if (!member || !copy) {
        m->err = ERR_NOMEM;
        return;
    }
    member->text = bytes_of(copy, text.size);
    member->next = *at;
    *at = member;
}

const struct link *mapper_children(const struct mapper *m, const char *owner,
                                   enum import_table_id table)
{
    char key[64];
    (void)snprintf(key, sizeof key, "%s/%d", owner, (int)table);
    return map_get(m->children, bytes_text(key));
}

static bool take(struct mapper *m, struct link ***end, struct link *first,
                 const struct link *from)
{
    for (; from; from = from->next) {
        const struct link *old = first;
        while (old && old->row != from->row)
            old = old->next;
        if (old)
            continue;
        struct link *link = arena_take(m->arena, sizeof *link);
        if (!link)
            return false;
        link->row = from->row;
        **end = link;
        *end = &link->next;
        if (!first)
            first = link;
    }
    return true;
}

const struct link *mapper_all_children(struct mapper *m,
                                       enum import_table_id table)
{
    const char *id = m->record->row->id;
    struct link *first = NULL, **end = &first;
    bool taken = take(m, &end, first, mapper_children(m, id, table));
    const struct link *at = is_type(m, ORGANIZATION)
                                ? NULL
                                : mapper_children(m, id, SERVICE_AT_LOCATION);
    for (; at && taken; at = at->next)
        taken = take(m, &end, first, mapper_children(m, at->row->id, table));
    if (!taken)
        m->err = ERR_NOMEM;
    return first;
}

bool mapper_speaks(struct mapper *m, enum import_table_id table, bool *partial)
{
    const char *id = m->record->row->id;
    *partial = !import_rows_said(m->rows, id, table);
    return !*partial || mapper_all_children(m, table);
}
