/* What is on a lost device, as its cursors and the time of its last answer
 * tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/lost_person.h"
#include "tests/fault.h"
#include "tests/unit/server/device.h"

#define WHILE_MS                                                               \
    (LOST_ANSWER_MS + 1) /* after an answer: none is on its way                \
                          */

static void assign(struct place *place, const char *kase, const char *caseload)
{
    char scope[1][SCOPE_CHARS_MAX + 1];
    snprintf(scope[0], sizeof scope[0], "caseload:%s", caseload);
    CHECK(sql_begin(&place->sql, true));
    CHECK(ingest_assign(place->office, &place->sql, "boss", kase,
                        (const char(*)[SCOPE_CHARS_MAX + 1]) scope, 1));
    CHECK(sql_commit(&place->sql));
}

/* "there", "may be" or "not". */
static const char *found(struct place *place, const struct device *d,
                         const char *kase)
{
    struct lost lost;
    CHECK(lost_load(&lost, place->office, &place->sql, d->replica));
    CHECK(lost_cases_load(&lost, place->office, &place->sql));
    const struct lost_case *on = map_get(lost.cases, bytes_text(kase));
    const char *out = !on ? "not" : on->there ? "there" : "may be";
    lost_fini(&lost);
    return out;
}
#define EXPECT(d, kase, what) assert_string_equal(found(place, d, kase), what)

static void sync_later(struct device *d, struct place *place)
{
    place->now += 1000;
    device_sync_ok(d, place);
}

static void
who_was_sent_a_case_may_have_it_and_has_it_when_it_says_so(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&lee, "person", PERSON, PERSON, NAMED);
    EXPECT(&dana, PERSON, "not");
    device_sync_ok(&lee, place);
    sync_later(&dana, place);
    EXPECT(&dana, PERSON, "may be");
    sync_later(&dana, place);
    EXPECT(&dana, PERSON, "there");
    EXPECT(&lee, PERSON, "there"); /* who wrote it */
    device_fini(&dana);
    device_fini(&lee);
}

