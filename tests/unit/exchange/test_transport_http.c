#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "shared/base/clock.h"
#include "shared/exchange/transport.h"
#include "tests/unit/exchange/peer.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: "

static const struct peer_answer hello = {
    .bytes = OK_HEAD "5\r\n\r\nhello",
};

/* One request, driven as session_run() does it. */
static void ask(struct transport *transport, int port, int64_t timeout_ms,
                struct transport_response *response)
{
    char url[64];
    bool done = false;
    snprintf(url, sizeof url, "http://127.0.0.1:%d/v1/sync", port);
    struct transport_request request = {
        .method = "POST",
        .url = url,
        .content_type = "application/x-satchel",
        .body = bytes_text("body"),
        .timeout_ms = timeout_ms,
    };
    *response = (struct transport_response){.status = 0};
    buffer_init(&response->body, 1 << 20);
    assert_int_equal(transport->start(transport->context, &request), ERR_OK);
    while (!done)
        assert_int_equal(
            transport->poll(transport->context, 1000, &done, response), ERR_OK);
}

static void ask_url(const char *url, struct transport_response *response)
{
    struct transport transport;
    bool done = false;
    struct transport_request request = {
        .method = "POST",
        .url = url,
        .content_type = "application/x-satchel",
        .timeout_ms = 120000,
    };
    *response = (struct transport_response){.status = 0};
    buffer_init(&response->body, 1 << 20);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    assert_int_equal(transport.start(transport.context, &request), ERR_OK);
    while (!done)
        assert_int_equal(
            transport.poll(transport.context, 1000, &done, response), ERR_OK);
    transport.close(transport.context);
}

static void several_requests_share_one_connection(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct peer_answer answers[] = {hello, hello, hello};
    struct transport transport;
    peer_start(peer, answers, 3);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    for (int i = 0; i < 3; i++) {
        struct transport_response response;
        ask(&transport, peer->port, 120000, &response);
        assert_int_equal(response.err, ERR_OK);
        assert_int_equal(response.status, 200);
        assert_string_equal(buffer_text(&response.body), "hello");
        buffer_fini(&response.body);
    }
    transport.close(transport.context);
    peer_join(peer);
    assert_int_equal(peer->connections, 1);
    free(peer);
}

static void the_head_is_minimal_and_every_byte_is_counted(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct transport transport;
    struct transport_response response;
    peer_start(peer, &hello, 1);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    ask(&transport, peer->port, 120000, &response);
    transport.close(transport.context);
    peer_join(peer);
    assert_int_equal(response.sent_bytes, peer->bytes);
    assert_int_equal(response.received_bytes, strlen(hello.bytes));
    assert_non_null(strstr(peer->last, "POST /v1/sync HTTP/1.1\r\n"));
    assert_null(strstr(peer->last, "Expect"));
    assert_null(strstr(peer->last, "Accept"));
    assert_null(strstr(peer->last, "User-Agent"));
    assert_true(peer->bytes < 160);
    buffer_fini(&response.body);
    free(peer);
}

static void a_connection_that_the_office_closed_is_made_anew(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct peer_answer answers[] = {hello, hello};
    struct transport transport;
    answers[0].close = true;
    peer_start(peer, answers, 2);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    for (int i = 0; i < 2; i++) {
        struct transport_response response;
        ask(&transport, peer->port, 120000, &response);
        assert_int_equal(response.err, ERR_OK);
        buffer_fini(&response.body);
    }
    transport.close(transport.context);
    peer_join(peer);
    assert_int_equal(peer->connections, 2);
    free(peer);
}

static void what_came_before_a_cut_is_kept(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct peer_answer cut = {.bytes = OK_HEAD "50\r\n\r\nhalf", .close = true};
    struct transport transport;
    struct transport_response response;
    peer_start(peer, &cut, 1);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    ask(&transport, peer->port, 120000, &response);
    assert_int_equal(response.err, ERR_NETWORK);
    assert_int_equal(response.status, 200);
    assert_string_equal(buffer_text(&response.body), "half");
    assert_non_null(strstr(response.detail, "cut"));
    buffer_fini(&response.body);
    transport.close(transport.context);
    peer_join(peer);
    free(peer);
}

static void silence_ends_in_a_timeout(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct peer_answer silent = {.silent = true};
    struct transport transport;
    struct transport_response response;
    peer_start(peer, &silent, 1);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    int64_t before = clock_monotonic_ms(clock_system());
    ask(&transport, peer->port, 200, &response);
    int64_t took = clock_monotonic_ms(clock_system()) - before;
    assert_int_equal(response.err, ERR_TIMEOUT);
    assert_int_equal(response.status, 0);
    assert_true(took >= 200);
    buffer_fini(&response.body);
    transport.close(transport.context);
    peer_join(peer);
    free(peer);
}

static void an_answer_above_the_ceiling_is_refused(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    size_t size = TRANSPORT_RESPONSE_BYTES_MAX + 4096;
    char *text = malloc(size);
    memset(text, 'x', size);
    int head = snprintf(text, size, OK_HEAD "%zu\r\n\r\n", size);
    text[head] = 'x';
    text[size - 1] = '\0';
    struct peer_answer large = {.bytes = text, .close = true};
    struct transport transport;
    struct transport_response response;
    peer_start(peer, &large, 1);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    ask(&transport, peer->port, 120000, &response);
    assert_int_equal(response.err, ERR_TOO_BIG);
    buffer_fini(&response.body);
    transport.close(transport.context);
    pthread_cancel(peer->thread); /* it may still be sending */
    peer_join(peer);
    free(text);
    free(peer);
}

