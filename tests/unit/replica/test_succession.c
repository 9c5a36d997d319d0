#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/replica/far_end.h"

static struct vault_status status_of(struct vault *vault)
{
    struct vault_status status;
    assert_int_equal(record_status(vault, &status), ERR_OK);
    return status;
}

static void what_has_no_receipt_is_carried(void **state)
{
    struct pair *p = *state;
    struct identity self;
    struct buffer text;
    far_succeed(p->far, &p->dana, "fork");
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    assert_string_not_equal(self.replica, p->replica);
    assert_int_equal(self.head, 2);
    assert_int_equal(status_of(p->dana.vault).here, 2);
    assert_int_equal(status_of(p->dana.vault).received, 3);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    read_state(p->dana.vault, p->person, &text);
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"R. Diaz\""));
    assert_null(strstr(buffer_text(&text), "\"open\""));
    buffer_fini(&text);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p->dana.vault).here, 0);
    assert_eli_agrees(p);
}

static void what_is_carried_is_as_old_as_it_was(void **state)
{
    struct pair *p = *state;
    p->dana.now += 3 * 86400000;
    revise(p->dana.vault, p->person, "{\"language\":\"es\"}");
    int64_t age = status_of(p->dana.vault).oldest_ms;
    assert_true(age >= 3 * 86400000);
    far_succeed(p->far, &p->dana, "fork");
    assert_int_equal(status_of(p->dana.vault).here, 3);
    assert_int_equal(status_of(p->dana.vault).oldest_ms, age);
    p->dana.now += 1000;
    far_succeed(p->far, &p->dana, "stale"); /* carried, and carried again */
    assert_int_equal(status_of(p->dana.vault).oldest_ms, age + 1000);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p->dana.vault).oldest_ms, 0);
}

static void a_rolled_back_office_gets_the_receipted_lines_again(void **state)
{
    struct pair *p = *state;
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p->dana.vault).here, 0);
    assert_eli_agrees(p);
}

/* The office is rolled back to n, and then another copy of the vault comes with
 * a line of its own. */
static void copy_goes_on(struct pair *p, int64_t n)
{
    far_rollback(p->far, p->replica, n);
    for (size_t i = 0; i < p->far->log_count; i++)
        if (!strcmp(p->far->logs[i].replica, p->replica)) {
            p->far->logs[i].n = n + 1;
            p->far->logs[i].link[0] ^= 1;
        }
}

static void an_unknown_log_at_the_office_is_carried_whole(void **state)
{
    struct pair *p = *state;
    copy_goes_on(p, 2);
    far_succeed(p->far, &p->dana, "fork");
    assert_int_equal(status_of(p->dana.vault).here, 5);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p->dana.vault).here, 0);
    assert_sound(p->dana.vault);
    far_pull(p->far, p->dana.vault, p->person);
    assert_eli_agrees(p);
}

/* The other copy has written as much as the office had, and more: nothing tells
 * where the two logs part. */
static void receipts_of_another_history_are_not_common(void **state)
{
    struct pair *p = *state;
    copy_goes_on(p, 3);
    far_succeed(p->far, &p->dana, "fork");
    assert_int_equal(status_of(p->dana.vault).here, 5);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p->dana.vault).here, 0);
    assert_sound(p->dana.vault);
}

static void a_form_read_before_may_be_saved_after(void **state)
{
    struct pair *p = *state;
    struct buffer text, context;
    struct record_written out;
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    assert_int_equal(record_read(p->dana.vault, p->person, &text, &context),
                     ERR_OK);
    far_succeed(p->far, &p->dana, "stale");
    far_succeed(p->far, &p->dana, "stale"); /* carried lines are carried on */
    struct record_write write = {
        .record = p->person,
        .context = buffer_text(&context),
        .set = bytes_text("{\"preferred_name\":\"Mrs. Diaz\"}")};
    record_written_init(&out);
    assert_int_equal(record_write(p->dana.vault, &write, &out), ERR_OK);
    record_written_fini(&out);
    buffer_fini(&context);
    buffer_fini(&text);
    read_state(p->dana.vault, p->person, &text);
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"Mrs. Diaz\""));
    assert_null(strstr(buffer_text(&text), "R. Diaz\"")); /* it was seen */
    buffer_fini(&text);
    far_sync_up(p->far, p->dana.vault);
    assert_eli_agrees(p);
}

