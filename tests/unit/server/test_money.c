/* Money: one yes a request, never above a cap, backed up or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/ingest.h"
#include "server/money.h"
#include "server/recovery.h"
#include "shared/model/voucher.h"
#include "tests/fault.h"
#include "tests/unit/server/device.h"

#define REQUEST(n) "0192b5a0-0000-7000-8000-00000000010" #n
#define SPEND(n) "0192b5a0-0000-7000-8000-00000000020" #n
#define ASKED(cents, payee)                                                    \
    "{\"amount_cents\":" #cents                                                \
    ",\"category\":\"transportation\",\"payee\":\"" payee                      \
    "\",\"person\":\"" PERSON "\"}"
#define LIVE                                                                   \
    "SELECT count(*) FROM record WHERE type = 'expenditure_authorization'"

static char journal_path[96];

/* --- the scene ------------------------------------------------------------ */

/* A server brings the journal up to date; then the office goes on with it. */
static void journal_serve(struct place *place)
{
    char detail[OFFICE_DETAIL_CHARS];
    struct office *office;
    struct office_options options = {.data_dir = place->folder,
                                     .clock = &place->clock,
                                     .journal = journal_path,
                                     .serving = true};
    CHECK(office_open(&office, &options, true, detail));
    office_close(office);
    place_reopen(place);
}

static int setup(void **state)
{
    int code = place_setup(state);
    struct place *place = *state;
    static const char *const people[][2] = {
        {"fay", "fiscal"}, {"sue", "supervisor"}, {"olga", "admin"}};
    for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
        char text[128];
        place_account(place, people[i][0], NULL);
        snprintf(text, sizeof text,
                 "UPDATE account SET role = '%s' WHERE account = '%s'",
                 people[i][1], people[i][0]);
        place_exec(place, text);
    }
    snprintf(journal_path, sizeof journal_path, "%s.journal", place->folder);
    journal_serve(place);
    return code;
}

