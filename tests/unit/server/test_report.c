/* How a report's file is read, what its parameters become, how it is printed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "server/report_print.h"
#include "tests/fault.h"

static const char file[] = "-- report: R-99\n"
                           "-- title: Gardens\n"
                           "-- clauses: ME-1\n"
                           "-- definition: What grows\n"
                           "--   in them.\n"
                           "-- parameter to: date = today | Until\n"
                           "-- parameter least: int = 3 | At least\n"
                           "-- parameter crop: text = | Crop\n"
                           "-- column crop: text | Crop\n"
                           "-- column gardens: count | Gardens\n"
                           "-- column worth: cents | Worth\n"
                           "-- column ids: ids | Which\n"
                           "SELECT crop, count(*), 5, 'it: is' -- it's :no\n"
                           "FROM v_garden JOIN v_bed__crops ON :crop = ''\n"
                           "WHERE day <= :to_day AND on_day < :to AND\n"
                           "at < :zone_ms AND :least < 9 OR :crop = crop\n";

static int64_t now_ms(void *context)
{
    (void)context;
    return INT64_C(1795000000000); /* 2026-11-18T11:06:40Z */
}

static const struct clock noon = {now_ms, now_ms, NULL};
static const struct office office = {.clock = &noon};

static enum err read_text(struct report *out, struct arena *arena,
                          const char *text, char *detail)
{
    arena_init(arena, 1u << 20);
    return report_read(out, arena, bytes_text(text), detail);
}

static void a_report_describes_itself(void **state)
{
    (void)state;
    struct arena arena;
    struct report r;
    char detail[REPORT_DETAIL_CHARS];
    assert_int_equal(read_text(&r, &arena, file, detail), ERR_OK);
    assert_string_equal(r.id, "R-99");
    assert_string_equal(r.title, "Gardens");
    assert_string_equal(r.definition, "What grows in them.");
    assert_string_equal(r.clauses, "ME-1");
    assert_int_equal(r.parameter_count, 3);
    assert_string_equal(r.parameters[0].preset, "today");
    assert_int_equal(r.parameters[1].kind, REPORT_INT);
    assert_int_equal(r.column_count, 4);
    assert_int_equal(r.columns[2].kind, REPORT_CENTS);
    assert_int_equal(r.type_count, 2);
    assert_string_equal(r.types[0], "garden");
    assert_string_equal(r.types[1], "bed");
    assert_string_equal(r.statement,
                        "SELECT crop, count(*), 5, 'it: is' \n"
                        "FROM v_garden JOIN v_bed__crops ON $1 = ''\n"
                        "WHERE day <= $2 AND on_day < $3 AND\n"
                        "at < $4 AND $5 < 9 OR $1 = crop\n");
    assert_int_equal(r.value_count, 5);
    assert_true(r.values[1].day && r.values[1].parameter == 0);
    assert_true(!r.values[2].day && r.values[2].parameter == 0);
    assert_true(r.values[3].parameter == REPORT_ZONE);
    assert_true(report_mentions(&r, bytes_text("on_day")));
    assert_false(report_mentions(&r, bytes_text("on")));
    assert_false(report_mentions(&r, bytes_text("no")));
    arena_fini(&arena);
}

static void what_is_wrong_in_a_head_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text, *detail;
    } cases[] = {
        {"-- report: R-1\n-- report: R-2\n", "line 2: this is said twice"},
        {"--report: R-1\n", "line 1: a line of the head begins with \"-- \""},
        {"-- author: me\n",
         "line 1: the head has report or policy, title, clauses, definition, "
         "do, owner, program, parameter and column"},
        {"-- column x: int | X\n-- policy: p\n",
         "line 2: a policy has columns of its own"},
        {"-- policy: p\n-- title: T\n-- definition: D\n-- do: look\n"
         "SELECT 1\n",
         "it has no owner"},
        {"-- policy: p\n-- title: T\n-- definition: D\n-- owner: worker\n"
         "SELECT 1\n",
         "it has no do"},
        {"--   more\n", "line 1: nothing goes on here"},
        {"-- report\n", "line 1: a line of the head is \"-- WORD: TEXT\""},
        {"-- column x: money | X\n",
         "line 1: a column is of kind text, date, int, count, cents, record "
         "or ids"},
        {"-- column x: int\n", "line 1: a column is \"NAME: KIND | TITLE\""},
        {"-- parameter x: count | X\n",
         "line 1: a parameter is of kind text, date or int"},
        {"-- parameter x: text wanted | X\n",
         "line 1: a parameter is of kind text, date or int"},
        {"-- title: T\n-- definition: D\n-- column x: int | X\nSELECT 1\n",
         "it has no report"},
        {"-- report: R-1\n-- title: T\n-- definition: D\n"
         "-- column x: int | X\n",
         "it has no statement"},
        {"-- report: R-1\n-- title: T\n-- definition: D\nSELECT 1\n",
         "it has no column"},
        {"-- report: R-1\nSELECT :day\n", "no parameter is called day"},
        {"-- report: R-1\n-- title: T", "line 2: the statement is missing"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        struct report r;
        char detail[REPORT_DETAIL_CHARS];
        assert_int_equal(read_text(&r, &arena, cases[i].text, detail),
                         ERR_INVALID);
        assert_string_equal(detail, cases[i].detail);
        arena_fini(&arena);
    }
}

