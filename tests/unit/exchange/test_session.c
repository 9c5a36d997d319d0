#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/fault.h"
#include "tests/unit/exchange/desk.h"

struct scene {
    struct desk *desk;
    struct device device;
    struct session_report report;
};

static int scene_make(void **state)
{
    static struct scene scene;
    scene.desk = desk_new();
    device_enrol(&scene.device, scene.desk);
    *state = &scene;
    return 0;
}

static int scene_remove(void **state)
{
    struct scene *scene = *state;
    device_remove(&scene->device);
    desk_free(scene->desk);
    return 0;
}

static void sync_ok(struct scene *s)
{
    enum err err = desk_sync(s->desk, &s->device, &s->report);
    if (err)
        fail_msg("%s: %s", err_text(err), s->report.detail);
}

static void in_step(struct scene *s)
{
    struct identity id = device_identity(&s->device);
    assert_int_equal(id.received, id.head);
    assert_int_equal(s->desk->head, id.head);
}

/* --- the ordinary course ------------------------------------------------- */

static void a_first_sync_with_nothing_to_say_is_one_small_request(void **state)
{
    struct scene *s = *state;
    desk_lay_cursor(s->desk, "agency", 0, true);
    desk_lay_cursor(s->desk, "caseload:north", 0, true);
    sync_ok(s);
    assert_int_equal(s->report.requests, 1);
    assert_int_equal(s->desk->requests, 1);
    assert_true(s->report.reached);
    assert_true(s->report.sent_bytes < 400);
    assert_true(s->desk->heard.dictionary);
}

static void a_push_and_a_pull_are_one_request(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    device_write(&s->device, "Bea");
    desk_lay_person(s->desk, 1, "Cleo", 1, true);
    sync_ok(s);
    assert_int_equal(s->report.requests, 1);
    assert_int_equal(s->report.pulled, 1);
    assert_int_equal(device_people(&s->device), 3);
    assert_true(s->report.pushed >= 2);
    in_step(s);
    sync_ok(s);
    assert_int_equal(s->report.requests, 1);
    assert_int_equal(s->report.pushed, 0);
    assert_int_equal(s->desk->heard.lines, 0);
}

static void many_lines_go_in_growing_batches_signed_every_64(void **state)
{
    struct scene *s = *state;
    assert_int_equal(record_batch_begin(s->device.vault), ERR_OK);
    for (int i = 0; i < 1500; i++) {
        char name[64];
        uint8_t noise[24];
        random_fill(random_system(), noise, sizeof noise);
        hex_encode(name, noise, sizeof noise);
        device_write(&s->device, name);
    }
    assert_int_equal(record_batch_commit(s->device.vault), ERR_OK);
    sync_ok(s);
    in_step(s);
    assert_true(s->report.requests >= 2);
    assert_true(s->report.requests < 8);
    assert_true(s->desk->heard.longest_unsigned <= SIGN_EVERY);
}

static void more_is_asked_for_at_once(void **state)
{
    struct scene *s = *state;
    desk_lay_person(s->desk, 1, "Ann", 1, false);
    s->desk->more = true;
    sync_ok(s);
    assert_int_equal(s->report.requests, 2);
    assert_int_equal(s->desk->heard.cursors[1].seq, 1);
}

static void a_newly_granted_scope_is_asked_for_at_once(void **state)
{
    struct scene *s = *state;
    s->desk->extra_scope = "caseload:south";
    sync_ok(s);
    assert_int_equal(s->report.requests, 2);
    assert_int_equal(s->desk->heard.header.cursor_count, 3);
    s->desk->extra_scope = NULL;
    sync_ok(s);
    assert_int_equal(s->report.requests, 1);
}

static void the_token_of_the_last_reply_comes_back(void **state)
{
    struct scene *s = *state;
    sync_ok(s);
    assert_string_equal(s->desk->heard.header.token, "");
    sync_ok(s);
    assert_string_not_equal(s->desk->heard.header.token, "");
    assert_string_equal(s->desk->heard.header.lineage, s->desk->lineage);
}