static void originals_that_the_office_has_after_all_are_folded_too(void **state)
{
    struct pair *p = *state;
    far_push(p->far, p->dana.vault); /* the receipt is lost on the way */
    far_succeed(p->far, &p->dana, "stale");
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, p->person);
    assert_eli_agrees(p);
    assert_true(cursor_of(p->dana.vault, "caseload:north")->sum ==
                cursor_of(p->eli.vault, "caseload:north")->sum);
    assert_int_equal(vault_rebuild(p->dana.vault), ERR_OK);
    assert_eli_agrees(p);
}

/* The office says what it has of the case; the vault says what it lacks. */
static void compare_with_office(struct pair *p)
{
    uint8_t prefixes[64 * 8];
    struct inbox *inbox;
    assert_true(p->far->count <= 64);
    for (size_t i = 0; i < p->far->count; i++) {
        uint8_t hash[HASH_BYTES];
        const struct far_line *line = &p->far->lines[i];
        hash_bytes(hash, bytes_of(line->at, line->size));
        memcpy(prefixes + i * 8, hash, 8);
    }
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    assert_int_equal(inbox_diff(inbox, p->person, "caseload:north",
                                bytes_of(prefixes, p->far->count * 8)),
                     ERR_OK);
    inbox_close(inbox);
}

/* They have no receipt, as it was lost: that the office sent them back says as
 * much. */
static void originals_that_came_back_are_contributed_again(void **state)
{
    struct pair *p = *state;
    far_push(p->far, p->dana.vault); /* the receipt is lost on the way */
    far_succeed(p->far, &p->dana, "stale");
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, p->person);
    far_rollback(p->far, p->replica, 3);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    compare_with_office(p);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
    compare_with_office(p);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    assert_eli_agrees(p);
}

/* No case shows what an older log has lost, as it may have left the vault. */
static void an_older_log_is_given_from_where_the_office_is(void **state)
{
    struct pair *p = *state;
    bool earlier;
    far_succeed(p->far, &p->dana, "stale");
    far_sync_up(p->far, p->dana.vault);
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(outbox_old_earlier(p->dana.vault, p->replica, 2, &earlier),
                     ERR_OK);
    assert_false(earlier);
    assert_int_equal(outbox_old_earlier(p->dana.vault, p->replica, 1, &earlier),
                     ERR_OK);
    assert_true(earlier);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
    assert_eli_agrees(p);
}

/* The office told that it holds a line, and then lost both. */
static void a_hold_that_the_office_lost_is_forgotten(void **state)
{
    struct pair *p = *state;
    struct held_note notes[] = {{1, "revoked"}, {2, "revoked"}};
    assert_int_equal(outbox_held(p->dana.vault, notes, 2), ERR_OK);
    far_succeed(p->far, &p->dana, "stale");
    assert_int_equal(status_of(p->dana.vault).held, 2);
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(status_of(p->dana.vault).held, 2);
    bool earlier;
    assert_int_equal(outbox_old_earlier(p->dana.vault, p->replica, 1, &earlier),
                     ERR_OK);
    assert_true(earlier);
    assert_int_equal(status_of(p->dana.vault).held, 1);
    far_rollback(p->far, p->replica, 0);
    assert_int_equal(outbox_old_earlier(p->dana.vault, p->replica, 0, &earlier),
                     ERR_OK);
    assert_true(earlier);
    assert_int_equal(status_of(p->dana.vault).held, 0);
}

static void holds_of_lines_that_are_given_again_are_forgotten(void **state)
{
    struct pair *p = *state;
    struct held_note notes[] = {{1, "revoked"}, {2, "revoked"}};
    assert_int_equal(outbox_held(p->dana.vault, notes, 2), ERR_OK);
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(status_of(p->dana.vault).held, 1);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
    far_sync_up(p->far, p->dana.vault);
    assert_eli_agrees(p);
}

