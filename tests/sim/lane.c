#include "tests/sim/lane.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "server/service.h"
#include "tests/sim/photos.h"

#define PIECE_BYTES 8192 /* as sockets give them */
#define ARENA_BYTES (256u << 10)
#define DISK_BLOCKS (UINT64_C(1) << 30)

/* The lane at work; one at a time. */
static struct {
    struct world *world;
    const struct lane *lane;
    enum err err; /* of the storage */
} now;

/* --- in place of the server's threads ------------------------------------- */

enum err service_reader(struct service *service, struct sql **out)
{
    (void)service;
    *out = &now.world->sql;
    return ERR_OK;
}

void service_failed(struct http_request *request, enum err err)
{
    request->status = 500;
    now.err = err;
}

void committer_submit(struct committer *committer, struct job *job)
{
    (void)committer;
    enum err err = job->run(job, &now.world->sql);
    job->done(job, err);
}

void http_wake(struct http_request *request)
{
    (void)request;
}

const char *http_header(const struct http_request *request, const char *name)
{
    size_t size = strlen(name);
    (void)request;
    for (int i = 0; i < 2; i++) {
        const char *header = now.lane->header[i];
        if (!strncmp(header, name, size) && !strncmp(header + size, ": ", 2))
            return header + size + 2;
    }
    return NULL;
}

/* In place of the C library's: the simulator's disks are not the machine's. */
int statvfs(const char *path, struct statvfs *out)
{
    (void)path;
    *out = (struct statvfs){.f_frsize = 4096};
    if (!now.world || !now.world->blob_disk_full)
        out->f_bavail = DISK_BLOCKS;
    return 0;
}

/* --- a request ------------------------------------------------------------ */

static void body_give(struct http_request *request, struct bytes body)
{
    while (body.size) {
        size_t size = body.size < PIECE_BYTES ? body.size : PIECE_BYTES;
        request->body_bytes += size;
        (void)handle_blob_chunk(request, bytes_of(body.at, size));
        body = bytes_of(body.at + size, body.size - size);
    }
}

/* A body that is cut is closed without an end. */
static void handle(struct http_request *request)
{
    const struct lane *lane = now.lane;
    bool whole = lane->body.size == lane->size;
    if (handle_blob_begin(request) == HTTP_GO) {
        body_give(request, lane->body);
        if (whole && handle_blob_end(request) == HTTP_WAIT)
            (void)handle_blob_end(request);
    }
    handle_blob_close(request, whole);
}

/* Whether it arrives or not: the office has said so. */
static void claim_note(struct world *world, const struct lane *lane,
                       const struct http_request *request)
{
    struct arena arena;
    struct blob_reply reply;
    arena_init(&arena, ARENA_BYTES);
    if (request->status == 200 && !strcmp(lane->method, "PUT") &&
        !blob_reply_read(&arena, buffer_bytes(&request->reply), &reply) &&
        reply.has_backed)
        photos_claimed(world, lane->name);
    arena_fini(&arena);
}

enum err lane_serve(struct world *world, const struct lane *lane,
                    struct transport_response *out)
{
    struct service service = {.office = world->office};
    struct http_request request = {.service = &service,
                                   .method = lane->method,
                                   .path = "/v1/blobs/",
                                   .suffix = lane->name,
                                   .content_length = (int64_t)lane->size,
                                   .status = 200};
    now.world = world;
    now.lane = lane;
    now.err = ERR_OK;
    buffer_init(&request.reply, HTTP_REPLY_BYTES_MAX);
    handle(&request);
    out->status = request.status;
    enum err err = now.err;
    if (!err)
        claim_note(world, lane, &request);
    if (!err)
        err = buffer_add_bytes(&out->body, buffer_bytes(&request.reply));
    buffer_fini(&request.reply);
    if (out->status == 404 && (world->scenes & SCENE_DISPOSED))
        world->orphans++;
    if (lane->size && strstr(lane->header[0], "\"offset\":"))
        world_cover(world, "attachment taken up again");
    world_cover(world, "attachment %s %d", lane->method, out->status);
    return err;
}
