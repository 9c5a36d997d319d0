/* Money: one yes a request, never above a cap, backed up or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/ingest.h"
#include "server/recovery.h"
#include "server/store_line.h"
#include "tests/fault.h"
#include "tests/unit/server/paying.h"

#define LIVE                                                                   \
    "SELECT count(*) FROM record WHERE type = 'expenditure_authorization'"
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, paying_setup, paying_teardown)

/* --- authorising ---------------------------------------------------------- */

static void F18_one_request_has_one_authorisation(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer first;
    paying_asked(place, &dana);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, &first),
                     ERR_OK);
    assert_int_equal(first.cents, 8000);
    assert_int_equal(first.used, 8000);
    assert_int_equal(first.alike_count, 1);
    assert_string_equal(first.alike, REQUEST(2));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_EXISTS);
    paying_says(place, first.number);
    assert_int_equal(paying_authorize(place, "sue", REQUEST(1), NULL, NULL),
                     ERR_EXISTS);
    assert_int_equal(place_int(place, LIVE), 1);
    /* Another process, after whatever happened to this one. */
    place_reopen(place);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_EXISTS);
    assert_int_equal(paying_used(place), 8000);
    device_fini(&dana);
}

static void F18_what_repeats_a_paid_request_is_shown(void **state)
{
    struct place *place = *state;
    struct device dana;
    paying_asked(place, &dana);
    CHECK(paying_cap(place, "fay", "transportation", false, 20000, -1));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_OK);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(2), NULL, NULL),
                     ERR_DENIED);
    paying_says(place, "repeats " REQUEST(1));
    assert_int_equal(
        paying_authorize(place, "fay", REQUEST(2), REQUEST(3), NULL),
        ERR_DENIED);
    assert_int_equal(
        paying_authorize(place, "fay", REQUEST(2), REQUEST(1), NULL), ERR_OK);
    assert_int_equal(place_int(place, "SELECT count(*) FROM record WHERE type "
                                      "= 'expenditure_request'"),
                     3);
    device_fini(&dana);
}

static void F18_a_wrong_clock_hides_no_repetition(void **state)
{
    struct place *place = *state;
    struct device dana;
    paying_asked(place, &dana);
    CHECK(paying_cap(place, "fay", "transportation", false, 20000, -1));
    dana.ahead = INT64_C(-86400000) * 3650;
    device_create(&dana, "expenditure_request", REQUEST(4), PERSON,
                  ASKED(100, "shell 12"));
    device_sync_ok(&dana, place);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(4), NULL, NULL),
                     ERR_OK);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    paying_says(place, "repeats " REQUEST(4));
    device_fini(&dana);
}

static void F18_a_cap_is_never_exceeded(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer answer;
    paying_asked(place, &dana);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, &answer),
                     ERR_OK);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(3), NULL, NULL),
                     ERR_TOO_BIG);
    paying_says(place, "20.00 is left");
    assert_int_equal(paying_used(place), 8000);
    assert_int_equal(paying_void(place, answer.id, MONEY_AUTHORIZATION),
                     ERR_OK);
    assert_int_equal(paying_void(place, answer.id, MONEY_AUTHORIZATION),
                     ERR_EXISTS);
    assert_int_equal(paying_used(place), 0);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(3), NULL, NULL),
                     ERR_OK);
    /* The voided one stays as it was written; a new yes is another record. */
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_TOO_BIG);
    CHECK(paying_cap(place, "olga", "transportation", false, 11000, -1));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_OK);
    assert_int_equal(place_int(place, LIVE), 3);
    assert_int_equal(paying_used(place), 11000);
    device_fini(&dana);
}

static void a_merged_person_has_one_cap(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct dot dot;
    struct seen seen;
    paying_asked(place, &dana);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_create(&dana, "expenditure_request", REQUEST(5), PERSON_2,
                  "{\"amount_cents\":5000,\"category\":\"transportation\","
                  "\"payee\":\"Other\",\"person\":\"" PERSON_2 "\"}");
    device_sync_ok(&dana, place);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_OK);
    seen_init(&seen);
    struct revision_draft draft = {
        .record = PERSON_2,
        .seen = &seen,
        .set = bytes_text("{\"duplicate_of\":\"" PERSON "\"}")};
    CHECK(sql_begin(&place->sql, true));
    CHECK(ingest_office(place->office, &place->sql, "sue", &draft, &dot));
    CHECK(sql_commit(&place->sql));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(5), NULL, NULL),
                     ERR_TOO_BIG);
    seen_fini(&seen);
    device_fini(&dana);
}

/* --- who may -------------------------------------------------------------- */

