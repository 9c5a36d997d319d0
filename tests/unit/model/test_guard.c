/* Every guard of the shipped types, held against guards.json, which a person
 * wrote from the regulations: what is refused, what allows it, what looks like
 * it and does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/fault.h"
#include "tests/types.h"
#include "tests/unit/model/fold_case.h"
#include "tests/unit/model/guard_case.h"
#include "tests/unit/model/schema_case.h"

#define GUARD_CHARS (3 * NAME_CHARS_MAX + 3)

struct subject {
    const char *name; /* TYPE.FIELD.GUARD */
    char type[NAME_CHARS_MAX + 1], field_name[NAME_CHARS_MAX + 1];
    const struct schema_field *field;
    const struct guard *guard;
    const json_t *item;
};

static const struct guard *guard_of(const struct schema_field *field,
                                    const char *name)
{
    for (size_t i = 0; i < field_guard_count(field); i++)
        if (bytes_is(guard_name(field_guard_at(field, i)), name))
            return field_guard_at(field, i);
    return NULL;
}

static void subject_find(struct subject *s, const struct schema *schema,
                         const json_t *item)
{
    char guard[NAME_CHARS_MAX + 1];
    s->item = item;
    s->name = json_string_value(json_object_get(item, "guard"));
    assert_non_null(s->name);
    if (sscanf(s->name, "%64[^.].%64[^.].%64s", s->type, s->field_name,
               guard) != 3)
        fail_msg("%s is not TYPE.FIELD.GUARD", s->name);
    s->field = schema_field_of(schema, s->type, s->field_name);
    s->guard = guard_of(s->field, guard);
    if (!s->guard)
        fail_msg("%s: no such guard", s->name);
}

struct verdict {
    bool asks, holds;
};

static struct verdict judge(const struct subject *s, const json_t *variant,
                            json_t *at)
{
    struct guard_told told;
    guard_told_open(&told, s->type, s->item, variant, s->field_name, at);
    struct verdict v = {guard_asks(s->guard, s->field, told.record),
                        guard_holds(s->guard, s->field, told.record, &told.kase,
                                    guard_told_role, &told)};
    guard_told_close(&told);
    return v;
}

/* Returns how many variants there were. */
static size_t each_variant(const struct subject *s, const char *list, bool asks,
                           bool holds)
{
    size_t i;
    json_t *variant, *all = json_object_get(s->item, list);
    json_array_foreach(all, i, variant)
    {
        struct verdict v = judge(s, variant, NULL);
        bool refused = v.asks && !v.holds;
        if (refused == holds || (asks && !v.asks && !holds))
            fail_msg("%s: %s %zu is %s", s->name, list, i,
                     refused ? "refused" : "allowed");
    }
    return json_array_size(all);
}

static const json_t *guard_json(const struct subject *s, json_t *root)
{
    size_t i;
    json_t *guard, *field = json_object_get(json_object_get(root, "fields"),
                                            s->field_name);
    struct bytes name = guard_name(s->guard);
    json_array_foreach(json_object_get(field, "needs"), i,
                       guard) if (bytes_is(name,
                                           json_string_value(json_object_get(
                                               guard, "name")))) return guard;
    fail_msg("%s", s->name);
    return NULL;
}

static bool list_has(const json_t *list, const json_t *value)
{
    size_t i;
    json_t *member;
    json_array_foreach(
        (json_t *)list, i,
        member) if (json_equal(member, (json_t *)value)) return true;
    return false;
}

/* At each code that the guard names it asks, at each other it does not. */
static void each_code(const struct subject *s, const struct schema *schema)
{
    size_t i;
    json_t *code;
    struct bytes text =
        type_definition(schema_type(schema, bytes_text(s->type)));
    json_t *root = json_loadb((const char *)text.at, text.size, 0, NULL);
    const json_t *at = json_object_get(guard_json(s, root), "at");
    json_t *codes = json_object_get(
        json_object_get(json_object_get(root, "fields"), s->field_name),
        "codes");
    json_array_foreach(codes, i, code)
    {
        struct verdict v = judge(s, NULL, code);
        bool expected = !at || list_has(at, code);
        if (v.asks != expected || (expected && v.holds))
            fail_msg("%s at %s: asks %d, holds %d", s->name,
                     json_string_value(code), v.asks, v.holds);
    }
    json_decref(root);
}

static void every_guard_allows_and_refuses_as_written(void **state)
{
    (void)state;
    size_t i, met = 0, unmet = 0;
    json_t *item, *file = tree_json(GUARD_CASES);
    struct schema *schema = schema_shipped();
    json_array_foreach(file, i, item)
    {
        struct subject s;
        subject_find(&s, schema, item);
        struct verdict bare = judge(&s, NULL, NULL);
        if (!bare.asks || bare.holds)
            fail_msg("%s: asks %d, holds %d though nothing is there", s.name,
                     bare.asks, bare.holds);
        size_t allowed = each_variant(&s, "met", true, true);
        if (!allowed)
            fail_msg("%s: nothing allows it", s.name);
        met += allowed;
        unmet += each_variant(&s, "unmet", true, false);
        each_variant(&s, "free", false, true);
        each_code(&s, schema);
    }
    assert_true(met > 130 && unmet > 80);
    schema_free(schema);
    json_decref(file);
}

