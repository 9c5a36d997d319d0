#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shared/model/prose.h"
#include "tests/fault.h"

static const char shown[] =
    "{\"case\":\"c\",\"context\":\"c1.x\",\"fields\":{"
    "\"kind\":{\"open\":false,\"sealed\":true,\"value\":\"phone\"},"
    "\"name\":{\"live\":[{\"at\":60000,\"author\":\"dana\",\"dot\":\"w1:2\","
    "\"value\":\"Ruth\"},{\"at\":120000,\"author\":\"lee\",\"dot\":\"w2:1\","
    "\"value\":7}],\"open\":true,\"value\":null}},\"hash\":\"h\","
    "\"history\":[{\"at\":60000,\"author\":\"dana\",\"custody\":\"here\","
    "\"dot\":\"w1:2\",\"seal\":true,\"set\":{\"name\":\"Ruth\"}}],"
    "\"record\":\"r\",\"type\":\"person\"}";

static const char said[] =
    "person r\n"
    "  case                 c\n"
    "  kind                 phone   (sealed)\n"
    "  name                 -   <- in conflict\n"
    "      \"Ruth\" by dana on 1970-01-01 00:01 +00:00   (w1:2)\n"
    "      \"7\" by lee on 1970-01-01 00:02 +00:00   (w2:1)\n"
    "\nhistory, oldest first\n"
    "  dana on 1970-01-01 00:01 +00:00   [here]   w1:2   sealed here\n"
    "      set name = Ruth\n"
    "\nhash    h\n"
    "context c1.x\n";

static void show(struct buffer *out)
{
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, 1 << 20);
    assert_int_equal(canon_parse(&arena, bytes_text(shown), &root, NULL),
                     ERR_OK);
    prose_show(out, root, "oldest first");
    arena_fini(&arena);
}

static void a_record_is_shown_with_its_conflict_and_history(void **state)
{
    struct buffer out;
    (void)state;
    buffer_init(&out, PROSE_BYTES_MAX);
    show(&out);
    assert_int_equal(buffer_err(&out), ERR_OK);
    assert_string_equal(buffer_text(&out), said);
    buffer_fini(&out);
}

static void expect_text(const char *text, int width, const char *wanted)
{
    struct buffer out;
    buffer_init(&out, PROSE_BYTES_MAX);
    prose_text(&out, bytes_text(text), width);
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
}

static void a_text_never_commands_the_terminal(void **state)
{
    (void)state;
    expect_text("a\033[31mb\x7f\tc", 0, "a [31mb  c");
    expect_text("two\nlines", 0, "two\nlines");
    expect_text("two\nlines", 60, "two lines");
    expect_text("a\xc2\x9b"
                "31mb\xc2\xa0\xc2\x85",
                0, "a 31mb\xc2\xa0 ");
}

static void a_text_never_turns_what_stands_behind_it(void **state)
{
    (void)state;
    expect_text("a\xe2\x80\xaa"
                "b\xe2\x80\xae"
                "c\xe2\x81\xa6"
                "d\xe2\x81\xa9"
                "e\xe2\x80\x8e"
                "f\xe2\x80\x8f",
                0, "a b c d e f ");
    expect_text("\xe2\x80\x93\xe2\x81\xaa\xe2\x80\xaf", 0,
                "\xe2\x80\x93\xe2\x81\xaa\xe2\x80\xaf");
}

static void expect_show(const char *json, const char *line)
{
    struct arena arena;
    struct buffer out;
    const struct canon *root;
    arena_init(&arena, 1 << 20);
    buffer_init(&out, PROSE_BYTES_MAX);
    assert_int_equal(canon_parse(&arena, bytes_text(json), &root, NULL),
                     ERR_OK);
    prose_show(&out, root, "oldest first");
    prose_row(&out, root);
    if (!strstr(buffer_text(&out), line))
        fail_msg("%s\nlacks\n%s", buffer_text(&out), line);
    buffer_fini(&out);
    arena_fini(&arena);
}

#define SIXTY "012345678901234567890123456789012345678901234567890123456789"
#define AN_ID "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"

static void a_value_forges_no_line_of_a_record(void **state)
{
    (void)state;
    expect_show("{\"fields\":{\"note\":{\"value\":"
                "\"safe\\n  do_not_visit         false\"}}}",
                "  note                 safe\n"
                "                         do_not_visit         false\n");
}