static void plain_http_leaves_this_machine_never(void **state)
{
    (void)state;
    struct transport_response response;
    ask_url("http://office.example/v1/sync", &response);
    assert_int_equal(response.err, ERR_INVALID);
    assert_int_equal(response.sent_bytes, 0);
    assert_non_null(strstr(response.detail, "https://office.example"));
    buffer_fini(&response.body);
}

static void a_refused_connection_says_what_to_check(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct transport_response response;
    char url[64];
    peer_start(peer, NULL, 0); /* takes a port and gives it back */
    peer_join(peer);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/v1/sync", peer->port);
    ask_url(url, &response);
    assert_int_equal(response.err, ERR_NETWORK);
    assert_int_equal(response.status, 0);
    assert_non_null(strstr(response.detail, "does not answer"));
    buffer_fini(&response.body);
    free(peer);
}

static void a_pinned_file_that_is_missing_is_named(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct peer_answer silent = {.silent = true};
    struct transport transport;
    struct transport_response response = {.status = 0};
    char url[64];
    bool done = false;
    peer_start(peer, &silent, 1);
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", peer->port);
    struct transport_request request = {
        .method = "POST",
        .url = url,
        .ca_file = "/nowhere/ca.pem",
        .content_type = "application/x-satchel",
        .timeout_ms = 120000,
    };
    buffer_init(&response.body, 1 << 20);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    assert_int_equal(transport.start(transport.context, &request), ERR_OK);
    while (!done)
        assert_int_equal(
            transport.poll(transport.context, 1000, &done, &response), ERR_OK);
    assert_int_equal(response.err, ERR_INVALID);
    assert_non_null(strstr(response.detail, "/nowhere/ca.pem"));
    buffer_fini(&response.body);
    transport.close(transport.context);
    pthread_cancel(peer->thread);
    peer_join(peer);
    free(peer);
}

static void a_wake_descriptor_ends_a_wait_early(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct peer_answer silent = {.silent = true};
    struct transport transport;
    struct transport_response response = {.status = 0};
    int wake[2];
    char url[64];
    bool done = false;
    assert_int_equal(pipe(wake), 0);
    peer_start(peer, &silent, 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer->port);
    struct transport_request request = {
        .method = "POST",
        .url = url,
        .content_type = "application/x-satchel",
        .timeout_ms = 20000,
    };
    buffer_init(&response.body, 1 << 20);
    assert_int_equal(transport_http_open(&transport, wake[0]), ERR_OK);
    assert_int_equal(transport.start(transport.context, &request), ERR_OK);
    assert_int_equal(write(wake[1], "x", 1), 1);
    assert_int_equal(transport.poll(transport.context, 60000, &done, &response),
                     ERR_OK);
    assert_false(done); /* it was woken, and not by the end of its patience */
    /* Let the request arrive, so that the peer has something to end. */
    for (int i = 0; i < 50; i++) {
        assert_int_equal(transport.poll(transport.context, 0, &done, &response),
                         ERR_OK);
        usleep(1000);
    }
    transport.cancel(transport.context);
    transport.close(transport.context);
    buffer_fini(&response.body);
    peer_join(peer);
    close(wake[0]);
    close(wake[1]);
    free(peer);
}

/* Waiting costs nothing: a loop that polls the descriptor is called only when
 * something moved. */
static void a_loop_of_ones_own_is_not_kept_busy(void **state)
{
    (void)state;
    struct peer *peer = malloc(sizeof *peer);
    struct peer_answer silent = {.silent = true};
    struct transport transport;
    struct transport_response response = {.status = 0};
    char url[64];
    bool done = false;
    int turns = 0;
    peer_start(peer, &silent, 1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer->port);
    struct transport_request request = {
        .method = "POST",
        .url = url,
        .content_type = "application/x-satchel",
        .timeout_ms = 1500,
    };
    buffer_init(&response.body, 1 << 20);
    assert_int_equal(transport_http_open(&transport, -1), ERR_OK);
    assert_int_equal(transport.start(transport.context, &request), ERR_OK);
    for (; !done; turns++) {
        int64_t due;
        struct pollfd watched = {
            .fd = transport.descriptor(transport.context, &due),
            .events = POLLIN,
        };
        assert_true(watched.fd >= 0 && due >= 0);
        poll(&watched, 1, (int)due);
        assert_int_equal(transport.poll(transport.context, 0, &done, &response),
                         ERR_OK);
    }
    assert_int_equal(response.err, ERR_TIMEOUT);
    assert_true(turns < 30);
    buffer_fini(&response.body);
    transport.close(transport.context);
    peer_join(peer);
    free(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(several_requests_share_one_connection),
        cmocka_unit_test(the_head_is_minimal_and_every_byte_is_counted),
        cmocka_unit_test(a_connection_that_the_office_closed_is_made_anew),
        cmocka_unit_test(what_came_before_a_cut_is_kept),
        cmocka_unit_test(silence_ends_in_a_timeout),
        cmocka_unit_test(an_answer_above_the_ceiling_is_refused),
        cmocka_unit_test(plain_http_leaves_this_machine_never),
        cmocka_unit_test(a_refused_connection_says_what_to_check),
        cmocka_unit_test(a_pinned_file_that_is_missing_is_named),
        cmocka_unit_test(a_wake_descriptor_ends_a_wait_early),
        cmocka_unit_test(a_loop_of_ones_own_is_not_kept_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
