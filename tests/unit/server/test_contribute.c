/* Logs of others that a device brings along: its own former ones, and not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/server/contributing.h"

static void a_predecessors_lines_are_contributed_as_they_were(void **state)
{
    struct place *place = *state;
    struct device dana, next, lee;
    struct reply reply;
    struct buffer request, extra;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    history_begin(place);
    device_succeed(&next, &dana, place, "lineage");
    memcpy(lee.lineage, next.lineage, sizeof lee.lineage);
    struct log_line log = {.from = 1};
    struct sign_line sign = {.n = 2};
    memcpy(log.replica, dana.replica, sizeof log.replica);
    memcpy(log.key, dana.keys.public_key, sizeof log.key);
    chain_sign(sign.signature, &dana.keys, DOMAIN_LINK,
               bytes_of(dana.links[2], LINK_BYTES));
    buffer_init(&extra, 1u << 20);
    buffer_init(&request, 1u << 20);
    assert_int_equal(log_line_write(&extra, &log), ERR_OK);
    buffer_printf(&extra, "\n%s\n%s\n", dana.lines[1], dana.lines[2]);
    assert_int_equal(sign_line_write(&extra, &sign), ERR_OK);
    buffer_add_char(&extra, '\n');
    device_request(&next, 0, "fix", buffer_text(&extra), &request);
    device_send(&next, place, buffer_bytes(&request), &reply);
    assert_int_equal(reply.status, 200);
    device_apply(&next, &reply);
    reply_fini(&reply);
    /* The assignment was lost for good: the case joins anew. */
    buffer_clear(&request);
    device_request(&next, 0, "reconcile",
                   "{\"cases\":[[\"" PERSON "\",\"AAAAAAAAAAA\"]]}\n",
                   &request);
    device_send(&next, place, buffer_bytes(&request), &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.leave_count, 0);
    assert_true(reply_has(&reply, "caseload:east"));
    reply_fini(&reply);
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    reply_fini(&reply);
    buffer_fini(&request);
    buffer_fini(&extra);
    device_fini(&dana);
    device_fini(&next);
    device_fini(&lee);
}

static void a_gap_in_an_old_log_says_where_the_office_is(void **state)
{
    struct place *place = *state;
    struct device dana, next;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    device_succeed(&next, &dana, place, "fork");
    contribute(&next, place, &dana, 3, &reply);
    assert_int_equal(reply.status, 422);
    assert_string_equal(reply.error.error, "gap");
    assert_int_equal(reply.error.received, 1);
    assert_string_equal(reply.error.replica, dana.replica);
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&next);
}

static void an_old_log_that_went_another_way_is_named(void **state)
{
    struct place *place = *state;
    struct device dana, copy, next;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_clone(&copy, &dana);
    device_create(&copy, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(&copy, place);
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_succeed(&next, &dana, place, "fork");
    contribute(&next, place, &dana, 2, &reply);
    assert_int_equal(reply.status, 422);
    assert_string_equal(reply.error.error, "bad-signature");
    assert_string_equal(reply.error.replica, dana.replica);
    reply_fini(&reply);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 1);
    device_fini(&dana);
    device_fini(&copy);
    device_fini(&next);
}

/* --- logs that are nobody's ----------------------------------------------- */

/* A log under a key that was never enrolled, in the name of `user`. */
static void made_up(struct device *d, const char *user)
{
    uint8_t seed[32];
    *d = (struct device){.head = 0};
    random_fill(random_system(), seed, sizeof seed);
    keypair_from_seed(&d->keys, seed);
    replica_id(d->replica, 'w', "north", d->keys.public_key);
    snprintf(d->user, sizeof d->user, "%s", user);
    link_zero(d->links[0], "north", d->keys.public_key);
}

static void forge(struct device *by, struct place *place, struct device *log,
                  int status)
{
    struct reply reply;
    int64_t n = device_revise(log, PERSON, "{}", "{\"first_name\":\"Forged\"}");
    contribute(by, place, log, n, &reply);
    assert_int_equal(reply.status, status);
    if (status != 200) {
        assert_string_equal(reply.error.error, "bad-signature");
        assert_string_equal(reply.error.replica, log->replica);
    }
    device_apply(by, &reply);
    reply_fini(&reply);
}

static void expect_unforged(struct place *place)
{
    assert_int_equal(place_int(place, "SELECT count(*) FROM record WHERE "
                                      "instr(state, 'Forged') > 0"),
                     0);
}

static void
an_unknown_log_is_none_of_an_office_that_has_lost_nothing(void **state)
{
    struct place *place = *state;
    struct device dana, log;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    made_up(&log, "dana");
    forge(&dana, place, &log, 422);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM replica WHERE kind = 'w'"), 1);
    expect_unforged(place);
    device_fini(&dana);
    device_fini(&log);
}

static void a_revoked_device_gains_nothing_by_another_log(void **state)
{
    struct place *place = *state;
    struct device dana, next, log;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    history_begin(place);
    device_succeed(&next, &dana, place, "lineage");
    place_exec(place, "UPDATE replica SET revoked_at = 1 WHERE replica = "
                      "(SELECT replica FROM replica "
                      "WHERE predecessor IS NOT NULL)");
    made_up(&log, "dana");
    forge(&next, place, &log, 200);
    /* Nor by that of what it was before. */
    forge(&next, place, &dana, 200);
    expect_unforged(place);
    assert_int_equal(place_int(place, "SELECT count(*) FROM held WHERE reason "
                                      "= 'revoked' AND released IS NULL"),
                     2);
    device_fini(&dana);
    device_fini(&next);
    device_fini(&log);
}

static void an_unknown_log_has_its_contributors_rights(void **state)
{
    struct place *place = *state;
    struct device dana, kim, log, other;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    history_begin(place);
    device_enrol(&kim, place, "kim");
    made_up(&log, "kim");
    forge(&kim, place, &log, 200); /* not her case */
    made_up(&other, "dana");
    forge(&kim, place, &other, 200); /* nor her name */
    assert_int_equal(place_int(place, "SELECT count(*) FROM held WHERE reason "
                                      "IN ('out-of-scope', 'invalid')"),
                     2);
    expect_unforged(place);
    device_fini(&dana);
    device_fini(&kim);
    device_fini(&log);
    device_fini(&other);
}

static void another_users_log_is_not_contributed(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    device_enrol(&dana, place, "dana");
    device_enrol(&kim, place, "kim");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    forge(&kim, place, &dana, 422);
    expect_unforged(place);
    device_fini(&dana);
    device_fini(&kim);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_predecessors_lines_are_contributed_as_they_were),
        TEST(a_gap_in_an_old_log_says_where_the_office_is),
        TEST(an_old_log_that_went_another_way_is_named),
        TEST(an_unknown_log_is_none_of_an_office_that_has_lost_nothing),
        TEST(a_revoked_device_gains_nothing_by_another_log),
        TEST(an_unknown_log_has_its_contributors_rights),
        TEST(another_users_log_is_not_contributed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
