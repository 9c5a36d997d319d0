#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "server/http.h"
#include "server/listen.h"

#define BODY_MAX 1000
#define JSON_TYPE "Content-Type: application/json\r\n"

/* --- routes --------------------------------------------------------------- */

struct fixture {
    struct http *http;
    uint16_t port;
    pthread_mutex_t mutex;
    int chunks, begun, closed_whole, closed_cut;
    bool held; /* what waits is not woken yet */
};

static void count(struct fixture *f, int *what)
{
    pthread_mutex_lock(&f->mutex);
    *what += 1;
    pthread_mutex_unlock(&f->mutex);
}

static void hold(struct fixture *f, bool held)
{
    pthread_mutex_lock(&f->mutex);
    f->held = held;
    pthread_mutex_unlock(&f->mutex);
}

static enum http_step echo_chunk(struct http_request *request,
                                 struct bytes chunk)
{
    struct fixture *f = request->service;
    buffer_add_bytes(&request->reply, chunk);
    count(f, &f->chunks);
    return HTTP_GO;
}

static enum http_step echo_end(struct http_request *request)
{
    request->reply_type = "application/json";
    return HTTP_GO;
}

static void echo_close(struct http_request *request, bool whole)
{
    struct fixture *f = request->service;
    count(f, whole ? &f->closed_whole : &f->closed_cut);
}

static void *wake_soon(void *context)
{
    struct http_request *request = context;
    struct fixture *f = request->service;
    const struct timespec soon = {0, 30000000};
    bool held;
    do {
        nanosleep(&soon, NULL);
        pthread_mutex_lock(&f->mutex);
        held = f->held;
        pthread_mutex_unlock(&f->mutex);
    } while (held);
    http_wake(request);
    return NULL;
}

/* Waits once in `begin` and once in `end`; the second is woken before it can
 * be suspended. */
static enum http_step wait_begin(struct http_request *request)
{
    if (request->state)
        return HTTP_GO;
    pthread_t thread;
    struct fixture *f = request->service;
    request->state = request;
    count(f, &f->begun);
    assert_int_equal(pthread_create(&thread, NULL, wake_soon, request), 0);
    pthread_detach(thread);
    return HTTP_WAIT;
}

static enum http_step wait_end(struct http_request *request)
{
    if (request->state == request) {
        request->state = request->service;
        http_wake(request);
        return HTTP_WAIT;
    }
    buffer_add_text(&request->reply, "woken");
    return HTTP_GO;
}

static const struct http_route routes[] = {
    {.path = "/echo",
     .methods = "POST",
     .body_type = "application/json",
     .body_bytes_max = BODY_MAX,
     .chunk = echo_chunk,
     .end = echo_end,
     .close = echo_close},
    {.path = "/wait",
     .methods = "GET, HEAD",
     .begin = wait_begin,
     .end = wait_end},
};

/* --- a client ------------------------------------------------------------- */

static int client_open(const struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(f->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval patience = {120, 0};
    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    return fd;
}

static void client_send(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

/* Reads until the other side closes, or `until` has been seen. */
static void client_read(int fd, char *out, size_t room, const char *until)
{
    size_t size = 0;
    out[0] = '\0';
    while (size + 1 < room) {
        ssize_t got = recv(fd, out + size, room - 1 - size, 0);
        if (got <= 0)
            return;
        size += (size_t)got;
        out[size] = '\0';
        if (until && strstr(out, until))
            return;
    }
}

static void ask(const struct fixture *f, const char *request, char *out,
                size_t room)
{
    int fd = client_open(f);
    client_send(fd, request);
    client_read(fd, out, room, NULL);
    close(fd);
}

/* --- fixture -------------------------------------------------------------- */

static const struct log silence = {-1, LOG_ERROR, NULL, "test"};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct listener listener;
    char detail[HTTP_DETAIL_CHARS];
    assert_non_null(f);
    pthread_mutex_init(&f->mutex, NULL);
    assert_int_equal(listen_open(&listener, "127.0.0.1:0", false, detail), 0);
    f->port = (uint16_t)atoi(strrchr(listener.address, ':') + 1);
    struct http_options options = {.socket = listener.socket,
                                   .threads = 2,
                                   .routes = routes,
                                   .route_count = 2,
                                   .service = f,
                                   .log = &silence,
                                   .clock = clock_system()};
    assert_int_equal(http_open(&f->http, &options, detail), ERR_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->http) {
        http_drain(f->http);
        http_close(f->http);
    }
    pthread_mutex_destroy(&f->mutex);
    free(f);
    return 0;
}

/* --- tests ---------------------------------------------------------------- */

static void a_reply_has_few_headers(void **state)
{
    char reply[4096];
    ask(*state,
        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" JSON_TYPE
        "Content-Length: 5\r\n\r\nhello",
        reply, sizeof reply);
    assert_string_equal(reply, "HTTP/1.1 200 OK\r\n"
                               "Connection: close\r\n"
                               "Content-Type: application/json\r\n"
                               "Content-Length: 5\r\n\r\nhello");
}

static void what_is_refused_says_why(void **state)
{
    static const struct {
        const char *request, *status, *error;
    } cases[] = {
        {"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
         " 404 ", "\"error\":\"not-found\""},
        {"GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", " 405 ",
         "Allow: POST\r\n"},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
         "Content-Length: 2\r\n\r\nhi",
         " 415 ", "\"error\":\"bad-type\""},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" JSON_TYPE
         "Content-Length: 2001\r\n\r\nhi",
         " 413 ", "\"error\":\"too-large\""},
        {"POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" JSON_TYPE
         "Expect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
         " 413 ", "\"error\":\"too-large\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char reply[4096];
        ask(*state, cases[i].request, reply, sizeof reply);
        assert_non_null(strstr(reply, cases[i].status));
        assert_non_null(strstr(reply, cases[i].error));
    }
}

