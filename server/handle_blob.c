/* GET and PUT /v1/blobs/NAME (sync-protocol.md section 20). */
#include "server/service.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/blob_call.h"
#include "server/blob_file.h"

struct upload {
    struct blob_call call;
    struct service *service;        /* borrowed */
    struct sql *sql;                /* borrowed: this thread's */
    int fd;                         /* owned: the part; -1 none */
    int64_t size;                   /* of the part when the request came */
    int64_t offset;                 /* where the next bytes go */
    crypto_generichash_state *body; /* owned */
    enum err err;                   /* of writing */
    bool whole, recorded;
    struct http_request *request; /* borrowed */
    struct job job;
};

static enum http_step refused(struct http_request *request,
                              const struct blob_call *call)
{
    buffer_clear(&request->reply);
    enum err err = error_body_write(&request->reply, &call->error);
    (void)err; /* stands in the buffer and is seen when the reply is sent */
    request->status = call->status;
    request->reply_type = "application/json";
    return HTTP_DONE;
}

/* --- reading -------------------------------------------------------------- */

static enum err content_reply(struct http_request *request,
                              const struct upload *u)
{
    const struct blob_request *q = &u->call.request;
    int64_t most = u->call.row.bytes - q->offset;
    if (most > q->size)
        most = q->size;
    if (most > (int64_t)BLOB_PIECE_BYTES_MAX)
        most = BLOB_PIECE_BYTES_MAX;
    request->reply_type = "application/octet-stream";
    if (most <= 0)
        return ERR_OK;
    return blob_file_read(u->service->office, q->blob, q->offset, (size_t)most,
                          &request->reply);
}

static enum http_step get(struct http_request *request, struct upload *u)
{
    if (!blob_file_there(u->service->office, u->call.request.blob)) {
        blob_call_refuse(&u->call, 410, "missing",
                         "the office has not received this attachment");
        return refused(request, &u->call);
    }
    enum err err = content_reply(request, u);
    if (err)
        service_failed(request, err);
    return HTTP_DONE;
}

/* --- writing -------------------------------------------------------------- */

static enum err quota_check(struct upload *u)
{
    const struct office *office = u->service->office;
    int64_t bytes = u->call.row.bytes, total = 0;
    enum err err = ERR_OK;
    if (office->blob_bytes_max)
        err = store_blob_total(u->sql, office->agency, &total);
    /* Who begins one counts with what others have begun. */
    if (office->blob_bytes_max && !u->call.request.offset)
        total += blob_file_parts(office, u->call.request.blob);
    bool full =
        office->blob_bytes_max && total + bytes > office->blob_bytes_max;
    if (!err && (full || !blob_file_room(office, 2 * bytes))) {
        blob_call_refuse(&u->call, 507, "quota",
                         "the office has no room for attachments");
        u->call.error.retry_after_s = 3600;
    }
    return err;
}

static enum err put_check(struct upload *u, int64_t content_length)
{
    const struct blob_request *q = &u->call.request;
    u->whole = blob_file_there(u->service->office, q->blob);
    if (q->size != blob_sealed_bytes(u->call.row.bytes)) {
        blob_call_refuse(&u->call, 413, "too-large",
                         "the record names an attachment of another size");
        return ERR_OK;
    }
    if (u->whole)
        return ERR_OK;
    enum err err = quota_check(u);
    if (err || u->call.status != 200)
        return err;
    err =
        blob_part_open(u->service->office, q->blob, q->wrap, &u->fd, &u->size);
    if (err || content_length == 0)
        return err;
    u->offset = q->offset;
    if (q->offset > u->size) {
        blob_call_refuse(&u->call, 422, "gap",
                         "bytes before these are missing");
        u->call.error.offset = u->size;
    } else if (content_length < 0 || !q->has_body ||
               q->offset + content_length > q->size) {
        blob_call_refuse(&u->call, 400, "bad-header",
                         "more bytes than the attachment has");
    }
    return ERR_OK;
}

static struct upload *upload_new(struct http_request *request)
{
    struct upload *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    blob_call_init(&u->call);
    u->service = request->service;
    u->request = request;
    u->fd = -1;
    u->body = aligned_alloc(64, (sizeof *u->body + 63) / 64 * 64);
    if (u->body)
        crypto_generichash_init(u->body, NULL, 0, HASH_BYTES);
    return u;
}

