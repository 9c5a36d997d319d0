#include "shared/model/schema.h"

#include <stdlib.h>
#include <string.h>
#include "shared/model/schema_type.h"

struct schema {
    struct schema_type **types; /* owned, by name */
    size_t count;
    size_t room;
};

enum err schema_new(struct schema **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? ERR_OK : ERR_NOMEM;
}

void schema_free(struct schema *schema)
{
    if (!schema)
        return;
    for (size_t i = 0; i < schema->count; i++)
        schema_type_free(schema->types[i]);
    free(schema->types);
    free(schema);
}

/* Index of the first type not below `name`. */
static size_t lower_bound(const struct schema *schema, struct bytes name)
{
    size_t low = 0, high = schema->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (bytes_compare(schema->types[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static enum err insert(struct schema *schema, size_t index,
                       struct schema_type *type)
{
    if (schema->count == SCHEMA_TYPES_MAX)
        return ERR_TOO_BIG;
    if (schema->count == schema->room) {
        size_t room = schema->room ? schema->room * 2 : 16;
        void *types = realloc(schema->types, room * sizeof *schema->types);
        if (!types)
            return ERR_NOMEM;
        schema->types = types;
        schema->room = room;
    }
    memmove(schema->types + index + 1, schema->types + index,
            (schema->count - index) * sizeof *schema->types);
    schema->types[index] = type;
    schema->count++;
    return ERR_OK;
}

/* What was shipped comes again as records of the office. */
static bool is_present(const struct schema *schema, struct bytes json)
{
    for (size_t i = 0; i < schema->count; i++)
        if (bytes_equal(schema->types[i]->definition, json))
            return true;
    return false;
}

enum err schema_add(struct schema *schema, struct bytes json, char *detail)
{
    struct schema_type *type;
    detail[0] = '\0';
    if (is_present(schema, json))
        return ERR_OK;
    enum err err = schema_type_read(&type, json, detail);
    if (err)
        return err;
    size_t index = lower_bound(schema, type->name);
    struct schema_type *present = NULL;
    if (index < schema->count &&
        bytes_equal(schema->types[index]->name, type->name))
        present = schema->types[index];
    if (!present) {
        err = insert(schema, index, type);
        if (err)
            schema_type_free(type);
        return err;
    }
    if (type->version < present->version) {
        schema_type_free(type);
        return ERR_OK;
    }
    schema->types[index] = type;
    schema_type_free(present);
    return ERR_OK;
}

const struct schema_type *schema_type(const struct schema *s, struct bytes name)
{
    size_t index = lower_bound(s, name);
    if (index == s->count || !bytes_equal(s->types[index]->name, name))
        return NULL;
    return s->types[index];
}

size_t schema_type_count(const struct schema *schema)
{
    return schema->count;
}

const struct schema_type *schema_type_at(const struct schema *s, size_t index)
{
    return s->types[index];
}

struct bytes type_name(const struct schema_type *type)
{
    return type->name;
}

struct bytes type_title(const struct schema_type *type)
{
    return type->title;
}

int64_t type_version(const struct schema_type *type)
{
    return type->version;
}

struct bytes type_definition(const struct schema_type *type)
{
    return type->definition;
}

struct bytes type_home(const struct schema_type *type)
{
    return type->home;
}

bool type_office_only(const struct schema_type *type)
{
    return type->office_only;
}

bool type_system(const struct schema_type *type)
{
    return type->system;
}

size_t type_field_count(const struct schema_type *type)
{
    return type->field_count;
}

const struct schema_field *type_field_at(const struct schema_type *t, size_t i)
{
    return &t->fields[i];
}

const struct schema_field *type_merges(const struct schema_type *type)
{
    return type->merges;
}

const struct schema_field *type_numbered(const struct schema_type *type)
{
    return type->numbered;
}

const struct schema_field *type_field(const struct schema_type *type,
                                      struct bytes name)
{
    size_t low = 0, high = type->field_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = bytes_compare(type->fields[middle].name, name);
        if (!order)
            return &type->fields[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
