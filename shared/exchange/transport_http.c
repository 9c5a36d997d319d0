#include "shared/exchange/transport.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "shared/base/clock.h"
#include "shared/exchange/endpoint.h"
#include "shared/exchange/transport_http_text.h"

#define CONNECT_MS_MAX 20000
#define TIMEOUT_MS_DEFAULT 30000
#define EVENTS_MAX 8

struct http {
    CURLM *multi;               /* owned */
    CURL *easy;                 /* owned; in `multi` while `active` */
    struct curl_slist *headers; /* owned, of the request under way */
    int epoll_fd;               /* owned; curl's sockets and wake_fd */
    int wake_fd;                /* borrowed, or -1 */
    curl_socket_t socket;       /* curl's; CURL_SOCKET_BAD: none */
    bool active, done;
    int64_t timer_at_ms; /* curl's timer, monotonic; -1: none */
    int64_t timeout_ms, wait_ms;
    int64_t progress_at_ms; /* when anything last moved */
    int64_t progress_mark;  /* what had moved by then */
    bool too_big;
    char host[ENDPOINT_HOST_CHARS];
    char ca_file[512];
    char error[CURL_ERROR_SIZE];
    struct transport_response response; /* owned until poll() gives it away */
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

/* --- curl's callbacks ---------------------------------------------------- */

static size_t on_body(char *at, size_t size, size_t count, void *context)
{
    struct http *http = context;
    enum err err = buffer_add(&http->response.body, at, size * count);
    if (err == ERR_TOO_BIG)
        http->too_big = true;
    if (err)
        http->response.err = err;
    return err ? 0 : size * count;
}

/* The one place that sees every byte, headers included. */
static int on_trace(CURL *easy, curl_infotype type, char *at, size_t size,
                    void *context)
{
    (void)easy;
    (void)at;
    struct http *http = context;
    if (type == CURLINFO_HEADER_OUT || type == CURLINFO_DATA_OUT)
        http->response.sent_bytes += (int64_t)size;
    else if (type == CURLINFO_HEADER_IN || type == CURLINFO_DATA_IN)
        http->response.received_bytes += (int64_t)size;
    return 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context,
                     void *known)
{
    (void)easy;
    struct http *http = context;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(http->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        if (http->socket == fd)
            http->socket = CURL_SOCKET_BAD;
        return 0;
    }
    struct epoll_event event = {.data.fd = fd};
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(http->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                  &event))
        return -1;
    http->socket = fd;
    return curl_multi_assign(http->multi, fd, http) == CURLM_OK ? 0 : -1;
}

static int on_timer(CURLM *multi, long wait_ms, void *context)
{
    (void)multi;
    struct http *http = context;
    http->timer_at_ms = wait_ms < 0 ? -1 : now_ms() + wait_ms;
    return 0;
}

/* --- starting ------------------------------------------------------------ */

static enum err headers_add(struct http *http, const char *text)
{
    struct curl_slist *longer = curl_slist_append(http->headers, text);
    if (!longer)
        return ERR_NOMEM;
    http->headers = longer;
    return ERR_OK;
}

static enum err headers_make(struct http *http,
                             const struct transport_request *request)
{
    char line[128];
    snprintf(line, sizeof line, "Content-Type: %s", request->content_type);
    enum err err = headers_add(http, line);
    for (size_t i = 0; i < sizeof request->header / sizeof *request->header;
         i++)
        if (!err && request->header[i])
            err = headers_add(http, request->header[i]);
    /* Every byte counts on a slow link; the office asks for none of these. */
    if (!err)
        err = headers_add(http, "Accept:");
    if (!err)
        err = headers_add(http, "Expect:");
    return err;
}

#define SET(option, value)                                                     \
    do {                                                                       \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                 \
            return ERR_NOMEM;                                                  \
    } while (0)

static enum err trust_set(struct http *http, CURL *easy)
{
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (http->ca_file[0]) {
        /* Pinned: nothing else is trusted, not even the system's store. */
        SET(CURLOPT_CAINFO, http->ca_file);
        SET(CURLOPT_CAPATH, (char *)NULL);
    }
    if (endpoint_is_loopback(http->host))
        SET(CURLOPT_NOPROXY, "*");
    return ERR_OK;
}

static enum err callbacks_set(struct http *http, CURL *easy)
{
    SET(CURLOPT_PRIVATE, http);
    SET(CURLOPT_ERRORBUFFER, http->error);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, http);
    SET(CURLOPT_VERBOSE, 1L);
    SET(CURLOPT_DEBUGFUNCTION, on_trace);
    SET(CURLOPT_DEBUGDATA, http);
    SET(CURLOPT_NOSIGNAL, 1L);
    return ERR_OK;
}

