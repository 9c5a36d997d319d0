/* Each report against what a person reads off the small office's facts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/report_print.h"
#include "tests/unit/server/small_office.h"

struct given {
    const char *name, *value;
};

struct expected {
    const char *report;
    struct given given[3];
    int conflicts; /* open fields that it reads */
    const char *table;
};

/* "P1" stands for the id of record 1, and so on. */
static void spell(struct buffer *out, const char *text)
{
    char id[SMALL_ID_CHARS];
    for (const char *at = text; *at; at++) {
        char *end = NULL;
        if (*at == '#')
            buffer_add_text(out, small_id(id, (int)strtol(at + 1, &end, 10)));
        else
            buffer_add_char(out, *at);
        at = end ? end - 1 : at;
    }
}

static void run_load(struct report_run *run, const struct report *report,
                     struct office *office, const struct given *given)
{
    const char *values[REPORT_PARAMETERS_MAX] = {NULL};
    char detail[REPORT_DETAIL_CHARS] = "";
    for (size_t i = 0; i < report->parameter_count; i++) {
        if (!strcmp(report->parameters[i].name, "as_of") ||
            !strcmp(report->parameters[i].name, "to"))
            values[i] = "2026-11-18";
        if (!strcmp(report->parameters[i].name, "from"))
            values[i] = "2026-01-01";
        for (size_t j = 0; j < 3; j++)
            if (given[j].name &&
                !strcmp(given[j].name, report->parameters[i].name))
                values[i] = given[j].value;
    }
    enum err err = report_values(run, report, office, values, detail);
    if (!err)
        err = report_rows(run, office, detail);
    if (err)
        fail_msg("%s: %s %s", report->id, err_text(err), detail);
}

static void check(struct small_office *s, const struct expected *e)
{
    struct arena arena;
    struct report report;
    struct report_run run;
    struct buffer got, wanted;
    char detail[REPORT_DETAIL_CHARS], id[SMALL_ID_CHARS];
    struct report_form form = {.ids = true, .bare = true};
    struct given given[3];
    memcpy(given, e->given, sizeof given);
    arena_init(&arena, 1u << 20);
    buffer_init(&got, 1u << 20);
    buffer_init(&wanted, 1u << 20);
    for (size_t i = 0; i < 3; i++)
        if (given[i].name && given[i].value[0] == '#')
            given[i].value = small_id(id, atoi(given[i].value + 1));
    assert_int_equal(report_find(&report, &arena, e->report, detail), ERR_OK);
    run_load(&run, &report, s->place.office, given);
    report_print_csv(&got, &run, &form);
    spell(&wanted, e->table);
    const char *rows = strchr(buffer_text(&got), '\n') + 1;
    if (strcmp(rows, buffer_text(&wanted)) != 0)
        fail_msg("%s:\n%swanted:\n%s", e->report, rows, buffer_text(&wanted));
    if (run.conflicts != e->conflicts)
        fail_msg("%s: %lld conflicts", e->report, (long long)run.conflicts);
    report_run_fini(&run);
    buffer_fini(&wanted);
    buffer_fini(&got);
    arena_fini(&arena);
}

