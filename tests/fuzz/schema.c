/* Type definitions from strangers: read or refused with a place, never more;
 * what is read says the same when it is read again. */
#include <string.h>

#include "shared/model/schema.h"
#include "tests/fuzz/target.h"

static void walk(const struct schema_type *type)
{
    static const char text[] = "[null,\"x\",7,true,[\"unknown\"]]";
    struct arena arena;
    const struct canon *value;
    arena_init(&arena, 1 << 20);
    must(!canon_parse(&arena, bytes_text(text), &value, NULL));
    for (size_t i = 0; i < type_field_count(type); i++) {
        const struct schema_field *field = type_field_at(type, i);
        must(type_field(type, field_name(field)) == field);
        for (const struct canon *v = value->first; v; v = v->next) {
            char detail[SCHEMA_DETAIL_CHARS];
            enum err err = field_check(field, v, detail);
            must(!err == !detail[0]);
            must(utf8_valid(bytes_text(detail), &(size_t){0}));
            must(!field_below(field, v->raw, v->raw));
            (void)field_move(field, v->raw, v->raw);
        }
    }
    arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct schema *schema;
    char detail[SCHEMA_DETAIL_CHARS];
    must(!schema_new(&schema));
    enum err err = schema_add(schema, bytes_of(at, size), detail);
    must(err || schema_type_count(schema) == 1);
    must(err != ERR_INVALID || detail[0]);
    if (!err) {
        const struct schema_type *type = schema_type_at(schema, 0);
        struct schema *again;
        must(!schema_new(&again));
        must(!schema_add(again, type_definition(type), detail));
        must(bytes_equal(type_definition(schema_type_at(again, 0)),
                         type_definition(type)));
        walk(type);
        schema_free(again);
    }
    schema_free(schema);
    return 0;
}
