#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/server/device.h"

static void assign(struct place *place, const char *kase, const char *scope)
{
    char scopes[2][SCOPE_CHARS_MAX + 1] = {"", ""};
    size_t count = 0;
    while (*scope) {
        size_t size = strcspn(scope, " ");
        memcpy(scopes[count++], scope, size);
        scope += size + (scope[size] == ' ');
    }
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(ingest_assign(place->office, &place->sql, "boss", kase,
                                   (const char(*)[SCOPE_CHARS_MAX + 1]) scopes,
                                   count),
                     ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
}

static void expect(struct device *d, struct place *place, size_t joins,
                   size_t leaves, bool has_note)
{
    struct reply reply;
    device_expect(d, place, 0, 200, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    assert_int_equal(reply.join_count, joins);
    assert_int_equal(reply.leave_count, leaves);
    assert_int_equal(reply_has(&reply, "Roof leaks"), has_note);
    reply_fini(&reply);
}

static void held_count_expect(struct device *d, struct place *place,
                              size_t count)
{
    struct reply reply;
    device_expect(d, place, 0, 200, &reply);
    assert_int_equal(reply.header.held_count, count);
    if (count)
        assert_string_equal(reply.header.held[0].reason, "out-of-scope");
    reply_fini(&reply);
}

static void one_case(struct place *place, struct device *dana)
{
    device_enrol(dana, place, "dana");
    device_create(dana, "person", PERSON, PERSON, NAMED);
    device_create(dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(dana, place);
}

/* The office has its lines and gives the case away before it has heard so. */
static void a_maker_whose_reply_was_lost_is_told_of_the_leave(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct buffer request;
    struct reply lost;
    device_enrol(&dana, place, "dana");
    device_sync_ok(&dana, place);
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    buffer_init(&request, 1u << 20);
    device_request(&dana, 0, NULL, "", &request);
    device_send(&dana, place, buffer_bytes(&request), &lost);
    assert_int_equal(lost.status, 200);
    assign(place, PERSON, "caseload:west");
    expect(&dana, place, 0, 1, false);
    expect(&dana, place, 0, 0, false);
    reply_fini(&lost);
    buffer_fini(&request);
    device_fini(&dana);
}

static void
a_case_that_moves_leaves_one_caseload_and_joins_the_other(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    struct reply reply;
    one_case(place, &dana);
    device_enrol(&kim, place, "kim");
    device_sync_ok(&kim, place);
    assign(place, PERSON, "caseload:west");
    expect(&kim, place, 1, 0, true);
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.leave_count, 1);
    assert_true(reply_has(&reply, dana.replica));
    assert_false(reply_has(&reply, "caseload:west"));
    reply_fini(&reply);
    expect(&dana, place, 0, 0, false);
    device_fini(&dana);
    device_fini(&kim);
}

static void a_case_that_comes_back_brings_the_own_notes_too(void **state)
{
    struct place *place = *state;
    struct device dana;
    one_case(place, &dana);
    assign(place, PERSON, "caseload:west");
    expect(&dana, place, 0, 1, false);
    assign(place, PERSON, "caseload:east");
    expect(&dana, place, 1, 0, true);
    device_fini(&dana);
}

static void a_new_tablet_is_not_sent_the_past_of_cases_that_left(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    one_case(place, &dana);
    assign(place, PERSON, "caseload:west");
    device_enrol(&lee, place, "lee");
    device_expect(&lee, place, 0, 200, &reply);
    assert_false(reply_has(&reply, PERSON));
    assert_int_equal(reply.leave_count, 0);
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

static void a_leave_reaches_whoever_has_only_a_part_of_the_join(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    struct reply reply;
    one_case(place, &dana);
    for (int i = 0; i < 200; i++)
        device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    device_sync_ok(&dana, place);
    device_enrol(&kim, place, "kim");
    device_sync_ok(&kim, place);
    assign(place, PERSON, "caseload:east caseload:west");
    device_expect(&kim, place, DEVICE_SMALL_ROOM, 200, &reply);
    assert_true(reply.header.more);
    assert_int_equal(reply.join_count, 1);
    reply_fini(&reply);
    assign(place, PERSON, "caseload:east");
    expect(&kim, place, 0, 1, false);
    device_fini(&dana);
    device_fini(&kim);
}

static void a_join_goes_on_where_the_last_reply_stopped(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    size_t lines = 0, joins = 0;
    one_case(place, &dana);
    for (int i = 0; i < 200; i++)
        device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    device_sync_ok(&dana, place);
    assign(place, PERSON, "caseload:west");
    assign(place, PERSON, "caseload:east");
    device_enrol(&lee, place, "lee");
    for (bool more = true; more;) {
        device_expect(&lee, place, DEVICE_SMALL_ROOM, 200, &reply);
        lines += reply.line_count;
        joins += reply.join_count;
        more = reply.header.more;
        reply_fini(&reply);
    }
    assert_int_equal(joins, 1);
    assert_int_equal(lines, place_int(place, "SELECT count(*) FROM placed"));
    device_fini(&dana);
    device_fini(&lee);
}

/* The push was committed, its reply lost, and the case moved. */
static void a_leave_reaches_the_writer_who_never_heard_of_the_join(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_sync_ok(&dana, place);
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_expect(&dana, place, DEVICE_KEEP, 200, &reply);
    reply_fini(&reply);
    assign(place, PERSON, "caseload:west");
    expect(&dana, place, 0, 1, false);
    device_fini(&dana);
}

/* --- what was written before one could know ------------------------------- */

static void work_from_before_the_leave_was_known_takes_effect(void **state)
{
    struct place *place = *state;
    struct device dana;
    one_case(place, &dana);
    assign(place, PERSON, "caseload:west");
    device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    held_count_expect(&dana, place, 0); /* with this reply she learns it */
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    held_count_expect(&dana, place, 1);
    device_fini(&dana);
}

/* Three notes were on the device when it applied the leave; it could send only
 * later. */
static void own_at_the_leave_is_the_border(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    one_case(place, &dana);
    assign(place, PERSON, "caseload:west");
    device_expect(&dana, place, DEVICE_KEEP, 200, &reply);
    device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    device_apply(&dana, &reply); /* own is 3 */
    reply_fini(&reply);
    device_revise(&dana, NOTE_2, "{}", "{\"duration\":30}");
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.header.held_count, 1);
    assert_int_equal(reply.header.held[0].n, 4);
    reply_fini(&reply);
    device_fini(&dana);
}

static void a_scope_that_is_no_longer_granted_leaves_as_a_whole(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    one_case(place, &dana);
    place_scope(place, "dana", 1, "caseload:north");
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.leave_count, 1);
    assert_true(reply_has(&reply, "\"scope\":\"caseload:east\""));
    assert_int_equal(reply.header.scope_count, 2);
    reply_fini(&reply);
    assert_int_equal(dana.cursor_count, 2);
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    held_count_expect(&dana, place, 1);
    device_fini(&dana);
}

static void work_from_before_the_scope_was_lost_takes_effect(void **state)
{
    struct place *place = *state;
    struct device dana;
    one_case(place, &dana);
    place_scope(place, "dana", 1, "caseload:north");
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    held_count_expect(&dana, place, 0);
    device_fini(&dana);
}

/* --- a cursor is no grant --------------------------------------------------
 */

static void cursor_name(struct device *d, const char *scope)
{
    struct cursor *cursor = &d->cursors[d->cursor_count++];
    *cursor = (struct cursor){.seq = 1};
    snprintf(cursor->scope, sizeof cursor->scope, "%s", scope);
}

static void naming_a_scope_gives_no_right_to_write_in_it(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    one_case(place, &dana);
    device_enrol(&kim, place, "kim");
    device_sync_ok(&kim, place);
    device_revise(&kim, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    cursor_name(&kim, "caseload:east");
    held_count_expect(&kim, place, 1);
    device_revise(&kim, PERSON, "{}", "{\"first_name\":\"Rosa\"}");
    held_count_expect(&kim, place, 1);
    device_fini(&dana);
    device_fini(&kim);
}

static void naming_a_lost_scope_again_does_not_bring_it_back(void **state)
{
    struct place *place = *state;
    struct device dana;
    one_case(place, &dana);
    place_scope(place, "dana", 1, "caseload:north");
    device_sync_ok(&dana, place);
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    held_count_expect(&dana, place, 1);
    cursor_name(&dana, "caseload:east");
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rosa\"}");
    held_count_expect(&dana, place, 1);
    /* Granted once more, it counts. */
    place_scope(place, "dana", 2, "caseload:east");
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Ruth\"}");
    held_count_expect(&dana, place, 0);
    device_fini(&dana);
}