enum http_step handle_blob_begin(struct http_request *request)
{
    struct upload *u = request->state = upload_new(request);
    enum err err =
        u && u->body ? service_reader(request->service, &u->sql) : ERR_NOMEM;
    if (!err)
        err = blob_call_judge(&u->call, u->service->office, u->sql,
                              request->method, request->suffix,
                              http_header(request, "Satchel-Request"),
                              http_header(request, "Satchel-Auth"));
    if (!err && u->call.status == 200 && !strcmp(request->method, "GET"))
        return get(request, u);
    if (!err && u->call.status == 200)
        err = put_check(u, request->content_length);
    if (err) {
        service_failed(request, err);
        return HTTP_DONE;
    }
    return u->call.status == 200 ? HTTP_GO : refused(request, &u->call);
}

enum http_step handle_blob_chunk(struct http_request *request,
                                 struct bytes chunk)
{
    struct upload *u = request->state;
    if (u->fd < 0 || u->err)
        return HTTP_GO;
    crypto_generichash_update(u->body, chunk.at, chunk.size);
    u->err = blob_part_write(u->fd, u->offset, chunk);
    u->offset += (int64_t)chunk.size;
    return HTTP_GO;
}

/* Bytes that were changed on the way are taken back. */
static void body_check(struct upload *u)
{
    uint8_t hash[HASH_BYTES];
    crypto_generichash_final(u->body, hash, sizeof hash);
    if (!memcmp(hash, u->call.request.body, sizeof hash))
        return;
    if (ftruncate(u->fd, (off_t)u->call.request.offset) != 0)
        u->err = err_of_errno(errno);
    blob_call_refuse(&u->call, 422, "bad-digest",
                     "these are not the bytes that were signed");
}

static void part_finish(struct upload *u)
{
    const struct blob_request *q = &u->call.request;
    enum err err =
        blob_part_finish(u->service->office, &u->call.row, q->wrap, u->fd);
    if (err == ERR_CORRUPT)
        blob_call_refuse(&u->call, 422, "bad-digest",
                         "this is not the attachment that the record names");
    else
        u->err = err;
    u->whole = !err;
}

static void body_take(struct upload *u)
{
    if (u->fd < 0)
        return;
    if (u->request->body_bytes) {
        body_check(u);
        if (!u->err && u->call.status == 200 && fsync(u->fd) != 0)
            u->err = err_of_errno(errno);
        if (u->offset > u->size)
            u->size = u->offset;
    }
    if (!u->err && u->call.status == 200 && u->size >= u->call.request.size)
        part_finish(u);
}

static enum err record_received(struct job *job, struct sql *sql)
{
    struct upload *u = job->context;
    const struct office *office = u->service->office;
    enum err err = sql_begin(sql, true);
    if (err)
        return err;
    err = store_blob_received(sql, office->agency, u->call.request.blob,
                              clock_wall_ms(office->clock));
    if (!err)
        return sql_commit(sql);
    sql_rollback(sql);
    return err;
}

static void recorded(struct job *job, enum err err)
{
    struct upload *u = job->context;
    u->err = err;
    http_wake(u->request);
}

enum http_step handle_blob_end(struct http_request *request)
{
    struct upload *u = request->state;
    if (!u->recorded) {
        body_take(u);
        u->recorded = true;
        if (u->whole && !u->call.row.received_at) {
            u->job.run = record_received;
            u->job.done = recorded;
            u->job.context = u;
            committer_submit(u->service->committer, &u->job);
            return HTTP_WAIT;
        }
    }
    if (u->err) {
        service_failed(request, u->err);
        return HTTP_GO;
    }
    if (u->call.status != 200)
        return refused(request, &u->call);
    request->reply_type = "application/json";
    enum err err = blob_call_reply(&u->call, u->service->office,
                                   u->whole ? u->call.request.size : u->size,
                                   u->whole, &request->reply);
    if (err)
        service_failed(request, err);
    return HTTP_GO;
}

/* What has come of a body that was cut is there for the next to go on from. */
void handle_blob_close(struct http_request *request, bool whole)
{
    struct upload *u = request->state;
    (void)whole;
    if (!u)
        return;
    if (u->fd >= 0)
        close(u->fd);
    free(u->body);
    blob_call_fini(&u->call);
    free(u);
}
