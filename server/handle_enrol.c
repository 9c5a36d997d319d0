#include "server/service.h"

#include <stdlib.h>

#define BODY_BYTES_MAX (16u << 10)

struct enrolment {
    struct http_request *request; /* borrowed */
    struct job job;
    struct buffer body;
    uint8_t source[HTTP_SOURCE_BYTES];
    bool submitted;
    enum err err; /* of the commit */
};

static enum err enrol_run(struct job *job, struct sql *sql)
{
    struct enrolment *e = job->context;
    struct service *service = e->request->service;
    return enrol_whole(service->office, sql, buffer_bytes(&e->body),
                       &e->request->reply, &e->request->status);
}

static void enrol_done(struct job *job, enum err err)
{
    struct enrolment *e = job->context;
    e->err = err;
    http_wake(e->request);
}

enum http_step handle_enrol_begin(struct http_request *request)
{
    struct enrolment *e = calloc(1, sizeof *e);
    if (!e) {
        service_failed(request, ERR_NOMEM);
        return HTTP_DONE;
    }
    e->request = request;
    e->job.run = enrol_run;
    e->job.done = enrol_done;
    e->job.context = e;
    buffer_init(&e->body, BODY_BYTES_MAX);
    http_source(request, e->source);
    request->state = e;
    return HTTP_GO;
}

enum http_step handle_enrol_chunk(struct http_request *request,
                                  struct bytes chunk)
{
    struct enrolment *e = request->state;
    buffer_add_bytes(&e->body, chunk); /* a failure stands in the buffer */
    return HTTP_GO;
}

static enum http_step begin_commit(struct http_request *request)
{
    struct enrolment *e = request->state;
    struct service *service = request->service;
    enum err err = buffer_err(&e->body);
    if (err) {
        service_failed(request, err);
        return HTTP_GO;
    }
    int wait_s;
    if (!tries_take(service->tries, e->source, &wait_s)) {
        http_error(request, 429, "slow-down",
                   "too many enrolments failed; wait and check the code",
                   wait_s);
        return HTTP_GO;
    }
    e->submitted = true;
    committer_submit(service->committer, &e->job);
    return HTTP_WAIT;
}

enum http_step handle_enrol_end(struct http_request *request)
{
    struct enrolment *e = request->state;
    struct service *service = request->service;
    if (!e->submitted)
        return begin_commit(request);
    if (e->err)
        service_failed(request, e->err);
    /* Only a wrong code or signature may have been a guess. */
    if (request->status != 403 && request->status != 401)
        tries_give_back(service->tries, e->source);
    request->reply_type = "application/json";
    log_event(service->office->log, LOG_INFO, "enrol", "status", "%d",
              request->status, NULL);
    return HTTP_GO;
}

void handle_enrol_close(struct http_request *request, bool whole)
{
    (void)whole;
    struct enrolment *e = request->state;
    if (!e)
        return;
    buffer_wipe(&e->body);
    free(e);
}
