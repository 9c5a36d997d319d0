#define _GNU_SOURCE /* memmem */
#include "tests/sim/forge.h"

#include <stdlib.h>
#include <string.h>

#include "server/sync.h"
#include "shared/wire/frame.h"

/* Catches the session's first request and answers that nobody was reached. */
struct trap {
    struct buffer request;
    bool sync;
};

static enum err trap_start(void *context, const struct transport_request *r)
{
    struct trap *trap = context;
    trap->sync = strstr(r->url, "/v1/sync") != NULL;
    return buffer_add_bytes(&trap->request, r->body);
}

static enum err trap_poll(void *context, int64_t wait_ms, bool *done,
                          struct transport_response *out)
{
    (void)context;
    (void)wait_ms;
    *done = true;
    out->status = 0;
    out->err = ERR_NETWORK;
    return ERR_OK;
}

static void trap_cancel(void *context)
{
    (void)context;
}

/* Rewrites a request line by line. */
struct rewrite {
    struct frame_writer *writer;
    bool cut;  /* leave the sign lines out */
    bool done; /* a line was altered */
};

static enum err alter(struct rewrite *rewrite, struct bytes line)
{
    static const char *const marks[] = {"\"name ", "\"note ", "\"p",
                                        "\"legal "};
    struct buffer out;
    const uint8_t *at = NULL;
    buffer_init(&out, LINE_BYTES_MAX);
    for (size_t m = 0; !at && m < sizeof marks / sizeof *marks; m++)
        at = memmem(line.at, line.size, marks[m], strlen(marks[m]));
    if (at) {
        size_t head = (size_t)(at - line.at) + 1;
        buffer_add(&out, line.at, head);
        buffer_add_text(&out, FORGED);
        buffer_add(&out, line.at + head, line.size - head);
        rewrite->done = true;
        line = buffer_bytes(&out);
    }
    enum err err = frame_line(rewrite->writer, line);
    buffer_fini(&out);
    return err;
}

static enum err on_line(void *context, struct bytes line)
{
    struct rewrite *rewrite = context;
    enum line_kind kind = line_kind(line);
    if (kind == LINE_SIGN && rewrite->cut)
        return ERR_OK;
    if (kind == LINE_REVISION && !rewrite->cut && !rewrite->done &&
        line.at[1] == '"' && !memmem(line.at, line.size, "\"agency\":", 9))
        return alter(rewrite, line);
    return frame_line(rewrite->writer, line);
}

static enum err rewrite_request(struct bytes body, bool cut, struct buffer *out)
{
    struct rewrite rewrite = {.cut = cut};
    struct frame_reader *reader = NULL;
    enum err err = frame_reader_new(&reader, on_line, &rewrite);
    if (!err)
        err = frame_writer_new(&rewrite.writer, out, 1, false);
    if (!err)
        err = frame_feed(reader, body);
    if (!err)
        err = frame_finish(rewrite.writer);
    frame_reader_free(reader);
    frame_writer_free(rewrite.writer);
    return err;
}

void forge_request(struct world *world)
{
    struct device *d = device_any(world);
    struct trap trap = {.sync = false};
    struct transport transport = {.start = trap_start,
                                  .poll = trap_poll,
                                  .cancel = trap_cancel,
                                  .context = &trap};
    struct session_options options = {.level = 1};
    struct session_report report;
    struct buffer forged, reply;
    bool cut = world_dice(world, 2);
    if (!d || !world->office)
        return;
    buffer_init(&trap.request, 64u << 20);
    buffer_init(&forged, 64u << 20);
    buffer_init(&reply, 64u << 20);
    (void)!session_run(d->vault, &transport, &options, &report);
    if (trap.sync &&
        !rewrite_request(buffer_bytes(&trap.request), cut, &forged)) {
        const char *type;
        int status = 0;
        enum err err =
            sync_whole(world->office, &world->sql, buffer_bytes(&forged),
                       &reply, &status, &type);
        world_say(world, "a forged request of %s (%s): %s, status %d", d->name,
                  cut ? "unsigned" : "altered", err_name(err), status);
    }
    buffer_fini(&reply);
    buffer_fini(&forged);
    buffer_fini(&trap.request);
}
