#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/same.h"
#include "tests/fault.h"
#include "tests/types.h"

#define A "00000000-0000-7000-8000-00000000000a"
#define B "00000000-0000-7000-8000-00000000000b"
#define C "00000000-0000-7000-8000-00000000000c"
#define D "00000000-0000-7000-8000-00000000000d"

static const char definition[] =
    "{\"type\":\"person\",\"fields\":{\"name\":{\"kind\":\"text\",\"rule\":"
    "\"latest\"},\"twin\":{\"kind\":\"record\",\"rule\":\"latest\",\"writer\":"
    "\"office\",\"merges\":true}}}";

static void link(struct same *same, const char *from, const char *to)
{
    assert_int_equal(same_link(same, bytes_text(from), bytes_text(to)), ERR_OK);
}

static void others_are(const struct same *same, const char *id,
                       const char *wanted)
{
    struct buffer out;
    buffer_init(&out, 4096);
    assert_int_equal(same_others(same, id, &out), ERR_OK);
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
}

static void a_chain_leads_to_its_end(void **state)
{
    (void)state;
    struct same *same;
    assert_int_equal(same_new(&same), ERR_OK);
    link(same, C, B);
    link(same, B, A);
    assert_string_equal(same_root(same, C), A);
    assert_string_equal(same_root(same, A), A);
    assert_string_equal(same_root(same, D), D);
    others_are(same, B, "[\"" A "\",\"" C "\"]");
    others_are(same, D, "[]");
    same_free(same);
}

static void in_a_circle_the_least_stands_for_all(void **state)
{
    (void)state;
    struct same *same;
    assert_int_equal(same_new(&same), ERR_OK);
    link(same, D, C); /* leads into it */
    link(same, C, B);
    link(same, B, C);
    link(same, A, D);
    const char *const ids[] = {A, B, C, D};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(same_root(same, ids[i]), B);
    link(same, A, A);
    assert_string_equal(same_root(same, A), B);
    same_free(same);
}

static void a_state_gives_its_link_and_its_value_matches_both(void **state)
{
    (void)state;
    struct same *same;
    struct schema *schema;
    struct arena arena;
    const struct canon *contact;
    char detail[SCHEMA_DETAIL_CHARS];
    assert_int_equal(schema_new(&schema), ERR_OK);
    assert_int_equal(schema_add(schema, bytes_text(definition), detail),
                     ERR_OK);
    const struct schema_type *type = schema_type_at(schema, 0);
    assert_true(bytes_is(field_name(type_merges(type)), "twin"));
    assert_int_equal(same_new(&same), ERR_OK);
    static const char *const states[] = {
        "{\"fields\":{\"twin\":{\"live\":[],\"value\":\"" A
        "\"}},\"record\":\"" B "\"}",
        "{\"fields\":{\"twin\":{\"live\":[],\"value\":null}},\"record\":\"" C
        "\"}",
        "{\"fields\":{\"twin\":{\"live\":[],\"value\":\"mistaken\"}},"
        "\"record\":\"" D "\"}",
        "{\"record\":\"" D "\",\"waiting\":true}"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(same_take(same, type, bytes_text(states[i])), ERR_OK);
    assert_int_equal(same_take(same, type, bytes_text("{")), ERR_INVALID);
    others_are(same, A, "[\"" B "\"]");
    others_are(same, C, "[]");
    others_are(same, D, "[]");
    arena_init(&arena, 65536);
    assert_int_equal(
        canon_parse(
            &arena,
            bytes_text("{\"fields\":{\"person\":{\"value\":\"" B "\"}}}"),
            &contact, NULL),
        ERR_OK);
    assert_true(same_matches(same, contact, "person", bytes_text(A)));
    assert_true(same_matches(same, contact, "person", bytes_text(B)));
    assert_false(same_matches(same, contact, "person", bytes_text(C)));
    assert_false(same_matches(same, contact, "other", bytes_text(A)));
    arena_fini(&arena);
    same_free(same);
    schema_free(schema);
}

static void a_link_is_refused_that_the_office_does_not_own(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "\"a\":{\"kind\":\"record\",\"rule\":\"latest\",\"merges\":true}",
        "\"a\":{\"kind\":\"text\",\"rule\":\"latest\",\"writer\":\"office\","
        "\"merges\":true}",
        "\"a\":{\"kind\":\"record\",\"rule\":\"set\",\"writer\":\"office\","
        "\"merges\":true}",
        "\"a\":{\"kind\":\"record\",\"rule\":\"latest\",\"writer\":\"office\","
        "\"merges\":true},\"b\":{\"kind\":\"record\",\"rule\":\"latest\","
        "\"writer\":\"office\",\"merges\":true}"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        struct schema *schema;
        char text[512], detail[SCHEMA_DETAIL_CHARS];
        snprintf(text, sizeof text, "{\"type\":\"t\",\"fields\":{%s}}",
                 fields[i]);
        assert_int_equal(schema_new(&schema), ERR_OK);
        assert_int_equal(schema_add(schema, bytes_text(text), detail),
                         ERR_INVALID);
        assert_non_null(strstr(detail, "merges"));
        schema_free(schema);
    }
}

static enum err build(void)
{
    struct same *same;
    enum err err = same_new(&same);
    if (err)
        return err;
    err = same_link(same, bytes_text(A), bytes_text(B));
    same_free(same);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    enum err err = ERR_NOMEM;
    int n = 0;
    while (err) {
        fault_at(++n, false);
        err = build();
        assert_true(err ? fault_hit() : !fault_hit());
        assert_true(!err || err == ERR_NOMEM);
    }
    fault_at(0, false);
    assert_true(n > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_leads_to_its_end),
        cmocka_unit_test(in_a_circle_the_least_stands_for_all),
        cmocka_unit_test(a_state_gives_its_link_and_its_value_matches_both),
        cmocka_unit_test(a_link_is_refused_that_the_office_does_not_own),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