static void a_report_is_found_in_any_spelling(void **state)
{
    (void)state;
    struct arena arena;
    struct report r;
    char detail[REPORT_DETAIL_CHARS];
    arena_init(&arena, 1u << 20);
    assert_int_equal(report_find(&r, &arena, "r-02B", detail), ERR_OK);
    assert_string_equal(r.id, "R-02b");
    assert_int_equal(report_find(&r, &arena, "R-0", detail), ERR_NOT_FOUND);
    assert_int_equal(report_find(&r, &arena, "", detail), ERR_NOT_FOUND);
    arena_fini(&arena);
}

/* --- parameters ----------------------------------------------------------- */

static void what_is_not_given_is_preset(void **state)
{
    (void)state;
    static const struct {
        const char *line, *value;
    } cases[] = {
        {"-- parameter d: date = today | D\n", "2026-11-18"},
        {"-- parameter d: date = month_begin | D\n", "2026-11-01"},
        {"-- parameter d: date = year_begin | D\n", "2026-01-01"},
        {"-- parameter d: date = 2026-02-02 | D\n", "2026-02-02"},
        {"-- parameter d: date = | D\n", ""},
        {"-- parameter d: text = today | D\n", "today"},
        {"-- parameter d: int = 14 | D\n", "14"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        struct report r;
        struct report_run run;
        char text[512], detail[REPORT_DETAIL_CHARS];
        const char *given[1] = {NULL};
        snprintf(text, sizeof text,
                 "-- report: R-1\n-- title: T\n-- definition: D\n%s"
                 "-- column x: int | X\nSELECT 1\n",
                 cases[i].line);
        assert_int_equal(read_text(&r, &arena, text, detail), ERR_OK);
        assert_int_equal(report_values(&run, &r, &office, given, detail),
                         ERR_OK);
        assert_string_equal(run.values[0], cases[i].value);
        report_run_fini(&run);
        arena_fini(&arena);
    }
}

static void a_day_ends_where_people_live(void **state)
{
    (void)state;
    struct arena arena;
    struct report r;
    struct report_run run;
    char detail[REPORT_DETAIL_CHARS];
    const char *given[3] = {NULL};
    assert_int_equal(read_text(&r, &arena, file, detail), ERR_OK);
    setenv("TZ", "Samoa11", 1); /* it is the evening before */
    assert_int_equal(report_values(&run, &r, &office, given, detail), ERR_OK);
    setenv("TZ", "UTC", 1);
    assert_string_equal(run.values[0], "2026-11-18");
    assert_int_equal(run.zone_ms, INT64_C(-11) * 3600 * 1000);
    report_run_fini(&run);
    arena_fini(&arena);
}

static void what_cannot_be_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        const char *given[2];
        const char *detail;
    } cases[] = {
        {"-- parameter to: date = today | D\n",
         {"2026-02-30", NULL},
         "to: \"2026-02-30\" is not a date, as 2026-11-21"},
        {"-- parameter n: int = 1 | N\n",
         {"many", NULL},
         "n: \"many\" is not a whole number"},
        {"-- parameter from: date = | F\n-- parameter to: date = today | T\n",
         {"2026-12-01", NULL},
         "the period ends on 2026-11-18, before it begins on 2026-12-01"},
        {"-- parameter case: text required | C\n",
         {NULL, NULL},
         "R-1 needs a case; give --set case=..."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        struct report r;
        struct report_run run;
        char text[512], detail[REPORT_DETAIL_CHARS];
        snprintf(text, sizeof text,
                 "-- report: R-1\n-- title: T\n-- definition: D\n%s"
                 "-- column x: int | X\nSELECT 1\n",
                 cases[i].head);
        assert_int_equal(read_text(&r, &arena, text, detail), ERR_OK);
        assert_int_equal(
            report_values(&run, &r, &office, cases[i].given, detail),
            ERR_INVALID);
        assert_string_equal(detail, cases[i].detail);
        report_run_fini(&run);
        arena_fini(&arena);
    }
}