static void nothing_is_paid_without_a_cap(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer answer;
    paying_asked(place, &dana);
    assert_int_equal(paying_cap(place, "fay", "champagne", false, 1, -1),
                     ERR_INVALID);
    assert_int_equal(paying_issue(place, "fay", 100, PERSON, NULL, &answer),
                     ERR_DENIED);
    /* Nor does a device pay by writing the record itself. */
    device_create(&dana, "expenditure_authorization", REQUEST(9), PERSON,
                  "{\"amount_cents\":1,\"category\":\"transportation\","
                  "\"number\":\"1\",\"payee\":\"x\",\"person\":\"" PERSON
                  "\",\"request\":\"" REQUEST(1) "\"}");
    device_sync_ok(&dana, place);
    assert_int_equal(place_int(place, LIVE), 0);
    assert_int_equal(paying_used(place), 0);
    device_fini(&dana);
}

static void two_persons_where_the_cap_says_so(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer answer;
    paying_asked(place, &dana);
    assert_int_equal(paying_authorize(place, "dana", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    paying_says(place, "somebody else authorises");
    CHECK(paying_cap(place, "fay", "transportation", false, 10000, 5000));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    static const char *const approvers[] = {"fay", "dana", "sue"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(paying_begin(place), ERR_OK);
        assert_int_equal(
            paying_end(place,
                       money_approve(place->office, &place->sql, approvers[i],
                                     REQUEST(1), 0, NULL, &answer)),
            strcmp(approvers[i], "dana") ? ERR_OK : ERR_DENIED);
        assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                         i < 2 ? ERR_DENIED : ERR_OK);
    }
    device_fini(&dana);
}

/* A request in somebody else's case would be missing where caps are counted. */
static void a_request_in_another_case_is_not_paid(void **state)
{
    struct place *place = *state;
    struct device dana;
    paying_asked(place, &dana);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_create(&dana, "expenditure_request", REQUEST(6), PERSON_2,
                  ASKED(100, "Elsewhere"));
    device_sync_ok(&dana, place);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(6), NULL, NULL),
                     ERR_DENIED);
    paying_says(place, "case");
    assert_int_equal(paying_used(place), 0);
    device_fini(&dana);
}

/* --- backed up, and taken back -------------------------------------------- */

static void F18_what_is_not_backed_up_is_not_authorised(void **state)
{
    struct place *place = *state;
    struct device dana;
    char away[128];
    paying_asked(place, &dana);
    snprintf(away, sizeof away, "%s.away", paying_journal);
    /* It goes between the question and the answer. */
    struct money_authorize given = {
        .request = REQUEST(1), .federal_cents = -1, .state_cents = -1};
    struct money_answer answer;
    place_reopen(place);
    assert_int_equal(paying_begin(place), ERR_OK);
    assert_int_equal(rename(paying_journal, away), 0);
    enum err err =
        money_authorize(place->office, &place->sql, "fay", &given, &answer);
    assert_int_not_equal(paying_end(place, err), ERR_OK);
    assert_int_equal(place_int(place, LIVE), 0);
    assert_int_equal(rename(away, paying_journal), 0);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_OK);
    /* Behind: no question is taken. */
    place_exec(place, "UPDATE journal SET behind_since = 1");
    assert_int_equal(paying_authorize(place, "fay", REQUEST(3), NULL, NULL),
                     ERR_DENIED);
    paying_says(place, "behind");
    paying_serve(place);
    CHECK(paying_cap(place, "fay", "transportation", false, 20000, -1));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(3), NULL, NULL),
                     ERR_OK);
    place_exec(place, "DELETE FROM journal");
    assert_int_equal(paying_begin(place), ERR_DENIED);
    paying_says(place, "no journal is kept");
    device_fini(&dana);
}

static void F18_in_recovery_nothing_is_authorised(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer before, after;
    paying_asked(place, &dana);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(3), NULL, &before),
                     ERR_OK);
    CHECK(sql_begin(&place->sql, true));
    CHECK(office_new_lineage(place->office, &place->sql));
    CHECK(sql_commit(&place->sql));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    paying_says(place, "recovery");
    assert_int_equal(paying_issue(place, "dana", 100, PERSON, NULL, &after),
                     ERR_DENIED);
    CHECK(sql_begin(&place->sql, true));
    CHECK(recovery_close(place->office, &place->sql, "sue"));
    CHECK(sql_commit(&place->sql));
    CHECK(paying_cap(place, "fay", "transportation", false, 20000, -1));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, &after),
                     ERR_OK);
    /* A number of another history: none is given twice. */
    assert_int_not_equal(strncmp(before.number, after.number, 6), 0);
    device_fini(&dana);
}

/* Somebody copies an older store back while the journal stays. */
static void put_back(struct place *place)
{
    char command[512];
    sql_close(&place->sql);
    office_close(place->office);
    place->office = NULL;
    snprintf(command, sizeof command,
             "rm -f %s/office.db-* && cp %s/backup %s/office.db", place->folder,
             place->folder, place->folder);
    assert_int_equal(system(command), 0);
}

static void store_copy(struct place *place)
{
    char path[128];
    snprintf(path, sizeof path, "%s/backup", place->folder);
    assert_int_equal(place->sql.backup(place->sql.context, path), ERR_OK);
}

