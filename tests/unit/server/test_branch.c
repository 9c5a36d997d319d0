/* Logs that part from those of the office: what is carried of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/server/contributing.h"

/* Two copies of one vault: the office has the other's first line. */
struct branch {
    struct device dana, copy, next;
};

static void branch_make(struct branch *b, struct place *place)
{
    device_enrol(&b->dana, place, "dana");
    device_clone(&b->copy, &b->dana);
    device_create(&b->copy, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(&b->copy, place);
    device_create(&b->dana, "person", PERSON, PERSON, NAMED);
    device_create(&b->dana, "contact", NOTE, PERSON, TOLD);
    char seen[64];
    snprintf(seen, sizeof seen, "{\"%s\":1}", b->dana.replica);
    device_revise(&b->dana, PERSON, seen, "{\"last_name\":\"Hall\"}");
}

static void branch_fini(struct branch *b)
{
    device_fini(&b->dana);
    device_fini(&b->copy);
    device_fini(&b->next);
}

/* Lines from..to, 422 or 200; with the link before them, or without. */
static void branch_give(struct branch *b, struct place *place, int64_t from,
                        int64_t to, bool link, int status)
{
    struct reply reply;
    struct log_line log = {.from = from, .has_link = link};
    memcpy(log.link, b->dana.links[from - 1], LINK_BYTES);
    contribute_log(&b->next, place, &b->dana, &log, to, &reply);
    assert_int_equal(reply.status, status);
    device_apply(&b->next, &reply);
    reply_fini(&reply);
}

static int64_t carried_count(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM line WHERE replica < 'w' "
                            "AND instr(line, '\"carries\"') > 0");
}

static int64_t shown_count(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM record WHERE "
                            "instr(state, 'Hall') + instr(state, 'Roof') > 0");
}

static void a_branch_of_a_log_is_carried_by_the_office(void **state)
{
    struct place *place = *state;
    struct branch b;
    struct device lee;
    struct reply reply;
    branch_make(&b, place);
    device_enrol(&lee, place, "lee");
    device_succeed(&b.next, &b.dana, place, "fork");
    branch_give(&b, place, 1, 3, false, 200);
    assert_int_equal(carried_count(place), 3);
    assert_int_equal(shown_count(place), 2);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'"), 1);
    /* Who may see the case is told of it. */
    device_expect(&lee, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    reply_fini(&reply);
    branch_give(&b, place, 1, 3, false, 200); /* the answer was lost */
    assert_int_equal(carried_count(place), 3);
    device_fini(&lee);
    branch_fini(&b);
}

static void a_branch_of_a_revoked_log_is_held(void **state)
{
    struct place *place = *state;
    struct branch b;
    branch_make(&b, place);
    device_succeed(&b.next, &b.dana, place, "fork");
    place_exec(place, "UPDATE replica SET revoked_at = 1 WHERE kind = 'w'");
    branch_give(&b, place, 1, 3, false, 200);
    assert_int_equal(carried_count(place), 3);
    assert_int_equal(shown_count(place), 0);
    assert_int_equal(place_int(place, "SELECT count(*) FROM held WHERE reason "
                                      "= 'revoked' AND released IS NULL"),
                     3);
    branch_give(&b, place, 1, 3, false, 200);
    assert_int_equal(carried_count(place), 3);
    branch_fini(&b);
}

static void what_is_held_of_a_branch_can_be_released(void **state)
{
    struct place *place = *state;
    struct branch b;
    branch_make(&b, place);
    device_succeed(&b.next, &b.dana, place, "fork");
    place_exec(place, "UPDATE replica SET revoked_at = 1 WHERE kind = 'w'");
    branch_give(&b, place, 1, 3, false, 200);
    for (int i = 0; i < 3; i++) {
        struct dot dot = {.n = place_int(place,
                                         "SELECT min(n) FROM held WHERE reason "
                                         "= 'revoked' AND released IS NULL")};
        memcpy(dot.replica, place->office->term, sizeof dot.replica);
        assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
        assert_int_equal(
            ingest_release(place->office, &place->sql, "boss", &dot), ERR_OK);
        assert_int_equal(sql_commit(&place->sql), ERR_OK);
    }
    assert_int_equal(shown_count(place), 2);
    branch_fini(&b);
}

/* What does not fit into one request goes on from what the last one gave. */
static void a_branch_may_come_in_parts(void **state)
{
    struct place *place = *state;
    struct branch b;
    branch_make(&b, place);
    device_succeed(&b.next, &b.dana, place, "fork");
    branch_give(&b, place, 1, 1, true, 200);
    branch_give(&b, place, 2, 2, false, 422);
    branch_give(&b, place, 2, 2, true, 200);
    branch_give(&b, place, 3, 3, true, 200);
    assert_int_equal(carried_count(place), 3);
    assert_int_equal(shown_count(place), 2);
    branch_fini(&b);
}

static int64_t placed_count(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM line WHERE replica < 'w' "
                            "AND instr(line, '\"was\"') > 0");
}

/* Others may have had it there, from an office that was taken back. */
static void a_branch_says_after_a_rollback_where_it_stood(void **state)
{
    struct place *place = *state;
    struct branch b;
    branch_make(&b, place);
    device_succeed(&b.next, &b.dana, place, "fork");
    branch_give(&b, place, 1, 1, false, 200);
    assert_int_equal(carried_count(place), 1);
    assert_int_equal(placed_count(place), 0);
    history_begin(place);
    memcpy(b.next.lineage, place->office->lineage, sizeof b.next.lineage);
    branch_give(&b, place, 1, 3, false, 200);
    assert_int_equal(carried_count(place), 3);
    assert_int_equal(placed_count(place), 2);
    branch_fini(&b);
}

