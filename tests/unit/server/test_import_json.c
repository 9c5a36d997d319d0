#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "server/import_json.h"
#include "server/import_note.h"
#include "tests/fault.h"

static enum err parse(struct arena *arena, const char *text,
                      const struct import_json **root,
                      struct import_json_fault *fault)
{
    return import_json_parse(arena, bytes_text(text), root, fault);
}

/* Appends the tree: numbers as written, texts in quotes without escapes. */
static void show(struct buffer *out, const struct import_json *node)
{
    static const char *const words[] = {"null", "false", "true"};
    bool object = node->kind == IMPORT_JSON_OBJECT;
    switch (node->kind) {
    case IMPORT_JSON_NULL:
    case IMPORT_JSON_FALSE:
    case IMPORT_JSON_TRUE:
        buffer_add_text(out, words[node->kind]);
        return;
    case IMPORT_JSON_NUMBER:
        buffer_add_bytes(out, node->text);
        return;
    case IMPORT_JSON_TEXT:
        buffer_add_char(out, '\'');
        buffer_add_bytes(out, node->text);
        buffer_add_char(out, '\'');
        return;
    case IMPORT_JSON_ARRAY:
    case IMPORT_JSON_OBJECT:
        break;
    }
    buffer_add_char(out, object ? '{' : '[');
    for (const struct import_json *e = node->first; e; e = e->next) {
        if (object) {
            buffer_add_bytes(out, e->name);
            buffer_add_char(out, ':');
        }
        show(out, e);
        buffer_add_text(out, e->next ? "," : "");
    }
    buffer_add_char(out, object ? '}' : ']');
}

static void values_are_read_as_they_are_written(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"null", "null"},
        {" [ true , false ] ", "[true,false]"},
        {"\xef\xbb\xbf{}", "{}"},
        {"-12.50e+3", "-12.50e+3"},
        {"34.295435", "34.295435"},
        {"0", "0"},
        {"\"a\\n\\t\\\"\\/\\\\\"", "'a\n\t\"/\\'"},
        {"\"\\u00a3\\u20AC\\ud83c\\udfe0\"",
         "'\xc2\xa3\xe2\x82\xac\xf0\x9f\x8f\xa0'"},
        {"{\"b\":1,\"a\":[{},[]]}", "{b:1,a:[{},[]]}"},
        {"\"\"", "''"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct arena arena;
        struct buffer out;
        const struct import_json *root;
        struct import_json_fault fault;
        arena_init(&arena, 1u << 20);
        buffer_init(&out, 1u << 16);
        assert_int_equal(parse(&arena, texts[i][0], &root, &fault), ERR_OK);
        show(&out, root);
        assert_string_equal(buffer_text(&out), texts[i][1]);
        buffer_fini(&out);
        arena_fini(&arena);
    }
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
        const char *what;
    } texts[] = {
        {"", 0, "this is no JSON value"},
        {"nul", 0, "this is no JSON value"},
        {"01", 0, "this is no JSON value"},
        {"+1", 0, "this is no JSON value"},
        {"1.", 2, "digits are missing in a number"},
        {"1e", 2, "digits are missing in a number"},
        {"NaN", 0, "this is no JSON value"},
        {"[1 2]", 3, "a comma or a closing bracket is missing"},
        {"[1,]", 3, "this is no JSON value"},
        {"{\"a\" 1}", 5, "a colon is missing"},
        {"{a:1}", 1, "a member name in quotes is missing"},
        {"{\"a\":1,}", 7, "a member name in quotes is missing"},
        {"\"a", 0, "the text is never closed"},
        {"\"a\\\"", 0, "the text is never closed"},
        {"\"a\nb\"", 2, "a control character stands in a text"},
        {"\"\\x\"", 1, "the escape is malformed"},
        {"\"\\u00g0\"", 1, "the escape is malformed"},
        {"\"\\u0000\"", 1, "the escape is malformed"},
        {"\"\\ud83c\"", 1, "half of a surrogate pair is missing"},
        {"\"\\udfe0\"", 1, "half of a surrogate pair is missing"},
        {"\"\\ud83c\\u0041\"", 1, "half of a surrogate pair is missing"},
        {"\"\xff\"", 1, "the text is not UTF-8"},
        {"1 1", 2, "something stands behind the JSON value"},
        {"[", 1, "this is no JSON value"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct arena arena;
        const struct import_json *root;
        struct import_json_fault fault = {0, ""};
        arena_init(&arena, 1u << 20);
        assert_int_equal(parse(&arena, texts[i].text, &root, &fault),
                         ERR_INVALID);
        if (strcmp(fault.what, texts[i].what) != 0 ||
            fault.offset != texts[i].offset)
            fail_msg("%s: %zu %s", texts[i].text, fault.offset, fault.what);
        assert_null(root);
        arena_fini(&arena);
    }
}

static void nesting_is_limited(void **state)
{
    (void)state;
    char text[2 * IMPORT_JSON_DEPTH_MAX + 3];
    for (int deep = 0; deep < 2; deep++) {
        struct arena arena;
        const struct import_json *root;
        struct import_json_fault fault;
        size_t depth = IMPORT_JSON_DEPTH_MAX + (size_t)deep;
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        text[2 * depth] = 0;
        arena_init(&arena, 1u << 20);
        assert_int_equal(parse(&arena, text, &root, &fault),
                         deep ? ERR_INVALID : ERR_OK);
        arena_fini(&arena);
    }
}

static void values_know_where_they_stand(void **state)
{
    (void)state;
    static const char text[] = "{\n  \"\xc3\xa9\": [1,\r\n   {\"id\": \"x\"}]}";
    struct arena arena;
    const struct import_json *root;
    struct import_json_fault fault;
    size_t line, column;
    arena_init(&arena, 1u << 20);
    assert_int_equal(parse(&arena, text, &root, &fault), ERR_OK);
    const struct import_json *list = import_json_member(root, "\xc3\xa9");
    const struct import_json *id = import_json_member(list->first->next, "id");
    import_place(bytes_text(text), list->offset, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 8);
    import_place(bytes_text(text), id->offset, &line, &column);
    assert_int_equal(line, 3);
    assert_int_equal(column, 11);
    assert_null(import_json_member(list, "id"));
    assert_null(import_json_member(NULL, "id"));
    arena_fini(&arena);
}

static void parsing_survives_every_allocation_failure(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,\"\\n\"],\"b\":{\"c\":null}}";
    for (int nth = 1;; nth++) {
        struct arena arena;
        const struct import_json *root;
        struct import_json_fault fault;
        arena_init(&arena, 1u << 20);
        fault_at(nth, false);
        enum err err = parse(&arena, text, &root, &fault);
        bool hit = fault_hit();
        fault_at(0, false);
        arena_fini(&arena);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 1);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_as_they_are_written),
        cmocka_unit_test(what_is_wrong_is_named_with_its_place),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(values_know_where_they_stand),
        cmocka_unit_test(parsing_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
