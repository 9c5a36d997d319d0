#include "server/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "server/http_inside.h"
#include "shared/wire/message.h"

#define REPLY_HEADERS_BYTES_MAX (16u * 1024)

enum phase { BEGIN, BODY, END, REPLIED };

struct http_connection {
    struct http_request request;
    struct http *http;              /* borrowed */
    struct MHD_Connection *library; /* borrowed */
    const struct http_route *route; /* NULL: no such path */
    enum phase phase;
    bool suspended, woken; /* under http->mutex */
    bool whole;
    int64_t begin_ms;
    size_t sent;           /* bytes of the reply's body */
    struct buffer headers; /* of the reply: name NUL value NUL ... */
};

static const struct http_route *
route_find(const struct http *http, const char *path, const char **suffix)
{
    for (size_t i = 0; i < http->options.route_count; i++) {
        const struct http_route *route = &http->options.routes[i];
        size_t size = strlen(route->path);
        bool prefix = route->path[size - 1] == '/';
        if (strncmp(path, route->path, size) != 0 ||
            (!prefix && path[size] != '\0'))
            continue;
        *suffix = path + size;
        return route;
    }
    return NULL;
}

static bool method_allowed(const char *methods, const char *method)
{
    size_t size = strlen(method);
    for (const char *at = strstr(methods, method); at;
         at = strstr(at + 1, method))
        if ((at == methods || at[-1] == ' ') &&
            (at[size] == '\0' || at[size] == ','))
            return size > 0;
    return false;
}

static bool type_is(const char *header, const char *type)
{
    size_t size = strlen(type);
    return header && strncasecmp(header, type, size) == 0 &&
           (header[size] == '\0' || header[size] == ';' || header[size] == ' ');
}

static int64_t now_ms(const struct http *http)
{
    return clock_monotonic_ms(http->options.clock);
}

static struct http_connection *connection_new(struct http *http,
                                              struct MHD_Connection *library,
                                              const char *url,
                                              const char *method)
{
    struct http_connection *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->http = http;
    c->library = library;
    c->begin_ms = now_ms(http);
    buffer_init(&c->headers, REPLY_HEADERS_BYTES_MAX);
    struct http_request *r = &c->request;
    buffer_init(&r->reply, HTTP_REPLY_BYTES_MAX);
    r->service = http->options.service;
    r->method = strcmp(method, "HEAD") == 0 ? "GET" : method;
    r->path = url;
    r->suffix = "";
    r->status = 200;
    r->connection = c;
    r->content_length = -1;
    const char *length = http_header(r, "Content-Length");
    if (length && int64_parse(bytes_text(length), &r->content_length))
        r->content_length = -1;
    c->route = route_find(http, url, &r->suffix);
    pthread_mutex_lock(&http->mutex);
    http->active++;
    r->draining = http->draining;
    pthread_mutex_unlock(&http->mutex);
    return c;
}

static void add_headers(struct http_connection *c,
                        struct MHD_Response *response)
{
    const char *at = buffer_text(&c->headers);
    const char *end = at + c->headers.size;
    while (at < end) {
        const char *value = at + strlen(at) + 1;
        MHD_add_response_header(response, at, value);
        at = value + strlen(value) + 1;
    }
    if (c->request.reply_type)
        MHD_add_response_header(response, "Content-Type",
                                c->request.reply_type);
    pthread_mutex_lock(&c->http->mutex);
    bool draining = c->http->draining;
    pthread_mutex_unlock(&c->http->mutex);
    if (draining)
        MHD_add_response_header(response, "Connection", "close");
}

