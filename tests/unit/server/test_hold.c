#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/server/device.h"

/* Pushes what the device has; the only line held is n, for this reason. */
static void expect_held(struct device *d, struct place *place, int64_t n,
                        const char *reason)
{
    struct reply reply;
    int64_t head = d->head;
    device_expect(d, place, 0, 200, &reply);
    assert_int_equal(reply.header.head, head);
    assert_int_equal(reply.header.held_count, 1);
    assert_int_equal(reply.header.held[0].n, n);
    assert_string_equal(reply.header.held[0].reason, reason);
    assert_true(reply.header.has_receipt);
    reply_fini(&reply);
}

static int64_t released_count(struct place *place)
{
    return place_int(place,
                     "SELECT count(*) FROM held WHERE released IS NOT NULL");
}

static void state_expect(struct place *place, const char *record,
                         const char *part, bool there)
{
    char text[512];
    snprintf(text, sizeof text,
             "SELECT state LIKE '%%%s%%' FROM record WHERE record = '%s'", part,
             record);
    assert_int_equal(place_int(place, text), there);
}

static void a_line_that_is_no_revision_is_held_and_blocks_nothing(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_append(&dana, "gibberish");
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    expect_held(&dana, place, 2, "invalid");
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    assert_false(reply_has(&reply, "gibberish"));
    reply_fini(&reply);
    assert_int_equal(place_int(place, "SELECT count(*) FROM record "
                                      "WHERE type = 'unreadable'"),
                     1);
    device_fini(&dana);
    device_fini(&lee);
}

static void another_author_is_held_as_invalid(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    snprintf(dana.user, sizeof dana.user, "lee");
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    expect_held(&dana, place, 2, "invalid");
    state_expect(place, NOTE, "waiting", true);
    /* It is relayed all the same, behind the statement. */
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    assert_true(strstr(reply.text, "\"hold\"") <
                strstr(reply.text, "Roof leaks"));
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

static void a_type_of_the_office_is_out_of_scope(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "revocation", NOTE, NULL,
                  "{\"replica\":\"wAAAAAAAAAAAA\"}");
    expect_held(&dana, place, 1, "out-of-scope");
    device_fini(&dana);
}

static void a_record_created_again_in_another_case_is_invalid(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_create(&dana, "contact", NOTE, PERSON_2, TOLD);
    expect_held(&dana, place, 4, "invalid");
    device_fini(&dana);
}

static void a_person_in_anothers_case_is_invalid(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON_2, NAMED);
    expect_held(&dana, place, 1, "invalid");
    /* What is held brings no case into a caseload. */
    assert_int_equal(place_int(place, "SELECT count(*) FROM membership "
                                      "WHERE case_id <> ''"),
                     0);
    device_fini(&dana);
}

static int64_t joined_count(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM membership "
                            "WHERE case_id <> '' AND left_seq IS NULL");
}

static void a_case_whose_first_line_is_held_joins_with_the_next(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON_2, NAMED);
    expect_held(&dana, place, 1, "invalid");
    assert_int_equal(joined_count(place), 0);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_create(&dana, "contact", NOTE, PERSON_2, TOLD);
    device_sync_ok(&dana, place);
    assert_int_equal(joined_count(place), 1);
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

/* The vault was copied before it could go on. */
static void a_case_whose_first_line_is_held_is_its_successors_too(void **state)
{
    struct place *place = *state;
    struct device dana, next;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON_2, NAMED);
    expect_held(&dana, place, 1, "invalid");
    device_succeed(&next, &dana, place, "fork");
    device_create(&next, "contact", NOTE, PERSON_2, TOLD);
    device_expect(&next, place, 0, 200, &reply);
    assert_int_equal(reply.header.held_count, 0);
    reply_fini(&reply);
    assert_int_equal(joined_count(place), 1);
    device_fini(&dana);
    device_fini(&next);
}

static void a_case_whose_first_line_is_held_is_nobody_elses(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON_2, NAMED);
    expect_held(&dana, place, 1, "invalid");
    device_create(&lee, "contact", NOTE, PERSON_2, TOLD);
    expect_held(&lee, place, 1, "out-of-scope");
    assert_int_equal(joined_count(place), 0);
    device_fini(&dana);
    device_fini(&lee);
}