static int teardown(void **state)
{
    int code = place_teardown(state);
    unlink(journal_path);
    return code;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void says(const struct place *place, const char *part)
{
    if (!strstr(place->office->detail, part))
        fail_msg("\"%s\" does not say \"%s\"", place->office->detail, part);
}

static enum err cap(struct place *place, const char *by, const char *name,
                    bool pool, int64_t limit, int64_t approval)
{
    struct money_cap_draft draft = {.name = name,
                                    .pool = pool,
                                    .limit = limit,
                                    .own_up_to = -1,
                                    .approval_above = approval,
                                    .repeat_days = -1};
    enum err err = sql_begin(&place->sql, true);
    assert_int_equal(err, ERR_OK);
    err = money_cap_set(place->office, &place->sql, by, &draft);
    if (!err)
        return sql_commit(&place->sql);
    sql_rollback(&place->sql);
    return err;
}

static enum err begin(struct place *place, const char *by)
{
    return money_begin(place->office, &place->sql, by);
}

static enum err end(struct place *place, enum err err)
{
    return money_end(place->office, &place->sql, err);
}

static enum err authorize(struct place *place, const char *by,
                          const char *request, const char *despite,
                          struct money_answer *out)
{
    struct money_answer answer;
    struct money_authorize given = {.request = request,
                                    .federal_cents = -1,
                                    .state_cents = -1,
                                    .despite = &despite,
                                    .despite_count = despite != NULL};
    enum err err = begin(place, by);
    if (err)
        return err;
    return end(place, money_authorize(place->office, &place->sql, by, &given,
                                      out ? out : &answer));
}

static enum err issue(struct place *place, const char *user, int64_t cents,
                      const char *person, const char *pool,
                      struct money_answer *out)
{
    struct money_issue given = {.user = user,
                                .category = "transportation",
                                .until = "2099-12-31",
                                .person = person,
                                .pool = pool,
                                .cents = cents};
    enum err err = begin(place, "fay");
    return err ? err
               : end(place, money_issue(place->office, &place->sql, "fay",
                                        &given, out));
}

static enum err void_of(struct place *place, const char *id,
                        enum money_kind kind)
{
    enum err err = begin(place, "fay");
    return err ? err
               : end(place, money_void(place->office, &place->sql, "fay", id,
                                       kind, "a mistake"));
}

static int64_t used(struct place *place)
{
    struct money_list list;
    int64_t cents = -1;
    CHECK(money_load_person(&list, place->office, &place->sql, PERSON));
    CHECK(money_used(&list, place->office, &place->sql, PERSON,
                     "transportation", "", &cents));
    money_list_fini(&list);
    return cents;
}

static int64_t pool_used(struct place *place, const char *pool)
{
    struct money_list list;
    int64_t cents = -1;
    CHECK(money_load_vouchers(&list, place->office, &place->sql));
    CHECK(money_pool_used(&list, place->office, &place->sql, pool, &cents));
    money_list_fini(&list);
    return cents;
}

/* dana's person, and two requests of hers that are alike but for the sign. */
static void asked_twice(struct place *place, struct device *dana)
{
    device_enrol(dana, place, "dana");
    device_create(dana, "person", PERSON, PERSON, NAMED);
    device_create(dana, "expenditure_request", REQUEST(1), PERSON,
                  ASKED(8000, "Shell #12"));
    device_create(dana, "expenditure_request", REQUEST(2), PERSON,
                  ASKED(8000, "SHELL 12"));
    device_create(dana, "expenditure_request", REQUEST(3), PERSON,
                  ASKED(3000, "Delta"));
    device_sync_ok(dana, place);
    assert_int_equal(cap(place, "fay", "transportation", false, 10000, -1),
                     ERR_OK);
}

static void spend(struct device *d, const char *id, const char *voucher,
                  const char *cents)
{
    char set[512];
    snprintf(set, sizeof set,
             "{\"amount_cents\":%s,\"category\":\"transportation\",\"on\":"
             "\"2026-11-22\",\"payee\":\"Esso\",\"person\":\"" PERSON
             "\",\"voucher\":\"%s\"}",
             cents, voucher);
    device_create(d, "voucher_spend", id, PERSON, set);
}

/* --- authorising ---------------------------------------------------------- */

static void F18_one_request_has_one_authorisation(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer first;
    asked_twice(place, &dana);
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, &first), ERR_OK);
    assert_int_equal(first.cents, 8000);
    assert_int_equal(first.used, 8000);
    assert_int_equal(first.alike_count, 1);
    assert_string_equal(first.alike, REQUEST(2));
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_EXISTS);
    says(place, first.number);
    assert_int_equal(authorize(place, "sue", REQUEST(1), NULL, NULL),
                     ERR_EXISTS);
    assert_int_equal(place_int(place, LIVE), 1);
    /* Another process, after whatever happened to this one. */
    place_reopen(place);
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_EXISTS);
    assert_int_equal(used(place), 8000);
    device_fini(&dana);
}

static void F18_what_repeats_a_paid_request_is_shown(void **state)
{
    struct place *place = *state;
    struct device dana;
    asked_twice(place, &dana);
    CHECK(cap(place, "fay", "transportation", false, 20000, -1));
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL), ERR_OK);
    assert_int_equal(authorize(place, "fay", REQUEST(2), NULL, NULL),
                     ERR_DENIED);
    says(place, "repeats " REQUEST(1));
    assert_int_equal(authorize(place, "fay", REQUEST(2), REQUEST(3), NULL),
                     ERR_DENIED);
    assert_int_equal(authorize(place, "fay", REQUEST(2), REQUEST(1), NULL),
                     ERR_OK);
    assert_int_equal(place_int(place, "SELECT count(*) FROM record WHERE type "
                                      "= 'expenditure_request'"),
                     3);
    device_fini(&dana);
}

