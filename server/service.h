/* What the handlers share: the office, its threads, its limits.
 *
 * Every thread of the HTTP pool reads through a connection of its own; all that
 * writes goes through the committer.  Opened by `serve`, closed after the HTTP
 * server has drained. */
#ifndef SERVER_SERVICE_H
#define SERVER_SERVICE_H

#include <pthread.h>
#include "server/admit.h"
#include "server/committer.h"
#include "server/http.h"
#include "server/tries.h"

#define SERVICE_RECEIVE_BYTES (96u << 20) /* of bodies at once, estimated */
#define SERVICE_RESERVE_BYTES (32u << 20) /* of them for light requests */

struct service {
    struct office *office; /* borrowed */
    struct admit *admit;
    struct bell *bell;
    struct committer *committer;
    struct tries *tries;
    pthread_key_t reader; /* struct sql of the thread */
    bool has_reader;
};

MUST_CHECK enum err service_open(struct service *out, struct office *office);
/* Everybody who waits is answered now. */
void service_drain(struct service *service);
void service_close(struct service *service);
/* This thread's reading connection; it lives as long as the thread. */
MUST_CHECK enum err service_reader(struct service *service, struct sql **out);

/* Makes the reply say that the storage failed: 503 when that passes. */
void service_failed(struct http_request *request, enum err err);

/* The one table of addresses. */
extern const struct http_route service_routes[];
extern const size_t service_route_count;

/* handle_office.c, handle_health.c: answered at once. */
enum http_step handle_office(struct http_request *request);
enum http_step handle_health(struct http_request *request);
/* handle_enrol.c */
enum http_step handle_enrol_begin(struct http_request *request);
enum http_step handle_enrol_chunk(struct http_request *request,
                                  struct bytes chunk);
enum http_step handle_enrol_end(struct http_request *request);
void handle_enrol_close(struct http_request *request, bool whole);
/* handle_sync.c */
enum http_step handle_sync_begin(struct http_request *request);
enum http_step handle_sync_chunk(struct http_request *request,
                                 struct bytes chunk);
enum http_step handle_sync_end(struct http_request *request);
void handle_sync_close(struct http_request *request, bool whole);
/* handle_blob.c */
enum http_step handle_blob_begin(struct http_request *request);
enum http_step handle_blob_chunk(struct http_request *request,
                                 struct bytes chunk);
enum http_step handle_blob_end(struct http_request *request);
void handle_blob_close(struct http_request *request, bool whole);

#endif