static void what_came_after_the_last_answer_is_not_there(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&lee, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&lee, place);
    sync_later(&dana, place);
    sync_later(&dana, place);
    /* It may have been in an answer that was made then. */
    place->now += LOST_ANSWER_MS / 2;
    device_create(&lee, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(&lee, place);
    EXPECT(&dana, PERSON_2, "may be");
    /* Nobody makes an answer for so long. */
    place->now += WHILE_MS;
    device_create(&lee, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(&lee, place);
    device_create(&lee, "person", NOTE_2, NOTE_2, NAMED);
    device_sync_ok(&lee, place);
    EXPECT(&dana, NOTE_2, "not");
    EXPECT(&dana, PERSON, "there");
    device_fini(&dana);
    device_fini(&lee);
}

/* A locked one is given nothing, a revoked one neither. */
static void later_requests_that_are_given_nothing_add_nothing(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    sync_later(&dana, place);
    sync_later(&dana, place);
    int64_t unlocked = place->now;
    place->now += WHILE_MS;
    device_create(&lee, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&lee, place);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    place->now += WHILE_MS;
    device_expect(&dana, place, DEVICE_LOCKED, 200, &reply);
    reply_fini(&reply);
    EXPECT(&dana, PERSON, "not");
    EXPECT(&dana, PERSON_2, "there"); /* it brought it */
    assert_int_equal(place_int(place, "SELECT unlocked_at FROM replica WHERE "
                                      "account = 'dana'"),
                     unlocked);
    assert_true(place_int(place, "SELECT seen_at FROM replica WHERE "
                                 "account = 'dana'") > unlocked);
    device_fini(&dana);
    device_fini(&lee);
}

static void a_case_is_gone_when_its_leave_was_confirmed(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    sync_later(&dana, place);
    sync_later(&dana, place);
    EXPECT(&dana, PERSON, "there");
    assign(place, PERSON, "west");
    EXPECT(&dana, PERSON, "there"); /* it has not heard of it */
    sync_later(&dana, place);
    EXPECT(&dana, PERSON, "there"); /* who knows whether it has */
    sync_later(&dana, place);
    EXPECT(&dana, PERSON, "not");
    place->now += WHILE_MS;
    assign(place, PERSON, "east");
    EXPECT(&dana, PERSON, "not"); /* it was not sent again */
    sync_later(&dana, place);
    EXPECT(&dana, PERSON, "may be");
    sync_later(&dana, place);
    EXPECT(&dana, PERSON, "there");
    device_fini(&dana);
}

/* Back and forth while the device was away: it still has what it had. */
static void a_case_that_left_and_came_back_unheard_is_there(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    sync_later(&dana, place);
    sync_later(&dana, place);
    place->now += WHILE_MS;
    assign(place, PERSON, "west");
    assign(place, PERSON, "east");
    assign(place, PERSON, "west");
    EXPECT(&dana, PERSON, "there");
    device_fini(&dana);
}

static void a_part_of_a_case_is_the_case(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&kim, place, "kim");
    device_create(&kim, "person", PERSON, PERSON, NAMED);
    for (int i = 0; i < 200; i++)
        device_revise(&kim, PERSON, "{}", NAMED);
    device_sync_ok(&kim, place);
    assign(place, PERSON, "east");
    place->now += 1000;
    device_expect(&dana, place, DEVICE_SMALL_ROOM, 200, &reply);
    assert_true(reply.header.more);
    reply_fini(&reply);
    place->now += 1000;
    device_expect(&dana, place, DEVICE_SMALL_ROOM | DEVICE_KEEP, 200, &reply);
    reply_fini(&reply);
    assign(place, PERSON, "west");
    place->now += WHILE_MS;
    device_create(&kim, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(&kim, place);
    EXPECT(&dana, PERSON, "may be");
    device_fini(&dana);
    device_fini(&kim);
}

static void a_scope_that_was_let_go_takes_its_cases_along(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&lee, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(&lee, place);
    sync_later(&dana, place);
    sync_later(&dana, place);
    place_scope(place, "dana", 1, "caseload:west");
    EXPECT(&dana, PERSON, "there");
    sync_later(&dana, place);
    sync_later(&dana, place);
    EXPECT(&dana, PERSON, "not");
    EXPECT(&dana, PERSON_2, "not");
    device_fini(&dana);
    device_fini(&lee);
}

/* A fresh key is the same vault; a copy is another. */
static void a_vault_is_what_it_is_now_and_a_copy_counts_too(void **state)
{
    struct place *place = *state;
    struct device dana, next, copy;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    sync_later(&dana, place);
    sync_later(&dana, place);
    device_succeed(&next, &dana, place, "stale");
    EXPECT(&next, PERSON, "there"); /* as it said under its old key */
    sync_later(&next, place);
    sync_later(&next, place);
    place->now += WHILE_MS;
    assign(place, PERSON, "west");
    sync_later(&next, place);
    sync_later(&next, place);
    EXPECT(&next, PERSON, "not");
    EXPECT(&dana, PERSON, "not"); /* by whichever id it is asked for */
    EXPECT(&next, PERSON_2, "there");
    device_succeed(&copy, &dana, place, "fork");
    EXPECT(&next, PERSON, "there"); /* on the copy, which said nothing yet */
    struct lost lost;
    CHECK(lost_load(&lost, place->office, &place->sql, next.replica));
    assert_int_equal(lost.identity_count, 3);
    for (size_t i = 0; i < lost.identity_count; i++)
        assert_int_equal(lost.identities[i].line,
                         strcmp(lost.identities[i].replica, copy.replica) != 0);
    lost_fini(&lost);
    device_fini(&dana);
    device_fini(&next);
    device_fini(&copy);
}

static void nobody_is_no_device(void **state)
{
    struct place *place = *state;
    struct lost lost;
    assert_int_equal(
        lost_load(&lost, place->office, &place->sql, "wAAAAAAAAAAAA"),
        ERR_NOT_FOUND);
    /* Nor is a term of the office. */
    assert_int_equal(
        lost_load(&lost, place->office, &place->sql, place->office->term),
        ERR_NOT_FOUND);
}

static enum err load_all(struct place *place, const struct device *d,
                         size_t *told)
{
    struct lost lost;
    struct lost_people people = {.persons = NULL};
    enum err err = lost_load(&lost, place->office, &place->sql, d->replica);
    if (err)
        return err;
    err = lost_cases_load(&lost, place->office, &place->sql);
    if (!err)
        err = lost_people_load(&people, &lost, place->office, &place->sql);
    *told = people.told;
    lost_people_fini(&people);
    lost_fini(&lost);
    return err;
}

static void the_list_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    size_t told = 0;
    bool hit = true;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON,
                  "{\"legal_name\":\"Ruth Ames\"}");
    sync_later(&dana, place);
    for (int nth = 1; hit; nth++) {
        fault_at(nth, false);
        enum err err = load_all(place, &dana, &told);
        hit = fault_hit();
        fault_at(0, false);
        assert_true(nth > 1 || hit);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
    }
    assert_int_equal(told, 1);
    device_fini(&dana);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_was_sent_a_case_may_have_it_and_has_it_when_it_says_so),
        TEST(what_came_after_the_last_answer_is_not_there),
        TEST(later_requests_that_are_given_nothing_add_nothing),
        TEST(a_case_is_gone_when_its_leave_was_confirmed),
        TEST(a_case_that_left_and_came_back_unheard_is_there),
        TEST(a_part_of_a_case_is_the_case),
        TEST(a_scope_that_was_let_go_takes_its_cases_along),
        TEST(a_vault_is_what_it_is_now_and_a_copy_counts_too),
        TEST(nobody_is_no_device),
        TEST(the_list_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
