#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "shared/exchange/control.h"
#include "tests/dir.h"

/* A daemon that hears one client and says one line. */
struct daemon {
    char dir[DIR_CHARS], vault[2 * DIR_CHARS], path[CONTROL_PATH_CHARS];
    int fd;
    pthread_t thread;
    int lines;         /* that it waits for before it answers */
    const char *reply; /* with its newline; NULL: hangs up */
    char heard[4096];
};

static void *serve(void *context)
{
    struct daemon *d = context;
    size_t size = 0;
    int lines = 0;
    int fd = accept(d->fd, NULL, NULL);
    while (fd >= 0 && lines < d->lines && recv(fd, d->heard + size, 1, 0) == 1)
        lines += d->heard[size++] == '\n';
    if (fd >= 0 && d->reply &&
        send(fd, d->reply, strlen(d->reply), MSG_NOSIGNAL) < 0)
        abort();
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void daemon_start(struct daemon *d, int lines, const char *reply)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memset(d, 0, sizeof *d);
    dir_make(d->dir);
    unsetenv("XDG_RUNTIME_DIR");
    dir_file(d->vault, d->dir, "dana.vault");
    assert_int_equal(control_path(d->path, d->vault), ERR_OK);
    d->lines = lines;
    d->reply = reply;
    strcpy(address.sun_path, d->path);
    d->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(d->fd >= 0);
    assert_int_equal(bind(d->fd, (struct sockaddr *)&address, sizeof address),
                     0);
    assert_int_equal(listen(d->fd, 4), 0);
    assert_int_equal(pthread_create(&d->thread, NULL, serve, d), 0);
}

static void daemon_end(struct daemon *d)
{
    pthread_join(d->thread, NULL);
    close(d->fd);
    dir_remove(d->dir);
}

static void a_report_survives_the_socket(void **state)
{
    (void)state;
    struct session_report report = {
        .err = ERR_NETWORK,
        .detail = "no \"network\" \xc3\xa9",
        .pushed = 3,
        .pulled = 4,
        .requests = 5,
        .sent_bytes = 6,
        .received_bytes = 7,
        .held = 8,
        .reached = true,
        .succeeded = true,
        .retry_after_ms = 9000,
    };
    struct session_report back;
    struct buffer text;
    buffer_init(&text, 4096);
    assert_int_equal(control_report_write(&text, &report), ERR_OK);
    assert_non_null(strstr(buffer_text(&text), "\"ok\":false"));
    assert_int_equal(control_report_read(&back, buffer_bytes(&text)), ERR_OK);
    assert_int_equal(back.err, ERR_NETWORK);
    assert_string_equal(back.detail, report.detail);
    assert_int_equal(back.pushed, 3);
    assert_int_equal(back.pulled, 4);
    assert_int_equal(back.requests, 5);
    assert_int_equal(back.sent_bytes, 6);
    assert_int_equal(back.received_bytes, 7);
    assert_int_equal(back.held, 8);
    assert_true(back.reached && back.succeeded);
    assert_false(back.revoked || back.reconciled);
    assert_int_equal(back.retry_after_ms, 9000);
    buffer_fini(&text);
}

static void a_passphrase_goes_on_a_line_of_its_own(void **state)
{
    (void)state;
    struct daemon d;
    struct buffer reply;
    buffer_init(&reply, 4096);
    daemon_start(&d, 2, "{\"ok\":true}\nrest");
    assert_int_equal(
        control_ask(d.path, "unlock dana.vault", "a secret", 5000, &reply),
        ERR_OK);
    assert_string_equal(d.heard, "unlock dana.vault\na secret\n");
    assert_string_equal(buffer_text(&reply), "{\"ok\":true}");
    daemon_end(&d);
    buffer_fini(&reply);
}

static void no_line_is_smuggled_into_a_command(void **state)
{
    (void)state;
    struct buffer reply;
    buffer_init(&reply, 4096);
    assert_int_equal(
        control_ask("/nowhere", "sync a\nstop", NULL, 1000, &reply),
        ERR_INVALID);
    assert_int_equal(
        control_ask("/nowhere", "unlock a", "b\nstop", 1000, &reply),
        ERR_INVALID);
    buffer_fini(&reply);
}

static void a_sync_through_the_daemon_gives_its_report(void **state)
{
    (void)state;
    struct daemon d;
    struct session_report report;
    daemon_start(&d, 1,
                 "{\"detail\":\"gone\",\"error\":\"network\",\"ok\":false,"
                 "\"pushed\":2,\"reached\":false}\n");
    assert_int_equal(control_sync(d.vault, &report), ERR_NETWORK);
    assert_int_equal(report.pushed, 2);
    assert_string_equal(report.detail, "gone");
    assert_int_equal(strncmp(d.heard, "sync /", 6), 0);
    daemon_end(&d);
}

static void a_daemon_that_does_not_serve_the_vault_is_none(void **state)
{
    (void)state;
    struct daemon d;
    struct session_report report;
    daemon_start(
        &d, 1, "{\"detail\":\"\",\"error\":\"unknown-vault\",\"ok\":false}\n");
    assert_int_equal(control_sync(d.vault, &report), ERR_NOT_FOUND);
    daemon_end(&d);
    daemon_start(&d, 1, NULL); /* hangs up */
    assert_int_equal(control_sync(d.vault, &report), ERR_NOT_FOUND);
    daemon_end(&d);
}

static void no_daemon_is_said_at_once(void **state)
{
    (void)state;
    char dir[DIR_CHARS], vault[2 * DIR_CHARS];
    struct session_report report;
    dir_make(dir);
    dir_file(vault, dir, "dana.vault");
    assert_int_equal(setenv("XDG_RUNTIME_DIR", dir, 1), 0);
    assert_int_equal(control_sync(vault, &report), ERR_NOT_FOUND);
    control_nudge(vault);
    unsetenv("XDG_RUNTIME_DIR");
    assert_int_equal(control_sync(vault, &report), ERR_NOT_FOUND);
    dir_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_survives_the_socket),
        cmocka_unit_test(a_passphrase_goes_on_a_line_of_its_own),
        cmocka_unit_test(no_line_is_smuggled_into_a_command),
        cmocka_unit_test(a_sync_through_the_daemon_gives_its_report),
        cmocka_unit_test(a_daemon_that_does_not_serve_the_vault_is_none),
        cmocka_unit_test(no_daemon_is_said_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
