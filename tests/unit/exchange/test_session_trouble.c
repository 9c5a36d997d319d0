/* Forks, rollbacks, differences, competition, exhaustion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/fault.h"
#include "tests/unit/exchange/scene.h"

/* --- succession, reconcile ----------------------------------------------- */

static void refuse_once(struct scene *s, const char *error)
{
    static char body[128];
    snprintf(body, sizeof body, "{\"detail\":\"\",\"error\":\"%s\"}", error);
    s->desk->refuse_status = 409;
    s->desk->refuse_body = body;
    s->desk->refuse_times = 1;
}

static void after_a_fork_unsent_work_goes_on_under_a_fresh_key(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    sync_ok(s);
    struct identity before = device_identity(&s->device);
    device_write(&s->device, "Bea");
    device_write(&s->device, "Cleo");
    desk_lay_cursor(s->desk, "agency", 1, true);
    refuse_once(s, "fork");
    sync_ok(s);
    struct identity after = device_identity(&s->device);
    assert_string_not_equal(before.replica, after.replica);
    assert_true(s->report.succeeded);
    assert_true(s->report.reconciled);
    assert_string_equal(s->desk->reason, "fork");
    assert_string_equal(s->desk->replica, after.replica);
    assert_int_equal(s->desk->enrolments, 2);
    assert_int_equal(device_people(&s->device), 3);
    assert_true(after.head >= 2);
    in_step(s);
    sync_ok(s);
    assert_int_equal(s->report.requests, 1);
}

static void a_stale_copy_goes_on_under_a_fresh_key(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    s->desk->stale_once = true;
    sync_ok(s);
    assert_true(s->report.succeeded);
    assert_string_equal(s->desk->reason, "stale");
    in_step(s);
}

static void after_a_rollback_what_had_a_receipt_is_contributed(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    device_write(&s->device, "Bea");
    sync_ok(s);
    int64_t lost = s->desk->head;
    desk_roll_back(s->desk);
    refuse_once(s, "lineage");
    device_write(&s->device, "Cleo");
    sync_ok(s);
    assert_string_equal(s->desk->reason, "lineage");
    assert_int_equal(s->desk->old_lines, lost);
    assert_string_equal(device_identity(&s->device).lineage, s->desk->lineage);
    in_step(s);
}

static void what_the_office_could_not_open_is_contributed_again(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    device_write(&s->device, "Bea");
    sync_ok(s);
    int64_t lost = s->desk->head;
    desk_roll_back(s->desk);
    refuse_once(s, "lineage");
    s->desk->unopened_old = true;
    sync_ok(s);
    assert_int_equal(s->desk->old_lines, lost);
    s->desk->unopened_old = false;
    sync_ok(s);
    assert_int_equal(s->desk->old_lines, 2 * lost);
    sync_ok(s);
    assert_int_equal(s->desk->old_lines, 2 * lost);
}

/* The office says that its own goes another way. */
static void refuse_old(struct scene *s)
{
    static char body[256];
    snprintf(body, sizeof body,
             "{\"detail\":\"\",\"error\":\"bad-signature\",\"replica\":\"%s\"}",
             s->desk->predecessor);
    s->desk->refuse_status = 422;
    s->desk->refuse_body = body;
    s->desk->refuse_times = 1;
}

/* What is to be contributed could not be opened, and waits. */
static int64_t contribution_waits(struct scene *s)
{
    device_write(&s->device, "Ann");
    device_write(&s->device, "Bea");
    device_write(&s->device, "Cleo");
    sync_ok(s);
    int64_t lost = s->desk->head;
    free(s->desk->lines[lost].at); /* the office lacks the last one */
    s->desk->lines[lost].at = NULL;
    s->desk->head = lost - 1;
    s->desk->lineage[0] = s->desk->lineage[0] == 'A' ? 'B' : 'A';
    refuse_once(s, "lineage");
    s->desk->unopened_old = true;
    sync_ok(s);
    assert_int_equal(s->desk->old_lines, 1);
    s->desk->unopened_old = false;
    s->desk->old_lines = 0;
    return lost;
}

