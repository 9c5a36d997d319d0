#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/canon.h"

static void a_canonical_line_parses_without_copies(void **state)
{
    (void)state;
    static const char line[] = "{\"a\":[1,-2,null,true,false],\"n\":"
                               "9007199254740992,\"t\":\"\xc3\xa9\"}";
    struct arena arena;
    arena_init(&arena, 1 << 16);
    const struct canon *root;
    struct canon_fault fault;
    assert_int_equal(canon_parse(&arena, bytes_text(line), &root, &fault), 0);
    assert_int_equal(root->kind, CANON_OBJECT);
    assert_int_equal(root->count, 3);
    assert_true(bytes_is(root->raw, line));
    struct bytes text;
    int64_t integer;
    assert_true(canon_text(root, "t", &text));
    assert_ptr_equal(text.at, line + strlen(line) - 4);
    assert_true(canon_int(root, "n", &integer));
    assert_true(integer == CANON_INT_MAX);
    assert_false(canon_int(root, "t", &integer));
    assert_null(canon_member(root, "b"));
    const struct canon *a = canon_member(root, "a");
    assert_true(bytes_is(a->raw, "[1,-2,null,true,false]"));
    assert_int_equal(a->first->next->integer, -2);
    assert_int_equal(a->count, 5);
    arena_fini(&arena);
}

static void a_fault_tells_where_and_what(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        size_t offset;
        const char *what;
    } cases[] = {
        {"", 0, "the text ends too early"},
        {"{\"b\":1,\"a\":2}", 7, "the members are not sorted"},
        {"{\"a\":1,\"a\":2}", 7, "a member stands twice"},
        {"{\"a\": 1}", 5, "white space is not canonical"},
        {"[1,2] ", 5, "bytes follow the value"},
        {"[01]", 1, "a number has a leading zero"},
        {"[-0]", 1, "minus zero is not allowed"},
        {"[1.0]", 1, "a number is not an integer"},
        {"[9007199254740993]", 1, "a number is beyond 2^53"},
        {"\"\\u000A\"", 1, "the escape is not the shortest form"},
        {"\"\\/\"", 1, "the escape is not the shortest form"},
        {"\"\\ud800\"", 1, "a surrogate stands alone"},
        {"\"\\u0000\"", 1, "U+0000 is not allowed"},
        {"\"a\nb\"", 2, "a control character is not escaped"},
        {"\"\xc0\xaf\"", 1, "the bytes are not UTF-8"},
        {"\"\xed\xa0\x80\"", 1, "the bytes are not UTF-8"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        arena_init(&arena, 1 << 16);
        const struct canon *root;
        struct canon_fault fault;
        assert_int_equal(
            canon_parse(&arena, bytes_text(cases[i].line), &root, &fault),
            ERR_INVALID);
        assert_null(root);
        assert_string_equal(fault.what, cases[i].what);
        assert_int_equal(fault.offset, cases[i].offset);
        arena_fini(&arena);
    }
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    for (int depth = CANON_DEPTH_MAX; depth <= CANON_DEPTH_MAX + 1; depth++) {
        char line[2 * CANON_DEPTH_MAX + 3] = "";
        memset(line, '[', (size_t)depth);
        memset(line + depth, ']', (size_t)depth);
        struct arena arena;
        arena_init(&arena, 1 << 16);
        const struct canon *root;
        struct canon_fault fault;
        enum err err = canon_parse(&arena, bytes_text(line), &root, &fault);
        if (depth == CANON_DEPTH_MAX) {
            assert_int_equal(err, ERR_OK);
        } else {
            assert_int_equal(err, ERR_INVALID);
            assert_int_equal(fault.offset, CANON_DEPTH_MAX);
        }
        arena_fini(&arena);
    }
}

