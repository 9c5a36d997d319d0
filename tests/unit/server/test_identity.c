#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/server/device.h"

/* --- forks ---------------------------------------------------------------- */

static void two_copies_that_both_write_are_closed(void **state)
{
    struct place *place = *state;
    struct device dana, copy;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_clone(&copy, &dana);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_create(&copy, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&dana, place);
    device_stopped(&copy, place, "fork");
    /* Neither copy can go on under this name; what is here stays. */
    device_stopped(&dana, place, "fork");
    device_stopped(&copy, place, "fork");
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 2);
    device_fini(&dana);
    device_fini(&copy);
}

/* A copy of its request that arrives late looks the same, and must not cost
 * anybody his name. */
static void a_vault_taken_back_is_told_stale(void **state)
{
    struct place *place = *state;
    struct device dana, old;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_clone(&old, &dana);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(&dana, place);
    device_expect(&old, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_STALE);
    assert_string_equal(reply.text, "");
    assert_string_equal(reply.header.token, "");
    reply_fini(&reply);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&old);
}

static void what_a_vault_taken_back_wrote_anew_is_a_fork(void **state)
{
    struct place *place = *state;
    struct device dana, old;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_clone(&old, &dana);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(&dana, place);
    device_create(&old, "contact", NOTE_2, PERSON, TOLD);
    device_stopped(&old, place, "fork"); /* although its head is lower */
    device_fini(&dana);
    device_fini(&old);
}

/* It was given up and sent again with more, when the first one arrives. */
static void a_request_that_arrives_late_changes_nothing(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    struct buffer late;
    buffer_init(&late, 1u << 20);
    device_enrol(&dana, place, "dana");
    device_sync_ok(&dana, place);
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_request(&dana, 0, NULL, "", &late);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(&dana, place);
    device_send(&dana, place, buffer_bytes(&late), &reply);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.header.state, REPLY_STALE);
    reply_fini(&reply);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    reply_fini(&reply);
    buffer_fini(&late);
    device_fini(&dana);
}

static void a_receipt_of_another_history_is_a_fork(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    dana.links[1][0] ^= 1;
    device_stopped(&dana, place, "fork");
    device_fini(&dana);
}

static void each_copy_goes_on_as_its_own_successor(void **state)
{
    struct place *place = *state;
    struct device dana, copy, next, other;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_clone(&copy, &dana);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(&dana, place);
    device_create(&copy, "contact", NOTE_2, PERSON, TOLD);
    device_stopped(&copy, place, "fork");
    device_succeed(&other, &copy, place, "fork");
    device_succeed(&next, &dana, place, "fork");
    assert_string_not_equal(next.replica, other.replica);
    device_create(&other, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&other, place);
    device_sync_ok(&next, place);
    device_fini(&dana);
    device_fini(&copy);
    device_fini(&next);
    device_fini(&other);
}

/* --- clones that only read ------------------------------------------------ */

static void a_clone_that_only_reads_is_found_by_its_token(void **state)
{
    struct place *place = *state;
    struct device dana, copy, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&lee, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&lee, place);
    device_sync_ok(&dana, place);
    device_clone(&copy, &dana);
    for (int i = 0; i < 2; i++) {
        device_revise(&lee, PERSON, "{}", "{\"first_name\":\"Rose\"}");
        device_sync_ok(&lee, place);
        device_sync_ok(&dana, place);
    }
    device_expect(&copy, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_STALE);
    assert_string_equal(reply.text, "");
    assert_string_equal(reply.header.token, "");
    reply_fini(&reply);
    /* The honest one was not harmed. */
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
    device_fini(&copy);
}

static void what_a_stale_copy_wrote_is_taken(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_sync_ok(&dana, place);
    memcpy(dana.token, "AAAAAAAAAAA", sizeof dana.token);
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_STALE);
    assert_int_equal(reply.header.receipt.n, 1);
    assert_string_equal(reply.text, "");
    reply_fini(&reply);
    device_fini(&dana);
}

/* --- lineage -------------------------------------------------------------- */

static void a_receipt_above_the_log_changes_the_lineage(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    char before[LINEAGE_CHARS + 1];
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    memcpy(before, place->office->lineage, sizeof before);
    dana.received = 1; /* the office has forgotten that it gave a receipt */
    device_expect(&dana, place, 0, 409, &reply);
    assert_string_equal(reply.error.error, "lineage");
    assert_string_not_equal(place->office->lineage, before);
    assert_string_equal(reply.error.lineage, place->office->lineage);
    reply_fini(&reply);
    device_stopped(&dana, place, "lineage");
    device_fini(&dana);
}

/* --- terms ---------------------------------------------------------------- */

static void each_start_is_a_term_of_its_own(void **state)
{
    struct place *place = *state;
    char before[REPLICA_CHARS + 1];
    memcpy(before, place->office->term, sizeof before);
    place_reopen(place);
    assert_string_not_equal(place->office->term, before);
    /* Nothing is published twice. */
    assert_int_equal(place_int(place, "SELECT count(*) FROM line"),
                     place_int(place, "SELECT count(*) FROM record "
                                      "WHERE type = 'schema'"));
}

static void an_office_is_not_made_twice(void **state)
{
    struct place *place = *state;
    char detail[OFFICE_DETAIL_CHARS];
    struct office_options options = {.data_dir = place->folder};
    assert_int_equal(office_init(&options, "north", "North", detail),
                     ERR_EXISTS);
    assert_true(detail[0] != '\0');
    options.data_dir = "/nonexistent/office";
    assert_true(office_init(&options, "north", "North", detail) != ERR_OK);
    assert_int_equal(office_init(&options, "No rth", "North", detail),
                     ERR_INVALID);
    struct office *office;
    assert_int_equal(office_open(&office, &options, false, detail),
                     ERR_NOT_FOUND);
    assert_null(office);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(two_copies_that_both_write_are_closed),
        TEST(a_vault_taken_back_is_told_stale),
        TEST(what_a_vault_taken_back_wrote_anew_is_a_fork),
        TEST(a_request_that_arrives_late_changes_nothing),
        TEST(a_receipt_of_another_history_is_a_fork),
        TEST(each_copy_goes_on_as_its_own_successor),
        TEST(a_clone_that_only_reads_is_found_by_its_token),
        TEST(what_a_stale_copy_wrote_is_taken),
        TEST(a_receipt_above_the_log_changes_the_lineage),
        TEST(each_start_is_a_term_of_its_own),
        TEST(an_office_is_not_made_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