/* --- printing ------------------------------------------------------------- */

static struct sql_value values[2][4];

/* Two rows by hand, of one moment. */
static enum err run_make(struct report_run *run, struct report *report,
                         struct arena *arena, struct report_row rows[2])
{
    char detail[REPORT_DETAIL_CHARS];
    const char *given[3] = {"2026-11-17", NULL, "=cmd"};
    setenv("TZ", "UTC", 1);
    enum err err = read_text(report, arena, file, detail);
    if (!err)
        err = report_values(run, report, &office, given, detail);
    values[0][0] = sql_text("-Beans, \"na\xc3\xafve\" \xf0\x9f\x8c\xb1");
    values[0][1] = sql_int(4);
    values[0][2] = sql_int(-1205);
    values[0][3] = sql_text("a,b");
    values[1][0] = sql_text("Leeks\n\\");
    values[1][1] = sql_int(12);
    values[1][2] = sql_null();
    values[1][3] = sql_null();
    rows[0] = (struct report_row){&rows[1], values[0]};
    rows[1] = (struct report_row){NULL, values[1]};
    if (err)
        return err;
    run->rows = rows;
    run->row_count = 2;
    run->conflicts = 2;
    run->conflict_records = 1;
    run->currency = (struct report_currency){
        .now = now_ms(NULL),
        .devices = 3,
        .never = 1,
        .silent = 2,
        .last_at = now_ms(NULL),
        .oldest_at = INT64_C(1794000000000),
        .oldest = "wabc",
        .oldest_user = "dana",
        .held = 1,
        .held_since = INT64_C(1794000000000),
        .recovery_since = INT64_C(1794000000000),
        .away = 1,
        .gone = 2,
    };
    return ERR_OK;
}

static void printed(void (*print)(struct buffer *, const struct report_run *,
                                  const struct report_form *),
                    struct report_form form, const char *wanted)
{
    struct arena arena;
    struct report report;
    struct report_run run;
    struct report_row rows[2];
    struct buffer out;
    buffer_init(&out, 1u << 20);
    assert_int_equal(run_make(&run, &report, &arena, rows), ERR_OK);
    print(&out, &run, &form);
    assert_int_equal(buffer_err(&out), ERR_OK);
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
    report_run_fini(&run);
    arena_fini(&arena);
}

#define CURRENCY(before)                                                       \
    before "As the office has it on 2026-11-18 11:06 +00:00; 3 devices may "   \
           "sync, heard last on 2026-11-18 11:06 +00:00.\n" before             \
           "Not heard from in 3 days: 2, of which never: 1; longest wabc of "  \
           "dana, since 2026-11-06 21:20 +00:00.  What they have is not "      \
           "counted.\n" before                                                 \
           "1 line is held and not counted (`holds list`), since 2026-11-06 "  \
           "21:20 +00:00.\n" before                                            \
           "IN RECOVERY since 2026-11-06 21:20 +00:00: 1 device not back, 2 "  \
           "gaps in logs; figures may fall short.\n" before                    \
           "2 unresolved conflicts in 1 record may touch it (`conflicts "      \
           "list`).\n"

static void people_read_it_in_columns(void **state)
{
    (void)state;
    printed(
        report_print_text, (struct report_form){.ids = true},
        "R-99  Gardens\n"
        "  What grows in them.\n"
        "  Until: 2026-11-17\n"
        "  At least: 3\n"
        "  Crop: =cmd\n" CURRENCY(
            "  ") "\n"
                  "Crop               Gardens   Worth\n"
                  "-----------------  -------  ------\n"
                  "-Beans, \"na\xc3\xafve\" \xf0\x9f\x8c\xb1        4  -12.05\n"
                  "    a\n"
                  "    b\n"
                  "Leeks \\                 12\n");
}

static void the_table_is_ascii_and_no_formula(void **state)
{
    (void)state;
    printed(report_print_csv, (struct report_form){.ids = true, .bare = true},
            "crop,gardens,worth,ids\n"
            "\"'-Beans, \"\"na\\u00efve\"\" \\ud83c\\udf31\",4,-12.05,"
            "\"a,b\"\n"
            "Leeks\\u000a\\u005c,12,,\n");
    printed(
        report_print_csv, (struct report_form){0},
        "# R-99 Gardens\n"
        "# What grows in them.\n"
        "# to: 2026-11-17\n"
        "# least: 3\n"
        "# crop: =cmd\n" CURRENCY(
            "# ") "crop,gardens,worth\n"
                  "\"'-Beans, \"\"na\\u00efve\"\" \\ud83c\\udf31\",4,-12.05\n"
                  "Leeks\\u000a\\u005c,12,\n");
}

