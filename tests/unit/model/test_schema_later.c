/* Types that are read when they are first asked for, and those that records
 * say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/types.h"
#include "tests/unit/model/schema_case.h"

/* A schema of the lines of a text, which are not looked at. */
static struct schema *schema_of_lines(const char *lines, enum err wanted)
{
    struct schema *schema = schema_empty();
    size_t size = strlen(lines);
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, lines, size);
    assert_int_equal(schema_add_lines(schema, copy, size), wanted);
    return schema;
}

static void types_of_lines_are_read_when_they_are_asked_for(void **state)
{
    (void)state;
    static const char lines[] =
        "t {\"fields\":{},\"type\":\"t\",\"version\":2}\n"
        "damaged {\"fields\":{\n"
        "another {\"fields\":{},\"type\":\"t\"}\n";
    struct schema *schema = schema_of_lines(lines, ERR_OK);
    const struct schema_type *type, *again;
    assert_int_equal(schema_type_count(schema), 3);
    assert_int_equal(schema_find(schema, bytes_text("t"), &type), ERR_OK);
    assert_int_equal(type_version(type), 2);
    assert_int_equal(schema_find(schema, bytes_text("t"), &again), ERR_OK);
    assert_ptr_equal(type, again);
    assert_int_equal(schema_find(schema, bytes_text("u"), &type), ERR_OK);
    assert_null(type);
    assert_int_equal(schema_find(schema, bytes_text("damaged"), &type),
                     ERR_CORRUPT);
    assert_null(type);
    assert_int_equal(schema_find(schema, bytes_text("another"), &type),
                     ERR_CORRUPT);
    assert_null(type);
    schema_free(schema);
    schema_free(schema_of_lines("t{\"fields\":{}}\n", ERR_CORRUPT));
    schema_free(schema_of_lines("t {\"fields\":{}}", ERR_CORRUPT));
}

static void what_is_not_read_yet_gives_way_as_what_is(void **state)
{
    (void)state;
    static const char lines[] =
        "t {\"fields\":{},\"type\":\"t\",\"version\":2}\n"
        "u {\"fields\":{},\"type\":\"u\",\"version\":2}\n";
    struct schema *schema = schema_of_lines(lines, ERR_OK);
    schema_must_add(schema, "{\"fields\":{},\"title\":\"Old\","
                            "\"type\":\"t\",\"version\":1}");
    schema_must_add(schema, "{\"fields\":{},\"title\":\"New\","
                            "\"type\":\"u\",\"version\":2}");
    assert_int_equal(schema_type_count(schema), 2);
    assert_int_equal(type_version(schema_type(schema, bytes_text("t"))), 2);
    assert_true(
        bytes_is(type_title(schema_type(schema, bytes_text("t"))), "t"));
    assert_true(
        bytes_is(type_title(schema_type(schema, bytes_text("u"))), "New"));
    struct schema *same = schema_of_lines(lines, ERR_OK);
    assert_false(schema_same(schema, same));
    schema_must_add(same, "{\"fields\":{},\"title\":\"New\","
                          "\"type\":\"u\",\"version\":2}");
    assert_true(schema_same(schema, same));
    schema_free(same);
    schema_free(schema);
}

static void types_with_links_are_told_from_others(void **state)
{
    (void)state;
    struct schema *schema = schema_shipped();
    size_t count = 0;
    for (size_t i = 0; i < schema_type_count(schema); i++) {
        const struct schema_type *found, *type = schema_type_at(schema, i);
        assert_int_equal(schema_merging_at(schema, i, &found), ERR_OK);
        assert_ptr_equal(found, type_merges(type) ? type : NULL);
        count += found != NULL;
    }
    assert_true(count > 0 && count < schema_type_count(schema));
    /* Words that a text says are no member. */
    struct schema *words =
        schema_of_lines("t {\"doc\":\"\\\"merges\\\":true\",\"fields\":{},"
                        "\"type\":\"t\"}\n",
                        ERR_OK);
    const struct schema_type *found;
    assert_int_equal(schema_merging_at(words, 0, &found), ERR_OK);
    assert_null(found);
    schema_free(words);
    schema_free(schema);
}