static void every_shipped_guard_is_among_them(void **state)
{
    (void)state;
    size_t i, count = 0;
    json_t *item, *file = tree_json(GUARD_CASES), *told = json_object();
    struct schema *schema = schema_shipped();
    json_array_foreach(file, i, item)
    {
        const char *name = json_string_value(json_object_get(item, "guard"));
        if (json_object_get(told, name))
            fail_msg("%s stands twice", name);
        json_object_set_new(told, name, json_true());
    }
    for (i = 0; i < schema_type_count(schema); i++) {
        const struct schema_type *type = schema_type_at(schema, i);
        for (size_t j = 0; j < type_field_count(type); j++) {
            const struct schema_field *f = type_field_at(type, j);
            for (size_t k = 0; k < field_guard_count(f); k++, count++) {
                char name[GUARD_CHARS];
                struct bytes a = type_name(type), b = field_name(f),
                             c = guard_name(field_guard_at(f, k));
                snprintf(name, sizeof name, "%.*s.%.*s.%.*s", (int)a.size,
                         (const char *)a.at, (int)b.size, (const char *)b.at,
                         (int)c.size, (const char *)c.at);
                if (!json_object_get(told, name))
                    fail_msg("%s: " GUARD_CASES " says nothing of it", name);
            }
        }
    }
    assert_true(count > 90);
    assert_int_equal(count, json_array_size(file));
    schema_free(schema);
    json_decref(told);
    json_decref(file);
}

/* --- counting ------------------------------------------------------------- */

#define NEEDS(condition)                                                       \
    "{\"type\":\"t\",\"fields\":{\"s\":{\"kind\":\"code\",\"rule\":\"latest\"" \
    ",\"codes\":[\"x\"],\"needs\":[{\"name\":\"g\",\"says\":\"a: b\","         \
    "\"any\":[" condition "]}]},\"r\":{\"kind\":\"record\",\"rule\":"          \
    "\"latest\"}}}"

static void a_record_counts_once_and_never_for_itself(void **state)
{
    (void)state;
    static const char one[] =
        "{\"fields\":{\"s\":{\"live\":[],\"value\":\"x\"}},"
        "\"record\":\"0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4\",\"type\":\"t\"}";
    struct guard_case kase;
    const struct guard_record *record, *again;
    struct schema *schema = schema_empty();
    schema_must_add(schema, NEEDS("{\"type\":\"t\"}"));
    const struct schema_field *field = schema_field_of(schema, "t", "s");
    guard_case_init(&kase);
    assert_int_equal(guard_case_add(&kase, bytes_text(one), &record), ERR_OK);
    assert_int_equal(guard_case_add(&kase, bytes_text(one), &again), ERR_OK);
    assert_ptr_equal(record, again);
    assert_null(record->next);
    assert_false(guard_holds(field_guard_at(field, 0), field, record, &kase,
                             NULL, NULL));
    assert_true(bytes_is(guard_stands_at(field, record), "\"x\""));
    assert_int_equal(
        guard_case_add(&kase, bytes_text("{\"waiting\":true}"), &record),
        ERR_OK);
    assert_null(record);
    assert_int_equal(guard_case_add(&kase, bytes_text("{"), &record),
                     ERR_CORRUPT);
    guard_case_fini(&kase);
    schema_free(schema);
}

/* --- memory --------------------------------------------------------------- */

static enum err read_and_judge(bool *holds)
{
    static const char definition[] =
        NEEDS("{\"type\":\"t\",\"naming\":\"r\",\"where\":{\"s\":[\"x\",null]},"
              "\"without\":[{\"type\":\"t\",\"naming\":\"r\"}]}");
    static const char state[] =
        "{\"fields\":{\"s\":{\"live\":[],\"value\":\"x\"}},"
        "\"record\":\"0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4\",\"type\":\"t\"}";
    char detail[SCHEMA_DETAIL_CHARS];
    struct schema *schema = NULL;
    struct guard_case kase;
    const struct guard_record *record;
    guard_case_init(&kase);
    enum err err = schema_new(&schema);
    if (!err)
        err = schema_add(schema, bytes_text(definition), detail);
    if (!err)
        err = guard_case_add(&kase, bytes_text(state), &record);
    if (!err) {
        const struct schema_field *field = schema_field_of(schema, "t", "s");
        *holds = guard_holds(field_guard_at(field, 0), field, record, &kase,
                             NULL, NULL);
    }
    guard_case_fini(&kase);
    schema_free(schema);
    return err;
}

static void reading_and_judging_survive_every_allocation_failure(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        bool holds = true;
        fault_at(nth, false);
        enum err err = read_and_judge(&holds);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_false(holds);
            assert_true(nth > 3);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_guard_allows_and_refuses_as_written),
        cmocka_unit_test(every_shipped_guard_is_among_them),
        cmocka_unit_test(a_record_counts_once_and_never_for_itself),
        cmocka_unit_test(reading_and_judging_survive_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