static void F18_a_wrong_clock_hides_no_repetition(void **state)
{
    struct place *place = *state;
    struct device dana;
    asked_twice(place, &dana);
    CHECK(cap(place, "fay", "transportation", false, 20000, -1));
    dana.ahead = INT64_C(-86400000) * 3650;
    device_create(&dana, "expenditure_request", REQUEST(4), PERSON,
                  ASKED(100, "shell 12"));
    device_sync_ok(&dana, place);
    assert_int_equal(authorize(place, "fay", REQUEST(4), NULL, NULL), ERR_OK);
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    says(place, "repeats " REQUEST(4));
    device_fini(&dana);
}

static void F18_a_cap_is_never_exceeded(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer answer;
    asked_twice(place, &dana);
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, &answer),
                     ERR_OK);
    assert_int_equal(authorize(place, "fay", REQUEST(3), NULL, NULL),
                     ERR_TOO_BIG);
    says(place, "20.00 is left");
    assert_int_equal(used(place), 8000);
    assert_int_equal(void_of(place, answer.id, MONEY_AUTHORIZATION), ERR_OK);
    assert_int_equal(void_of(place, answer.id, MONEY_AUTHORIZATION),
                     ERR_EXISTS);
    assert_int_equal(used(place), 0);
    assert_int_equal(authorize(place, "fay", REQUEST(3), NULL, NULL), ERR_OK);
    /* The voided one stays as it was written; a new yes is another record. */
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_TOO_BIG);
    CHECK(cap(place, "olga", "transportation", false, 11000, -1));
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL), ERR_OK);
    assert_int_equal(place_int(place, LIVE), 3);
    assert_int_equal(used(place), 11000);
    device_fini(&dana);
}

static void a_merged_person_has_one_cap(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct dot dot;
    struct seen seen;
    asked_twice(place, &dana);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_create(&dana, "expenditure_request", REQUEST(5), PERSON_2,
                  "{\"amount_cents\":5000,\"category\":\"transportation\","
                  "\"payee\":\"Other\",\"person\":\"" PERSON_2 "\"}");
    device_sync_ok(&dana, place);
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL), ERR_OK);
    seen_init(&seen);
    struct revision_draft draft = {
        .record = PERSON_2,
        .seen = &seen,
        .set = bytes_text("{\"duplicate_of\":\"" PERSON "\"}")};
    CHECK(sql_begin(&place->sql, true));
    CHECK(ingest_office(place->office, &place->sql, "sue", &draft, &dot));
    CHECK(sql_commit(&place->sql));
    assert_int_equal(authorize(place, "fay", REQUEST(5), NULL, NULL),
                     ERR_TOO_BIG);
    seen_fini(&seen);
    device_fini(&dana);
}

/* --- who may -------------------------------------------------------------- */