/* The library frees the body when it has been sent. */
static enum MHD_Result send_reply(struct http_connection *c)
{
    struct http_request *r = &c->request;
    c->phase = REPLIED;
    if (buffer_err(&r->reply) || buffer_err(&c->headers)) {
        buffer_clear(&r->reply);
        buffer_clear(&c->headers);
        http_error(r, 500, "internal", "the reply does not fit in memory", -1);
    }
    size_t size = r->reply.size;
    void *body = r->reply.at;
    struct MHD_Response *response = MHD_create_response_from_buffer(
        size, body, body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    if (!response)
        return MHD_NO;
    buffer_init(&r->reply, HTTP_REPLY_BYTES_MAX);
    c->sent = size;
    add_headers(c, response);
    enum MHD_Result result =
        MHD_queue_response(c->library, (unsigned)r->status, response);
    MHD_destroy_response(response);
    return result;
}

/* True when the connection now waits; false when it has been woken already
 * and the step is to be taken again. */
static bool suspend(struct http_connection *c)
{
    struct http *http = c->http;
    pthread_mutex_lock(&http->mutex);
    bool woken = c->woken;
    c->woken = false;
    if (!woken) {
        c->suspended = true;
        http->suspended++;
        MHD_suspend_connection(c->library);
    }
    pthread_mutex_unlock(&http->mutex);
    return !woken;
}

static void resumed(struct http_connection *c)
{
    pthread_mutex_lock(&c->http->mutex);
    if (c->suspended) {
        c->suspended = false;
        c->http->suspended--;
        pthread_cond_broadcast(&c->http->changed);
    }
    pthread_mutex_unlock(&c->http->mutex);
}

/* Who is in the middle of sending would be cut off together with the reply, as
 * what arrives on a closed socket resets it: that body is read, and refused at
 * its end (step_end()). */
static bool too_large_to_read(const struct http_request *r,
                              const struct http_route *route)
{
    uint64_t max = route->body_bytes_max;
    if (r->content_length <= 0 || (uint64_t)r->content_length <= max)
        return false;
    return !route->chunk || (uint64_t)r->content_length > 2 * max ||
           http_header(r, "Expect");
}

static bool refuse(struct http_connection *c, const char *method)
{
    struct http_request *r = &c->request;
    const struct http_route *route = c->route;
    if (!route) {
        http_error(r, 404, "not-found",
                   "there is nothing at this address; the office answers at "
                   "/v1/sync",
                   -1);
    } else if (!method_allowed(route->methods, method)) {
        if (http_reply_header(r, "Allow", route->methods))
            return true;
        http_error(r, 405, "bad-method", "this address takes another method",
                   -1);
    } else if (route->body_type && strcmp(r->method, "GET") != 0 &&
               !type_is(http_header(r, "Content-Type"), route->body_type)) {
        char detail[HTTP_DETAIL_CHARS];
        snprintf(detail, sizeof detail, "the content type must be %s",
                 route->body_type);
        http_error(r, 415, "bad-type", detail, -1);
    } else if (too_large_to_read(r, route)) {
        char detail[HTTP_DETAIL_CHARS];
        snprintf(detail, sizeof detail, "the body is over %llu bytes",
                 (unsigned long long)route->body_bytes_max);
        http_error(r, 413, "too-large", detail, -1);
    } else {
        return false;
    }
    return true;
}

static enum MHD_Result step_begin(struct http_connection *c)
{
    for (;;) {
        enum http_step step =
            c->route->begin ? c->route->begin(&c->request) : HTTP_GO;
        switch (step) {
        case HTTP_GO:
            c->phase = BODY;
            return MHD_YES;
        case HTTP_WAIT:
            if (suspend(c))
                return MHD_YES;
            continue;
        case HTTP_DONE:
            return send_reply(c);
        case HTTP_CUT:
            return MHD_NO;
        }
    }
}

/* A sender that trickles would hold its place in memory for ever. */
static bool too_slow(const struct http_connection *c)
{
    int64_t taken_s = (now_ms(c->http) - c->begin_ms) / 1000 - HTTP_GRACE_S;
    return taken_s > 0 &&
           c->request.body_bytes < (uint64_t)taken_s * HTTP_BODY_RATE_MIN;
}

static enum MHD_Result step_chunk(struct http_connection *c, struct bytes chunk)
{
    struct http_request *r = &c->request;
    uint64_t max = c->route->body_bytes_max;
    if (too_slow(c) || (max > 0 && r->body_bytes > 2 * max))
        return MHD_NO;
    r->body_bytes += chunk.size;
    if (!c->route->chunk || r->body_bytes > max)
        return MHD_YES;
    enum http_step step = c->route->chunk(r, chunk);
    if (step == HTTP_WAIT)
        (void)suspend(c); /* or it has been woken already, and goes on */
    return step == HTTP_CUT ? MHD_NO : MHD_YES;
}

static enum MHD_Result step_end(struct http_connection *c)
{
    struct http_request *r = &c->request;
    if (c->route->chunk && r->body_bytes > c->route->body_bytes_max) {
        http_error(r, 413, "too-large", "the body is over the limit", -1);
        return send_reply(c);
    }
    for (;;) {
        enum http_step step = c->route->end(r);
        if (step == HTTP_CUT)
            return MHD_NO;
        if (step != HTTP_WAIT)
            return send_reply(c);
        if (suspend(c))
            return MHD_YES;
    }
}

enum MHD_Result http_on_request(void *context, struct MHD_Connection *library,
                                const char *url, const char *method,
                                const char *version, const char *upload,
                                size_t *upload_size, void **request)
{
    (void)version;
    struct http_connection *c = *request;
    if (!c) {
        c = connection_new(context, library, url, method);
        if (!c)
            return MHD_NO;
        *request = c;
        return refuse(c, method) ? send_reply(c) : step_begin(c);
    }
    resumed(c);
    if (c->phase == BEGIN)
        return step_begin(c);
    if (c->phase == BODY && *upload_size > 0) {
        size_t size = *upload_size;
        *upload_size = 0;
        return step_chunk(c, bytes_of(upload, size));
    }
    if (c->phase == BODY) {
        c->phase = END;
        c->whole = true;
    }
    return c->phase == END ? step_end(c) : MHD_YES;
}

static void log_request(const struct http_connection *c)
{
    const struct http_request *r = &c->request;
    log_event(c->http->options.log, r->status >= 500 ? LOG_WARN : LOG_INFO,
              "request", "route", "%s", c->route ? c->route->path : "none",
              "status", "%d", c->phase == REPLIED ? r->status : 0, "up", "%lld",
              (long long)r->body_bytes, "down", "%zu", c->sent, "ms", "%lld",
              (long long)(now_ms(c->http) - c->begin_ms), NULL);
}

void http_on_complete(void *context, struct MHD_Connection *library,
                      void **request, enum MHD_RequestTerminationCode how)
{
    (void)library;
    (void)how;
    struct http *http = context;
    struct http_connection *c = *request;
    if (!c)
        return;
    *request = NULL;
    resumed(c);
    log_request(c);
    if (c->route && c->route->close)
        c->route->close(&c->request, c->whole);
    buffer_fini(&c->request.reply);
    buffer_fini(&c->headers);
    free(c);
    pthread_mutex_lock(&http->mutex);
    http->active--;
    pthread_cond_broadcast(&http->changed);
    pthread_mutex_unlock(&http->mutex);
}

void http_wake(struct http_request *request)
{
    struct http_connection *c = request->connection;
    struct http *http = c->http;
    pthread_mutex_lock(&http->mutex);
    if (c->suspended)
        MHD_resume_connection(c->library);
    else
        c->woken = true;
    pthread_mutex_unlock(&http->mutex);
}

const char *http_header(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection->library,
                                       MHD_HEADER_KIND, name);
}

