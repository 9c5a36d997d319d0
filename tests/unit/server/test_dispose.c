/* Disposal: who may and when, what goes, what stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/disposal.h"
#include "server/ingest.h"
#include "server/verify.h"
#include "tests/unit/server/disposing.h"

/* --- who may, and when ---------------------------------------------------- */

static void one_person_disposes_of_nothing(void **state)
{
    struct place *place = *state;
    struct device dana;
    disposing_two_cases(place, &dana);
    assert_int_equal(disposing_approve(place, "olga", PERSON), ERR_NOT_FOUND);
    assert_int_equal(disposing_propose(place, "sue", PERSON), ERR_OK);
    assert_int_equal(disposing_approve(place, "sue", PERSON), ERR_DENIED);
    disposing_says(place, "second person");
    assert_int_equal(disposing_whole_lines(place), 3);
    /* Whoever proposes again is the first of the two. */
    assert_int_equal(disposing_propose(place, "olga", PERSON), ERR_OK);
    assert_int_equal(disposing_approve(place, "olga", PERSON), ERR_DENIED);
    assert_int_equal(disposing_approve(place, "sue", PERSON), ERR_OK);
    assert_int_equal(disposing_whole_lines(place), 1);
    assert_int_equal(disposing_propose(place, "sue", PERSON), ERR_EXISTS);
    device_fini(&dana);
}

static void a_case_is_kept_until_its_years_are_over(void **state)
{
    struct place *place = *state;
    struct device dana;
    static const struct {
        const char *on, *class, *says; /* NULL: it may go */
    } terms[] = {
        {"2026-01-31", NULL, "until 2029-01-31"},
        {"2023-11-30", NULL, "until 2026-11-30"},
        {"2019-01-31", "years_10", "until 2029-01-31"},
        {"1990-01-31", "permanent", "for ever"},
        {"2016-01-31", "years_10", NULL},
        {"2023-11-01", "years_3", NULL},
    };
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    assert_int_equal(disposing_propose(place, "sue", PERSON), ERR_DENIED);
    disposing_says(place, "not closed");
    assert_int_equal(disposing_propose(place, "sue", PERSON_2), ERR_NOT_FOUND);
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        assert_int_equal(
            disposing_close_case(place, PERSON, terms[i].on, terms[i].class),
            ERR_OK);
        assert_int_equal(disposing_propose(place, "sue", PERSON),
                         terms[i].says ? ERR_DENIED : ERR_OK);
        if (terms[i].says)
            disposing_says(place, terms[i].says);
    }
    device_fini(&dana);
}

static void nothing_goes_under_a_legal_hold(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    assert_int_equal(disposing_close_case(place, PERSON, CLOSED, NULL), ERR_OK);
    assert_int_equal(disposing_hold(place, "sue", true), ERR_OK);
    assert_int_equal(disposing_propose(place, "sue", PERSON), ERR_DENIED);
    disposing_says(place, "legal hold");
    assert_int_equal(disposing_hold(place, "olga", false), ERR_OK);
    assert_int_equal(disposing_hold(place, "olga", false), ERR_NOT_FOUND);
    assert_int_equal(disposing_propose(place, "sue", PERSON), ERR_OK);
    /* One that a worker sets on a person counts, and comes in time. */
    device_revise(&dana, PERSON, "{}", "{\"legal_hold\":true}");
    device_sync_ok(&dana, place);
    assert_int_equal(disposing_approve(place, "olga", PERSON), ERR_DENIED);
    disposing_says(place, "legal hold");
    assert_int_equal(disposing_hold(place, "sue", false), ERR_OK);
    assert_int_equal(disposing_approve(place, "olga", PERSON), ERR_OK);
    device_fini(&dana);
}

static void nothing_goes_in_recovery(void **state)
{
    struct place *place = *state;
    struct device dana;
    disposing_two_cases(place, &dana);
    assert_int_equal(disposing_propose(place, "sue", PERSON), ERR_OK);
    assert_int_equal(disposing_begin(place), ERR_OK);
    assert_int_equal(
        disposing_finish(place, office_new_lineage(place->office, &place->sql)),
        ERR_OK);
    assert_int_equal(disposing_approve(place, "olga", PERSON), ERR_DENIED);
    disposing_says(place, "recovery");
    assert_int_equal(disposing_whole_lines(place), 3);
    device_fini(&dana);
}

/* --- what goes, and what stays -------------------------------------------- */