static void workers_decide_nothing_about_money(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer answer;
    asked_twice(place, &dana);
    assert_int_equal(authorize(place, "dana", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    says(place, "fiscal and supervisor");
    assert_int_equal(cap(place, "dana", "transportation", false, 1, -1),
                     ERR_DENIED);
    assert_int_equal(cap(place, "sue", "transportation", false, 1, -1),
                     ERR_DENIED);
    assert_int_equal(cap(place, "fay", "champagne", false, 1, -1), ERR_INVALID);
    assert_int_equal(issue(place, "fay", 100, PERSON, NULL, &answer),
                     ERR_DENIED);
    /* Nor does a device by writing the record itself. */
    device_create(&dana, "expenditure_authorization", REQUEST(9), PERSON,
                  "{\"amount_cents\":1,\"category\":\"transportation\","
                  "\"number\":\"1\",\"payee\":\"x\",\"person\":\"" PERSON
                  "\",\"request\":\"" REQUEST(1) "\"}");
    device_sync_ok(&dana, place);
    assert_int_equal(place_int(place, LIVE), 0);
    assert_int_equal(used(place), 0);
    device_fini(&dana);
}

static void two_persons_where_the_cap_says_so(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer answer;
    asked_twice(place, &dana);
    place_exec(place, "UPDATE account SET role = 'supervisor' "
                      "WHERE account = 'dana'");
    assert_int_equal(authorize(place, "dana", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    says(place, "somebody else authorises");
    CHECK(cap(place, "fay", "transportation", false, 10000, 5000));
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    static const char *const approvers[] = {"fay", "dana", "sue"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(begin(place, approvers[i]), ERR_OK);
        assert_int_equal(
            end(place, money_approve(place->office, &place->sql, approvers[i],
                                     REQUEST(1), 0, NULL, &answer)),
            strcmp(approvers[i], "dana") ? ERR_OK : ERR_DENIED);
        assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL),
                         i < 2 ? ERR_DENIED : ERR_OK);
    }
    device_fini(&dana);
}

/* A request in somebody else's case would be missing where caps are counted. */
static void a_request_in_another_case_is_not_paid(void **state)
{
    struct place *place = *state;
    struct device dana;
    asked_twice(place, &dana);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_create(&dana, "expenditure_request", REQUEST(6), PERSON_2,
                  ASKED(100, "Elsewhere"));
    device_sync_ok(&dana, place);
    assert_int_equal(authorize(place, "fay", REQUEST(6), NULL, NULL),
                     ERR_DENIED);
    says(place, "case");
    assert_int_equal(used(place), 0);
    device_fini(&dana);
}

/* --- backed up, and taken back -------------------------------------------- */

static void F18_what_is_not_backed_up_is_not_authorised(void **state)
{
    struct place *place = *state;
    struct device dana;
    char away[128];
    asked_twice(place, &dana);
    snprintf(away, sizeof away, "%s.away", journal_path);
    /* It goes between the question and the answer. */
    struct money_authorize given = {
        .request = REQUEST(1), .federal_cents = -1, .state_cents = -1};
    struct money_answer answer;
    place_reopen(place);
    assert_int_equal(begin(place, "fay"), ERR_OK);
    assert_int_equal(rename(journal_path, away), 0);
    enum err err =
        money_authorize(place->office, &place->sql, "fay", &given, &answer);
    assert_int_not_equal(end(place, err), ERR_OK);
    assert_int_equal(place_int(place, LIVE), 0);
    assert_int_equal(rename(away, journal_path), 0);
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL), ERR_OK);
    /* Behind: no question is taken. */
    place_exec(place, "UPDATE journal SET behind_since = 1");
    assert_int_equal(authorize(place, "fay", REQUEST(3), NULL, NULL),
                     ERR_DENIED);
    says(place, "behind");
    journal_serve(place);
    CHECK(cap(place, "fay", "transportation", false, 20000, -1));
    assert_int_equal(authorize(place, "fay", REQUEST(3), NULL, NULL), ERR_OK);
    place_exec(place, "DELETE FROM journal");
    assert_int_equal(begin(place, "fay"), ERR_DENIED);
    says(place, "no journal is kept");
    device_fini(&dana);
}

static void F18_in_recovery_nothing_is_authorised(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer before, after;
    asked_twice(place, &dana);
    assert_int_equal(authorize(place, "fay", REQUEST(3), NULL, &before),
                     ERR_OK);
    CHECK(sql_begin(&place->sql, true));
    CHECK(office_new_lineage(place->office, &place->sql));
    CHECK(sql_commit(&place->sql));
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    says(place, "recovery");
    assert_int_equal(issue(place, "dana", 100, PERSON, NULL, &after),
                     ERR_DENIED);
    CHECK(sql_begin(&place->sql, true));
    CHECK(recovery_close(place->office, &place->sql, "sue"));
    CHECK(sql_commit(&place->sql));
    CHECK(cap(place, "fay", "transportation", false, 20000, -1));
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, &after), ERR_OK);
    /* A number of another history: none is given twice. */
    assert_int_not_equal(strncmp(before.number, after.number, 6), 0);
    device_fini(&dana);
}

/* --- vouchers ------------------------------------------------------------- */