static void a_branch_that_is_no_revision_is_refused(void **state)
{
    struct place *place = *state;
    struct branch b;
    branch_make(&b, place);
    device_append(&b.dana, "gibberish");
    device_succeed(&b.next, &b.dana, place, "fork");
    branch_give(&b, place, 1, 4, false, 422);
    branch_fini(&b);
}

/* --- what the device has erased ------------------------------------------- */

/* Dana's three lines; the office has `kept` of them, and was taken back. */
static void history_cut(struct branch *b, struct place *place, int kept)
{
    device_enrol(&b->dana, place, "dana");
    for (int i = 1; i <= 3; i++) {
        const char *id = i == 1 ? PERSON : i == 2 ? NOTE : NOTE_2;
        device_create(&b->dana, i == 1 ? "person" : "contact", id, PERSON,
                      i == 1 ? NAMED : TOLD);
        if (i == kept)
            device_sync_ok(&b->dana, place);
    }
    history_begin(place);
    device_succeed(&b->next, &b->dana, place, "lineage");
    device_clone(&b->copy, &b->dana);
}

static void give_around(struct branch *b, struct place *place, int64_t from,
                        int64_t erased, int status)
{
    struct reply reply;
    struct log_line log = {.from = from};
    contribute_around(&b->next, place, &b->dana, &log, 3, erased, &reply);
    assert_int_equal(reply.status, status);
    device_apply(&b->next, &reply);
    reply_fini(&reply);
}

static int64_t kept_count(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'");
}

/* The office was to have it, and lost it: what stands behind it is carried. */
static void what_stands_behind_an_erased_line_is_a_branch(void **state)
{
    struct place *place = *state;
    struct branch b;
    history_cut(&b, place, 1);
    for (int i = 0; i < 2; i++) { /* once more: the answer was lost */
        give_around(&b, place, 2, 2, 200);
        assert_int_equal(kept_count(place), 1);
        assert_int_equal(carried_count(place), 1);
        assert_int_equal(placed_count(place), 1);
        assert_int_equal(shown_count(place), 1);
    }
    branch_fini(&b);
}

static void an_erased_line_that_is_here_parts_nothing(void **state)
{
    struct place *place = *state;
    struct branch b;
    history_cut(&b, place, 2);
    give_around(&b, place, 1, 1, 200);
    assert_int_equal(kept_count(place), 3);
    assert_int_equal(carried_count(place), 0);
    assert_int_equal(shown_count(place), 2);
    branch_fini(&b);
}

static void an_erased_line_alone_changes_nothing(void **state)
{
    struct place *place = *state;
    struct branch b;
    history_cut(&b, place, 2);
    give_around(&b, place, 3, 3, 200);
    assert_int_equal(kept_count(place), 2);
    assert_int_equal(carried_count(place), 0);
    branch_fini(&b);
}

/* Its hash is signed with the lines around it. */
static void a_forged_hash_of_an_erased_line_is_refused(void **state)
{
    struct place *place = *state;
    struct branch b;
    history_cut(&b, place, 1);
    char *line = b.dana.lines[2];
    b.dana.lines[2] = b.dana.lines[1];
    give_around(&b, place, 2, 2, 422);
    b.dana.lines[2] = line;
    assert_int_equal(carried_count(place), 0);
    branch_fini(&b);
}

static void expect_refused(struct device *d, struct place *place,
                           const char *extra, int status, const char *error)
{
    struct reply reply;
    struct buffer request;
    buffer_init(&request, 1u << 20);
    device_request(d, 0, "fix", extra, &request);
    device_send(d, place, buffer_bytes(&request), &reply);
    assert_int_equal(reply.status, status);
    assert_string_equal(reply.error.error, error);
    reply_fini(&reply);
    buffer_fini(&request);
}

static void an_erased_line_stands_in_its_place_and_in_an_old_log(void **state)
{
    struct place *place = *state;
    struct branch b;
    struct buffer extra;
    struct log_line log = {.from = 2};
    history_cut(&b, place, 1);
    memcpy(log.replica, b.dana.replica, sizeof log.replica);
    memcpy(log.key, b.dana.keys.public_key, sizeof log.key);
    buffer_init(&extra, 1u << 16);
    erased_add(&extra, b.dana.lines[2], 2);
    expect_refused(&b.next, place, buffer_text(&extra), 400, "bad-header");
    buffer_clear(&extra);
    assert_int_equal(log_line_write(&extra, &log), ERR_OK);
    buffer_add_char(&extra, '\n');
    erased_add(&extra, b.dana.lines[3], 3);
    expect_refused(&b.next, place, buffer_text(&extra), 422, "gap");
    buffer_clear(&extra);
    assert_int_equal(log_line_write(&extra, &log), ERR_OK);
    buffer_add_text(&extra, "\n{\"erased\":{\"n\":2}}\n");
    expect_refused(&b.next, place, buffer_text(&extra), 400, "bad-header");
    buffer_fini(&extra);
    assert_int_equal(carried_count(place), 0);
    branch_fini(&b);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_branch_of_a_log_is_carried_by_the_office),
        TEST(a_branch_of_a_revoked_log_is_held),
        TEST(what_is_held_of_a_branch_can_be_released),
        TEST(a_branch_may_come_in_parts),
        TEST(a_branch_says_after_a_rollback_where_it_stood),
        TEST(a_branch_that_is_no_revision_is_refused),
        TEST(what_stands_behind_an_erased_line_is_a_branch),
        TEST(an_erased_line_that_is_here_parts_nothing),
        TEST(an_erased_line_alone_changes_nothing),
        TEST(a_forged_hash_of_an_erased_line_is_refused),
        TEST(an_erased_line_stands_in_its_place_and_in_an_old_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