static void F28_two_persons_dispose_and_every_chain_verifies(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    disposing_two_cases(place, &dana);
    int64_t lines = place_int(place, "SELECT count(*) FROM line");
    disposing_dispose(place, PERSON);
    assert_int_equal(place_int(place, "SELECT count(*) FROM line"), lines);
    assert_int_equal(disposing_whole_lines(place), 1);
    assert_int_equal(place_int(place, "SELECT count(*) FROM line WHERE "
                                      "instr(line, 'Roof leaks') > 0"),
                     0);
    assert_int_equal(place_int(place, "SELECT count(*) FROM record WHERE "
                                      "case_id = '" PERSON "'"),
                     0);
    assert_int_equal(place_problems(place), 0);
    assert_int_equal(office_rebuild(place->office, &place->sql), ERR_OK);
    assert_int_equal(place_problems(place), 0);
    /* The device is told, by a signed statement, and nobody else hears. */
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.leave_count, 1);
    assert_int_equal(reply.line_count, 0);
    reply_fini(&reply);
    device_fini(&dana);
}

static void storage_refuses_every_other_way(void **state)
{
    struct place *place = *state;
    struct device dana;
    static const char *const ways[] = {
        "UPDATE line SET line = x'' WHERE record = '" PERSON_2 "'",
        "UPDATE line SET line = x'00' WHERE record = '" NOTE "'",
        "UPDATE line SET n = n + 100 WHERE record = '" NOTE "'",
        "UPDATE line SET hash = x'00' WHERE record = '" NOTE "'",
        "UPDATE line SET link = NULL WHERE record = '" NOTE "'",
        "UPDATE line SET record = NULL WHERE record = '" NOTE "'",
        "DELETE FROM line WHERE record = '" NOTE "'",
        "INSERT INTO line(arrival, agency, replica, n, record, hash, "
        "received_at, line) VALUES (999, 'north', 'w', 1, '" PERSON_2
        "', x'00', 0, x'')",
        "INSERT INTO disposed_record(agency, record, case_id) "
        "VALUES ('north', '" PERSON_2 "', '" PERSON_2 "')",
        "INSERT INTO disposed_record(agency, record, case_id) "
        "VALUES ('north', '" PERSON_2 "', '" PERSON "')",
        "INSERT INTO disposed_write(agency, write, case_id) "
        "VALUES ('north', 'x', '" PERSON_2 "')",
        "DELETE FROM disposal",
        "DELETE FROM disposed_record",
        "DELETE FROM disposed_write",
        "UPDATE disposal SET approved_by = 'sue'",
        "UPDATE disposed_record SET case_id = '" PERSON_2 "'",
        "UPDATE disposed_write SET case_id = '" PERSON_2 "'",
    };
    disposing_two_cases(place, &dana);
    disposing_dispose(place, PERSON);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (sql_run(&place->sql, ways[i], NULL, 0) != ERR_DENIED)
            fail_msg("allowed: %s", ways[i]);
    assert_int_equal(
        sql_run(&place->sql,
                "INSERT INTO disposal(agency, case_id, decision, at, "
                "proposed_by, approved_by, reason) VALUES ('north', '" PERSON_2
                "', 'd', 0, 'sue', 'sue', '')",
                NULL, 0),
        ERR_INVALID);
    device_fini(&dana);
}

static void what_tells_a_site_of_it_goes_too(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct dot dot;
    disposing_two_cases(place, &dana);
    device_create(&dana, "referral", NOTE_2, PERSON, "{\"need\":\"vita\"}");
    device_sync_ok(&dana, place);
    struct revision_draft draft = {
        .record = "0192b5a0-0000-7000-8000-000000000099",
        .type = "site_referral",
        .kase = "0192b5a0-0000-7000-8000-000000000099",
        .set = bytes_text("{\"referral\":\"" NOTE_2 "\",\"site\":\"lift\"}")};
    assert_int_equal(disposing_begin(place), ERR_OK);
    assert_int_equal(
        disposing_finish(place, ingest_office(place->office, &place->sql, "sue",
                                              &draft, &dot)),
        ERR_OK);
    disposing_dispose(place, PERSON);
    assert_int_equal(place_int(place, "SELECT count(*) FROM disposal"), 2);
    assert_int_equal(place_int(place, "SELECT count(*) FROM line "
                                      "WHERE length(line) > 0 AND record = "
                                      "'0192b5a0-0000-7000-8000-000000000099'"),
                     0);
    device_fini(&dana);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, disposing_setup, place_teardown)
    static const struct CMUnitTest tests[] = {
        TEST(one_person_disposes_of_nothing),
        TEST(a_case_is_kept_until_its_years_are_over),
        TEST(nothing_goes_under_a_legal_hold),
        TEST(nothing_goes_in_recovery),
        TEST(F28_two_persons_dispose_and_every_chain_verifies),
        TEST(storage_refuses_every_other_way),
        TEST(what_tells_a_site_of_it_goes_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