static void an_old_log_that_is_not_wanted_is_let_be(void **state)
{
    struct pair *p = *state;
    bool stopped;
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(outbox_old_stop(p->dana.vault, p->replica, &stopped),
                     ERR_OK);
    assert_true(stopped);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    assert_int_equal(outbox_old_stop(p->dana.vault, p->replica, &stopped),
                     ERR_OK);
    assert_false(stopped);
    compare_with_office(p); /* until a difference shows it again */
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
}

/* What a copy wrote in its place need not come here: it may be of a case that
 * is none of Dana's. */
static void what_an_old_log_turns_out_to_lack_is_carried(void **state)
{
    struct pair *p = *state;
    struct identity self;
    bool stopped;
    far_succeed(p->far, &p->dana, "stale");
    far_sync_up(p->far, p->dana.vault);
    copy_goes_on(p, 2);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(outbox_old_stop(p->dana.vault, p->replica, &stopped),
                     ERR_OK);
    assert_true(stopped);
    assert_int_equal(outbox_old_lost(p->dana.vault, p->replica, &stopped),
                     ERR_OK);
    assert_false(stopped); /* nothing has shown that it is lost */
    assert_int_equal(status_of(p->dana.vault).here, 0);
    compare_with_office(p);
    assert_int_equal(outbox_old_lost(p->dana.vault, p->replica, &stopped),
                     ERR_OK);
    assert_true(stopped);
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    assert_int_equal(self.head, 1);
    assert_int_equal(status_of(p->dana.vault).here, 1);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p->dana.vault).here, 0);
    far_pull(p->far, p->dana.vault, p->person);
    assert_eli_agrees(p);
    compare_with_office(p);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
}

static void leave_case(struct pair *p)
{
    struct leave_line leave;
    struct inbox *inbox;
    far_leave(p->far, p->dana.vault, p->person, "caseload:north", &leave);
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    assert_int_equal(inbox_leave(inbox, &leave), ERR_OK);
    assert_int_equal(far_page(p->far, inbox, 0, 0, "caseload:north", 9, true),
                     ERR_OK);
    inbox_close(inbox);
}

static void unsent_lines_of_a_left_case_go_as_envelopes(void **state)
{
    struct pair *p = *state;
    leave_case(p);
    far_succeed(p->far, &p->dana, "stale");
    assert_int_equal(status_of(p->dana.vault).here, 2);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
    assert_int_equal(p->far->sealed, 2);
    assert_int_equal(status_of(p->dana.vault).here, 0);
    assert_sound(p->dana.vault);
    struct pair *q = p;
    far_pull(q->far, q->eli.vault, q->person);
    struct buffer text;
    read_state(q->eli.vault, q->person, &text);
    assert_non_null(strstr(buffer_text(&text), "\"value\":\"R. Diaz\""));
    buffer_fini(&text);
}

/* They cannot be carried, and are in what both copies have. */
static void envelopes_from_before_a_fork_count_as_received(void **state)
{
    struct pair *p = *state;
    char other[ID_CHARS + 1];
    far_sync_up(p->far, p->dana.vault);
    leave_case(p);
    write_person(p->dana.vault, "Olga", other);
    far_sync_up(p->far, p->dana.vault);
    copy_goes_on(p, 5);
    far_succeed(p->far, &p->dana, "fork");
    assert_int_equal(status_of(p->dana.vault).here, 6);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0); /* none new */
    assert_int_equal(status_of(p->dana.vault).here, 1); /* which is carried */
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p->dana.vault).here, 0);
    assert_sound(p->dana.vault);
}

/* A copy of the vault has brought them meanwhile. */
static void envelopes_that_the_office_has_count_as_received(void **state)
{
    struct pair *p = *state;
    far_push(p->far, p->dana.vault); /* nobody here hears of it */
    leave_case(p);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(status_of(p->dana.vault).here, 2);
    assert_int_equal(status_of(p->dana.vault).received, 3);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0); /* none new */
    assert_int_equal(status_of(p->dana.vault).here, 0);
    assert_int_equal(status_of(p->dana.vault).received, 5);
    assert_sound(p->dana.vault);
}