static void what_is_shared_has_no_small_counts_and_no_ids(void **state)
{
    (void)state;
    struct arena arena;
    struct report report;
    char detail[REPORT_DETAIL_CHARS];
    printed(report_print_csv,
            (struct report_form){.ids = true, .shared = true, .bare = true},
            "crop,gardens,worth\n"
            "\"'-Beans, \"\"na\\u00efve\"\" \\ud83c\\udf31\",<5,-12.05\n"
            "Leeks\\u000a\\u005c,12,\n");
    arena_init(&arena, 1u << 20);
    assert_int_equal(report_find(&report, &arena, "R-01", detail), ERR_OK);
    assert_true(report_is_personal(&report));
    assert_int_equal(report_find(&report, &arena, "R-02", detail), ERR_OK);
    assert_false(report_is_personal(&report));
    arena_fini(&arena);
}

static void programs_read_canonical_json(void **state)
{
    (void)state;
    printed(report_print_json, (struct report_form){.ids = true},
            "{\"clauses\":\"ME-1\",\"columns\":["
            "{\"kind\":\"text\",\"name\":\"crop\",\"title\":\"Crop\"},"
            "{\"kind\":\"count\",\"name\":\"gardens\",\"title\":\"Gardens\"},"
            "{\"kind\":\"cents\",\"name\":\"worth\",\"title\":\"Worth\"},"
            "{\"kind\":\"ids\",\"name\":\"ids\",\"title\":\"Which\"}],"
            "\"conflicts\":{\"fields\":2,\"records\":1},"
            "\"currency\":{\"devices\":3,\"devices_never\":1,"
            "\"devices_silent\":2,\"held\":1,\"held_since\":1794000000000,"
            "\"last_sync\":1795000000000,\"now\":1795000000000,"
            "\"oldest_sync\":1794000000000,\"recovery\":{\"away\":1,"
            "\"began_at\":1794000000000,\"gone\":2}},"
            "\"definition\":\"What grows in them.\","
            "\"parameters\":{\"crop\":\"=cmd\",\"least\":\"3\","
            "\"to\":\"2026-11-17\"},\"report\":\"R-99\",\"rows\":["
            "{\"crop\":\"-Beans, \\\"na\xc3\xafve\\\" \xf0\x9f\x8c\xb1\","
            "\"gardens\":4,\"ids\":[\"a\",\"b\"],\"worth\":-1205},"
            "{\"crop\":\"Leeks\\n\\\\\",\"gardens\":12,\"ids\":[],"
            "\"worth\":null}],\"title\":\"Gardens\"}");
}

static enum err make_and_print(void)
{
    struct arena arena;
    struct report report;
    struct report_run run = {0};
    struct report_row rows[2];
    struct report_form form = {.ids = true};
    struct buffer out;
    buffer_init(&out, 1u << 20);
    enum err err = run_make(&run, &report, &arena, rows);
    if (!err) {
        report_print_text(&out, &run, &form);
        report_print_csv(&out, &run, &form);
        report_print_json(&out, &run, &form);
        err = buffer_err(&out);
    }
    buffer_fini(&out);
    report_run_fini(&run);
    arena_fini(&arena);
    return err;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    enum err err = ERR_NOMEM;
    int n = 0;
    while (err) {
        fault_at(++n, false);
        err = make_and_print();
        assert_true(!err || (err == ERR_NOMEM && fault_hit()));
    }
    assert_false(fault_hit());
    fault_at(0, false);
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_describes_itself),
        cmocka_unit_test(what_is_wrong_in_a_head_is_said),
        cmocka_unit_test(a_report_is_found_in_any_spelling),
        cmocka_unit_test(what_is_not_given_is_preset),
        cmocka_unit_test(a_day_ends_where_people_live),
        cmocka_unit_test(what_cannot_be_is_named),
        cmocka_unit_test(people_read_it_in_columns),
        cmocka_unit_test(the_table_is_ascii_and_no_formula),
        cmocka_unit_test(what_is_shared_has_no_small_counts_and_no_ids),
        cmocka_unit_test(programs_read_canonical_json),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
