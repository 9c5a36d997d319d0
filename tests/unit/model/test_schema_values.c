#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/model/schema_case.h"

static enum err check(const struct schema_field *f, const char *json,
                      char *detail)
{
    struct arena arena;
    const struct canon *value;
    arena_init(&arena, 1 << 20);
    assert_int_equal(canon_parse(&arena, bytes_text(json), &value, NULL),
                     ERR_OK);
    enum err err = field_check(f, value, detail);
    arena_fini(&arena);
    return err;
}

static void values_fit_their_kind(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *fits, *not ;
    } kinds[] = {
        {"any", "[{}]", NULL},
        {"text", "\"\"", "1"},
        {"int", "-3", "\"3\""},
        {"cents", "-3", "\"3\""},
        {"minutes", "0", "-1"},
        {"bool", "false", "0"},
        {"date", "\"2026-11-21\"", "\"2026-02-30\""},
        {"instant", "\"2026-11-21T15:20-06:00\"", "\"yesterday\""},
        {"record", "\"0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4\"", "\"x\""},
        {"user", "\"dana\"", "\"Dana D\""},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char json[160], detail[SCHEMA_DETAIL_CHARS];
        struct schema *schema = schema_empty();
        snprintf(json, sizeof json,
                 "{\"type\":\"t\",\"fields\":{\"a\":{\"kind\":\"%s\","
                 "\"rule\":\"latest\"}}}",
                 kinds[i].kind);
        schema_must_add(schema, json);
        const struct schema_field *f = schema_field_of(schema, "t", "a");
        assert_int_equal(check(f, kinds[i].fits, detail), ERR_OK);
        assert_int_equal(check(f, "null", NULL), ERR_OK);
        if (kinds[i].not ) {
            assert_int_equal(check(f, kinds[i].not, NULL), ERR_INVALID);
            assert_int_equal(check(f, kinds[i].not, detail), ERR_INVALID);
            assert_non_null(strstr(detail, " is not "));
        }
        schema_free(schema);
    }
}

static void an_unknown_code_is_named_with_the_known_ones(void **state)
{
    (void)state;
    char detail[SCHEMA_DETAIL_CHARS];
    struct schema *schema = schema_shipped();
    const struct schema_field *f = schema_field_of(schema, "contact", "kind");
    assert_int_equal(check(f, "\"visitt\"", detail), ERR_INVALID);
    assert_string_equal(
        detail, "kind: \"visitt\" is not one of home_visit, office, phone, "
                "text, letter, email, video, collateral, attempted, chance");
    f = schema_field_of(schema, "referral", "status");
    assert_int_equal(check(f, "\"snet\"", detail), ERR_INVALID);
    assert_string_equal(detail + strlen(detail) - 5, ", ...");
    schema_free(schema);
}

static void unknown_and_refused_are_always_answers(void **state)
{
    (void)state;
    struct schema *schema = schema_shipped();
    const struct schema_field *f = schema_field_of(schema, "contact", "kind");
    assert_int_equal(check(f, "\"unknown\"", NULL), ERR_OK);
    assert_int_equal(check(f, "\"refused\"", NULL), ERR_OK);
    assert_int_equal(check(f, "null", NULL), ERR_OK);
    schema_free(schema);
}

static void a_list_is_checked_one_by_one(void **state)
{
    (void)state;
    char detail[SCHEMA_DETAIL_CHARS];
    struct schema *schema = schema_shipped();
    const struct schema_field *f =
        schema_field_of(schema, "contact", "purpose");
    assert_true(field_list(f));
    assert_int_equal(check(f, "[\"plan\",\"crisis\"]", detail), ERR_OK);
    assert_int_equal(check(f, "[\"plan\",\"x\"]", detail), ERR_INVALID);
    assert_int_equal(check(f, "\"plan\"", detail), ERR_INVALID);
    assert_string_equal(detail, "purpose: \"plan\" is not a list of codes");
    schema_free(schema);
}

static void a_long_value_is_cut_at_a_character(void **state)
{
    (void)state;
    char detail[SCHEMA_DETAIL_CHARS], json[300] = "\"";
    struct schema *schema = schema_shipped();
    for (int i = 0; i < 60; i++)
        strcat(json, "\xc3\xa9");
    strcat(json, "\"");
    assert_int_equal(
        check(schema_field_of(schema, "contact", "kind"), json, detail),
        ERR_INVALID);
    assert_true(utf8_valid(bytes_text(detail), &(size_t){0}));
    assert_non_null(strstr(detail, "... is not one of"));
    schema_free(schema);
}

static void moves_say_what_a_screen_offers(void **state)
{
    (void)state;
    struct schema *schema = schema_shipped();
    const struct schema_field *f =
        schema_field_of(schema, "referral", "status");
    struct bytes none = bytes_of(NULL, 0), sent = bytes_text("\"sent\"");
    struct bytes draft = bytes_text("\"draft\""), met = bytes_text("\"met\"");
    assert_true(field_move(f, none, draft));
    assert_true(field_move(f, bytes_text("null"), draft));
    assert_false(field_move(f, none, met));
    assert_true(field_move(f, sent, met));
    assert_false(field_move(f, draft, met));
    assert_true(
        field_move(schema_field_of(schema, "contact", "kind"), sent, met));
    schema_free(schema);
}

static void a_protective_yes_lies_above_no(void **state)
{
    (void)state;
    struct schema *schema = schema_shipped();
    const struct schema_field *f =
        schema_field_of(schema, "person", "do_not_contact");
    struct bytes yes = bytes_text("true"), no = bytes_text("false");
    assert_int_equal(field_rule(f), RULE_SAFEST);
    assert_true(field_below(f, no, yes));
    assert_false(field_below(f, yes, no));
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_fit_their_kind),
        cmocka_unit_test(an_unknown_code_is_named_with_the_known_ones),
        cmocka_unit_test(unknown_and_refused_are_always_answers),
        cmocka_unit_test(a_list_is_checked_one_by_one),
        cmocka_unit_test(a_long_value_is_cut_at_a_character),
        cmocka_unit_test(moves_say_what_a_screen_offers),
        cmocka_unit_test(a_protective_yes_lies_above_no),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
