/* Type definitions from strangers: read or refused with a place, never more;
 * what is read says the same when it is read again. */
#include <string.h>

#include "shared/model/guard.h"
#include "shared/model/schema.h"
#include "tests/fuzz/target.h"
#include "tests/types.h"

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

/* Of a case with one record of the type, and one that was entered in error. */
static void judge(const struct schema_type *type)
{
    static const char *const states[] = {
        "{\"fields\":{\"entered_in_error\":{\"value\":true},\"s\":{\"value\":"
        "\"x\"}},\"record\":\"b\",\"type\":\"t\"}",
        "{\"fields\":{\"r\":{\"value\":\"b\"},\"s\":{\"live\":[{\"author\":"
        "\"dana\",\"value\":\"x\"}],\"value\":\"x\"},\"u\":{\"value\":[\"a\","
        "null]}},\"record\":\"a\",\"type\":\"t\"}"};
    struct guard_case kase;
    const struct guard_record *record = NULL;
    guard_case_init(&kase);
    for (size_t i = 0; i < 2; i++)
        must(!guard_case_add(&kase, bytes_text(states[i]), &record) && record);
    for (size_t i = 0; i < type_field_count(type); i++) {
        const struct schema_field *field = type_field_at(type, i);
        for (size_t j = 0; j < field_guard_count(field); j++) {
            const struct guard *guard = field_guard_at(field, j);
            must(guard_name(guard).size && guard_says(guard).size);
            for (size_t k = 0; k < guard_clause_count(guard); k++)
                must(guard_clause_at(guard, k).size);
            for (size_t k = 0; k < guard_type_count(guard); k++)
                must(name_valid(guard_type_at(guard, k)));
            must(!guard_asks(guard, field, kase.first));
            (void)guard_asks(guard, field, record);
            (void)guard_holds(guard, field, record, &kase, NULL, NULL);
        }
    }
    guard_case_fini(&kase);
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
        judge(type);
        schema_free(again);
    }
    schema_free(schema);
    return 0;
}