const char *http_query(const struct http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection->library,
                                       MHD_GET_ARGUMENT_KIND, name);
}

enum err http_reply_header(struct http_request *request, const char *name,
                           const char *value)
{
    struct buffer *headers = &request->connection->headers;
    buffer_add(headers, name, strlen(name) + 1);
    buffer_add(headers, value, strlen(value) + 1);
    return buffer_err(headers);
}

void http_source(const struct http_request *request,
                 uint8_t out[HTTP_SOURCE_BYTES])
{
    memset(out, 0, HTTP_SOURCE_BYTES);
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        request->connection->library, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr)
        return;
    const struct sockaddr *address = info->client_addr;
    if (address->sa_family == AF_INET6)
        memcpy(out,
               &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
               HTTP_SOURCE_BYTES);
    else if (address->sa_family == AF_INET)
        memcpy(out,
               &((const struct sockaddr_in *)(const void *)address)->sin_addr,
               sizeof(struct in_addr));
}

void http_error(struct http_request *request, int status, const char *error,
                const char *detail, int retry_after_s)
{
    struct error_body body = {.offset = -1,
                              .received = -1,
                              .retry_after_s = retry_after_s,
                              .min = -1,
                              .max = -1};
    snprintf(body.error, sizeof body.error, "%s", error);
    snprintf(body.detail, sizeof body.detail, "%s", detail);
    buffer_clear(&request->reply);
    /* A failure stands in the buffer and is seen when the reply is sent. */
    enum err err = error_body_write(&request->reply, &body);
    if (!err && retry_after_s >= 0) {
        char text[16];
        snprintf(text, sizeof text, "%d", retry_after_s);
        err = http_reply_header(request, "Retry-After", text);
    }
    (void)err;
    request->status = status;
    request->reply_type = "application/json";
}