static void a_long_poll_waits_only_with_nothing_to_push(void **state)
{
    struct scene *s = *state;
    struct transport transport = desk_transport(s->desk);
    struct session_options options = {.wait_s = 60};
    assert_int_equal(
        session_run(s->device.vault, &transport, &options, &s->report), ERR_OK);
    assert_int_equal(s->desk->heard.header.wait, 60);
    device_write(&s->device, "Ann");
    assert_int_equal(
        session_run(s->device.vault, &transport, &options, &s->report), ERR_OK);
    assert_int_equal(s->desk->heard.header.wait, 0);
    assert_int_equal(s->report.requests, 1);
}

/* --- cuts ---------------------------------------------------------------- */

static void a_reply_cut_at_any_byte_loses_and_doubles_nothing(void **state)
{
    struct scene *s = *state;
    int64_t seq = 0;
    size_t bytes = 1;
    for (size_t cut = 0; cut < bytes; cut += cut < 64 ? 1 : 7) {
        char name[32];
        size_t before = device_people(&s->device);
        snprintf(name, sizeof name, "own %zu", cut);
        device_write(&s->device, name);
        for (int i = 0; i < 3; i++) {
            snprintf(name, sizeof name, "other %zu %d", cut, i);
            desk_lay_person(s->desk, seq + 1, name, seq + 1, i == 2);
            seq++;
        }
        s->desk->cut_reply = cut;
        sync_ok(s);
        in_step(s);
        assert_int_equal(s->report.requests, 2);
        assert_int_equal(device_people(&s->device), before + 4);
        bytes = cut ? bytes : s->desk->last_reply_bytes;
    }
    assert_true(bytes > 300);
}

static void
a_request_cut_at_any_byte_is_sent_again_from_the_receipt(void **state)
{
    struct scene *s = *state;
    for (size_t cut = 0; cut < 1500; cut += 31) {
        for (int i = 0; i < 10; i++)
            device_write(&s->device, "somebody with a name");
        s->desk->cut_request = cut;
        sync_ok(s);
        in_step(s);
    }
}

static void an_office_that_is_dead_is_told_of_after_one_try(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    s->desk->dead = true;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_NETWORK);
    assert_false(s->report.reached);
    assert_int_equal(s->report.requests, 1);
    assert_true(s->report.detail[0]);
    s->desk->dead = false;
    sync_ok(s);
    in_step(s);
}

static void a_stranger_that_answers_is_not_the_office(void **state)
{
    struct scene *s = *state;
    s->desk->refuse_status = 200;
    s->desk->refuse_body = "<html>Welcome to the Grand Hotel</html>";
    s->desk->refuse_times = 99;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_NETWORK);
    assert_false(s->report.reached);
    assert_true(s->report.requests <= 3);
    s->desk->refuse_status = 302;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_NETWORK);
    assert_false(s->report.reached);
    assert_non_null(strstr(s->report.detail, "login"));
}

/* --- signatures ---------------------------------------------------------- */

static void a_receipt_that_does_not_verify_counts_for_nothing(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    desk_lay_person(s->desk, 1, "Bea", 1, true);
    s->desk->spoil_receipt = true;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_SIGNATURE);
    assert_int_equal(device_identity(&s->device).received, 0);
    assert_int_equal(s->report.pushed, 0);
    assert_int_equal(device_people(&s->device), 1);
    s->desk->spoil_receipt = false;
    sync_ok(s);
    in_step(s);
}

/* --- refusals ------------------------------------------------------------ */

static void refusals_say_what_to_do_and_keep_everything(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum err err;
        const char *says;
        int64_t retry_after_ms;
    } cases[] = {
        {400, "{\"detail\":\"\",\"error\":\"bad-header\",\"offset\":3}",
         ERR_PROTOCOL, "report", 0},
        {401, "{\"detail\":\"\",\"error\":\"bad-auth\"}", ERR_DENIED, "enroll",
         0},
        {404, "{\"detail\":\"\",\"error\":\"not-found\"}", ERR_PROTOCOL,
         "address", 0},
        {426,
         "{\"detail\":\"\",\"error\":\"bad-protocol\",\"max\":3,\"min\":2}",
         ERR_UNSUPPORTED, "update", 0},
        {429, "{\"detail\":\"\",\"error\":\"slow-down\",\"retry_after_s\":7}",
         ERR_AGAIN, "wait", 7000},
        {503, "{\"detail\":\"full\",\"error\":\"busy\",\"retry_after_s\":9}",
         ERR_AGAIN, "busy", 9000},
        {500, "{\"detail\":\"\",\"error\":\"internal\"}", ERR_AGAIN, "fault",
         0},
        {502, "Bad Gateway", ERR_NETWORK, "502", 0},
    };
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        s->desk->refuse_status = cases[i].status;
        s->desk->refuse_body = cases[i].body;
        s->desk->refuse_times = 1;
        assert_int_equal(desk_sync(s->desk, &s->device, &s->report),
                         cases[i].err);
        assert_int_equal(s->report.requests, 1);
        assert_int_equal(s->report.retry_after_ms, cases[i].retry_after_ms);
        if (!strstr(s->report.detail, cases[i].says))
            fail_msg("%s", s->report.detail);
    }
    sync_ok(s);
    in_step(s);
}