static void an_old_log_that_parts_earlier_is_given_whole(void **state)
{
    struct scene *s = *state;
    int64_t lost = contribution_waits(s);
    refuse_old(s);
    sync_ok(s);
    assert_int_equal(s->desk->old_lines, lost);
    sync_ok(s);
    assert_int_equal(s->desk->old_lines, lost);
}

static void an_old_log_that_is_refused_whole_is_let_be(void **state)
{
    struct scene *s = *state;
    (void)contribution_waits(s);
    refuse_old(s);
    s->desk->refuse_times = 2;
    sync_ok(s);
    assert_int_equal(s->desk->old_lines, 0);
    in_step(s);
    sync_ok(s);
    assert_int_equal(s->desk->old_lines, 0);
}

static void an_old_log_in_parts_says_what_it_goes_on_from(void **state)
{
    struct scene *s = *state;
    struct transport transport = desk_transport(s->desk);
    struct session_options options = {.batch_bytes_max = 1};
    device_write(&s->device, "Ann");
    device_write(&s->device, "Bea");
    device_write(&s->device, "Cleo");
    sync_ok(s);
    int64_t lost = s->desk->head;
    desk_roll_back(s->desk);
    refuse_once(s, "lineage");
    assert_int_equal(
        session_run(s->device.vault, &transport, &options, &s->report), ERR_OK);
    assert_int_equal(s->desk->old_lines, lost);
    assert_int_equal(s->desk->old_links, lost - 1);
}

static void a_locked_vault_waits_for_its_passphrase_to_succeed(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    device_close(&s->device);
    device_open(&s->device, NULL);
    refuse_once(s, "fork");
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_FORK);
    assert_non_null(strstr(s->report.detail, "unlock"));
    assert_int_equal(s->desk->enrolments, 1);
}

static void an_office_that_refuses_every_key_is_given_up(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    s->desk->fork_always = true;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_FORK);
    assert_true(s->desk->enrolments <= 4);
    s->desk->fork_always = false;
    sync_ok(s);
    in_step(s);
}

static void a_receipt_for_another_line_is_a_fork(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    s->desk->foreign_receipt = true;
    s->desk->honest_after_enrolment = true;
    sync_ok(s);
    assert_true(s->report.succeeded);
    assert_string_equal(s->desk->reason, "fork");
    in_step(s);
}

static void unequal_sums_are_reconciled_by_case(void **state)
{
    struct scene *s = *state;
    desk_lay_person(s->desk, 1, "Ann", 1, true);
    sync_ok(s);
    s->desk->state = REPLY_RECONCILE;
    s->desk->calm_after_reconcile = true;
    desk_lay_diff(s->desk, "Bea", 3);
    sync_ok(s);
    assert_true(s->report.reconciled);
    assert_int_equal(s->desk->need_lines, 1);
    assert_true(s->desk->case_lines >= 2);
    assert_int_equal(s->desk->heard.header.mode, MODE_SYNC);
}

static void reconciling_is_given_up_after_sixteen_rounds(void **state)
{
    struct scene *s = *state;
    desk_lay_person(s->desk, 1, "Ann", 1, true);
    sync_ok(s);
    s->desk->state = REPLY_RECONCILE;
    s->desk->always_diff = true;
    desk_lay_diff(s->desk, "Bea", 3);
    device_write(&s->device, "Cleo");
    sync_ok(s);
    assert_true(s->report.reconcile_gave_up);
    assert_false(s->report.reconciled);
    assert_int_equal(s->desk->case_lines, SESSION_RECONCILE_ROUNDS_MAX);
    in_step(s);
    assert_non_null(strstr(s->report.detail, "differ"));
}

/* --- one at a time ------------------------------------------------------- */