static void recovery_end(struct place *place)
{
    CHECK(sql_begin(&place->sql, true));
    CHECK(recovery_close(place->office, &place->sql, "sue"));
    CHECK(sql_commit(&place->sql));
}

static void line_read(struct place *place, const char *record,
                      struct buffer *out)
{
    char text[256];
    snprintf(text, sizeof text,
             "SELECT n FROM line WHERE record = '%s' ORDER BY n", record);
    int64_t n = place_int(place, text);
    CHECK(store_line_load(&place->sql, "north", place->office->term, n, out,
                          NULL));
}

static void F18_a_store_put_back_by_hand_is_noticed(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct money_answer before, after;
    struct buffer line;
    paying_asked(place, &dana);
    store_copy(place);
    place_reopen(place); /* another command */
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, &before),
                     ERR_OK);
    buffer_init(&line, ORIGINAL_BYTES_MAX);
    line_read(place, before.id, &line);
    put_back(place);
    place_reopen(place);
    assert_int_equal(place_int(place, LIVE), 0);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    paying_says(place, "recovery");
    /* It is given up by a person, authorised anew, and then it turns up. */
    recovery_end(place);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_DENIED);
    paying_says(place, "behind");
    paying_serve(place);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, &after),
                     ERR_OK);
    assert_string_not_equal(before.number, after.number);
    assert_string_equal(before.id, after.id);
    struct bytes healed = buffer_bytes(&line);
    CHECK(sql_begin(&place->sql, true));
    CHECK(ingest_healed(place->office, &place->sql, &healed, 1));
    CHECK(sql_commit(&place->sql));
    /* Both were said: a person is asked, and both count until then. */
    assert_int_equal(place_int(place, "SELECT count(*) FROM conflict "
                                      "WHERE field = 'number'"),
                     1);
    assert_int_equal(place_int(place, LIVE), 1);
    assert_int_equal(paying_used(place), 16000);
    buffer_fini(&line);
    device_fini(&dana);
}

/* A period of enrolment is one when the office has numbered it. */
static void an_enrolment_of_a_workers_own_opens_no_cap(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct dot dot;
    struct seen seen;
    paying_asked(place, &dana);
    device_create(&dana, "enrollment", REQUEST(8), PERSON,
                  "{\"person\":\"" PERSON "\",\"program\":\"csbg\"}");
    device_create(&dana, "expenditure_request", REQUEST(9), PERSON,
                  "{\"amount_cents\":5000,\"category\":\"transportation\","
                  "\"enrollment\":\"" REQUEST(8) "\",\"payee\":\"New\","
                                                 "\"person\":\"" PERSON "\"}");
    device_sync_ok(&dana, place);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(1), NULL, NULL),
                     ERR_OK);
    assert_int_equal(paying_authorize(place, "fay", REQUEST(9), NULL, NULL),
                     ERR_TOO_BIG);
    seen_init(&seen);
    struct revision_draft draft = {.record = REQUEST(8),
                                   .seen = &seen,
                                   .set = bytes_text("{\"period_no\":2}")};
    CHECK(sql_begin(&place->sql, true));
    CHECK(ingest_office(place->office, &place->sql, "sue", &draft, &dot));
    CHECK(sql_commit(&place->sql));
    /* What was authorised without a period counts in this one as well. */
    assert_int_equal(paying_authorize(place, "fay", REQUEST(9), NULL, NULL),
                     ERR_TOO_BIG);
    CHECK(paying_cap(place, "fay", "transportation", false, 13000, -1));
    assert_int_equal(paying_authorize(place, "fay", REQUEST(9), NULL, NULL),
                     ERR_OK);
    assert_int_equal(paying_used(place), 13000);
    seen_fini(&seen);
    device_fini(&dana);
}

/* --- exhaustion ----------------------------------------------------------- */

static void authorising_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    paying_asked(place, &dana);
    struct money_authorize given = {
        .request = REQUEST(1), .federal_cents = -1, .state_cents = -1};
    struct money_answer answer;
    for (int nth = 1;; nth++) {
        assert_int_equal(paying_begin(place), ERR_OK);
        fault_at(nth, false);
        enum err err =
            money_authorize(place->office, &place->sql, "fay", &given, &answer);
        bool hit = fault_hit();
        fault_at(0, false);
        /* What the journal lacks it says in the end. */
        err = paying_end(place, err);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 20);
            break;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
    assert_int_equal(place_int(place, LIVE), 1);
    assert_int_equal(paying_used(place), 8000);
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
        TEST(nothing_is_paid_without_a_cap),
        TEST(two_persons_where_the_cap_says_so),
        TEST(a_request_in_another_case_is_not_paid),
        TEST(F18_what_is_not_backed_up_is_not_authorised),
        TEST(F18_in_recovery_nothing_is_authorised),
        TEST(F18_a_store_put_back_by_hand_is_noticed),
        TEST(an_enrolment_of_a_workers_own_opens_no_cap),
        TEST(authorising_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