static enum err request_set(struct http *http,
                            const struct transport_request *request)
{
    CURL *easy = http->easy;
    curl_easy_reset(easy);
    enum err err = headers_make(http, request);
    if (!err)
        err = callbacks_set(http, easy);
    if (!err)
        err = trust_set(http, easy);
    if (err)
        return err;
    int64_t connect_ms =
        http->timeout_ms < CONNECT_MS_MAX ? http->timeout_ms : CONNECT_MS_MAX;
    SET(CURLOPT_URL, request->url);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTPHEADER, http->headers);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    if (!strcmp(request->method, "GET"))
        return ERR_OK;
    SET(CURLOPT_POST, 1L);
    if (strcmp(request->method, "POST"))
        SET(CURLOPT_CUSTOMREQUEST, request->method);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.size);
    SET(CURLOPT_POSTFIELDS,
        request->body.at ? (const char *)request->body.at : "");
    return ERR_OK;
}

static void finish(struct http *http, enum err err)
{
    if (http->active)
        curl_multi_remove_handle(http->multi, http->easy);
    curl_slist_free_all(http->headers);
    http->headers = NULL;
    http->active = false;
    http->done = true;
    http->response.err = err;
}

static void response_reset(struct http *http)
{
    buffer_fini(&http->response.body);
    http->response = (struct transport_response){.status = 0};
    buffer_init(&http->response.body, TRANSPORT_RESPONSE_BYTES_MAX);
    http->error[0] = '\0';
    http->too_big = false;
    http->done = false;
}

static enum err http_start(void *context,
                           const struct transport_request *request)
{
    struct http *http = context;
    assert(!http->active);
    response_reset(http);
    enum err err = endpoint_check(request->url, http->response.detail);
    if (!err)
        err = endpoint_host(http->host, request->url);
    if (err) {
        finish(http, err); /* told by the next poll, like any other failure */
        return ERR_OK;
    }
    snprintf(http->ca_file, sizeof http->ca_file, "%s",
             request->ca_file ? request->ca_file : "");
    http->timeout_ms =
        request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_MS_DEFAULT;
    http->wait_ms = request->wait_ms;
    http->progress_at_ms = now_ms();
    http->progress_mark = 0;
    err = request_set(http, request);
    if (!err && curl_multi_add_handle(http->multi, http->easy) != CURLM_OK)
        err = ERR_NOMEM;
    if (err) {
        finish(http, err);
        return err;
    }
    http->active = true;
    return ERR_OK;
}

/* --- ending ------------------------------------------------------------- */

/* What a port that expects TLS makes of plain HTTP. */
static bool expects_tls(struct http *http, CURLcode code)
{
    char *scheme = NULL;
    curl_easy_getinfo(http->easy, CURLINFO_SCHEME, &scheme);
    return scheme && !strcasecmp(scheme, "http") &&
           !http->response.received_bytes &&
           (code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR ||
            code == CURLE_UNSUPPORTED_PROTOCOL ||
            code == CURLE_WEIRD_SERVER_REPLY);
}

static void complete(struct http *http, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    http->response.status = (int)status;
    enum err err = ERR_OK;
    if (http->too_big) {
        snprintf(http->response.detail, sizeof http->response.detail,
                 "the answer is larger than this program takes");
        err = ERR_TOO_BIG;
    } else if (http->response.err) {
        err = http->response.err;
    } else if (expects_tls(http, code)) {
        snprintf(http->response.detail, sizeof http->response.detail,
                 "what answers at %.100s speaks no plain HTTP: if it is the "
                 "office, say https:// (and --ca FILE when it has its own "
                 "certificate authority)",
                 http->host);
        err = ERR_NETWORK;
    } else if (code != CURLE_OK) {
        err = transport_http_explain(code, http->host, http->ca_file,
                                     http->error, http->response.detail);
    }
    finish(http, err);
}

/* --- waiting ------------------------------------------------------------- */

/* Bytes that the kernel still holds for the peer: on a slow link they are the
 * only sign that something moves. */
static int64_t kernel_queue(const struct http *http)
{
    int queued = 0;
    if (http->socket == CURL_SOCKET_BAD ||
        ioctl(http->socket, TIOCOUTQ, &queued))
        return 0;
    return queued;
}

