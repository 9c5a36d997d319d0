#include "server/import_shape.h"

#include <stdio.h>
#include <string.h>

struct shape {
    struct import_rows *rows;
    const struct import_file *file;
    bool nested; /* false: tabular, where every key is written out */
};

/* The object around a nested one. */
struct around {
    const struct import_table *table;
    struct bytes id;
};

static const struct {
    const char *name;
    enum import_table_id table;
} lists[] =
    {
        {"accessibility", ACCESSIBILITY},
        {"addresses", ADDRESS},
        {"attributes", ATTRIBUTE},
        {"contacts", CONTACT},
        {"cost_options", COST_OPTION},
        {"funding", FUNDING},
        {"languages", LANGUAGE},
        {"locations", LOCATION},
        {"metadata", METADATA},
        {"organization_identifiers", ORGANIZATION_IDENTIFIER},
        {"phones", PHONE},
        {"programs", PROGRAM},
        {"required_documents", REQUIRED_DOCUMENT},
        {"schedules", SCHEDULE},
        {"service_areas", SERVICE_AREA},
        {"service_at_locations", SERVICE_AT_LOCATION},
        {"services", SERVICE},
},
  objects[] = {
      {"location", LOCATION},        {"organization", ORGANIZATION},
      {"program", PROGRAM},          {"service", SERVICE},
      {"taxonomy_detail", TAXONOMY}, {"taxonomy_term", TAXONOMY_TERM},
};

static enum import_table_id list_table(struct bytes name)
{
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (bytes_is(name, lists[i].name))
            return lists[i].table;
    }
    return TABLE_NONE;
}

static enum import_table_id object_table(struct bytes name)
{
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (bytes_is(name, objects[i].name))
            return objects[i].table;
    }
    return TABLE_NONE;
}

static enum err add_object(struct shape *shape, enum import_table_id id,
                           const struct import_json *object,
                           const struct around *around);

static enum err skip(struct shape *shape, size_t offset, const char *what)
{
    return import_rows_skip(shape->rows, shape->file, offset, what);
}

static enum err add_list(struct shape *shape, enum import_table_id id,
                         const struct import_json *list,
                         const struct around *around)
{
    for (const struct import_json *e = list->first; e; e = e->next) {
        enum err err = add_object(shape, id, e, around);
        if (err)
            return err;
    }
    return ERR_OK;
}

/* Sets a cell that the nesting implies, unless the object has it itself. */
static void imply(const struct import_table *table, struct import_row *row,
                  const char *column, struct bytes text)
{
    int at = import_table_column(table, bytes_text(column));
    if (at < 0 || row->cells[at].text.size || !text.size)
        return;
    row->cells[at] =
        (struct import_cell){.text = text, .offset = row->offset, .said = true};
}

static void imply_around(const struct import_table *table,
                         struct import_row *row, const struct around *around)
{
    char column[80];
    if (!around)
        return;
    (void)snprintf(column, sizeof column, "%s_id", around->table->name);
    imply(table, row, column, around->id);
    if (row->table == ATTRIBUTE) {
        imply(table, row, "link_id", around->id);
        imply(table, row, "link_entity", bytes_text(around->table->name));
    }
    if (row->table == METADATA) {
        imply(table, row, "resource_id", around->id);
        imply(table, row, "resource_type", bytes_text(around->table->name));
    }
}

static enum err note_unknown(struct shape *shape,
                             const struct import_table *table,
                             const struct import_json *member)
{
    char key[160], quoted[IMPORT_QUOTE_CHARS];
    bool first;
    import_quote(quoted, member->name);
    (void)snprintf(key, sizeof key, "column/%s/%s", table->name, quoted);
    enum err err = import_rows_once(shape->rows, key, &first);
    if (err || !first)
        return err;
    return import_notes_add(
        shape->rows->notes, IMPORT_REMARK, shape->file, member->offset,
        "%s is no member of an HSDS 3.0 %s; not imported", quoted, table->name);
}