static void values_of_conflict_and_history_are_whole(void **state)
{
    (void)state;
    expect_show("{\"fields\":{\"a\":{\"live\":[{\"at\":0,\"author\":\"dana\","
                "\"dot\":\"w1:1\",\"value\":\"" SIXTY "north\"}],"
                "\"open\":true,\"value\":null}}}",
                "      by dana on 1970-01-01 00:00 +00:00   (w1:1)\n"
                "          \"" SIXTY "north\"\n");
    expect_show("{\"history\":[{\"at\":0,\"author\":\"dana\",\"set\":{"
                "\"a\":\"" SIXTY "\\nnorth\"}}]}",
                "      set a =\n          \"" SIXTY "\n           north\"\n");
}

static void an_instant_is_shown_where_it_is_read(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "CST6", 1), 0);
    expect_show(
        "{\"fields\":{\"at\":{\"value\":\"2026-11-22T03:30:00.000Z\"}}}",
        "  at                   2026-11-21T21:30:00-06:00\n");
    expect_show(
        "{\"fields\":{\"at\":{\"value\":\"2026-11-22T03:30:05.040Z\"}}}",
        "  at                   2026-11-21T21:30:05.040-06:00\n");
    expect_show("{\"fields\":{\"at\":{\"value\":\"2026-11-22\"}}}",
                "  at                   2026-11-22\n");
    assert_int_equal(unsetenv("TZ"), 0);
    tzset();
}

static void a_row_cuts_texts_and_no_ids(void **state)
{
    (void)state;
    expect_show("{\"fields\":{\"a\":\"" SIXTY "\",\"b\":\"" AN_ID "\","
                "\"c\":[\"" AN_ID "\",\"x\"]},\"record\":\"r\"}",
                "r  a=01234567890123456789012345678901...  b=" AN_ID
                "  c=[" AN_ID ", x]\n");
}

/* No line has such a name; a state that was damaged may. */
static void a_field_name_never_commands_the_terminal(void **state)
{
    static const char json[] =
        "{\"fields\":{\"a\x7f\\u001b[2J\":{\"value\":1}},\"history\":[{"
        "\"set\":{\"b\\u001b\":2}}]}";
    struct arena arena;
    struct buffer out;
    const struct canon *root;
    (void)state;
    arena_init(&arena, 1 << 20);
    buffer_init(&out, PROSE_BYTES_MAX);
    assert_int_equal(canon_parse(&arena, bytes_text(json), &root, NULL),
                     ERR_OK);
    prose_show(&out, root, "oldest first");
    prose_row(&out, root);
    assert_non_null(strstr(buffer_text(&out), "  a  [2J               1\n"));
    assert_non_null(strstr(buffer_text(&out), "set b  = 2\n"));
    assert_null(strpbrk(buffer_text(&out), "\x1b\x7f"));
    buffer_fini(&out);
    arena_fini(&arena);
}

static void a_text_is_cut_between_characters(void **state)
{
    (void)state;
    expect_text("caf\xc3\xa9s", 5, "caf\xc3\xa9s");
    expect_text("caf\xc3\xa9s", 4, "caf\xc3\xa9...");
    expect_text("caf\xc3\xa9s", 3, "caf...");
}

static void expect_heading(const char *name, const char *id, const char *wanted)
{
    struct buffer out;
    buffer_init(&out, PROSE_BYTES_MAX);
    prose_heading(&out, bytes_text("need"), bytes_text(name), bytes_text(id));
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
}

static void a_record_goes_by_its_name_or_by_its_id(void **state)
{
    static const char id[] = "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4";
    (void)state;
    expect_heading("Ruth Ames", id, "need Ruth Ames (6f708192a3b4)");
    expect_heading("", id, "need 0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4");
    expect_heading("Ruth Ames", "short", "need short");
}

static void expect_conflict(const char *json, const char *wanted)
{
    struct arena arena;
    struct buffer out;
    const struct canon *root;
    arena_init(&arena, 1 << 20);
    buffer_init(&out, PROSE_BYTES_MAX);
    assert_int_equal(canon_parse(&arena, bytes_text(json), &root, NULL),
                     ERR_OK);
    prose_conflict(&out, root, bytes_text("hours"), bytes_text("Ruth"),
                   bytes_text("0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"));
    assert_int_equal(buffer_err(&out), ERR_OK);
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
    arena_fini(&arena);
}