static void F18_a_voucher_counts_from_its_issue(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer bound, answer;
    asked_twice(place, &dana);
    assert_int_equal(issue(place, "dana", 3000, PERSON, NULL, &bound), ERR_OK);
    assert_int_equal(used(place), 3000);
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_TOO_BIG);
    assert_int_equal(issue(place, "kim", 100, PERSON, NULL, &answer),
                     ERR_DENIED); /* who does not see the case */
    assert_int_equal(issue(place, "dana", 7001, PERSON, NULL, &answer),
                     ERR_TOO_BIG);
    /* What was not spent of it lapses. */
    spend(&dana, SPEND(1), bound.id, "2000");
    device_sync_ok(&dana, place);
    assert_int_equal(used(place), 2000);
    assert_int_equal(authorize(place, "fay", REQUEST(1), NULL, NULL), ERR_OK);
    assert_int_equal(used(place), 10000);
    assert_int_equal(void_of(place, bound.id, MONEY_VOUCHER), ERR_DENIED);
    says(place, "was paid");
    device_fini(&dana);
}

static void F18_a_pool_gives_no_more_than_it_has(void **state)
{
    struct place *place = *state;
    struct device dana, copy;
    struct money_answer one, other;
    asked_twice(place, &dana);
    assert_int_equal(issue(place, "dana", 100, NULL, "gas", &one),
                     ERR_NOT_FOUND);
    CHECK(cap(place, "fay", "gas", true, 10000, -1));
    assert_int_equal(issue(place, "dana", 6000, NULL, "gas", &one), ERR_OK);
    assert_int_equal(issue(place, "dana", 4001, NULL, "gas", &other),
                     ERR_TOO_BIG);
    assert_int_equal(issue(place, "dana", 4000, NULL, "gas", &other), ERR_OK);
    assert_int_equal(pool_used(place, "gas"), 10000);
    device_sync_ok(&dana, place);
    /* Voided, it counts until the device says that it knows. */
    assert_int_equal(void_of(place, other.id, MONEY_VOUCHER), ERR_OK);
    assert_int_equal(pool_used(place, "gas"), 10000);
    device_clone(&copy, &dana); /* one that will not hear of it */
    device_sync_ok(&dana, place);
    assert_int_equal(pool_used(place, "gas"), 10000);
    device_sync_ok(&dana, place);
    assert_int_equal(pool_used(place, "gas"), 6000);
    device_fini(&copy);
    device_fini(&dana);
}

static size_t alarms(struct place *place, enum money_alarm wanted)
{
    struct money_list list;
    size_t count = 0;
    CHECK(money_load_vouchers(&list, place->office, &place->sql));
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].kind == MONEY_SPEND)
            count += money_alarm(&list, &list.at[i]) == wanted;
    money_list_fini(&list);
    return count;
}

static enum err settle(struct place *place, const char *voucher, size_t *uses)
{
    enum err err = begin(place, "sue");
    return err ? err
               : end(place, money_settle(place->office, &place->sql, "sue",
                                         voucher, "looked at", uses));
}

static void F18_every_use_is_kept_and_a_second_is_an_alarm(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct money_answer v;
    size_t uses;
    asked_twice(place, &dana);
    device_enrol(&lee, place, "lee");
    CHECK(cap(place, "fay", "gas", true, 10000, -1));
    assert_int_equal(issue(place, "dana", 5000, NULL, "gas", &v), ERR_OK);
    assert_int_equal(settle(place, v.id, &uses), ERR_DENIED);
    spend(&dana, SPEND(1), v.id, "5000");
    device_sync_ok(&dana, place);
    assert_int_equal(alarms(place, ALARM_NONE), 1);
    spend(&dana, SPEND(2), v.id, "5000");
    device_sync_ok(&dana, place);
    assert_int_equal(alarms(place, ALARM_TWICE), 1);
    assert_int_equal(pool_used(place, "gas"), 10000);
    assert_int_equal(settle(place, v.id, &uses), ERR_OK);
    assert_int_equal(uses, 2);
    assert_int_equal(alarms(place, ALARM_NONE), 2);
    /* The next one is an alarm again. */
    spend(&dana, SPEND(3), v.id, "1");
    device_sync_ok(&dana, place);
    assert_int_equal(alarms(place, ALARM_TWICE), 1);
    assert_int_equal(issue(place, "dana", 1, NULL, "gas", &v), ERR_TOO_BIG);
    /* By somebody else, above its amount, of nothing known. */
    CHECK(cap(place, "fay", "gas", true, 20000, -1));
    assert_int_equal(issue(place, "dana", 100, NULL, "gas", &v), ERR_OK);
    device_sync_ok(&lee, place);
    spend(&lee, SPEND(4), v.id, "100");
    device_sync_ok(&lee, place);
    assert_int_equal(alarms(place, ALARM_OTHER), 1);
    assert_int_equal(issue(place, "dana", 100, NULL, "gas", &v), ERR_OK);
    spend(&dana, SPEND(5), v.id, "101");
    spend(&dana, SPEND(6), REQUEST(7), "5");
    device_sync_ok(&dana, place);
    assert_int_equal(alarms(place, ALARM_ABOVE), 1);
    assert_int_equal(alarms(place, ALARM_UNKNOWN), 1);
    device_fini(&lee);
    device_fini(&dana);
}

