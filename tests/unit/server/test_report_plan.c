/* Every report of the program: its head fits its statement, it reads derived
 * tables only, through indexes, and runs on an office in which nothing is. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/report_print.h"
#include "server/views.h"
#include "tests/unit/server/device.h"

/* What a report may read: what is derived of records, and who works here. */
static const char *const derived[] = {
    "record",   "membership",   "account",       "replica",   "held",
    "conflict", "clock_sample", "sqlite_master", "json_each",
};

static bool is_table(const char *name)
{
    static const char *const more[] = {"line", "sign", "placed", "feed"};
    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++)
        if (!strcmp(name, derived[i]))
            return true;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (!strcmp(name, more[i]))
            return true;
    return false;
}

static int only_derived(void *context, int action, const char *table,
                        const char *column, const char *base, const char *view)
{
    (void)column;
    (void)view;
    const char **refused = context;
    if (action != SQLITE_READ || !base || strcmp(base, "main") != 0)
        return SQLITE_OK;
    for (size_t i = 0; i < sizeof derived / sizeof *derived; i++)
        if (!strcmp(table, derived[i]))
            return SQLITE_OK;
    if (strncmp(table, "v_", 2) == 0 || strncmp(table, "o_", 2) == 0)
        return SQLITE_OK;
    *refused = sqlite3_mprintf("%s", table);
    return SQLITE_DENY;
}

static sqlite3 *views_open(const struct place *place)
{
    char path[128];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/office.db", place->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const struct report *report,
                             const char *before)
{
    sqlite3_stmt *statement;
    char *text = sqlite3_mprintf("%s%s", before, report->statement);
    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", report->id, sqlite3_errmsg(db));
    sqlite3_free(text);
    return statement;
}

/* And the policies of findings, which run in the same way. */
static void each_report(struct place *place,
                        void (*look)(struct place *, const struct report *))
{
    char detail[REPORT_DETAIL_CHARS];
    size_t reports = report_count(), policies = policy_count();
    assert_true(reports >= 10 && policies >= 10);
    for (size_t i = 0; i < reports + policies; i++) {
        struct arena arena;
        struct report report;
        arena_init(&arena, 1u << 20);
        if (i < reports ? report_at(&report, &arena, i, detail)
                        : policy_at(&report, &arena, i - reports, detail))
            fail_msg("report %zu: %s", i, detail);
        if (report.statement[0])
            look(place, &report);
        arena_fini(&arena);
    }
}

static void look_at_columns(struct place *place, const struct report *report)
{
    sqlite3 *db = views_open(place);
    sqlite3_stmt *statement = prepare(db, report, "");
    if (sqlite3_column_count(statement) != (int)report->column_count)
        fail_msg("%s: %d columns, its head names %zu", report->id,
                 sqlite3_column_count(statement), report->column_count);
    for (size_t i = 0; i < report->column_count; i++)
        if (strcmp(sqlite3_column_name(statement, (int)i),
                   report->columns[i].name) != 0)
            fail_msg("%s: column %zu is %s, not %s", report->id, i + 1,
                     sqlite3_column_name(statement, (int)i),
                     report->columns[i].name);
    if (sqlite3_bind_parameter_count(statement) != (int)report->value_count ||
        !sqlite3_stmt_readonly(statement))
        fail_msg("%s: parameters", report->id);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void the_head_names_what_the_statement_gives(void **state)
{
    each_report(*state, look_at_columns);
}

static void look_at_tables(struct place *place, const struct report *report)
{
    const char *refused = NULL;
    sqlite3_stmt *statement;
    sqlite3 *db = views_open(place);
    sqlite3_set_authorizer(db, only_derived, &refused);
    int code = sqlite3_prepare_v2(db, report->statement, -1, &statement, NULL);
    if (code != SQLITE_OK)
        fail_msg("%s reads %s", report->id,
                 refused ? refused : sqlite3_errmsg(db));
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void no_report_reads_the_log(void **state)
{
    struct place *place = *state;
    const char *refused = NULL;
    sqlite3_stmt *statement;
    each_report(place, look_at_tables);
    sqlite3 *db = views_open(place);
    sqlite3_set_authorizer(db, only_derived, &refused);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT n FROM line", -1, &statement, NULL),
        SQLITE_AUTH);
    assert_string_equal(refused, "line");
    sqlite3_free((char *)refused);
    sqlite3_close(db);
}

/* Views call tables by their own names, so that a plan tells them from what a
 * report calls its parts. */
static bool scans_table(const char *detail)
{
    char name[64];
    return sscanf(detail, "SCAN %63s", name) == 1 && is_table(name);
}

static void look_at_plan(struct place *place, const struct report *report)
{
    sqlite3 *db = views_open(place);
    sqlite3_stmt *plan = prepare(db, report, "EXPLAIN QUERY PLAN ");
    int searches = 0;
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(plan, 3);
        searches += strncmp(detail, "SEARCH", 6) == 0;
        if (scans_table(detail))
            fail_msg("%s: %s", report->id, detail);
    }
    if (searches == 0)
        fail_msg("%s reads nothing", report->id);
    sqlite3_finalize(plan);
    sqlite3_close(db);
}

static void no_report_scans_a_table(void **state)
{
    struct report scan = {.id = "scan", .statement = "SELECT n FROM line"};
    sqlite3 *db = views_open(*state);
    sqlite3_stmt *plan = prepare(db, &scan, "EXPLAIN QUERY PLAN ");
    assert_int_equal(sqlite3_step(plan), SQLITE_ROW);
    assert_true(scans_table((const char *)sqlite3_column_text(plan, 3)));
    sqlite3_finalize(plan);
    sqlite3_close(db);
    each_report(*state, look_at_plan);
}

static void look_at_empty(struct place *place, const struct report *report)
{
    char detail[REPORT_DETAIL_CHARS] = "";
    const char *given[REPORT_PARAMETERS_MAX] = {NULL};
    struct report_form form = {.ids = true};
    struct report_run run;
    struct buffer out;
    for (size_t i = 0; i < report->parameter_count; i++)
        if (report->parameters[i].required)
            given[i] = PERSON;
    enum err err = report_values(&run, report, place->office, given, detail);
    if (!err)
        err = report_rows(&run, place->office, detail);
    if (err)
        fail_msg("%s: %s", report->id, detail);
    buffer_init(&out, 1u << 20);
    report_print_text(&out, &run, &form);
    report_print_csv(&out, &run, &form);
    buffer_clear(&out);
    report_print_json(&out, &run, &form);
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, 1u << 22);
    assert_int_equal(canon_parse(&arena, buffer_bytes(&out), &root, NULL),
                     ERR_OK);
    arena_fini(&arena);
    buffer_fini(&out);
    assert_int_equal(run.conflicts, 0);
    report_run_fini(&run);
}

static void every_report_runs_on_an_office_in_which_nothing_is(void **state)
{
    each_report(*state, look_at_empty);
}

static int setup(void **state)
{
    int failed = place_setup(state);
    return failed ? failed
                  : (int)views_update(((struct place *)*state)->office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_names_what_the_statement_gives),
        cmocka_unit_test(no_report_reads_the_log),
        cmocka_unit_test(no_report_scans_a_table),
        cmocka_unit_test(every_report_runs_on_an_office_in_which_nothing_is),
    };
    return cmocka_run_group_tests(tests, setup, place_teardown);
}
