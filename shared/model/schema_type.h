/* What a type definition becomes once read.  Internal to the schema. */
#ifndef MODEL_SCHEMA_TYPE_H
#define MODEL_SCHEMA_TYPE_H

#include "shared/model/schema.h"

#define SCHEMA_FIELDS_MAX 256
#define SCHEMA_CODES_MAX 256
#define SCHEMA_DEFINITION_BYTES_MAX (256u * 1024u)
#define SCHEMA_TYPES_MAX 1024

struct schema_field {
    struct bytes name, title, target;
    enum rule rule;
    enum value_kind kind;
    bool required, office, list, merges;
    struct bytes *codes; /* as declared */
    size_t code_count;
    struct bytes *values; /* canonical JSON that `order` may name */
    size_t value_count;
    struct schema_coded coded; /* `code_set`; `set` is empty: none */
    struct bytes *rows;        /* members of the objects that the value lists */
    size_t row_count;
    bool *below;               /* [a * value_count + b]: a lies below b */
    const struct canon *moves; /* NULL: none declared */
    struct bytes *within;      /* `numbered`: fields of the type */
    size_t within_count;       /* 0: it is not numbered */
    struct bytes once; /* and only once this field has a value; empty: always */
    struct guard *guards; /* `needs`, as declared */
    size_t guard_count;
};

struct schema_type {
    struct arena arena; /* owns everything below */
    struct bytes name, title, home, definition;
    int64_t version;
    bool office_only, system;
    struct schema_field *fields; /* by name */
    size_t field_count;
    const struct schema_field *merges;   /* NULL: none */
    const struct schema_field *numbered; /* NULL: none */
};

/* Reads and checks one definition.  ERR_INVALID with `detail`, ERR_TOO_BIG,
 * ERR_NOMEM; *out is NULL then. */
MUST_CHECK enum err schema_type_read(struct schema_type **out,
                                     struct bytes json, char *detail);
void schema_type_free(struct schema_type *type); /* NULL is allowed */

/* That of the type at `index`, which needs not be read for it. */
struct bytes schema_definition_at(const struct schema *schema, size_t index);

const char *kind_name(enum value_kind kind);
bool kind_parse(struct bytes text, enum value_kind *out);

#endif
