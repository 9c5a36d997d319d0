#include "shared/model/schema.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "shared/model/schema_type.h"

/* A type that is known by its definition is read when it is first asked for. */
struct entry {
    struct bytes name;       /* these borrow from the type or the lines */
    struct bytes definition; /* a NUL follows */
    struct schema_type *_Atomic type; /* owned, NULL until it is read */
};

struct schema {
    struct entry *entries; /* owned, by name */
    size_t count;
    size_t room;
    uint8_t *lines; /* owned, NULL: none */
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
        schema_type_free(schema->entries[i].type);
    free(schema->entries);
    free(schema->lines);
    free(schema);
}

/* Index of the first type not below `name`. */
static size_t lower_bound(const struct schema *schema, struct bytes name)
{
    size_t low = 0, high = schema->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (bytes_compare(schema->entries[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct entry *entry_find(const struct schema *s, struct bytes name)
{
    size_t index = lower_bound(s, name);
    if (index == s->count || !bytes_equal(s->entries[index].name, name))
        return NULL;
    return &s->entries[index];
}

/* *out is blank but for its name. */
static enum err entry_add(struct schema *schema, struct bytes name,
                          struct entry **out)
{
    if (schema->count == SCHEMA_TYPES_MAX)
        return ERR_TOO_BIG;
    if (schema->count == schema->room) {
        size_t room = schema->room ? schema->room * 2 : 128;
        void *entries =
            realloc(schema->entries, room * sizeof *schema->entries);
        if (!entries)
            return ERR_NOMEM;
        schema->entries = entries;
        schema->room = room;
    }
    size_t index = lower_bound(schema, name);
    *out = schema->entries + index;
    memmove(*out + 1, *out, (schema->count - index) * sizeof **out);
    memset(*out, 0, sizeof **out);
    (*out)->name = name;
    schema->count++;
    return ERR_OK;
}

/* Two threads may read the same type; the first one's is kept. */
static enum err entry_read(struct entry *entry, const struct schema_type **out)
{
    char detail[SCHEMA_DETAIL_CHARS];
    struct schema_type *first = entry->type, *type;
    *out = first;
    if (first)
        return ERR_OK;
    enum err err = schema_type_read(&type, entry->definition, detail);
    if (err)
        return err == ERR_NOMEM ? err : ERR_CORRUPT;
    if (!bytes_equal(type->name, entry->name)) {
        schema_type_free(type);
        return ERR_CORRUPT;
    }
    *out = type;
    if (!atomic_compare_exchange_strong(&entry->type, &first, type)) {
        schema_type_free(type);
        *out = first;
    }
    return ERR_OK;
}

/* What was shipped comes again as records of the office. */
static bool is_present(const struct schema *schema, struct bytes json)
{
    for (size_t i = 0; i < schema->count; i++)
        if (bytes_equal(schema->entries[i].definition, json))
            return true;
    return false;
}

/* Takes `type` over when it succeeds. */
static enum err type_add(struct schema *schema, struct schema_type *type)
{
    const struct schema_type *present = NULL;
    struct entry *entry = entry_find(schema, type->name);
    enum err err = entry ? entry_read(entry, &present)
                         : entry_add(schema, type->name, &entry);
    if (err)
        return err;
    if (present && type->version < present->version) {
        schema_type_free(type);
        return ERR_OK;
    }
    schema_type_free(entry->type);
    entry->name = type->name;
    entry->definition = type->definition;
    entry->type = type;
    return ERR_OK;
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
    err = type_add(schema, type);
    if (err)
        schema_type_free(type);
    return err;
}

enum err schema_add_lines(struct schema *schema, uint8_t *lines, size_t size)
{
    assert(schema->count == 0 && !schema->lines);
    schema->lines = lines;
    uint8_t *at = lines, *end = lines + size;
    while (at < end) {
        uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        uint8_t *space = stop ? memchr(at, ' ', (size_t)(stop - at)) : NULL;
        struct entry *entry;
        if (!space)
            return ERR_CORRUPT;
        enum err err =
            entry_add(schema, bytes_of(at, (size_t)(space - at)), &entry);
        if (err)
            return err;
        entry->definition = bytes_of(space + 1, (size_t)(stop - space - 1));
        *stop = '\0';
        at = stop + 1;
    }
    return ERR_OK;
}

enum err schema_find(const struct schema *s, struct bytes name,
                     const struct schema_type **out)
{
    struct entry *entry = entry_find(s, name);
    *out = NULL;
    return entry ? entry_read(entry, out) : ERR_OK;
}

size_t schema_type_count(const struct schema *schema)
{
    return schema->count;
}

bool schema_same(const struct schema *a, const struct schema *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = bytes_equal(a->entries[i].name, b->entries[i].name) &&
               bytes_equal(a->entries[i].definition, b->entries[i].definition);
    return same;
}

struct bytes schema_name_at(const struct schema *s, size_t index)
{
    return s->entries[index].name;
}

struct bytes schema_definition_at(const struct schema *s, size_t index)
{
    return s->entries[index].definition;
}

enum err schema_at(const struct schema *s, size_t index,
                   const struct schema_type **out)
{
    return entry_read(&s->entries[index], out);
}

/* Quotes inside texts are escaped, so this stands for the member alone. */
static bool may_merge(struct bytes definition)
{
    return strstr((const char *)definition.at, "\"merges\":true");
}

enum err schema_merging_at(const struct schema *s, size_t index,
                           const struct schema_type **out)
{
    *out = NULL;
    if (!may_merge(s->entries[index].definition))
        return ERR_OK;
    enum err err = schema_at(s, index, out);
    if (!err && !(*out)->merges)
        *out = NULL;
    return err;
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