static void a_revision_of_nothing_is_invalid(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_revise(&dana, NOTE, "{}", TOLD);
    expect_held(&dana, place, 1, "invalid");
    /* Its creation gives both a place. */
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(&dana, place);
    assert_int_equal(place_int(place, "SELECT count(*) FROM placed"),
                     place_int(place, "SELECT count(*) FROM line "
                                      "WHERE record IS NOT NULL"));
    device_fini(&dana);
}

static void a_case_of_others_is_out_of_scope(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    device_enrol(&dana, place, "dana");
    device_enrol(&kim, place, "kim");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_create(&kim, "contact", NOTE, PERSON, TOLD);
    expect_held(&kim, place, 1, "out-of-scope");
    device_fini(&dana);
    device_fini(&kim);
}

static void a_line_too_large_is_held(void **state)
{
    static char line[ORIGINAL_BYTES_MAX + 1000];
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    memset(line, ' ', sizeof line - 1);
    device_append(&dana, line);
    expect_held(&dana, place, 1, "invalid");
    int size = snprintf(line, sizeof line,
                        "{\"at\":1,\"author\":\"dana\",\"n\":2,"
                        "\"record\":\"" NOTE "\",\"replica\":\"%s\","
                        "\"set\":{\"narrative\":\"",
                        dana.replica);
    memset(line + size, 'x', sizeof line - (size_t)size - 5);
    memcpy(line + sizeof line - 5, "\"}}", 4);
    device_append(&dana, line);
    expect_held(&dana, place, 2, "too-large");
    device_fini(&dana);
}

/* --- revoked -------------------------------------------------------------- */

static void revoke(struct place *place, const char *replica)
{
    char set[128];
    struct dot dot;
    snprintf(set, sizeof set, "{\"replica\":\"%s\"}", replica);
    struct revision_draft draft = {
        .record = NOTE_2, .type = "revocation", .set = bytes_text(set)};
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(
        ingest_office(place->office, &place->sql, "boss", &draft, &dot),
        ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
}

static void a_revoked_device_gives_but_is_given_nothing(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&lee, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&lee, place);
    revoke(place, dana.replica);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_REVOKED);
    assert_true(reply.header.has_statement);
    assert_true(reply.header.has_receipt);
    assert_int_equal(reply.header.held_count, 1);
    assert_string_equal(reply.header.held[0].reason, "revoked");
    assert_string_equal(reply.text, "");
    reply_fini(&reply);
    /* The other devices learn it through the agency's feed. */
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, dana.replica));
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

static void a_disabled_workers_device_is_revoked(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    place_exec(place, "UPDATE account SET disabled_at = 1 "
                      "WHERE account = 'dana'");
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_REVOKED);
    assert_int_equal(reply.header.held_count, 1);
    assert_string_equal(reply.text, "");
    reply_fini(&reply);
    device_fini(&dana);
}

/* --- releases ------------------------------------------------------------- */

static void release(struct place *place, const char *replica, int64_t n,
                    enum err expected)
{
    struct dot dot = {.n = n};
    memcpy(dot.replica, replica, sizeof dot.replica);
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(ingest_release(place->office, &place->sql, "boss", &dot),
                     expected);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
}

static void a_released_line_takes_effect_under_its_authors_name(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    device_enrol(&dana, place, "dana");
    device_enrol(&kim, place, "kim");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_create(&kim, "contact", NOTE, PERSON, TOLD);
    expect_held(&kim, place, 1, "out-of-scope");
    state_expect(place, NOTE, "Roof leaks", false);
    release(place, kim.replica, 1, ERR_OK);
    state_expect(place, NOTE, "Roof leaks", true);
    state_expect(place, NOTE, "\"author\":\"kim\"", true);
    assert_int_equal(released_count(place), 1);
    release(place, kim.replica, 1, ERR_EXISTS);
    device_fini(&dana);
    device_fini(&kim);
}

/* It comes back as what it was: concurrent with what was written meanwhile. */
static void a_release_conflicts_with_what_came_meanwhile(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    char seen[64], held[64];
    device_enrol(&dana, place, "dana");
    device_enrol(&kim, place, "kim");
    device_create(&dana, "person", PERSON, PERSON, "{\"legal_name\":\"Ames\"}");
    device_sync_ok(&dana, place);
    snprintf(seen, sizeof seen, "{\"%s\":1}", dana.replica);
    device_revise(&kim, PERSON, seen, "{\"legal_name\":\"Aimes\"}");
    expect_held(&kim, place, 1, "out-of-scope");
    /* Dana has the held line in her context, as every reader has. */
    snprintf(held, sizeof held, "{\"%s\":1,\"%s\":1}", dana.replica,
             kim.replica);
    if (strcmp(dana.replica, kim.replica) > 0)
        snprintf(held, sizeof held, "{\"%s\":1,\"%s\":1}", kim.replica,
                 dana.replica);
    device_revise(&dana, PERSON, held, "{\"legal_name\":\"Amis\"}");
    device_sync_ok(&dana, place);
    assert_int_equal(place_int(place, "SELECT count(*) FROM conflict"), 0);
    release(place, kim.replica, 1, ERR_OK);
    assert_int_equal(place_int(place, "SELECT count(*) FROM conflict"), 1);
    state_expect(place, PERSON, "Aimes", true);
    state_expect(place, PERSON, "Amis", true);
    device_fini(&dana);
    device_fini(&kim);
}