/* Refused before its end it would be cut off together with the reply. */
static void a_body_over_the_limit_is_read_before_it_is_refused(void **state)
{
    char reply[4096], request[4096];
    int size = snprintf(request, sizeof request,
                        "POST /echo HTTP/1.1\r\nHost: a\r\n" JSON_TYPE
                        "Content-Length: 1500\r\n\r\n");
    memset(request + size, 'x', 1500);
    strcpy(request + size + 1500, "GET /nothing HTTP/1.1\r\nHost: a\r\n"
                                  "Connection: close\r\n\r\n");
    ask(*state, request, reply, sizeof reply);
    assert_non_null(strstr(reply, " 413 "));
    assert_non_null(strstr(reply, " 404 "));
}

static void a_chunked_body_over_the_limit_is_refused(void **state)
{
    char reply[4096], request[4096];
    int size = snprintf(request, sizeof request,
                        "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: "
                        "close\r\n" JSON_TYPE
                        "Transfer-Encoding: chunked\r\n\r\n4b0\r\n");
    memset(request + size, 'x', 1200);
    strcpy(request + size + 1200, "\r\n0\r\n\r\n");
    ask(*state, request, reply, sizeof reply);
    assert_non_null(strstr(reply, " 413 "));
}

static void a_waiting_request_is_woken_before_and_after_it_sleeps(void **state)
{
    char reply[4096];
    ask(*state, "GET /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        reply, sizeof reply);
    assert_non_null(strstr(reply, "\r\n\r\nwoken"));
    ask(*state, "HEAD /wait HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        reply, sizeof reply);
    assert_non_null(strstr(reply, "Content-Length: 5"));
    assert_null(strstr(reply, "woken"));
}

static void one_connection_carries_many_requests(void **state)
{
    char reply[4096];
    int fd = client_open(*state);
    for (int i = 0; i < 5; i++) {
        client_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\n" JSON_TYPE
                        "Content-Length: 5\r\n\r\nagain");
        client_read(fd, reply, sizeof reply, "again");
        assert_non_null(strstr(reply, "200 OK"));
    }
    close(fd);
}

static void wait_for_count(struct fixture *f, const int *count, int wanted)
{
    const struct timespec step = {0, 5000000};
    for (int i = 0; i < 24000; i++) {
        pthread_mutex_lock(&f->mutex);
        int now = *count;
        pthread_mutex_unlock(&f->mutex);
        if (now == wanted)
            return;
        nanosleep(&step, NULL);
    }
    fail_msg("it took too long");
}

static void a_cut_body_is_closed_as_such(void **state)
{
    struct fixture *f = *state;
    int fd = client_open(f);
    client_send(fd, "POST /echo HTTP/1.1\r\nHost: a\r\n" JSON_TYPE
                    "Content-Length: 50\r\n\r\nhalf");
    wait_for_count(f, &f->chunks, 1);
    close(fd);
    wait_for_count(f, &f->closed_cut, 1);
    assert_int_equal(f->closed_whole, 0);
}

static void a_drain_answers_what_has_begun_and_takes_no_more(void **state)
{
    struct fixture *f = *state;
    char reply[4096];
    int fd = client_open(f);
    hold(f, true);
    client_send(fd, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    wait_for_count(f, &f->begun, 1);
    http_drain(f->http);
    hold(f, false);
    client_read(fd, reply, sizeof reply, NULL); /* the server closes */
    assert_non_null(strstr(reply, "woken"));
    assert_non_null(strstr(reply, "Connection: close"));
    close(fd);
    http_settle(f->http, 120000);
    http_close(f->http);
    f->http = NULL;
    fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(f->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     -1);
    close(fd);
}

#define HTTP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(a_reply_has_few_headers),
        HTTP_TEST(what_is_refused_says_why),
        HTTP_TEST(a_body_over_the_limit_is_read_before_it_is_refused),
        HTTP_TEST(a_chunked_body_over_the_limit_is_refused),
        HTTP_TEST(a_waiting_request_is_woken_before_and_after_it_sleeps),
        HTTP_TEST(one_connection_carries_many_requests),
        HTTP_TEST(a_cut_body_is_closed_as_such),
        HTTP_TEST(a_drain_answers_what_has_begun_and_takes_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
