#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/fault.h"
#include "tests/unit/replica/far_end.h"

static int setup(void **state)
{
    if (pair_setup(state))
        return -1;
    struct pair *p = *state;
    write_person(p->dana.vault, "Rosa", p->person);
    return 0;
}

/* Runs `step` with the nth allocation failing, for n = 1, 2, ... until none
 * fails; it must then have succeeded, and before that have changed nothing. */
static void exhaust(struct pair *p, struct vault *vault,
                    enum err (*step)(struct pair *p), bool persistent)
{
    int64_t before, after;
    bool done = false; /* what only followed the commit went without */
    assert_int_equal(vault_change_count(vault, &before), ERR_OK);
    for (int nth = 1;; nth++) {
        fault_at(nth, persistent);
        enum err err = step(p);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(vault_change_count(vault, &after), ERR_OK);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 1);
            assert_true(after > before || done);
            break;
        }
        if (err == ERR_OK) { /* a cache did without */
            assert_true(after > before || done);
            done = true;
            before = after;
            continue;
        }
        if (err != ERR_NOMEM)
            print_error("allocation %d: %s, %s\n", nth, err_text(err),
                        vault_detail(vault));
        assert_int_equal(err, ERR_NOMEM);
        assert_int_equal(after, before);
    }
    assert_sound(vault);
}

static enum err person_write(struct pair *p)
{
    struct record_write write = {
        .type = "person", .set = bytes_text("{\"preferred_name\":\"Omar\"}")};
    struct record_written out;
    record_written_init(&out);
    enum err err = record_write(p->dana.vault, &write, &out);
    record_written_fini(&out);
    return err;
}

static enum err person_revise(struct pair *p)
{
    struct buffer text, context;
    struct record_written out;
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    record_written_init(&out);
    enum err err = record_read(p->dana.vault, p->person, &text, &context);
    struct record_write write = {
        .record = p->person,
        .context = buffer_text(&context),
        .set = bytes_text("{\"preferred_name\":\"R.\"}"),
        .add = bytes_text("{\"phones\":[\"601-555-0100\"]}")};
    if (!err)
        err = record_write(p->dana.vault, &write, &out);
    record_written_fini(&out);
    buffer_fini(&text);
    buffer_fini(&context);
    return err;
}

static void a_write_survives_every_allocation_failure(void **state)
{
    struct pair *p = *state;
    exhaust(p, p->dana.vault, person_write, false);
    exhaust(p, p->dana.vault, person_write, true);
    exhaust(p, p->dana.vault, person_revise, false);
}

static enum err page_pull(struct pair *p)
{
    struct inbox *inbox;
    enum err err = inbox_open(&inbox, p->eli.vault);
    if (err)
        return err;
    err = inbox_join(inbox, p->person);
    if (!err)
        err = far_page(p->far, inbox, 0, p->far->count, "caseload:north", 9,
                       true);
    inbox_close(inbox);
    return err;
}

static void a_page_survives_every_allocation_failure(void **state)
{
    struct pair *p = *state;
    char contact[ID_CHARS + 1];
    write_contact(p->dana.vault, p->person, "Roof leaks.", contact);
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosie\"}");
    far_push(p->far, p->dana.vault);
    exhaust(p, p->eli.vault, page_pull, false);
    assert_same_state(p->dana.vault, p->eli.vault, p->person);
    assert_same_state(p->dana.vault, p->eli.vault, contact);
}

static enum err receipt_take(struct pair *p)
{
    struct receipt receipt;
    far_receipt(p->far, p->dana.vault, &receipt);
    return outbox_receipt(p->dana.vault, &receipt);
}

static void a_receipt_survives_every_allocation_failure(void **state)
{
    struct pair *p = *state;
    struct receipt receipt;
    far_push(p->far, p->dana.vault);
    far_receipt(p->far, p->dana.vault, &receipt);
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = outbox_receipt(p->dana.vault, &receipt);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            break;
        }
        assert_true(err == ERR_NOMEM || err == ERR_OK);
    }
    assert_int_equal(receipt_take(p), ERR_OK);
    assert_sound(p->dana.vault);
}

static void opening_survives_every_allocation_failure(void **state)
{
    struct pair *p = *state;
    device_close(&p->dana);
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = vault_open(&p->dana.vault, p->dana.path,
                                  &p->dana.options, p->dana.detail);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            break;
        }
        if (err)
            assert_int_equal(err, ERR_NOMEM);
        vault_close(p->dana.vault);
    }
    assert_sound(p->dana.vault);
}