static void two_syncs_of_one_vault_do_not_run_at_once(void **state)
{
    struct scene *s = *state;
    struct device other = s->device;
    struct session *session;
    struct session_report report;
    enum session_do what;
    struct transport_request request;
    device_open(&other, "correct horse");
    assert_int_equal(session_open(&session, s->device.vault, NULL), ERR_OK);
    assert_int_equal(session_next(session, 0, &what, &request), ERR_OK);
    assert_int_equal(what, SESSION_SEND);
    assert_int_equal(desk_sync(s->desk, &other, &report), ERR_BUSY);
    assert_int_equal(report.requests, 0);
    session_close(session);
    assert_int_equal(desk_sync(s->desk, &other, &report), ERR_OK);
    device_close(&other);
}

static void a_killed_sync_does_not_keep_the_next_one_waiting(void **state)
{
    struct scene *s = *state;
    struct device other = s->device;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        device_open(&other, "correct horse");
        bool leased = vault_lease(other.vault, 3600000) == ERR_OK;
        kill(getpid(), leased ? SIGKILL : SIGTERM);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    sync_ok(s);
}

/* --- exhaustion ---------------------------------------------------------- */

/* Arms the next call; the desk itself always has memory. */
static void arm(int *left)
{
    fault_at(*left > 0 ? *left : 0, false);
}

static bool disarm(int *left)
{
    bool hit = fault_hit();
    *left -= fault_count();
    fault_at(0, false);
    return hit;
}

/* One session in which allocation `nth` fails; true when one did. */
static bool sync_with_fault(struct scene *s, int nth)
{
    struct session *session;
    struct transport transport = desk_transport(s->desk);
    int left = nth;
    arm(&left);
    enum err err = session_open(&session, s->device.vault, NULL);
    bool hit = disarm(&left);
    while (!err && !hit) {
        enum session_do what;
        struct transport_request request;
        struct transport_response response = {.status = 0};
        bool done;
        arm(&left);
        err = session_next(session, 0, &what, &request);
        hit = disarm(&left);
        if (err || hit || what != SESSION_SEND)
            break;
        buffer_init(&response.body, DESK_BYTES_MAX);
        assert_int_equal(transport.start(transport.context, &request), ERR_OK);
        assert_int_equal(transport.poll(transport.context, 0, &done, &response),
                         ERR_OK);
        arm(&left);
        err = session_response(session, 1, &response);
        hit = disarm(&left);
        buffer_fini(&response.body);
    }
    session_close(session);
    return hit;
}

static void a_sync_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    for (int nth = 1;; nth++) {
        char name[32];
        snprintf(name, sizeof name, "other %d", nth);
        device_write(&s->device, "own");
        desk_lay_person(s->desk, nth, name, nth, true);
        bool hit = sync_with_fault(s, nth);
        /* What the desk had laid out may be gone with the failed session. */
        buffer_clear(&s->desk->feed);
        sync_ok(s);
        in_step(s);
        if (!hit) {
            assert_true(nth > 20);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(after_a_fork_unsent_work_goes_on_under_a_fresh_key),
        SCENE(a_stale_copy_goes_on_under_a_fresh_key),
        SCENE(after_a_rollback_what_had_a_receipt_is_contributed),
        SCENE(what_the_office_could_not_open_is_contributed_again),
        SCENE(an_old_log_that_parts_earlier_is_given_whole),
        SCENE(an_old_log_that_is_refused_whole_is_let_be),
        SCENE(an_old_log_in_parts_says_what_it_goes_on_from),
        SCENE(a_locked_vault_waits_for_its_passphrase_to_succeed),
        SCENE(an_office_that_refuses_every_key_is_given_up),
        SCENE(a_receipt_for_another_line_is_a_fork),
        SCENE(unequal_sums_are_reconciled_by_case),
        SCENE(two_syncs_of_one_vault_do_not_run_at_once),
        SCENE(a_killed_sync_does_not_keep_the_next_one_waiting),
        SCENE(a_sync_survives_every_allocation_failure),
        SCENE(reconciling_is_given_up_after_sixteen_rounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
