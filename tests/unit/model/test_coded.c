/* Whether a published code set has a code on a day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/coded.h"
#include "tests/fault.h"
#include "tests/unit/model/schema_case.h"

#define SET(dates)                                                             \
    "{\"fields\":{\"codes\":{\"value\":[{\"code\":\"A "                        \
    "1\"},{\"label\":\"B\"}]}" dates "}}"
#define FROM ",\"effective_from\":{\"value\":\"2025-10-01\"}"
#define TO ",\"effective_to\":{\"value\":\"2026-09-30\"}"

static const struct {
    const char *state, *code, *on;
    const char *says; /* NULL: it stands */
} cases[] = {
    {SET(FROM TO), "A 1", "2025-10-01", NULL},
    {SET(FROM TO), "A 1", "2026-09-30", NULL},
    {SET(FROM TO), "A 1", "", NULL},
    {SET(""), "A 1", "1990-01-01", NULL},
    {SET(FROM), "A 1", "2099-01-01", NULL},
    {SET(TO), "A 1", "1990-01-01", NULL},
    {SET(FROM TO), "A 1", "2025-09-30",
     "s 3.0 is in effect from 2025-10-01 on, not on 2025-09-30"},
    {SET(FROM TO), "A 1", "2026-10-01",
     "s 3.0 was in effect until 2026-09-30, not on 2026-10-01"},
    {SET(FROM TO), "a 1", "2026-01-01", "\"a 1\" is not a code of s 3.0"},
    {SET(FROM TO), "B", "2026-01-01", "\"B\" is not a code of s 3.0"},
    {"{\"fields\":{}}", "A 1", "", "\"A 1\" is not a code of s 3.0"},
    {NULL, "A 1", "", "there is no code set s of version 3.0 here"},
};

static void a_code_stands_in_its_set_on_its_days(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        const struct canon *root = NULL;
        char detail[CODED_DETAIL_CHARS];
        const struct coded coded = {bytes_text("s"), bytes_text("3.0"),
                                    bytes_text(cases[i].code),
                                    bytes_text(cases[i].on)};
        arena_init(&arena, 1 << 20);
        if (cases[i].state)
            assert_int_equal(
                canon_parse(&arena, bytes_text(cases[i].state), &root, NULL),
                ERR_OK);
        assert_int_equal(coded_stands(&coded, root, detail), !cases[i].says);
        assert_string_equal(detail, cases[i].says ? cases[i].says : "");
        arena_fini(&arena);
    }
}

static void a_set_and_version_have_one_id(void **state)
{
    (void)state;
    char a[ID_CHARS + 1], b[ID_CHARS + 1];
    struct bytes set = bytes_text("csbg-fnpi");
    assert_int_equal(code_set_id(a, set, bytes_text("3.0")), ERR_OK);
    assert_int_equal(code_set_id(b, set, bytes_text("3.0")), ERR_OK);
    assert_string_equal(a, b);
    assert_int_equal(code_set_id(b, set, bytes_text("2.1")), ERR_OK);
    assert_string_not_equal(a, b);
    fault_at(1, false);
    enum err err = code_set_id(a, set, bytes_text("3.0"));
    assert_true(fault_hit());
    fault_at(0, false);
    assert_int_equal(err, ERR_NOMEM);
}

/* The types that reports count by code. */
static void shipped_types_say_of_which_set_a_code_is(void **state)
{
    (void)state;
    static const char *const types[][2] = {{"service_delivered", "on"},
                                           {"outcome", "achieved_on"},
                                           {"characteristic", "as_of"},
                                           {"goal", ""},
                                           {"npi_target", ""}};
    struct schema *schema = schema_shipped();
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct schema_coded *coded =
            field_coded(schema_field_of(schema, types[i][0], "code"));
        assert_non_null(coded);
        assert_true(bytes_is(coded->set, "codeset"));
        assert_true(bytes_is(coded->version, "codeset_version"));
        assert_true(bytes_is(coded->on, types[i][1]));
    }
    assert_null(field_coded(schema_field_of(schema, "person", "county")));
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_stands_in_its_set_on_its_days),
        cmocka_unit_test(a_set_and_version_have_one_id),
        cmocka_unit_test(shipped_types_say_of_which_set_a_code_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
