#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/server/device.h"

static void a_note_reaches_the_other_worker_of_the_caseload(void **state)
{
    struct place *place = *state;
    struct device dana, lee, kim;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_enrol(&kim, place, "kim");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.head, 2);
    assert_true(reply.header.has_receipt);
    assert_int_equal(reply.header.held_count, 0);
    assert_false(reply_has(&reply, "Roof leaks"));
    reply_fini(&reply);
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    assert_true(reply_has(&reply, "Ames"));
    assert_int_equal(reply.join_count, 1);
    reply_fini(&reply);
    device_expect(&kim, place, 0, 200, &reply);
    assert_false(reply_has(&reply, PERSON));
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
    device_fini(&kim);
}

static void a_caught_up_device_is_told_nothing(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    for (int i = 0; i < 3; i++) {
        device_expect(&dana, place, 0, 200, &reply);
        assert_int_equal(reply.header.state, REPLY_OK);
        assert_string_equal(reply.text, "");
        reply_fini(&reply);
    }
    device_fini(&dana);
}

static void only_the_scope_that_moved_is_ended_again(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_expect(&dana, place, 0, 200, &reply);
    assert_string_equal(reply.text, "");
    reply_fini(&reply);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_expect(&dana, place, 0, 200, &reply);
    assert_true(reply.header.has_receipt);
    assert_true(reply_has(&reply, "\"scope\":\"caseload:"));
    assert_false(reply_has(&reply, "\"scope\":\"agency\""));
    reply_fini(&reply);
    device_fini(&dana);
}

static void an_idle_sync_writes_nothing(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct sync *sync;
    struct buffer request;
    device_enrol(&dana, place, "dana");
    device_sync_ok(&dana, place);
    device_sync_ok(&dana, place);
    buffer_init(&request, 1u << 20);
    device_request(&dana, 0, NULL, "", &request);
    assert_int_equal(sync_new(&sync, place->office, &place->sql), ERR_OK);
    assert_int_equal(sync_feed(sync, buffer_bytes(&request)), ERR_OK);
    assert_int_equal(sync_end(sync), ERR_OK);
    assert_false(sync_wants_commit(sync));
    sync_free(sync);
    buffer_fini(&request);
    device_fini(&dana);
}

static void a_replayed_push_changes_nothing(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct buffer request;
    struct reply first, again;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    buffer_init(&request, 1u << 20);
    device_request(&dana, 0, NULL, "", &request);
    device_send(&dana, place, buffer_bytes(&request), &first);
    int64_t entries = place_int(place, "SELECT count(*) FROM feed");
    device_send(&dana, place, buffer_bytes(&request), &again);
    assert_int_equal(again.status, 200);
    assert_int_equal(again.header.head, 2);
    assert_int_equal(again.header.receipt.n, 2);
    assert_memory_equal(again.header.receipt.link, first.header.receipt.link,
                        LINK_BYTES);
    assert_int_equal(place_int(place, "SELECT count(*) FROM feed"), entries);
    reply_fini(&first);
    reply_fini(&again);
    buffer_fini(&request);
    device_fini(&dana);
}

static void a_reply_that_was_lost_is_given_again(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_expect(&lee, place, DEVICE_KEEP, 200, &reply);
    assert_true(reply_has(&reply, "Ames"));
    reply_fini(&reply);
    device_expect(&lee, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    assert_true(reply_has(&reply, "Ames"));
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

static void an_unsigned_tail_is_dropped(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    for (int i = 0; i < 69; i++)
        device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    device_expect(&dana, place, DEVICE_UNSIGNED, 422, &reply);
    assert_string_equal(reply.error.error, "bad-signature");
    assert_int_equal(reply.error.received, 64);
    reply_fini(&reply);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.head, 70);
    reply_fini(&reply);
    device_fini(&dana);
}

static void a_torn_request_commits_up_to_its_last_sign_line(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_expect(&dana, place, DEVICE_UNSIGNED | DEVICE_CUT, 400, &reply);
    assert_string_equal(reply.error.error, "bad-frame");
    reply_fini(&reply);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 0);
    device_expect(&dana, place, DEVICE_CUT, 400, &reply);
    reply_fini(&reply);
    device_fini(&dana);
}

/* Another's work, in the same transaction, must not wait for it. */
static void an_empty_line_is_refused_and_stops_nobody(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_append(&dana, "");
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    device_expect(&dana, place, 0, 400, &reply);
    assert_string_equal(reply.error.error, "bad-frame");
    assert_true(reply.error.offset > 0);
    reply_fini(&reply);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 1);
    device_create(&lee, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(&lee, place);
    device_fini(&dana);
    device_fini(&lee);
}

static void a_wrong_signature_commits_nothing(void **state)
{
    struct place *place = *state;
    struct device dana, other;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_clone(&other, &dana);
    other.links[1][0] ^= 1; /* signs another link than that of its lines */
    device_expect(&other, place, 0, 422, &reply);
    assert_string_equal(reply.error.error, "bad-signature");
    assert_int_equal(reply.error.received, 0);
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&other);
}

static void a_number_that_is_not_the_next_is_a_gap(void **state)
{
    struct place *place = *state;
    struct device dana, other;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_clone(&other, &dana);
    char *first = other.lines[1];
    other.lines[1] = other.lines[2];
    other.lines[2] = first;
    device_expect(&other, place, DEVICE_UNSIGNED, 422, &reply);
    assert_string_equal(reply.error.error, "gap");
    reply_fini(&reply);
    device_fini(&other);
    device_fini(&dana);
}

