/* Revocation: of a device, of what it was before, and of what follows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/revoke.h"
#include "tests/unit/server/device.h"

static void expect_state(struct device *d, struct place *place,
                         enum reply_state state)
{
    struct reply reply;
    device_expect(d, place, DEVICE_KEEP, 200, &reply);
    assert_int_equal(reply.header.state, state);
    reply_fini(&reply);
}

static void expect_revoked(struct device *d, struct place *place)
{
    expect_state(d, place, REPLY_REVOKED);
}

static void shut_out(struct place *place, const struct device *d)
{
    struct replica_row row;
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(store_replica_find(&place->sql, "north", d->replica, &row),
                     ERR_OK);
    assert_int_equal(
        revoke_write(place->office, &place->sql, "boss", &row, "lost"), ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
}

/* As `replica list` counts them. */
static int64_t not_told(struct place *place)
{
    return place_int(place,
                     "SELECT count(*) FROM replica WHERE closed IS NULL AND "
                     "revoked_at IS NOT NULL AND "
                     "coalesce(seen_at, 0) <= revoked_at");
}

static void who_has_nothing_to_send_counts_as_told_when_it_was(void **state)
{
    struct place *place = *state;
    struct device dana, next;
    device_enrol(&dana, place, "dana");
    shut_out(place, &dana);
    assert_int_equal(not_told(place), 1);
    place->now += 1000;
    expect_revoked(&dana, place);
    assert_int_equal(not_told(place), 0);
    /* What follows it is another that has to hear it. */
    device_succeed(&next, &dana, place, "stale");
    assert_int_equal(not_told(place), 1);
    place->now += 1000;
    expect_revoked(&next, place);
    assert_int_equal(not_told(place), 0);
    device_fini(&dana);
    device_fini(&next);
}

static void who_was_revoked_is_not_let_in_by_being_forgotten(void **state)
{
    struct place *place = *state;
    struct device dana, next, later;
    device_enrol(&dana, place, "dana");
    shut_out(place, &dana);
    device_succeed(&next, &dana, place, "stale");
    /* Known or not, itself or its successor: the records say so. */
    place_forget(place, &dana);
    place_forget(place, &next);
    device_succeed(&later, &dana, place, "unknown");
    expect_revoked(&later, place);
    device_fini(&later);
    device_succeed(&later, &next, place, "unknown");
    expect_revoked(&later, place);
    device_fini(&dana);
    device_fini(&next);
    device_fini(&later);
}

static void a_revocation_that_comes_back_later_finds_successors(void **state)
{
    struct place *place = *state;
    struct device dana, lee, next, after;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    place_forget(place, &dana);
    device_succeed(&next, &dana, place, "unknown");
    device_succeed(&after, &next, place, "stale");
    shut_out(place, &dana);
    expect_revoked(&after, place);
    memcpy(lee.lineage, after.lineage, sizeof lee.lineage);
    device_sync_ok(&lee, place);
    device_fini(&dana);
    device_fini(&lee);
    device_fini(&next);
    device_fini(&after);
}

/* The vault has the keys of all that it has been. */
static void a_revocation_shuts_out_what_the_vault_was_before(void **state)
{
    struct place *place = *state;
    struct device dana, next, later;
    device_enrol(&dana, place, "dana");
    device_succeed(&next, &dana, place, "stale");
    shut_out(place, &next);
    device_succeed(&later, &dana, place, "stale");
    expect_revoked(&later, place);
    device_fini(&later);
    /* Taken back to before `next` was: the record names the other, too. */
    place_forget(place, &next);
    place_forget(place, &dana);
    device_succeed(&later, &dana, place, "unknown");
    expect_revoked(&later, place);
    device_fini(&dana);
    device_fini(&next);
    device_fini(&later);
}

static void a_revocation_names_what_followed_already(void **state)
{
    struct place *place = *state;
    struct device dana, next, later;
    device_enrol(&dana, place, "dana");
    device_succeed(&next, &dana, place, "stale");
    shut_out(place, &dana);
    expect_revoked(&next, place);
    /* The certificate that brings it back tells of no predecessor. */
    place_forget(place, &next);
    device_succeed(&later, &next, place, "unknown");
    expect_revoked(&later, place);
    device_fini(&dana);
    device_fini(&next);
    device_fini(&later);
}

/* The certificate says what the office has forgotten of its vault. */
static void a_revocation_shuts_out_what_was_forgotten(void **state)
{
    struct place *place = *state;
    struct device was[4], thief;
    device_enrol(&was[0], place, "dana");
    device_succeed(&was[1], &was[0], place, "stale");
    device_succeed(&was[2], &was[1], place, "stale");
    place_forget(place, &was[1]);
    place_forget(place, &was[2]);
    device_succeed(&was[3], &was[2], place, "unknown");
    shut_out(place, &was[3]);
    for (int i = 0; i < 4; i++) {
        device_succeed(&thief, &was[3 - i], place, "unknown");
        expect_revoked(&thief, place);
        device_fini(&thief);
        device_fini(&was[3 - i]);
    }
}

/* It was certified after the revocation of what it had followed; but then the
 * office was taken back, and knows the revocation alone. */
static void who_followed_a_revoked_one_is_so_when_forgotten(void **state)
{
    struct place *place = *state;
    struct device dana, copy, next, later;
    device_enrol(&dana, place, "dana");
    device_succeed(&copy, &dana, place, "fork");
    place->now += 2000;
    device_succeed(&next, &dana, place, "fork");
    place->now -= 1000;
    shut_out(place, &copy);
    expect_revoked(&next, place); /* without a record of its own */
    place_forget(place, &next);
    device_succeed(&later, &next, place, "unknown");
    expect_revoked(&later, place);
    device_fini(&dana);
    device_fini(&copy);
    device_fini(&next);
    device_fini(&later);
}

static void a_revocation_of_one_copy_spares_the_other(void **state)
{
    struct place *place = *state;
    struct device dana, one, two, later;
    device_enrol(&dana, place, "dana");
    device_succeed(&one, &dana, place, "fork");
    device_succeed(&two, &dana, place, "fork");
    place->now += 1000;
    shut_out(place, &one);
    expect_revoked(&one, place);
    expect_state(&two, place, REPLY_OK);
    device_succeed(&later, &two, place, "stale");
    expect_state(&later, place, REPLY_OK);
    device_fini(&later);
    place_forget(place, &two); /* and so it is where that was forgotten */
    device_succeed(&later, &two, place, "unknown");
    expect_state(&later, place, REPLY_OK);
    device_fini(&dana);
    device_fini(&one);
    device_fini(&two);
    device_fini(&later);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(who_has_nothing_to_send_counts_as_told_when_it_was),
        TEST(who_was_revoked_is_not_let_in_by_being_forgotten),
        TEST(a_revocation_that_comes_back_later_finds_successors),
        TEST(a_revocation_shuts_out_what_the_vault_was_before),
        TEST(a_revocation_names_what_followed_already),
        TEST(a_revocation_shuts_out_what_was_forgotten),
        TEST(who_followed_a_revoked_one_is_so_when_forgotten),
        TEST(a_revocation_of_one_copy_spares_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
