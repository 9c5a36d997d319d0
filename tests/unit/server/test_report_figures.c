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

static bool check(struct small_office *s, const struct expected *e)
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
    bool same =
        !strcmp(rows, buffer_text(&wanted)) && run.conflicts == e->conflicts;
    if (!same)
        fprintf(stderr, "%s: %lld conflicts\n%swanted:\n%s", e->report,
                (long long)run.conflicts, rows, buffer_text(&wanted));
    report_run_fini(&run);
    buffer_fini(&wanted);
    buffer_fini(&got);
    arena_fini(&arena);
    return same;
}

static const struct expected figures[] = {
    {"R-01",
     {{0}},
     1,
     "#3,#3,not enrolled,nobody named,,east\n"
     "#6,#6,not enrolled,two at once,dana,east\n"
     "#2,#2,csbg,works here no longer,lee,east\n"},
    {"R-01", {{"caseload", "west"}}, 1, ""},
    {"R-01b", {{0}}, 0, "#1,1,lee,dana,0,1\n"},
    {"R-01b", {{"to", "2026-11-17"}}, 0, ""},
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
     "nobody,2,2,2,0,0,0,\"#3,#7\"\n"},
    {"R-03",
     {{"intensive_days", "5"}, {"late_days", "6"}},
     1,
     "dana,2,2,1,1,0,1,\"#1,#6\"\n"
     "lee,1,1,0,0,0,0,#2\n"
     "nobody,2,2,2,0,0,0,\"#3,#7\"\n"},
    {"R-03b",
     {{0}},
     0,
     "budgeting,1,0,1,#21\n"
     "monitoring,1,0,1,#21\n"
     "not said,1,1,1,#22\n"
     "vita,1,1,1,#25\n"},
    {"R-04",
     {{0}},
     0,
     "aspire,implementing,1,1,0,0,1,1,#101\n"
     "csbg,engaged,1,1,0,0,0,0,#102\n"
     "csbg,enrolled,1,1,0,0,0,0,#107\n"},
    {"R-04b",
     {{0}},
     0,
     "plan without assessment,1,#115\n"
     "plan that the client did not agree to,1,#115\n"
     "\"plan made without the client, and no reason\",1,#115\n"
     "employment plan without a goal of employment,1,#113\n"
     "assessment without strengths,0,\n"
     "assessment without challenges,0,\n"
     "assessment without a ranking of needs,1,#111\n"},
    {"R-05",
     {{0}},
     1,
     "dana,1,1,0,0,0,#114\n"
     "lee,1,1,1,1,1,\"#115,#117\"\n"
     "nobody,1,1,1,0,0,#161\n"},
    {"R-05",
     {{"interval_days", "60"}},
     1,
     "dana,1,0,0,0,0,\n"
     "lee,1,1,1,1,1,\"#115,#117\"\n"
     "nobody,1,1,1,0,0,#161\n"},
    {"R-05b", {{0}}, 0, "outcomes,1,housing,1,1,0,0,#120\n"},
    {"R-06",
     {{0}},
     1,
     "food,28081,0,0,1,1,#33\n"
     "food,28105,1,0,0,1,#34\n"
     "housing,28081,1,0,0,1,#31\n"
     "tax,28081,1,0,0,1,#32\n"},
    {"R-06", {{"county", "28105"}}, 1, "food,28105,1,0,0,1,#34\n"},
    {"R-07", {{0}}, 0, "Landlord,outside,1,1,0,0,0,0,1,#121\n"},
    /* 6000 and 2000 minutes are 23 and 7 hours a week: enough, but not yet
     * proven.  Two rows of one week are not summed. */
    {"R-08",
     {{0}},
     0,
     "2026-11,#1,100,33,100,0,0,meets if verified,"
     "\"45 CFR 261.31, 261.60\"\n"
     "2026-11,#2,0,0,0,0,1,in conflict,\"45 CFR 261.31, 261.60\"\n"
     "2026-11,#3,0,0,0,5,0,good cause,22 MRS 3785\n"},
    {"R-08",
     {{"week_hours", "20"}},
     0,
     "2026-11,#1,100,33,100,0,0,meets,\"45 CFR 261.31, 261.60\"\n"
     "2026-11,#2,0,0,0,0,1,in conflict,\"45 CFR 261.31, 261.60\"\n"
     "2026-11,#3,0,0,0,5,0,good cause,22 MRS 3785\n"},
    {"R-08b", {{0}}, 1, "dana,0,1,1,#188\n"},
    {"R-09",
     {{0}},
     0,
     "csbg,food,1,10.00,1,10.00,0.00,0.00,1,0.00,0,5.00,0,#211\n"
     "csbg,transportation,2,120.00,1,80.00,60.00,20.00,1,75.00,1,0.00,1,"
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
     "nobody,2,1,0,1,#7\n"},
    {"R-11",
     {{0}},
     0,
     "not signed by one party,2,\"#133,#139\"\n"
     "in force without obligations of one party,2,\"#135,#139\"\n"
     "\"in force, no copy given\",2,\"#130,#139\"\n"
     "\"in force, no notice of a fair hearing\",2,\"#130,#139\"\n"
     "in force without a number,0,\n"
     "two amendments in force at once,2,\"#135,#139\"\n"
     "obligation of the Department overdue,0,\n"
     "obligation of the participant overdue,1,#138\n"},
    {"R-12", {{"least", "2"}}, 0, "Shelter,3,1,1,1,0,\"#61,#62,#196\"\n"},
    {"R-12", {{0}}, 0, ""},
    {"R-14",
     {{0}},
     0,
     "SDA 1b,Referrals,0,0,\n"
     "SRV 3a,Taxes,1,2,\"#153,#154\"\n"
     "SRV 9x,not in the code set,1,1,#155\n"},
    {"R-14b",
     {{"version", "2.1"}},
     0,
     "FNPI 2c,All,4,0,3,1,75,,\"#156,#157,#158\"\n"
     "FNPI 2c.1,One,2,4,2,1,100,50,\"#156,#157\"\n"
     "FNPI 2c.2,Two,2,0,1,0,50,,#158\n"
     "FNPI 7a,Any,3,0,2,1,66,,\"#156,#157,#158\"\n"},
    {"R-14b", {{0}}, 0, ""},
    {"R-14c",
     {{0}},
     0,
     "C1,C1.1,Male,1,#1\n"
     "C1,C1.2,Female,1,#2\n"
     "C1,,Unknown or not reported,1,#3\n"
     "all,,All persons,3,\"#1,#2,#3\"\n"},
    {"R-15", {{0}}, 0, "transition,goals_met,1,1,1,1,1,0,0,0,#165\n"},
    {"R-16",
     {{0}},
     0,
     "2026,LIFT,Else,agency,other,no objective,,,,,,#173\n"
     "2026,LIFT,Taxes,family,rank_1,file,120,400,FNPI 2c.1,4,2,#171\n"
     "2026,LIFT,Taxes,family,rank_1,save,10,,,,,#172\n"},
    {"R-16", {{"year", "2025"}}, 0, ""},
    {"R-16b",
     {{0}},
     0,
     "LIFT,2026,need of the top three without a model,2,\"rank_2,rank_3\"\n"
     "LIFT,2026,model tied to none of the top three,1,#173\n"
     "LIFT,2026,objective without a submitted target,1,#172\n"},
    {"R-17",
     {{"from", "2026-03-01"}},
     0,
     "dana,13,2,11,3,"
     "\"#25,#26,#51,#52,#54,#55,#153,#154,#156,#158,#159\"\n"
     "lee,7,0,7,1,\"#23,#53,#61,#62,#118,#155,#157\"\n"},
    {"R-18",
     {{0}},
     0,
     "28003,Alcorn,0,0,0,0,0,0,0,0,0,0,0,0,0,\n"
     "28081,Lee,2,1,1,1,0,0,0,0,0,0,0,1,1,#55\n"
     "28105,,1,1,1,0,0,1,0,0,1,1,0,0,0,#54\n"},
    {"R-18",
     {{"tax_year", "2024"}, {"county", "28081"}},
     0,
     "28081,Lee,2,1,0,0,0,0,0,0,0,0,0,0,0,\n"},
    {"R-18b",
     {{0}},
     0,
     "Shelter,LIFT,28081,2,1,0,\"#42,#44\"\n"
     "Shelter,LIFT,28105,1,1,0,#44\n"
     "not named,,28081,0,0,1,#43\n"},
    {"R-18b",
     {{"as_of", "2026-03-01"}},
     0,
     "Shelter,LIFT,28081,2,2,0,\"#42,#44\"\n"
     "Shelter,LIFT,28105,1,1,0,#44\n"
     "not named,,28081,0,0,1,#43\n"},
    {"R-18c",
     {{0}},
     0,
     "28081,unknown,1,0,#55\n"
     "28105,went_return_accepted,1,1,#54\n"},
    {"R-18d",
     {{0}},
     0,
     "28003,Alcorn,NECS,0,0,\n"
     "28081,Lee,LIFT,1,1,\"#42,#43\"\n"},
    {"R-18d",
     {{"as_of", "2026-02-01"}, {"entity", "LIFT"}},
     0,
     "28081,Lee,LIFT,1,0,#43\n"},
    {"R-19b",
     {{0}},
     0,
     "assignment,primary,1,0,0,#16\n"
     "need,status,1,0,0,#31\n"},
    /* By day, then by when it was written. */
    {"R-20",
     {{"case", "#2"}},
     1,
     ",need,food: declined,lee,,#33\n"
     ",plan,service_delivery_plan: in_progress,lee,,#115\n"
     ",goal,employment: open,lee,,#117\n"
     ",expenditure_request,tools: 5000 cents,lee,,#203\n"
     "2025-10-01,contact,phone: completed,lee,,#23\n"
     "2026-09-01,evaluation,not said,lee,,#222\n"
     "2026-09-30,consent,referral_specific: revoked,lee,,#50\n"
     "2026-10-01,enrollment,csbg: engaged,lee,,#102\n"
     "2026-10-01,monitoring_entry,not said,lee,,#118\n"
     "2026-10-02,evaluation,not said,lee,,#221\n"
     "2026-10-20,referral,accepted,lee,,#53\n"
     "2026-10-24,referral_followup,no status seen; helped: yes,lee,,#62\n"
     "2026-10-25,referral_followup,no status seen; helped: partly,lee,,#61\n"
     "2026-11-10,service_delivered,SRV 9x (3.0),lee,,#155\n"
     "2026-11-10,outcome,FNPI 2c.1 (2.1): claimed,lee,,#157\n"},
};

static void every_figure_is_what_the_facts_say(void **state)
{
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        wrong += !check(*state, &figures[i]);
    assert_int_equal(wrong, 0);
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
    char table[1024];
    snprintf(table, sizeof table,
             "referral sent with neither consent nor other basis,1,#51\n"
             "open referral whose consent was revoked,1,#53\n"
             "open referral whose consent has expired,0,\n"
             "a site goes on though consent was withdrawn,0,\n"
             "device not revoked of a user who is disabled,1,%s\n"
             "disclosure with neither consent nor other basis,1,#190\n"
             "advocacy outside with neither consent nor basis,1,#121\n"
             "user without a statement of confidentiality,1,dana\n"
             "incident that is not closed,0,\n"
             "export of data about persons,0,\n",
             s->lee.replica);
    struct expected e = {"R-13", {{0}}, 0, table};
    assert_true(check(s, &e));
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
    assert_true(check(s, &e));
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