static const struct expected figures[] = {
    {"R-01",
     {{0}},
     1,
     "#3,#3,nobody named,,east\n"
     "#6,#6,two at once,dana,east\n"
     "#2,#2,works here no longer,lee,east\n"},
    {"R-01", {{"caseload", "west"}}, 1, ""},
    /* 10 November was a Tuesday: three working days later is Friday, 13. */
    {"R-02",
     {{0}},
     1,
     "dana,Library,0,0,0,1,1,#55\n"
     "dana,Pantry,1,0,0,1,2,\"#51,#52\"\n"},
    {"R-02",
     {{"as_of", "2026-11-13"}},
     1,
     "dana,Library,0,0,0,1,1,#55\n"
     "dana,Pantry,0,0,0,1,1,#52\n"},
    {"R-02", {{"caseload", "west"}}, 1, ""},
    {"R-02b",
     {{0}},
     2,
     "dana,housing,1,0,1,#31\n"
     "nobody,food,0,1,1,#34\n"},
    {"R-02c", {{0}}, 1, "lee,0,1,0,1,#53\n"},
    {"R-02c", {{"as_of", "2026-11-01"}}, 1, ""},
    {"R-03",
     {{0}},
     1,
     "dana,2,1,1,1,1,1,#6\n"
     "lee,1,1,0,0,0,0,#2\n"
     "nobody,1,1,1,0,0,0,#3\n"},
    {"R-03",
     {{"cadence_days", "5"}, {"late_days", "6"}},
     1,
     "dana,2,2,1,1,0,1,\"#1,#6\"\n"
     "lee,1,1,0,0,0,0,#2\n"
     "nobody,1,1,1,0,0,0,#3\n"},
    {"R-03b",
     {{0}},
     0,
     "budgeting,1,0,1,#21\n"
     "monitoring,1,0,1,#21\n"
     "not said,1,1,1,#22\n"
     "vita,1,0,1,#25\n"},
    {"R-06",
     {{0}},
     1,
     "food,28081,0,0,1,1,#33\n"
     "food,28105,1,0,0,1,#34\n"
     "housing,28081,1,0,0,1,#31\n"
     "tax,28081,1,0,0,1,#32\n"},
    {"R-06", {{"county", "28105"}}, 1, "food,28105,1,0,0,1,#34\n"},
    {"R-09",
     {{0}},
     0,
     "csbg,food,1,10.00,1,10.00,0.00,0.00,1,0.00,0,5.00,0,#211\n"
     "csbg,transportation,2,120.00,1,80.00,60.00,20.00,1,75.00,1,0.00,0,"
     "\"#201,#206\"\n"
     "not said,tools,1,50.00,0,0.00,0.00,0.00,0,0.00,0,0.00,1,#203\n"},
    {"R-09b",
     {{0}},
     0,
     "payment without receipt,1,10.00,#210\n"
     "voucher spent without receipt,0,0.00,\n"
     "\"voucher expired, not accounted for\",1,20.00,#212\n"
     "voucher spent more than once,2,30.00,\"#214,#215\"\n"},
    {"R-09b",
     {{"receipt_days", "7"}},
     0,
     "payment without receipt,1,10.00,#210\n"
     "voucher spent without receipt,1,15.00,#214\n"
     "\"voucher expired, not accounted for\",1,20.00,#212\n"
     "voucher spent more than once,2,30.00,\"#214,#215\"\n"},
    {"R-10",
     {{0}},
     1,
     "dana,2,1,0,1,#6\n"
     "lee,1,0,1,0,#2\n"
     "nobody,1,0,0,1,#3\n"},
    {"R-12", {{"least", "2"}}, 0, "Shelter,2,1,1,0,0,\"#61,#62\"\n"},
    {"R-12", {{0}}, 0, ""},
    {"R-17",
     {{"from", "2026-03-01"}},
     0,
     "dana,8,1,7,3,\"#22,#25,#26,#51,#52,#54,#55\"\n"
     "lee,4,0,4,1,\"#23,#53,#61,#62\"\n"},
    {"R-18",
     {{0}},
     0,
     "28081,1,1,1,1,0,0,0,0,0,0,0,1,1,#55\n"
     "28105,0,0,1,0,0,1,0,0,1,1,0,0,0,#54\n"},
    {"R-18",
     {{"tax_year", "2024"}},
     0,
     "28081,1,1,0,0,0,0,0,0,0,0,0,0,0,\n"
     "28105,0,0,0,0,0,0,0,0,0,0,0,0,0,\n"},
    {"R-18b",
     {{0}},
     0,
     "Shelter,LIFT,28081,1,0,0,#42\n"
     "not named,,28081,0,0,1,#43\n"},
    {"R-18b",
     {{"as_of", "2026-03-01"}},
     0,
     "Shelter,LIFT,28081,1,1,0,#42\n"
     "not named,,28081,0,0,1,#43\n"},
    {"R-18c",
     {{0}},
     0,
     "28081,unknown,1,0,#55\n"
     "28105,went_return_accepted,1,1,#54\n"},
    {"R-19b",
     {{0}},
     0,
     "assignment,primary,1,0,0,#16\n"
     "need,status,1,0,0,#31\n"},
    {"R-20",
     {{"case", "#2"}},
     1,
     ",need,food: declined,lee,,#33\n"
     "2025-10-01,contact,phone: completed,lee,,#23\n"
     "2026-09-30,consent,referral_specific: revoked,lee,,#50\n"
     "2026-10-20,referral,accepted,lee,,#53\n"
     "2026-10-24,referral_followup,no status seen; helped: yes,lee,,#62\n"
     "2026-10-25,referral_followup,no status seen; helped: partly,lee,,#61\n"},
};