static enum err offered_note(void *context, const uint8_t key[KEY_BYTES],
                             const struct outbox_line *line)
{
    (void)key;
    int64_t *all = context;
    *all = *all * 10 + line->n;
    return ERR_OK;
}

static int64_t offered(struct pair *p)
{
    int64_t all = 0;
    assert_int_equal(outbox_read_old(p->dana.vault, 100, offered_note, &all),
                     ERR_OK);
    return all;
}

/* The office, taken back by hand, may have lost what a copy went past: no case
 * shows it, and the office's word is of a line that is not here. */
static void what_a_copy_went_past_is_shown(void **state)
{
    struct pair *p = *state;
    bool whole;
    const char lineage = p->far->lineage[0];
    far_sync_up(p->far, p->dana.vault);
    leave_case(p);
    copy_goes_on(p, 5);
    p->far->lineage[0] = lineage;
    far_succeed(p->far, &p->dana, "fork");
    assert_int_equal(status_of(p->dana.vault).here, 0);
    assert_int_equal(offered(p), 5);
    assert_int_equal(outbox_old_whole(p->dana.vault, p->replica, &whole),
                     ERR_OK);
    assert_true(whole);
    assert_int_equal(offered(p), 12345);
    assert_sound(p->dana.vault);
}

/* It may have lost what an older log was given to it after the key changed,
 * and say `stale`, as it does not know that itself. */
static void an_older_log_is_shown_in_the_same_history_too(void **state)
{
    struct pair *p = *state;
    far_sync_up(p->far, p->dana.vault);
    far_succeed(p->far, &p->dana, "stale");
    assert_int_equal(offered(p), 0);
    far_succeed(p->far, &p->dana, "stale");
    assert_int_equal(offered(p), 5);
    assert_int_equal(outbox_old_done(p->dana.vault, p->replica, 5), ERR_OK);
    assert_int_equal(offered(p), 0);
}

static void another_root_is_refused_and_nothing_changes(void **state)
{
    struct pair *p = *state;
    struct far_end *other = far_end_new();
    struct enrol_request request;
    struct enrol_reply reply;
    struct identity self;
    assert_int_equal(identity_succeed_begin(p->dana.vault, "fork", &request),
                     ERR_OK);
    far_enrol_reply(other, &request, "dana", &reply);
    assert_int_equal(identity_succeed_finish(p->dana.vault, &reply),
                     ERR_SIGNATURE);
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    assert_string_equal(self.replica, p->replica);
    assert_int_equal(self.head, 5);
    far_end_free(other);
}

static void nothing_is_carried_where_all_has_a_receipt(void **state)
{
    struct pair *p = *state;
    struct identity self;
    far_sync_up(p->far, p->dana.vault);
    far_succeed(p->far, &p->dana, "stale");
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    assert_int_equal(self.head, 0);
    assert_int_equal(far_push(p->far, p->dana.vault), 0);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    assert_eli_agrees(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, pair_setup_unsent, pair_teardown)
        TEST(what_has_no_receipt_is_carried),
        TEST(what_is_carried_is_as_old_as_it_was),
        TEST(nothing_is_carried_where_all_has_a_receipt),
        TEST(a_rolled_back_office_gets_the_receipted_lines_again),
        TEST(an_unknown_log_at_the_office_is_carried_whole),
        TEST(receipts_of_another_history_are_not_common),
        TEST(a_form_read_before_may_be_saved_after),
        TEST(originals_that_the_office_has_after_all_are_folded_too),
        TEST(originals_that_came_back_are_contributed_again),
        TEST(an_older_log_is_given_from_where_the_office_is),
        TEST(a_hold_that_the_office_lost_is_forgotten),
        TEST(holds_of_lines_that_are_given_again_are_forgotten),
        TEST(an_old_log_that_is_not_wanted_is_let_be),
        TEST(what_an_old_log_turns_out_to_lack_is_carried),
        TEST(unsent_lines_of_a_left_case_go_as_envelopes),
        TEST(envelopes_that_the_office_has_count_as_received),
        TEST(envelopes_from_before_a_fork_count_as_received),
        TEST(what_a_copy_went_past_is_shown),
        TEST(an_older_log_is_shown_in_the_same_history_too),
        TEST(another_root_is_refused_and_nothing_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