static void succession_survives_every_allocation_failure(void **state)
{
    struct pair *p = *state;
    struct enrol_request request;
    struct enrol_reply reply;
    struct identity self;
    revise(p->dana.vault, p->person, "{\"preferred_name\":\"Rosie\"}");
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = identity_succeed_begin(p->dana.vault, "stale", &request);
        if (fault_hit() && err) {
            fault_at(0, false);
            continue;
        }
        fault_at(0, false);
        break;
    }
    far_enrol_reply(p->far, &request, "dana", &reply);
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = identity_succeed_finish(p->dana.vault, &reply);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
        if (!err)
            break;
        assert_true(hit);
        assert_int_equal(err, ERR_NOMEM);
        assert_string_not_equal(self.replica, reply.replica);
        assert_int_equal(self.head, 2);
    }
    assert_string_equal(self.replica, reply.replica);
    assert_sound(p->dana.vault);
}

/* --- processes ------------------------------------------------------------ */

static bool write_byte(int fd)
{
    return write(fd, "+", 1) != 1;
}

/* Writes until it is killed, with one byte for each success. */
static void writer_run(struct device *device, int pipe_out)
{
    struct vault *vault;
    if (vault_open(&vault, device->path, &device->options, NULL))
        _exit(3);
    struct record_write write = {
        .type = "person", .set = bytes_text("{\"preferred_name\":\"Omar\"}")};
    for (int n = 0; n < 100000; n++) {
        struct record_written out;
        record_written_init(&out);
        if (record_write(vault, &write, &out))
            _exit(4);
        record_written_fini(&out);
        if (write_byte(pipe_out))
            _exit(5);
    }
    _exit(0);
}

static void a_killed_writer_keeps_what_it_was_told(void **state)
{
    struct pair *p = *state;
    int64_t acknowledged = 1; /* by setup */
    device_close(&p->dana);
    for (int round = 0; round < 12; round++) {
        int ends[2];
        char byte;
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child) {
            close(ends[0]);
            writer_run(&p->dana, ends[1]);
        }
        close(ends[1]);
        struct timespec pause = {0, (3 + round * 7) * 1000000L};
        ssize_t first = read(ends[0], &byte, 1);
        assert_int_equal(first, 1);
        acknowledged++;
        nanosleep(&pause, NULL);
        kill(child, SIGKILL);
        while (read(ends[0], &byte, 1) == 1)
            acknowledged++;
        close(ends[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct identity self;
        device_open(&p->dana, "correct horse");
        assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
        /* One more may have been committed and not told. */
        assert_in_range(self.head - acknowledged, 0, 1);
        acknowledged = self.head;
        assert_sound(p->dana.vault);
        device_close(&p->dana);
    }
    device_open(&p->dana, "correct horse");
    assert_int_equal(far_push(p->far, p->dana.vault), acknowledged);
}

/* Of two who write without a pause one may wait for its turn until it is told
 * to try again. */
static enum err write_in_turn(struct vault *vault,
                              const struct record_write *write)
{
    enum err err;
    do {
        struct record_written out;
        record_written_init(&out);
        err = record_write(vault, write, &out);
        record_written_fini(&out);
    } while (err == ERR_BUSY);
    return err;
}

static void two_processes_share_one_log(void **state)
{
    struct pair *p = *state;
    pid_t children[2];
    struct identity self;
    device_close(&p->dana);
    for (int i = 0; i < 2; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i])
            continue;
        struct vault *vault;
        if (vault_open(&vault, p->dana.path, &p->dana.options, NULL))
            _exit(3);
        for (int n = 0; n < 200; n++) {
            struct record_write write = {
                .type = "contact",
                .kase = p->person,
                .set = bytes_text("{\"kind\":\"phone\"}")};
            if (write_in_turn(vault, &write))
                _exit(4);
        }
        vault_close(vault);
        _exit(0);
    }
    for (int i = 0; i < 2; i++) {
        int status;
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    device_open(&p->dana, "correct horse");
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    assert_int_equal(self.head, 401);
    assert_sound(p->dana.vault);
    assert_int_equal(far_push(p->far, p->dana.vault), 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, pair_teardown)
        TEST(a_write_survives_every_allocation_failure),
        TEST(a_page_survives_every_allocation_failure),
        TEST(a_receipt_survives_every_allocation_failure),
        TEST(opening_survives_every_allocation_failure),
        TEST(succession_survives_every_allocation_failure),
        TEST(a_killed_writer_keeps_what_it_was_told),
        TEST(two_processes_share_one_log),
    };
    fault_sqlite(); /* its allocations are refused too */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
