/* The transport seam: one request at a time, asynchronous.
 *
 * The session gives a request, the loop drives the transport until a response
 * or an error is there.  _http is the real one (libcurl multi); the simulator
 * supplies another. */
#ifndef EXCHANGE_TRANSPORT_H
#define EXCHANGE_TRANSPORT_H

#include "shared/base/buffer.h"

#define TRANSPORT_RESPONSE_BYTES_MAX (16u << 20)

struct transport_request {
    const char *method;  /* "POST", "PUT" or "GET" */
    const char *url;     /* whole */
    const char *ca_file; /* NULL or "": the system's trust store */
    const char *content_type;
    const char *header[2]; /* more header lines, or NULL */
    struct bytes body;     /* borrowed until the response */
    int64_t timeout_ms;    /* of inactivity */
    int64_t wait_ms;       /* the long poll's extra patience */
};

struct transport_response {
    int status;         /* HTTP; 0: not reached */
    enum err err;       /* ERR_OK, ERR_NETWORK, ERR_TIMEOUT, ... */
    char detail[256];   /* in plain words when err */
    struct buffer body; /* whatever arrived, also when cut short */
    int64_t sent_bytes, received_bytes; /* headers included where known */
};

struct transport {
    enum err (*start)(void *context, const struct transport_request *request);
    /* Waits at most wait_ms for progress; *done when `out` is complete.  `out`
     * is initialised by the caller. */
    enum err (*poll)(void *context, int64_t wait_ms, bool *done,
                     struct transport_response *out);
    void (*cancel)(void *context);
    void (*close)(void *context);
    void *context;
    /* For a loop of one's own: a descriptor that is readable when poll() has
     * something to do, and the milliseconds after which it must be called
     * anyway (-1: none).  -1, or the member NULL: there is none, just poll. */
    int (*descriptor)(void *context, int64_t *due_ms);
};

/* Over HTTP(S) with libcurl; plain http:// only to loopback.  One connection
 * is kept open between requests.  `wake_fd` (or -1) ends a poll early; it is
 * borrowed and not read.  What start() refuses is told by the next poll(). */
MUST_CHECK enum err transport_http_open(struct transport *out, int wake_fd);

#endif