static void loose_text_becomes_canonical(void **state)
{
    (void)state;
    static const struct {
        const char *loose;
        const char *canonical; /* NULL: refused */
    } cases[] = {
        {" { \"b\" : 1 ,\n\t\"a\" : [ ] } ", "{\"a\":[],\"b\":1}"},
        {"\"\\u00e9\\/\\u000a\\u001F\"", "\"\xc3\xa9/\\n\\u001f\""},
        {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\""},
        {"{\"\xef\xbf\xbd\":1,\"\xf0\x9f\x98\x80\":2,\"z\":3,\"y\":4,\"x\":5}",
         "{\"x\":5,\"y\":4,\"z\":3,\"\xf0\x9f\x98\x80\":2,\"\xef\xbf\xbd\":1}"},
        {"{\"a\":1,\"b\":2,\"\\u0061\":3}", NULL},
        {"[1e3]", NULL},
        {"[-0]", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buffer out;
        buffer_init(&out, 1 << 16);
        struct canon_fault fault;
        enum err err =
            canon_normalise(&out, bytes_text(cases[i].loose), &fault);
        assert_int_equal(err, cases[i].canonical ? ERR_OK : ERR_INVALID);
        assert_string_equal(buffer_text(&out),
                            cases[i].canonical ? cases[i].canonical : "");
        buffer_fini(&out);
    }
}

static void text_is_written_in_its_shortest_form(void **state)
{
    (void)state;
    static const char raw[] = "a\"\\/\b\t\n\f\r\x01\x1f\x7f\xc3\xa9";
    struct buffer out;
    struct arena arena;
    const struct canon *root;
    buffer_init(&out, 256);
    arena_init(&arena, 1 << 16);
    assert_int_equal(canon_put_text(&out, bytes_text(raw)), ERR_OK);
    assert_string_equal(buffer_text(&out),
                        "\"a\\\"\\\\/\\b\\t\\n\\f\\r\\u0001\\u001f"
                        "\x7f\xc3\xa9\"");
    assert_int_equal(canon_parse(&arena, buffer_bytes(&out), &root, NULL), 0);
    assert_true(bytes_is(root->text, raw));
    buffer_clear(&out);
    assert_int_equal(canon_put_name(&out, "n"), ERR_OK);
    assert_string_equal(buffer_text(&out), "\"n\":");
    arena_fini(&arena);
    buffer_fini(&out);
}

static void text_that_no_line_may_hold_is_refused_when_parsed(void **state)
{
    (void)state;
    static const struct bytes bad[] = {{(const uint8_t *)"a\0b", 3},
                                       {(const uint8_t *)"\xff", 1},
                                       {(const uint8_t *)"\xc3", 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buffer out;
        struct arena arena;
        const struct canon *root;
        buffer_init(&out, 256);
        arena_init(&arena, 1 << 16);
        assert_int_equal(canon_put_text(&out, bad[i]), ERR_OK);
        assert_int_equal(canon_parse(&arena, buffer_bytes(&out), &root, NULL),
                         ERR_INVALID);
        arena_fini(&arena);
        buffer_fini(&out);
    }
}

static void a_member_of_what_is_no_object_is_none(void **state)
{
    (void)state;
    struct arena arena;
    const struct canon *root;
    struct bytes text;
    arena_init(&arena, 1 << 16);
    assert_int_equal(canon_parse(&arena, bytes_text("[\"a\"]"), &root, NULL),
                     0);
    assert_null(canon_member(root, "a"));
    assert_null(canon_member(root, ""));
    assert_null(canon_member(NULL, "a"));
    assert_false(canon_text(NULL, "a", &text));
    assert_false(canon_true(root, "a"));
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_canonical_line_parses_without_copies),
        cmocka_unit_test(a_fault_tells_where_and_what),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(loose_text_becomes_canonical),
        cmocka_unit_test(text_is_written_in_its_shortest_form),
        cmocka_unit_test(text_that_no_line_may_hold_is_refused_when_parsed),
        cmocka_unit_test(a_member_of_what_is_no_object_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
