/* The HTTP server: connections, limits, TLS; it knows nothing of syncing.
 *
 * libmicrohttpd with epoll and a small pool of threads.  A route streams:
 * `begin` when the headers are there, `chunk` for each piece of the body,
 * `end` when it is complete, `close` when the request is over.  Each says what
 * comes next; HTTP_WAIT suspends the connection until http_wake(), which any
 * thread may call once, and then the same function is called again, but for a
 * chunk, which has been taken.  All calls
 * for one request come from one thread of the pool. */
#ifndef SERVER_HTTP_H
#define SERVER_HTTP_H

#include "shared/base/buffer.h"
#include "shared/base/log.h"

#define HTTP_CONNECTIONS_MAX 4096u
#define HTTP_CONNECTION_BYTES (32u * 1024u) /* headers and read buffer */
#define HTTP_IDLE_S 75u        /* an open connection without a request */
#define HTTP_GRACE_S 60        /* a body may be slow for so long, then */
#define HTTP_BODY_RATE_MIN 512 /* bytes a second, on average */
#define HTTP_REPLY_BYTES_MAX (64u << 20)
#define HTTP_DETAIL_CHARS 256

enum http_step {
    HTTP_GO,   /* begin, chunk: read on; end: the reply is ready */
    HTTP_WAIT, /* suspend until http_wake(); chunk: before the next one */
    HTTP_DONE, /* begin: the reply is ready without the body */
    HTTP_CUT   /* close the connection without a word */
};

struct http;
struct http_connection; /* the library's side of a request */

struct http_request {
    void *service;      /* borrowed: what http_open() was given */
    void *state;        /* the route's own; freed by its close */
    const char *method; /* "HEAD" is shown as "GET" */
    const char *path;
    const char *suffix;     /* what follows a prefix route, else "" */
    int64_t content_length; /* -1: not stated */
    uint64_t body_bytes;    /* received so far */
    bool draining;          /* the server is about to stop */
    int status;             /* of the reply; 200 unless set */
    const char *reply_type; /* static text */
    struct buffer reply;    /* the reply's body */
    struct http_connection *connection;
};

struct http_route {
    const char *path;      /* exact, or a prefix when it ends in '/' */
    const char *methods;   /* as Allow shows them: "GET, HEAD" */
    const char *body_type; /* required of a body; NULL: bodies are ignored */
    uint64_t body_bytes_max;
    enum http_step (*begin)(struct http_request *request); /* may be NULL */
    enum http_step (*chunk)(struct http_request *request, struct bytes chunk);
    enum http_step (*end)(struct http_request *request);
    /* `whole`: the body had arrived.  May be NULL. */
    void (*close)(struct http_request *request, bool whole);
};

struct http_options {
    int socket;       /* listening; http_open takes it over */
    struct tls *tls;  /* borrowed; NULL: plain HTTP */
    unsigned threads; /* 0: one a processor, at least 2 */
    const struct http_route *routes;
    size_t route_count;
    void *service;
    const struct log *log;
    const struct clock *clock;
};

/* `detail` (HTTP_DETAIL_CHARS) receives what the library says. */
MUST_CHECK enum err http_open(struct http **out,
                              const struct http_options *options, char *detail);
/* Accepts no more; open connections are told to close after their reply. */
void http_drain(struct http *http);
/* Waits until no request is in progress, for at most `wait_ms`. */
void http_settle(struct http *http, int wait_ms);
/* Cuts what is still being received (its `close` runs) and ends the threads.
 * Waits for suspended requests: whoever wakes them must still be at work. */
void http_close(struct http *http);

void http_wake(struct http_request *request);
/* Borrowed until the request closes; NULL when absent. */
const char *http_header(const struct http_request *request, const char *name);
const char *http_query(const struct http_request *request, const char *name);
/* `value` is copied. */
MUST_CHECK enum err http_reply_header(struct http_request *request,
                                      const char *name, const char *value);
/* The source of the request: an IPv4 address or an IPv6 /64, in `out`. */
#define HTTP_SOURCE_BYTES 8
void http_source(const struct http_request *request,
                 uint8_t out[HTTP_SOURCE_BYTES]);
/* Makes the reply an error of sync-protocol.md, section 15; retry_after_s
 * below 0 is left out. */
void http_error(struct http_request *request, int status, const char *error,
                const char *detail, int retry_after_s);

#endif