/* *usable is false when the member cannot be the cell's value. */
static bool set_cell(struct import_cell *cell, const struct import_json *value)
{
    static const char *const words[] = {
        [IMPORT_JSON_FALSE] = "false", [IMPORT_JSON_TRUE] = "true"};
    *cell = (struct import_cell){.offset = value->offset, .said = true};
    switch (value->kind) {
    case IMPORT_JSON_NULL:
        return true;
    case IMPORT_JSON_FALSE:
    case IMPORT_JSON_TRUE:
        cell->text = bytes_text(words[value->kind]);
        return true;
    case IMPORT_JSON_NUMBER:
    case IMPORT_JSON_TEXT:
        cell->text = value->text;
        return true;
    case IMPORT_JSON_ARRAY:
    case IMPORT_JSON_OBJECT:
        break;
    }
    return false;
}

/* An object inside: a row of its own to which this one's key points. */
static enum err add_inner(struct shape *shape, struct import_row *row,
                          const struct import_json *member)
{
    char column[80];
    const struct import_table *table =
        &shape->rows->package->tables[row->table];
    enum import_table_id id = object_table(member->name);
    const struct import_json *inner = import_json_member(member, "id");
    bool detail = bytes_is(member->name, "taxonomy_detail");
    (void)snprintf(column, sizeof column, "%.*s_id",
                   detail ? 8 : (int)member->name.size,
                   (const char *)member->name.at);
    if (inner)
        imply(table, row, column, inner->text);
    return add_object(shape, id, member, NULL);
}

static enum err add_member(struct shape *shape, struct import_row *row,
                           const struct import_json *member, bool *bad)
{
    const struct import_table *table =
        &shape->rows->package->tables[row->table];
    int at = import_table_column(table, member->name);
    if (at >= 0) {
        char what[128];
        if (row->cells[at].said || set_cell(&row->cells[at], member))
            return ERR_OK;
        *bad = true;
        (void)snprintf(what, sizeof what,
                       "%s: is a list or an object, not a "
                       "value",
                       table->columns[at].name);
        return skip(shape, member->offset, what);
    }
    if (member->kind == IMPORT_JSON_OBJECT &&
        object_table(member->name) != TABLE_NONE)
        return add_inner(shape, row, member);
    bool nested =
        list_table(member->name) != TABLE_NONE &&
        (member->kind == IMPORT_JSON_ARRAY || member->kind == IMPORT_JSON_NULL);
    return nested ? ERR_OK : note_unknown(shape, table, member);
}

static enum err add_children(struct shape *shape,
                             const struct import_json *object,
                             const struct around *self)
{
    char id[ID_CHARS + 1];
    import_id(id, self->table->name, self->id);
    for (const struct import_json *m = object->first; m; m = m->next) {
        enum import_table_id child = list_table(m->name);
        if (child == TABLE_NONE || m->kind != IMPORT_JSON_ARRAY)
            continue;
        enum err err = import_rows_say(shape->rows, id, child);
        if (!err)
            err = add_list(shape, child, m, self);
        if (err)
            return err;
    }
    return ERR_OK;
}

static enum err add_object(struct shape *shape, enum import_table_id id,
                           const struct import_json *object,
                           const struct around *around)
{
    const struct import_table *table = &shape->rows->package->tables[id];
    if (object->kind != IMPORT_JSON_OBJECT)
        return skip(shape, object->offset, "is no object");
    struct import_row *row =
        import_row_new(shape->rows, id, shape->file, object->offset);
    if (!row)
        return ERR_NOMEM;
    row->nested = shape->nested;
    bool bad = false, added;
    enum err err = ERR_OK;
    for (const struct import_json *m = object->first; m && !err; m = m->next)
        err = add_member(shape, row, m, &bad);
    imply_around(table, row, around);
    if (!err && !bad)
        err = import_rows_add(shape->rows, row, &added);
    if (err)
        return err;
    /* What a bad row contains may be good. */
    struct around self = {.table = table, .id = row->cells[0].text};
    return add_children(shape, object, &self);
}