static void every_figure_is_what_the_facts_say(void **state)
{
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        check(*state, &figures[i]);
}

static void no_report_is_without_a_figure(void **state)
{
    (void)state;
    for (size_t i = 0; i < report_count(); i++) {
        struct arena arena;
        struct report report;
        char detail[REPORT_DETAIL_CHARS];
        arena_init(&arena, 1u << 20);
        assert_int_equal(report_at(&report, &arena, i, detail), ERR_OK);
        /* These two have tests of their own. */
        bool known = !strcmp(report.id, "R-13") || !strcmp(report.id, "R-19");
        for (size_t j = 0; j < sizeof figures / sizeof *figures; j++)
            known |=
                !strcmp(report.id, figures[j].report) && figures[j].table[0];
        if (!known)
            fail_msg("%s", report.id);
        arena_fini(&arena);
    }
}

static void confidentiality_is_found_by_its_records(void **state)
{
    struct small_office *s = *state;
    char table[512];
    snprintf(table, sizeof table,
             "referral sent with neither consent nor other basis,1,#51\n"
             "open referral whose consent was revoked,1,#53\n"
             "open referral whose consent has expired,0,\n"
             "a site goes on though consent was withdrawn,0,\n"
             "device not revoked of a user who is disabled,1,%s\n",
             s->lee.replica);
    struct expected e = {"R-13", {{0}}, 0, table};
    check(s, &e);
}

static void devices_are_counted_by_what_they_sent(void **state)
{
    struct small_office *s = *state;
    char table[512];
    snprintf(table, sizeof table,
             "dana,%s,may sync,0,%lld,0,0,\n"
             "lee,%s,may sync,0,%lld,0,0,\n",
             s->dana.replica, (long long)s->dana.head, s->lee.replica,
             (long long)s->lee.head);
    struct expected e = {"R-19", {{0}}, 0, table};
    check(s, &e);
}

static void it_says_how_current_the_figures_are(void **state)
{
    struct small_office *s = *state;
    struct arena arena;
    struct report report;
    struct report_run run;
    char detail[REPORT_DETAIL_CHARS];
    const struct given none[3] = {{0}};
    arena_init(&arena, 1u << 20);
    assert_int_equal(report_find(&report, &arena, "r-06", detail), ERR_OK);
    int64_t seen = s->place.now;
    s->place.now += REPORT_SILENT_MS + 1;
    run_load(&run, &report, s->place.office, none);
    s->place.now = seen;
    /* Lee is disabled, and the device of whoever is gone brings nothing. */
    assert_int_equal(run.currency.devices, 1);
    assert_int_equal(run.currency.silent, 1);
    assert_int_equal(run.currency.never, 0);
    assert_int_equal(run.currency.last_at, seen);
    assert_int_equal(run.currency.oldest_at, seen);
    assert_string_equal(run.currency.oldest_user, "dana");
    assert_int_equal(run.currency.held, 0);
    assert_int_equal(run.currency.recovery_since, 0);
    assert_int_equal(run.conflicts, 1);
    assert_int_equal(run.conflict_records, 1);
    report_run_fini(&run);
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_figure_is_what_the_facts_say),
        cmocka_unit_test(no_report_is_without_a_figure),
        cmocka_unit_test(confidentiality_is_found_by_its_records),
        cmocka_unit_test(devices_are_counted_by_what_they_sent),
        cmocka_unit_test(it_says_how_current_the_figures_are),
    };
    return cmocka_run_group_tests(tests, small_setup, small_teardown);
}