static void a_stranger_is_not_served(void **state)
{
    struct place *place = *state;
    struct device dana, stranger;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_clone(&stranger, &dana);
    random_fill(random_system(), &stranger.keys, sizeof stranger.keys);
    device_expect(&stranger, place, 0, 401, &reply);
    assert_string_equal(reply.error.error, "bad-auth");
    reply_fini(&reply);
    memcpy(stranger.replica, "wAAAAAAAAAAAA", sizeof stranger.replica);
    device_expect(&stranger, place, 0, 401, &reply);
    reply_fini(&reply);
    /* Whom a restored office has forgotten comes back by its certificate. */
    memcpy(stranger.lineage, "AAAAAAAAAAAAAAAAAAAAAA", sizeof stranger.lineage);
    device_expect(&stranger, place, 0, 409, &reply);
    assert_string_equal(reply.error.error, "lineage");
    reply_fini(&reply);
    device_fini(&stranger);
    device_fini(&dana);
}

static void a_stranger_closes_nobody_and_changes_no_lineage(void **state)
{
    struct place *place = *state;
    struct device dana, behind, ahead;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_clone(&behind, &dana);
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    device_clone(&ahead, &dana);
    device_create(&ahead, "person", PERSON_2, PERSON_2, NAMED);
    ahead.received = ahead.head;
    random_fill(random_system(), &behind.keys, sizeof behind.keys);
    random_fill(random_system(), &ahead.keys, sizeof ahead.keys);
    device_expect(&behind, place, 0, 401, &reply);
    reply_fini(&reply);
    device_expect(&ahead, place, 0, 401, &reply);
    reply_fini(&reply);
    device_sync_ok(&dana, place);
    device_fini(&ahead);
    device_fini(&behind);
    device_fini(&dana);
}

static void a_locked_device_pushes_and_is_fed_nothing(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&lee, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&lee, place);
    device_create(&dana, "person", PERSON_2, PERSON_2, NAMED);
    device_expect(&dana, place, DEVICE_LOCKED, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_LOCKED);
    assert_int_equal(reply.header.receipt.n, 1);
    assert_string_equal(reply.text, "");
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

/* A reply of small room stops at whole pages and says that there is more. */
static void a_long_feed_comes_in_pages(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    size_t lines = 0;
    int rounds = 0;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    for (int i = 0; i < 300; i++)
        device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    device_sync_ok(&dana, place);
    do {
        device_expect(&lee, place, DEVICE_SMALL_ROOM, 200, &reply);
        assert_true(reply.line_count <= 2 * PAGE_LINES_MAX);
        lines += reply.line_count;
        rounds++;
        if (!reply.header.more)
            assert_non_null(strstr(reply.text, "\"end\":true"));
        bool more = reply.header.more;
        reply_fini(&reply);
        if (!more)
            break;
    } while (rounds < 50);
    assert_true(rounds > 3);
    /* The person's lines, the assignment, and the record types. */
    assert_int_equal(lines, place_int(place, "SELECT count(*) FROM placed"));
    device_fini(&dana);
    device_fini(&lee);
}

#define VISIT                                                                  \
    "{\\\"fields\\\":{\\\"topic\\\":{\\\"kind\\\":\\\"text\\\","               \
    "\\\"rule\\\":\\\"both\\\",\\\"title\\\":\\\"Topic\\\"}},"                 \
    "\\\"home\\\":\\\"case\\\",\\\"title\\\":\\\"Visit\\\","                   \
    "\\\"type\\\":\\\"visit\\\",\\\"version\\\":1}"

/* A restored office gets its record types again from devices, behind records of
 * them. */
static void a_type_that_comes_later_is_in_force_for_what_was_there(void **state)
{
    static const char known[] =
        "SELECT count(*) FROM record WHERE type = 'visit' AND "
        "instr(CAST(state AS TEXT), '\"schema\":1') > 0";
    struct place *place = *state;
    struct device dana;
    struct dot dot;
    char id[ID_CHARS + 1];
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "visit", NOTE, PERSON, "{\"topic\":\"roof\"}");
    device_sync_ok(&dana, place);
    assert_int_equal(place_int(place, known), 0);
    id_derive(id, "schema", bytes_text("visit"));
    struct revision_draft draft = {.record = id,
                                   .type = "schema",
                                   .set = bytes_text("{\"definition\":\"" VISIT
                                                     "\",\"name\":\"visit\","
                                                     "\"version\":1}")};
    CHECK(sql_begin(&place->sql, true));
    CHECK(ingest_office(place->office, &place->sql, "ruth", &draft, &dot));
    CHECK(sql_commit(&place->sql));
    assert_int_equal(place_int(place, known), 1);
    assert_int_equal(place_problems(place), 0);
    device_fini(&dana);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_note_reaches_the_other_worker_of_the_caseload),
        TEST(a_caught_up_device_is_told_nothing),
        TEST(an_idle_sync_writes_nothing),
        TEST(only_the_scope_that_moved_is_ended_again),
        TEST(a_replayed_push_changes_nothing),
        TEST(a_reply_that_was_lost_is_given_again),
        TEST(an_unsigned_tail_is_dropped),
        TEST(a_torn_request_commits_up_to_its_last_sign_line),
        TEST(an_empty_line_is_refused_and_stops_nobody),
        TEST(a_wrong_signature_commits_nothing),
        TEST(a_number_that_is_not_the_next_is_a_gap),
        TEST(a_stranger_is_not_served),
        TEST(a_stranger_closes_nobody_and_changes_no_lineage),
        TEST(a_locked_device_pushes_and_is_fed_nothing),
        TEST(a_long_feed_comes_in_pages),
        TEST(a_type_that_comes_later_is_in_force_for_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
