#include "server/import_table.h"

#include <string.h>

void import_package_init(struct import_package *package)
{
    *package = (struct import_package){0};
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT; id++)
        import_table_init(&package->tables[id], (enum import_table_id)id);
}

enum import_table_id import_package_name(const struct import_package *package,
                                         struct bytes name)
{
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT; id++) {
        if (bytes_is(name, package->tables[id].name))
            return (enum import_table_id)id;
    }
    return TABLE_NONE;
}

enum import_table_id import_package_path(const struct import_package *package,
                                         struct bytes path)
{
    for (int id = TABLE_NONE + 1; id < TABLE_COUNT; id++) {
        const char *own = package->tables[id].path;
        struct bytes stem = bytes_text(own);
        if (stem.size > 4 && !strcmp(own + stem.size - 4, ".csv"))
            stem.size -= 4;
        if (bytes_is(path, own) || bytes_equal(path, stem))
            return (enum import_table_id)id;
    }
    return TABLE_NONE;
}

int import_table_column(const struct import_table *table, struct bytes name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (bytes_is(name, table->columns[i].name))
            return (int)i;
    }
    return -1;
}

static struct bytes text_member(const struct import_json *object,
                                const char *name)
{
    const struct import_json *member = import_json_member(object, name);
    return member && member->kind == IMPORT_JSON_TEXT ? member->text
                                                      : bytes_of(NULL, 0);
}

/* The elements of a list member; NULL when there are none. */
static const struct import_json *list_member(const struct import_json *object,
                                             const char *name)
{
    const struct import_json *member = import_json_member(object, name);
    return member && member->kind == IMPORT_JSON_ARRAY ? member->first : NULL;
}

static enum import_kind column_kind(const struct import_json *field)
{
    static const struct {
        const char *type, *format;
        enum import_kind kind;
    } kinds[] = {
        {"string", "uuid", IMPORT_ID},      {"string", "email", IMPORT_EMAIL},
        {"string", "uri", IMPORT_URI},      {"number", NULL, IMPORT_NUMBER},
        {"integer", NULL, IMPORT_NUMBER},   {"year", NULL, IMPORT_NUMBER},
        {"date", NULL, IMPORT_DATE},        {"time", NULL, IMPORT_TIME},
        {"datetime", NULL, IMPORT_INSTANT},
    };
    struct bytes type = text_member(field, "type");
    struct bytes format = text_member(field, "format");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (bytes_is(type, kinds[i].type) &&
            (!kinds[i].format || bytes_is(format, kinds[i].format)))
            return kinds[i].kind;
    }
    return IMPORT_TEXT;
}

static enum err read_codes(struct arena *arena, const struct import_json *list,
                           const char *const **out)
{
    *out = NULL;
    if (!list || list->kind != IMPORT_JSON_ARRAY || !list->count ||
        list->count > IMPORT_CODES_MAX)
        return ERR_OK;
    const char **codes = arena_take(arena, (list->count + 1) * sizeof *codes);
    if (!codes)
        return ERR_NOMEM;
    size_t count = 0;
    for (const struct import_json *c = list->first; c; c = c->next) {
        codes[count] = arena_copy(arena, c->text);
        if (!codes[count++])
            return ERR_NOMEM;
    }
    *out = codes;
    return ERR_OK;
}

static enum err read_field(struct import_table *table, struct arena *arena,
                           const struct import_json *field)
{
    int at = import_table_column(table, text_member(field, "name"));
    if (at < 0)
        return ERR_OK; /* noted where the table's header is read */
    struct import_column *column = &table->columns[at];
    const struct import_json *limits = import_json_member(field, "constraints");
    const struct import_json *required = import_json_member(limits, "required");
    if (import_json_member(field, "type"))
        column->kind = column_kind(field);
    if (required)
        column->required = required->kind == IMPORT_JSON_TRUE;
    return read_codes(arena, import_json_member(limits, "enum"),
                      &column->codes);
}

/* A package's foreign keys replace those of the specification. */
static void read_keys(struct import_package *package,
                      struct import_table *table,
                      const struct import_json *schema)
{
    for (size_t i = 0; i < table->count; i++)
        table->columns[i].refers = TABLE_NONE;
    for (const struct import_json *key = list_member(schema, "foreignKeys");
         key; key = key->next) {
        struct bytes name = text_member(key, "fields");
        const struct import_json *list = list_member(key, "fields");
        if (list && list->kind == IMPORT_JSON_TEXT)
            name = list->text;
        int at = import_table_column(table, name);
        struct bytes to =
            text_member(import_json_member(key, "reference"), "resource");
        if (at >= 0)
            table->columns[at].refers = import_package_name(package, to);
    }
}

/* Only a file in the package's own folder is read. */
static bool plain_path(struct bytes path)
{
    return path.size && path.size < 256 && path.at[0] != '.' &&
           !memchr(path.at, '/', path.size) &&
           !memchr(path.at, '\\', path.size) && !memchr(path.at, 0, path.size);
}

static enum err read_resource(struct import_package *package,
                              struct arena *arena,
                              const struct import_json *resource,
                              const struct import_file *file,
                              struct import_notes *notes)
{
    char quoted[IMPORT_QUOTE_CHARS];
    struct bytes name = text_member(resource, "name");
    struct bytes path = text_member(resource, "path");
    enum import_table_id id = import_package_name(package, name);
    if (id == TABLE_NONE)
        return import_notes_add(notes, IMPORT_REMARK, file, resource->offset,
                                "%s is no table of HSDS 3.0; not imported",
                                import_quote(quoted, name));
    struct import_table *table = &package->tables[id];
    if (!plain_path(path))
        return import_notes_add(notes, IMPORT_SKIPPED, file, resource->offset,
                                "the path %s is no file of this folder; the "
                                "table is left out",
                                import_quote(quoted, path));
    table->listed = true;
    table->path = arena_copy(arena, path);
    if (!table->path)
        return ERR_NOMEM;
    const struct import_json *schema = import_json_member(resource, "schema");
    if (!schema)
        return ERR_OK;
    read_keys(package, table, schema);
    enum err err = ERR_OK;
    for (const struct import_json *field = list_member(schema, "fields");
         field && !err; field = field->next)
        err = read_field(table, arena, field);
    return err;
}

enum err import_package_read(struct import_package *package,
                             struct arena *arena,
                             const struct import_json *root,
                             const struct import_file *file,
                             struct import_notes *notes)
{
    const struct import_json *resource = list_member(root, "resources");
    if (!resource) {
        enum err err =
            import_notes_add(notes, IMPORT_SKIPPED, file, root->offset,
                             "describes no tables (there are no "
                             "\"resources\"); the specification's are used");
        return err ? err : ERR_INVALID;
    }
    enum err err = ERR_OK;
    for (; resource && !err; resource = resource->next)
        err = read_resource(package, arena, resource, file, notes);
    return err;
}