#define SIDES                                                                  \
    "\"values\":[{\"at\":60000,\"author\":\"dana\",\"dot\":\"w1:2\","          \
    "\"value\":20},{\"at\":120000,\"author\":\"lee\",\"dot\":\"w2:1\","        \
    "\"value\":25}"
#define SAID                                                                   \
    "week of hours Ruth (6f708192a3b4)\n"                                      \
    "  dana wrote \"20\" on 1970-01-01 00:01 +00:00 (w1:2),\n"                 \
    "  lee wrote \"25\" on 1970-01-01 00:02 +00:00 (w2:1)"

static void a_conflict_says_who_wrote_what_and_what_holds(void **state)
{
    (void)state;
    expect_conflict("{\"base\":18,\"field\":\"week\"," SIDES "]}",
                    SAID "; neither had seen the other's.\n"
                         "  The value in force meanwhile: 18\n");
    expect_conflict("{\"field\":\"week\",\"shown\":25," SIDES "]}",
                    SAID "; neither had seen the other's.\n"
                         "  The value in force meanwhile: 25\n");
    expect_conflict("{\"base\":null,\"field\":\"week\"," SIDES
                    ",{\"at\":0,\"author\":\"kim\",\"dot\":\"w3:1\","
                    "\"value\":null}]}",
                    SAID ",\n"
                         "  kim wrote \"-\" on 1970-01-01 00:00 +00:00 (w3:1)"
                         "; none had seen the others'.\n"
                         "  The value in force meanwhile: -\n");
}

static void who_decides_sees_all_of_each_value(void **state)
{
    (void)state;
    expect_conflict("{\"base\":\"" SIXTY "old\",\"field\":\"week\",\"values\":["
                    "{\"at\":0,\"author\":\"dana\",\"dot\":\"w1:2\","
                    "\"value\":\"" SIXTY "a\"},{\"at\":0,\"author\":\"lee\","
                    "\"dot\":\"w2:1\",\"value\":\"" SIXTY "b\\nc\"},{\"at\":0,"
                    "\"author\":\"kim\",\"dot\":\"w3:1\",\"value\":"
                    "\"1\\\" on 1970\"}]}",
                    "week of hours Ruth (6f708192a3b4)\n"
                    "  dana wrote on 1970-01-01 00:00 +00:00 (w1:2)\n"
                    "      \"" SIXTY "a\",\n"
                    "  lee wrote on 1970-01-01 00:00 +00:00 (w2:1)\n"
                    "      \"" SIXTY "b\n       c\",\n"
                    "  kim wrote on 1970-01-01 00:00 +00:00 (w3:1)\n"
                    "      \"1\" on 1970\"; none had seen the others'.\n"
                    "  The value in force meanwhile:\n"
                    "      \"" SIXTY "old\"\n");
}

static void showing_tells_of_every_allocation_failure(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        struct arena arena;
        struct buffer out;
        const struct canon *root;
        arena_init(&arena, 1 << 20);
        buffer_init(&out, PROSE_BYTES_MAX);
        assert_int_equal(canon_parse(&arena, bytes_text(shown), &root, NULL),
                         ERR_OK);
        fault_at(nth, false);
        prose_show(&out, root, "oldest first");
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(buffer_err(&out), hit ? ERR_NOMEM : ERR_OK);
        buffer_fini(&out);
        arena_fini(&arena);
        if (!hit) {
            assert_true(nth > 1);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_shown_with_its_conflict_and_history),
        cmocka_unit_test(a_text_never_commands_the_terminal),
        cmocka_unit_test(a_text_never_turns_what_stands_behind_it),
        cmocka_unit_test(a_value_forges_no_line_of_a_record),
        cmocka_unit_test(values_of_conflict_and_history_are_whole),
        cmocka_unit_test(an_instant_is_shown_where_it_is_read),
        cmocka_unit_test(a_row_cuts_texts_and_no_ids),
        cmocka_unit_test(a_field_name_never_commands_the_terminal),
        cmocka_unit_test(a_text_is_cut_between_characters),
        cmocka_unit_test(a_record_goes_by_its_name_or_by_its_id),
        cmocka_unit_test(who_decides_sees_all_of_each_value),
        cmocka_unit_test(a_conflict_says_who_wrote_what_and_what_holds),
        cmocka_unit_test(showing_tells_of_every_allocation_failure),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
