#include "server/service.h"

#include <stdio.h>
#include <stdlib.h>

/* What a body takes in memory: the inflating stream and the request itself,
 * and its lines, which inflate to about four times their size. */
#define WEIGHT_BASE (256u * 1024)
#define WEIGHT_FACTOR 4u
#define WEIGHT_UNKNOWN (4u << 20)

enum stage { RECEIVING, COMMITTING, READY };

struct exchange {
    struct http_request *request; /* borrowed; NULL once the client is gone */
    struct service *service;      /* borrowed */
    struct admit_ticket ticket;
    struct sync *sync; /* owned */
    struct job job;
    struct sleeper sleeper;
    enum stage stage;
    bool asked;          /* for its place: the header is its device's */
    bool crowded;        /* and did not get one */
    bool ended;          /* sync_end() has been called, or never will be */
    enum err err;        /* of receiving or of the commit */
    bool has_deadline;   /* of the long poll */
    int64_t deadline_ms; /* monotonic */
};

static void exchange_free(struct exchange *x)
{
    admit_leave(x->service->admit, &x->ticket);
    sync_free(x->sync);
    free(x);
}

static void wake(void *context)
{
    struct exchange *x = context;
    http_wake(x->request);
}

static void committed(struct job *job, enum err err)
{
    struct exchange *x = job->context;
    x->err = err;
    http_wake(x->request);
}

static void committed_alone(struct job *job, enum err err)
{
    struct exchange *x = job->context;
    (void)err; /* logged by the committer; nobody is there to be told */
    exchange_free(x);
}

static size_t weight_of(const struct http_request *request)
{
    if (request->content_length < 0)
        return WEIGHT_UNKNOWN;
    return WEIGHT_BASE + WEIGHT_FACTOR * (size_t)request->content_length;
}

static struct exchange *exchange_new(struct http_request *request)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->request = request;
    x->service = request->service;
    x->ticket.weight = weight_of(request);
    x->ticket.wake = wake;
    x->ticket.context = x;
    x->sleeper.wake = wake;
    x->sleeper.context = x;
    x->job.context = x;
    x->job.done = committed;
    return x;
}

enum http_step handle_sync_begin(struct http_request *request)
{
    struct exchange *x = request->state = exchange_new(request);
    struct sql *sql;
    enum err err = x ? service_reader(x->service, &sql) : ERR_NOMEM;
    if (!err)
        err = sync_new(&x->sync, x->service->office, sql);
    if (!err)
        return HTTP_GO;
    service_failed(request, err);
    return HTTP_DONE;
}

/* The header is its device's: from here on the request takes room.  A body of
 * unknown length comes in pieces that the connection cannot hold back. */
static enum http_step admit(struct exchange *x)
{
    struct admit *admit = x->service->admit;
    x->asked = true;
    snprintf(x->ticket.name, sizeof x->ticket.name, "%s",
             sync_replica(x->sync));
    enum admit_state state = admit_ask(admit, &x->ticket);
    if (state == ADMIT_WAITING && x->request->content_length >= 0)
        return HTTP_WAIT;
    x->crowded = state != ADMIT_IN;
    if (state == ADMIT_WAITING)
        admit_leave(admit, &x->ticket);
    return HTTP_GO;
}

/* Who has waited is in now, or the server is about to stop. */
static bool crowded(struct exchange *x)
{
    if (x->asked && !x->crowded && x->stage == RECEIVING)
        x->crowded =
            admit_state(x->service->admit, &x->ticket) == ADMIT_REFUSED;
    return x->crowded;
}

enum http_step handle_sync_chunk(struct http_request *request,
                                 struct bytes chunk)
{
    struct exchange *x = request->state;
    if (x->err || crowded(x))
        return HTTP_GO;
    x->err = sync_feed(x->sync, chunk);
    return !x->asked && sync_replica(x->sync)[0] ? admit(x) : HTTP_GO;
}

static enum http_step reply(struct http_request *request)
{
    struct exchange *x = request->state;
    const char *type = NULL;
    enum err err =
        sync_reply(x->sync, &request->reply, &request->status, &type);
    if (err) {
        buffer_clear(&request->reply);
        service_failed(request, err);
    } else {
        request->reply_type = type;
    }
    return HTTP_GO;
}

/* The long poll: sleeps while there is nothing to say. */
static bool sleeps(struct exchange *x)
{
    struct service *service = x->service;
    int64_t wait_ms;
    uint64_t count = bell_count(service->bell);
    if (bell_stopped(service->bell) || !sync_may_wait(x->sync, &wait_ms))
        return false;
    int64_t now = clock_monotonic_ms(service->office->clock);
    if (!x->has_deadline) {
        x->has_deadline = true;
        x->deadline_ms = now + wait_ms;
    }
    if (now >= x->deadline_ms)
        return false;
    /* Whoever only waits takes no place from those who send. */
    admit_leave(service->admit, &x->ticket);
    x->sleeper.until_ms = x->deadline_ms;
    bell_sleep(service->bell, &x->sleeper, count);
    return true;
}

/* Submits what has to be durable before the reply; false when nothing has. */
static bool commits(struct exchange *x)
{
    if (x->err || !sync_wants_commit(x->sync))
        return false;
    x->stage = COMMITTING;
    x->job.sync = x->sync;
    x->job.bytes = (size_t)x->request->body_bytes;
    committer_submit(x->service->committer, &x->job);
    return true;
}

enum http_step handle_sync_end(struct http_request *request)
{
    struct exchange *x = request->state;
    if (crowded(x)) {
        x->ended = true;
        http_error(request, 503, "busy",
                   "too many devices sync at once, or this one too often; try "
                   "again",
                   10);
        return HTTP_GO;
    }
    if (x->stage == RECEIVING) {
        x->ended = true;
        if (!x->err)
            x->err = sync_end(x->sync);
        if (commits(x))
            return HTTP_WAIT;
    }
    bool committed = x->stage == COMMITTING;
    x->stage = READY;
    if (!x->err && x->has_deadline && !committed)
        x->err = sync_woken(x->sync);
    if (x->err) {
        service_failed(request, x->err);
        return HTTP_GO;
    }
    if (sleeps(x))
        return HTTP_WAIT;
    /* Something has come while it slept, and a token goes with it. */
    if (!committed && commits(x))
        return HTTP_WAIT;
    return reply(request);
}

/* A body that was cut is still worth its signed beginning. */
void handle_sync_close(struct http_request *request, bool whole)
{
    struct exchange *x = request->state;
    if (!x)
        return;
    if (!whole && x->sync && !x->err && !x->ended && !x->crowded &&
        request->body_bytes > 0) {
        enum err err = sync_end(x->sync);
        if (!err && sync_wants_commit(x->sync)) {
            x->request = NULL;
            x->job.sync = x->sync;
            x->job.bytes = (size_t)request->body_bytes;
            x->job.done = committed_alone;
            committer_submit(x->service->committer, &x->job);
            return;
        }
    }
    exchange_free(x);
}