static void a_gap_is_answered_by_sending_again_once(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    s->desk->refuse_status = 422;
    s->desk->refuse_body = "{\"detail\":\"\",\"error\":\"gap\",\"received\":0}";
    s->desk->refuse_times = 1;
    sync_ok(s);
    in_step(s);
    device_write(&s->device, "Bea");
    s->desk->refuse_times = 99;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_GAP);
    assert_int_equal(s->report.requests, 2);
}

static void too_large_is_answered_with_less_down_to_a_line(void **state)
{
    struct scene *s = *state;
    for (int i = 0; i < 20; i++)
        device_write(&s->device, "Ann");
    s->desk->refuse_status = 413;
    s->desk->refuse_body = "{\"detail\":\"body\",\"error\":\"too-large\"}";
    s->desk->refuse_times = 3;
    sync_ok(s);
    in_step(s);
    device_write(&s->device, "Bea");
    s->desk->refuse_times = 99;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_TOO_BIG);
    char line[32];
    snprintf(line, sizeof line, "line %lld",
             (long long)device_identity(&s->device).received + 1);
    assert_non_null(strstr(s->report.detail, line));
}

/* --- locked, revoked ----------------------------------------------------- */

static void a_locked_vault_pushes_and_pulls_nothing(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    device_write(&s->device, "Bea");
    device_close(&s->device);
    device_open(&s->device, NULL);
    desk_lay_person(s->desk, 1, "Cleo", 1, true);
    sync_ok(s);
    in_step(s);
    assert_true(s->desk->heard.header.locked);
    assert_true(s->desk->heard.sealed >= 2);
    assert_int_equal(s->report.pulled, 0);
    device_close(&s->device);
    device_open(&s->device, "correct horse");
    sync_ok(s);
    assert_int_equal(device_people(&s->device), 3);
}

static void a_revoked_device_still_hands_over_its_work(void **state)
{
    struct scene *s = *state;
    device_write(&s->device, "Ann");
    sync_ok(s);
    device_write(&s->device, "Bea");
    s->desk->revoked = true;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_REVOKED);
    assert_true(s->report.revoked);
    in_step(s);
}

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
#define SCENE(test)                                                            \
    cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        SCENE(a_first_sync_with_nothing_to_say_is_one_small_request),
        SCENE(a_push_and_a_pull_are_one_request),
        SCENE(many_lines_go_in_growing_batches_signed_every_64),
        SCENE(more_is_asked_for_at_once),
        SCENE(a_newly_granted_scope_is_asked_for_at_once),
        SCENE(the_token_of_the_last_reply_comes_back),
        SCENE(a_long_poll_waits_only_with_nothing_to_push),
        SCENE(a_reply_cut_at_any_byte_loses_and_doubles_nothing),
        SCENE(a_request_cut_at_any_byte_is_sent_again_from_the_receipt),
        SCENE(an_office_that_is_dead_is_told_of_after_one_try),
        SCENE(a_stranger_that_answers_is_not_the_office),
        SCENE(a_receipt_that_does_not_verify_counts_for_nothing),
        SCENE(refusals_say_what_to_do_and_keep_everything),
        SCENE(a_gap_is_answered_by_sending_again_once),
        SCENE(too_large_is_answered_with_less_down_to_a_line),
        SCENE(a_locked_vault_pushes_and_pulls_nothing),
        SCENE(a_revoked_device_still_hands_over_its_work),
        SCENE(after_a_fork_unsent_work_goes_on_under_a_fresh_key),
        SCENE(a_stale_copy_goes_on_under_a_fresh_key),
        SCENE(after_a_rollback_what_had_a_receipt_is_contributed),
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