/* It takes what it is told, all but the leave. */
static void push_and_cling(struct device *d, struct place *place,
                           size_t held_count)
{
    struct cursor cursors[DEVICE_SCOPES_MAX];
    size_t count = d->cursor_count;
    memcpy(cursors, d->cursors, sizeof cursors);
    device_revise(d, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    held_count_expect(d, place, held_count);
    memcpy(d->cursors, cursors, sizeof cursors);
    d->cursor_count = count;
}

static void who_never_lets_go_of_a_scope_loses_it_all_the_same(void **state)
{
    struct place *place = *state;
    struct device dana;
    one_case(place, &dana);
    place_scope(place, "dana", 1, "caseload:north");
    push_and_cling(&dana, place, 0); /* could not know yet */
    push_and_cling(&dana, place, 0); /* its reply may have been cut */
    push_and_cling(&dana, place, 1);
    push_and_cling(&dana, place, 1);
    /* Granted once more, it counts, and can be lost again. */
    place_scope(place, "dana", 2, "caseload:east");
    push_and_cling(&dana, place, 0);
    place_scope(place, "dana", 2, NULL);
    push_and_cling(&dana, place, 0);
    push_and_cling(&dana, place, 0);
    push_and_cling(&dana, place, 1);
    device_fini(&dana);
}

static void a_new_scope_is_served_at_once(void **state)
{
    struct place *place = *state;
    struct device dana, kim;
    struct reply reply;
    one_case(place, &dana);
    device_enrol(&kim, place, "kim");
    device_sync_ok(&kim, place);
    place_scope(place, "kim", 2, "caseload:east");
    device_expect(&kim, place, 0, 200, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    reply_fini(&reply);
    expect(&kim, place, 0, 0, false);
    device_fini(&dana);
    device_fini(&kim);
}

static void a_case_without_a_caseload_is_seen_at_the_office_only(void **state)
{
    struct place *place = *state;
    struct device site, dana;
    struct reply reply;
    place_account(place, "vita", "site:library");
    device_enrol(&site, place, "vita");
    device_enrol(&dana, place, "dana");
    device_create(&site, "person", PERSON, PERSON, NAMED);
    device_create(&site, "contact", NOTE, PERSON, TOLD);
    held_count_expect(&site, place, 0);
    device_expect(&dana, place, 0, 200, &reply);
    assert_false(reply_has(&reply, PERSON));
    reply_fini(&reply);
    device_fini(&site);
    device_fini(&dana);
}

/* --- disclosure to a site ------------------------------------------------- */

static void a_site_referral_is_seen_by_its_site_and_the_caseload(void **state)
{
    struct place *place = *state;
    struct device site, dana, kim;
    struct reply reply;
    struct dot dot;
    place_account(place, "vita", "site:library");
    device_enrol(&site, place, "vita");
    one_case(place, &dana);
    device_create(&dana, "referral", NOTE_2, PERSON, "{\"status\":\"draft\"}");
    device_sync_ok(&dana, place);
    struct revision_draft draft = {
        .record = PERSON_2,
        .type = "site_referral",
        .kase = PERSON_2,
        .set = bytes_text("{\"first_name\":\"Rose\",\"referral\":\"" NOTE_2
                          "\",\"site\":\"library\"}")};
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(
        ingest_office(place->office, &place->sql, "boss", &draft, &dot),
        ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
    device_expect(&site, place, 0, 200, &reply);
    assert_true(reply_has(&reply, PERSON_2));
    assert_false(reply_has(&reply, "Ames"));
    reply_fini(&reply);
    device_expect(&dana, place, 0, 200, &reply);
    assert_true(reply_has(&reply, PERSON_2));
    reply_fini(&reply);
    /* The site answers on it. */
    device_revise(&site, PERSON_2, "{}", "{\"status\":\"contacted\"}");
    held_count_expect(&site, place, 0);
    /* It follows its case. */
    device_enrol(&kim, place, "kim");
    assign(place, PERSON, "caseload:west");
    device_expect(&kim, place, 0, 200, &reply);
    assert_true(reply_has(&reply, PERSON_2));
    reply_fini(&reply);
    expect(&dana, place, 0, 2, false);
    device_fini(&site);
    device_fini(&dana);
    device_fini(&kim);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_maker_whose_reply_was_lost_is_told_of_the_leave),
        TEST(a_case_that_moves_leaves_one_caseload_and_joins_the_other),
        TEST(a_case_that_comes_back_brings_the_own_notes_too),
        TEST(a_new_tablet_is_not_sent_the_past_of_cases_that_left),
        TEST(a_leave_reaches_whoever_has_only_a_part_of_the_join),
        TEST(a_join_goes_on_where_the_last_reply_stopped),
        TEST(a_leave_reaches_the_writer_who_never_heard_of_the_join),
        TEST(work_from_before_the_leave_was_known_takes_effect),
        TEST(own_at_the_leave_is_the_border),
        TEST(a_scope_that_is_no_longer_granted_leaves_as_a_whole),
        TEST(work_from_before_the_scope_was_lost_takes_effect),
        TEST(naming_a_scope_gives_no_right_to_write_in_it),
        TEST(naming_a_lost_scope_again_does_not_bring_it_back),
        TEST(who_never_lets_go_of_a_scope_loses_it_all_the_same),
        TEST(a_new_scope_is_served_at_once),
        TEST(a_case_without_a_caseload_is_seen_at_the_office_only),
        TEST(a_site_referral_is_seen_by_its_site_and_the_caseload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