static void a_released_case_joins_its_writers_caseload(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    snprintf(dana.user, sizeof dana.user, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    expect_held(&dana, place, 1, "invalid");
    device_expect(&lee, place, 0, 200, &reply);
    assert_false(reply_has(&reply, "Ames"));
    reply_fini(&reply);
    release(place, dana.replica, 1, ERR_OK);
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Ames"));
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

/* --- waiting -------------------------------------------------------------- */

static void what_waits_is_released_when_its_dot_arrives(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    char seen[64];
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_sync_ok(&lee, place);
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    /* Lee has seen it, by bundle say, before the office has. */
    snprintf(seen, sizeof seen, "{\"%s\":2}", dana.replica);
    device_revise(&lee, PERSON, seen, "{\"first_name\":\"Rosa\"}");
    expect_held(&lee, place, 1, "waiting");
    state_expect(place, PERSON, "Rosa", false);
    device_sync_ok(&dana, place);
    state_expect(place, PERSON, "Rosa", true);
    assert_int_equal(released_count(place), 1);
    assert_int_equal(place_int(place, "SELECT count(*) FROM waiting"), 0);
    device_fini(&dana);
    device_fini(&lee);
}

static void a_line_on_a_record_not_here_yet_waits(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    char seen[64];
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    snprintf(seen, sizeof seen, "{\"%s\":1}", dana.replica);
    device_revise(&lee, PERSON, seen, "{\"first_name\":\"Rosa\"}");
    expect_held(&lee, place, 1, "waiting");
    device_sync_ok(&dana, place);
    state_expect(place, PERSON, "Rosa", true);
    state_expect(place, PERSON, "Ames", true);
    assert_int_equal(released_count(place), 1);
    device_fini(&dana);
    device_fini(&lee);
}

/* --- clocks --------------------------------------------------------------- */

static void a_clock_far_ahead_does_not_win_for_ever(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_sync_ok(&lee, place);
    lee.ahead = INT64_C(10) * 365 * 24 * 3600 * 1000;
    device_revise(&lee, PERSON, "{}", "{\"first_name\":\"Rosa\"}");
    device_sync_ok(&lee, place);
    place->now += 60000;
    dana.ahead = 120000;
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    device_sync_ok(&dana, place);
    state_expect(place, PERSON, "\"value\":\"Rose\"}},\"record\"", false);
    state_expect(place, PERSON, "\"open\":true,\"value\":\"Rose\"", true);
    device_fini(&dana);
    device_fini(&lee);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_line_that_is_no_revision_is_held_and_blocks_nothing),
        TEST(another_author_is_held_as_invalid),
        TEST(a_type_of_the_office_is_out_of_scope),
        TEST(a_record_created_again_in_another_case_is_invalid),
        TEST(a_person_in_anothers_case_is_invalid),
        TEST(a_case_whose_first_line_is_held_joins_with_the_next),
        TEST(a_case_whose_first_line_is_held_is_its_successors_too),
        TEST(a_case_whose_first_line_is_held_is_nobody_elses),
        TEST(a_revision_of_nothing_is_invalid),
        TEST(a_case_of_others_is_out_of_scope),
        TEST(a_line_too_large_is_held),
        TEST(a_revoked_device_gives_but_is_given_nothing),
        TEST(a_disabled_workers_device_is_revoked),
        TEST(a_released_line_takes_effect_under_its_authors_name),
        TEST(a_release_conflicts_with_what_came_meanwhile),
        TEST(a_released_case_joins_its_writers_caseload),
        TEST(what_waits_is_released_when_its_dot_arrives),
        TEST(a_line_on_a_record_not_here_yet_waits),
        TEST(a_clock_far_ahead_does_not_win_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
