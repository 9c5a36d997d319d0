#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include "tests/unit/exchange/scene.h"

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

static void a_vault_that_is_not_known_introduces_itself_once(void **state)
{
    struct scene *s = *state;
    char before[REPLICA_CHARS + 1];
    device_write(&s->device, "Ann");
    memcpy(before, device_identity(&s->device).replica, sizeof before);
    s->desk->refuse_status = 401;
    s->desk->refuse_body = "{\"detail\":\"\",\"error\":\"bad-auth\"}";
    s->desk->refuse_times = 99;
    assert_int_equal(desk_sync(s->desk, &s->device, &s->report), ERR_DENIED);
    assert_int_equal(s->report.requests, 2);
    assert_non_null(strstr(s->report.detail, "enroll"));
    assert_string_equal(device_identity(&s->device).replica, before);
    s->desk->refuse_times = 1;
    sync_ok(s);
    assert_true(s->report.succeeded);
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

int main(void)
{
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
        SCENE(a_vault_that_is_not_known_introduces_itself_once),
        SCENE(a_gap_is_answered_by_sending_again_once),
        SCENE(too_large_is_answered_with_less_down_to_a_line),
        SCENE(a_locked_vault_pushes_and_pulls_nothing),
        SCENE(a_revoked_device_still_hands_over_its_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