/* Adds the state of a record in which `text` is what `definition` says. */
static void add_state(struct schema *schema, const char *text)
{
    struct buffer state;
    buffer_init(&state, 1u << 20);
    buffer_add_text(&state,
                    "{\"fields\":{\"definition\":{\"live\":[{\"value\":");
    canon_put_text(&state, bytes_text("{\"fields\":{},\"type\":\"live\"}"));
    buffer_add_text(&state, "}],\"value\":");
    canon_put_text(&state, bytes_text(text));
    buffer_add_text(&state, "},\"name\":{\"value\":\"t\"}}}");
    assert_int_equal(buffer_err(&state), ERR_OK);
    assert_int_equal(schema_add_state(schema, buffer_bytes(&state)), ERR_OK);
    buffer_fini(&state);
}

static void a_record_may_say_what_is_known_and_what_is_new(void **state)
{
    (void)state;
    static const char known[] =
        "{\"fields\":{},\"title\":\"\\\"T\\\" \\\\ \\n\",\"type\":\"t\"}";
    char lines[sizeof known + 8];
    snprintf(lines, sizeof lines, "t %s\n", known);
    struct schema *schema = schema_of_lines(lines, ERR_OK);
    add_state(schema, known);
    assert_int_equal(schema_type_count(schema), 1);
    const struct schema_type *type = schema_type(schema, bytes_text("t"));
    assert_true(bytes_is(type_title(type), "\"T\" \\ \n"));
    /* Equal but for its end, and in what an escape stands for. */
    add_state(schema,
              "{\"fields\":{},\"title\":\"\\\"T\\\" \\\\ \\t\",\"type\":"
              "\"t\"}");
    type = schema_type(schema, bytes_text("t"));
    assert_true(bytes_is(type_title(type), "\"T\" \\ \t"));
    add_state(schema, "{\"fields\":{},\"type\":\"u\"}");
    assert_non_null(schema_type(schema, bytes_text("u")));
    assert_int_equal(schema_type_count(schema), 2);
    schema_free(schema);
}

static bool says(const struct schema *schema, const char *fields)
{
    char state[256];
    snprintf(state, sizeof state, "{\"fields\":{%s}}", fields);
    return schema_says_state(schema, 0, bytes_text(state));
}

static void a_record_says_a_type_by_definition_and_version(void **state)
{
    (void)state;
    struct schema *schema = schema_empty();
    schema_must_add(schema, "{\"fields\":{},\"type\":\"t\",\"version\":3}");
#define DEFINED(version)                                                       \
    "\"definition\":{\"value\":\"{\\\"fields\\\":{},\\\"type\\\":"             \
    "\\\"t\\\",\\\"version\\\":" version "}\"}"
    assert_true(says(schema, DEFINED("3") ",\"version\":{\"value\":3}"));
    assert_false(says(schema, DEFINED("3") ",\"version\":{\"value\":2}"));
    assert_false(says(schema, DEFINED("2") ",\"version\":{\"value\":3}"));
    assert_false(says(schema, DEFINED("3")));
    assert_false(says(schema, "\"version\":{\"value\":3}"));
    assert_false(says(schema, ""));
#undef DEFINED
    schema_free(schema);
}

static void what_a_record_cannot_say_is_passed_over(void **state)
{
    (void)state;
    static const char *const states[] = {
        "",
        "{}",
        "{\"fields\":{}}",
        "{\"fields\":{\"definition\":{}}}",
        "{\"fields\":{\"definition\":{\"value\":7}}}",
        "{\"fields\":{\"definition\":{\"value\":\"{",
        "{\"fields\":{\"definition\":{\"value\":\"\\",
        "{\"fields\":{\"definition\":[\"value\",\"{}\"]}}",
    };
    struct schema *schema = schema_empty();
    schema_must_add(schema, "{\"fields\":{},\"type\":\"t\"}");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        assert_int_equal(schema_add_state(schema, bytes_text(states[i])),
                         ERR_OK);
    add_state(schema, "{\"fields\":{},\"type\":\"t\",\"version\":0}");
    add_state(schema, "{\"fields\":{},\"type\":\"t\"");
    add_state(schema, "");
    assert_int_equal(schema_type_count(schema), 1);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_of_lines_are_read_when_they_are_asked_for),
        cmocka_unit_test(what_is_not_read_yet_gives_way_as_what_is),
        cmocka_unit_test(types_with_links_are_told_from_others),
        cmocka_unit_test(a_record_may_say_what_is_known_and_what_is_new),
        cmocka_unit_test(a_record_says_a_type_by_definition_and_version),
        cmocka_unit_test(what_a_record_cannot_say_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