static void progress_note(struct http *http, int64_t now)
{
    curl_off_t up = 0;
    curl_easy_getinfo(http->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    int64_t mark = (int64_t)up + http->response.sent_bytes +
                   http->response.received_bytes - kernel_queue(http);
    if (mark != http->progress_mark)
        http->progress_at_ms = now;
    http->progress_mark = mark;
}

static int64_t patience_ends_ms(const struct http *http)
{
    int64_t extra = http->response.received_bytes ? 0 : http->wait_ms;
    return http->progress_at_ms + http->timeout_ms + extra;
}

/* Milliseconds until curl or the patience needs a call. */
static int64_t due_ms(const struct http *http, int64_t now)
{
    int64_t at = patience_ends_ms(http);
    if (http->timer_at_ms >= 0 && http->timer_at_ms < at)
        at = http->timer_at_ms;
    return at > now ? at - now : 0;
}

static void messages_read(struct http *http)
{
    int left;
    CURLMsg *message;
    while (http->active && (message = curl_multi_info_read(http->multi, &left)))
        if (message->msg == CURLMSG_DONE)
            complete(http, message->data.result);
}

static void turn(struct http *http, const struct epoll_event *events, int count)
{
    int running;
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd == http->wake_fd)
            continue;
        int bits = 0;
        if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            bits |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT)
            bits |= CURL_CSELECT_OUT;
        curl_multi_socket_action(http->multi, events[i].data.fd, bits,
                                 &running);
    }
    if (http->timer_at_ms >= 0 && http->timer_at_ms <= now_ms()) {
        http->timer_at_ms = -1;
        curl_multi_socket_action(http->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    messages_read(http);
}

static void give(struct http *http, struct transport_response *out)
{
    size_t ceiling = out->body.ceiling;
    buffer_fini(&out->body);
    *out = http->response;
    if (out->body.size > ceiling && !out->err)
        out->err = ERR_TOO_BIG;
    buffer_init(&http->response.body, TRANSPORT_RESPONSE_BYTES_MAX);
    http->done = false;
}

static enum err http_poll(void *context, int64_t wait_ms, bool *done,
                          struct transport_response *out)
{
    struct http *http = context;
    *done = false;
    assert(http->active || http->done);
    if (http->active) {
        struct epoll_event events[EVENTS_MAX];
        int64_t due = due_ms(http, now_ms());
        int count = epoll_wait(http->epoll_fd, events, EVENTS_MAX,
                               (int)(wait_ms < due ? wait_ms : due));
        turn(http, events, count < 0 ? 0 : count);
    }
    int64_t now = now_ms();
    if (http->active) {
        progress_note(http, now);
        if (patience_ends_ms(http) <= now)
            complete(http, CURLE_OPERATION_TIMEDOUT);
    }
    if (http->done) {
        give(http, out);
        *done = true;
    }
    return ERR_OK;
}

static int http_descriptor(void *context, int64_t *due)
{
    struct http *http = context;
    *due = -1;
    if (http->done)
        *due = 0;
    else if (http->active)
        *due = due_ms(http, now_ms());
    return http->epoll_fd;
}

/* --- life ---------------------------------------------------------------- */

static void http_cancel(void *context)
{
    struct http *http = context;
    if (http->active)
        finish(http, ERR_AGAIN);
    response_reset(http);
}

static void http_close(void *context)
{
    struct http *http = context;
    if (!http)
        return;
    http_cancel(http);
    buffer_fini(&http->response.body);
    if (http->easy)
        curl_easy_cleanup(http->easy);
    if (http->multi)
        curl_multi_cleanup(http->multi);
    if (http->epoll_fd >= 0)
        close(http->epoll_fd);
    free(http);
}

static void curl_begin(void)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        abort(); /* no TLS library: nothing of this process can be trusted */
}

static enum err multi_open(struct http *http)
{
    http->multi = curl_multi_init();
    http->easy = curl_easy_init();
    if (!http->multi || !http->easy)
        return ERR_NOMEM;
    CURLM *multi = http->multi;
    if (curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
        curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, http) ||
        curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) ||
        curl_multi_setopt(multi, CURLMOPT_TIMERDATA, http) ||
        curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, 1L))
        return ERR_NOMEM;
    return ERR_OK;
}

static enum err epoll_open(struct http *http)
{
    http->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (http->epoll_fd < 0)
        return ERR_IO;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = http->wake_fd};
    if (http->wake_fd >= 0 &&
        epoll_ctl(http->epoll_fd, EPOLL_CTL_ADD, http->wake_fd, &event))
        return ERR_IO;
    return ERR_OK;
}

enum err transport_http_open(struct transport *out, int wake_fd)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, curl_begin);
    *out = (struct transport){.context = NULL};
    struct http *http = calloc(1, sizeof *http);
    if (!http)
        return ERR_NOMEM;
    http->epoll_fd = -1;
    http->wake_fd = wake_fd;
    http->socket = CURL_SOCKET_BAD;
    http->timer_at_ms = -1;
    buffer_init(&http->response.body, TRANSPORT_RESPONSE_BYTES_MAX);
    enum err err = epoll_open(http);
    if (!err)
        err = multi_open(http);
    if (err) {
        http_close(http);
        return err;
    }
    *out = (struct transport){
        .start = http_start,
        .poll = http_poll,
        .cancel = http_cancel,
        .close = http_close,
        .descriptor = http_descriptor,
        .context = http,
    };
    return ERR_OK;
}