static void a_voucher_that_was_changed_bears_no_signature(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer v;
    struct record record;
    struct voucher voucher;
    asked_twice(place, &dana);
    assert_int_equal(issue(place, "dana", 5000, PERSON, NULL, &v), ERR_OK);
    CHECK(record_load(&record, place->office, &place->sql, v.id));
    CHECK(voucher_of_state(record.root, &voucher));
    const uint8_t *root = place->office->keys.root.public_key;
    assert_int_equal(voucher_verify(&voucher, "north", root), ERR_OK);
    assert_int_equal(voucher_verify(&voucher, "south", root), ERR_SIGNATURE);
    assert_int_equal(
        voucher_verify(&voucher, "north", place->office->term_keys.public_key),
        ERR_SIGNATURE);
    struct voucher changed = voucher;
    changed.amount_cents++;
    assert_int_equal(voucher_verify(&changed, "north", root), ERR_SIGNATURE);
    changed = voucher;
    changed.assigned_to = bytes_text("lee");
    assert_int_equal(voucher_verify(&changed, "north", root), ERR_SIGNATURE);
    changed = voucher;
    changed.signature = bytes_text("AAAA");
    assert_int_equal(voucher_verify(&changed, "north", root), ERR_SIGNATURE);
    record_fini(&record);
    device_fini(&dana);
}

/* --- exhaustion ----------------------------------------------------------- */

static void authorising_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    asked_twice(place, &dana);
    struct money_authorize given = {
        .request = REQUEST(1), .federal_cents = -1, .state_cents = -1};
    struct money_answer answer;
    for (int nth = 1;; nth++) {
        assert_int_equal(begin(place, "fay"), ERR_OK);
        fault_at(nth, false);
        enum err err =
            money_authorize(place->office, &place->sql, "fay", &given, &answer);
        bool hit = fault_hit();
        fault_at(0, false);
        /* What the journal lacks it says in the end. */
        err = end(place, err);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 20);
            break;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
    assert_int_equal(place_int(place, LIVE), 1);
    assert_int_equal(used(place), 8000);
    device_fini(&dana);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(F18_one_request_has_one_authorisation),
        TEST(F18_what_repeats_a_paid_request_is_shown),
        TEST(F18_a_wrong_clock_hides_no_repetition),
        TEST(F18_a_cap_is_never_exceeded),
        TEST(a_merged_person_has_one_cap),
        TEST(workers_decide_nothing_about_money),
        TEST(two_persons_where_the_cap_says_so),
        TEST(a_request_in_another_case_is_not_paid),
        TEST(F18_what_is_not_backed_up_is_not_authorised),
        TEST(F18_in_recovery_nothing_is_authorised),
        TEST(F18_a_voucher_counts_from_its_issue),
        TEST(F18_a_pool_gives_no_more_than_it_has),
        TEST(F18_every_use_is_kept_and_a_second_is_an_alarm),
        TEST(a_voucher_that_was_changed_bears_no_signature),
        TEST(authorising_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