/* The name's beginning, "service_full.json", else what the members say. */
static enum import_table_id object_kind(const struct shape *shape,
                                        const struct import_json *object)
{
    static const struct {
        enum import_table_id table;
        const char *member;
    } signs[] = {
        {SERVICE_AT_LOCATION, "service"},
        {SERVICE_AT_LOCATION, "service_id"},
        {LOCATION, "location_type"},
        {SERVICE, "status"},
        {TAXONOMY_TERM, "taxonomy_detail"},
        {TAXONOMY_TERM, "parent_id"},
        {TAXONOMY_TERM, "term_uri"},
        {TAXONOMY_TERM, "code"},
        {TAXONOMY, "version"},
        {ORGANIZATION, "name"},
    };
    static const enum import_table_id starts[] = {
        SERVICE_AT_LOCATION, ORGANIZATION, SERVICE, LOCATION,
        TAXONOMY_TERM,       TAXONOMY};
    const char *slash = strrchr(shape->file->name, '/');
    const char *name = slash ? slash + 1 : shape->file->name;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const char *start = shape->rows->package->tables[starts[i]].name;
        if (!strncmp(name, start, strlen(start)))
            return starts[i];
    }
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (import_json_member(object, signs[i].member))
            return signs[i].table;
    }
    return TABLE_NONE;
}

static enum err add_outermost(struct shape *shape,
                              const struct import_json *object)
{
    if (object->kind != IMPORT_JSON_OBJECT)
        return skip(shape, object->offset, "is no object");
    if (!import_json_member(object, "id"))
        return skip(shape, object->offset, "id: is required");
    enum import_table_id id = object_kind(shape, object);
    if (id == TABLE_NONE)
        return skip(shape, object->offset, "is no type of object of HSDS 3.0");
    return add_object(shape, id, object, NULL);
}

static enum err add_outermost_list(struct shape *shape,
                                   const struct import_json *list)
{
    enum err err = ERR_OK;
    for (const struct import_json *e = list->first; e && !err; e = e->next)
        err = add_outermost(shape, e);
    return err;
}

static enum import_table_id tabular_table(const struct shape *shape,
                                          const struct import_json *member)
{
    const struct import_package *package = shape->rows->package;
    enum import_table_id id = TABLE_NONE;
    if (member->kind != IMPORT_JSON_ARRAY)
        return id;
    id = import_package_path(package, member->name);
    return id == TABLE_NONE ? import_package_name(package, member->name) : id;
}

static bool is_tabular(const struct shape *shape,
                       const struct import_json *root)
{
    for (const struct import_json *m = root->first; m; m = m->next) {
        if (tabular_table(shape, m) != TABLE_NONE)
            return !import_json_member(root, "id");
    }
    return false;
}

static enum err add_tabular(struct shape *shape, const struct import_json *root)
{
    char quoted[IMPORT_QUOTE_CHARS];
    enum err err = ERR_OK;
    for (const struct import_json *m = root->first; m && !err; m = m->next) {
        enum import_table_id id = tabular_table(shape, m);
        if (id == TABLE_NONE) {
            err = import_notes_add(shape->rows->notes, IMPORT_REMARK,
                                   shape->file, m->offset,
                                   "%s is no table of HSDS 3.0; not imported",
                                   import_quote(quoted, m->name));
            continue;
        }
        shape->rows->package->tables[id].present = true;
        err = add_list(shape, id, m, NULL);
    }
    return err;
}

enum err import_shape_add(struct import_rows *rows,
                          const struct import_json *root,
                          const struct import_file *file)
{
    struct shape shape = {.rows = rows, .file = file};
    const struct import_json *contents = import_json_member(root, "contents");
    if (root->kind == IMPORT_JSON_OBJECT && is_tabular(&shape, root))
        return add_tabular(&shape, root);
    shape.nested = true;
    if (contents && contents->kind == IMPORT_JSON_ARRAY)
        return add_outermost_list(&shape, contents);
    if (root->kind == IMPORT_JSON_ARRAY)
        return add_outermost_list(&shape, root);
    if (import_json_member(root, "openapi_url"))
        return import_notes_add(rows->notes, IMPORT_REMARK, file,
                                IMPORT_NOWHERE,
                                "describes an API; it holds no records");
    return add_outermost(&shape, root);
}
