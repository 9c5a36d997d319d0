/* A network between a session and the office: loses, cuts, repeats, delays. */
#include "tests/sim/lane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/sync.h"

enum fate {
    FATE_FINE,
    FATE_LOST,        /* the request never arrives */
    FATE_REQUEST_CUT, /* its first bytes arrive */
    FATE_REPLY_LOST,  /* the office did it; nobody hears of it */
    FATE_REPLY_CUT,   /* the first bytes of the reply arrive */
    FATE_TWICE,       /* the request arrives twice */
    FATE_POWER,       /* the office loses power while it works */
    FATE_COUNT
};
static const char *const fates[FATE_COUNT] = {
    "fine", "lost", "request cut", "reply lost", "reply cut", "twice", "power"};

struct net {
    struct world *world;
    struct device *device;
    struct buffer request;
    char method[8], path[128];
    struct buffer header[2]; /* more lines of the request's head */
    bool pending;
};

static enum err net_start(void *context, const struct transport_request *r)
{
    struct net *net = context;
    const char *path = strstr(r->url, "/v1/");
    buffer_clear(&net->request);
    snprintf(net->method, sizeof net->method, "%s", r->method);
    snprintf(net->path, sizeof net->path, "%s", path ? path : "");
    for (int i = 0; i < 2; i++) {
        buffer_clear(&net->header[i]);
        buffer_add_text(&net->header[i], r->header[i] ? r->header[i] : "");
    }
    net->pending = true;
    return buffer_add_bytes(&net->request, r->body);
}

/* What befalls a message whatever its length is. */
static enum fate choose_whole(struct world *world)
{
    static const enum fate whole[] = {FATE_LOST, FATE_REPLY_LOST, FATE_TWICE};
    uint64_t dice = world->faults ? world_dice(world, 10) : 0;
    return dice < 7 ? FATE_FINE : whole[dice - 7];
}

static enum fate choose(struct world *world)
{
    if (world->deaf)
        return FATE_REPLY_LOST;
    if (world_twin(world))
        return choose_whole(world);
    uint64_t dice = world->faults ? world_dice(world, 100) : 0;
    if (dice < 70)
        return FATE_FINE;
    /* Starting an office again costs as much as many requests. */
    return dice < 72 ? FATE_POWER
                     : (enum fate)(1 + world_dice(world, FATE_COUNT - 2));
}

/* The office at work on what arrived of a request. */
static enum err serve(struct net *net, struct bytes request,
                      struct transport_response *out)
{
    struct world *world = net->world;
    const char *type;
    buffer_clear(&out->body);
    if (!strncmp(net->path, "/v1/blobs/", 10)) {
        struct lane lane = {.method = net->method,
                            .name = net->path + 10,
                            .header = {buffer_text(&net->header[0]),
                                       buffer_text(&net->header[1])},
                            .body = request,
                            .size = net->request.size};
        return lane_serve(world, &lane, out);
    }
    if (!strncmp(net->path, "/v1/sync", 8))
        return sync_whole(world->office, &world->sql, request, &out->body,
                          &out->status, &type);
    return enrol_whole(world->office, &world->sql, request, &out->body,
                       &out->status);
}

static void unreachable(struct transport_response *out, enum err err)
{
    buffer_clear(&out->body);
    out->status = 0;
    out->err = err;
    snprintf(out->detail, sizeof out->detail, "the link went down");
}

static void power(struct world *world)
{
    if (!disk_is_off("office"))
        return;
    world_say(world, "the office loses power");
    office_crash(world);
    if (!office_start(world))
        world_fail(world, "the office does not start after a power cut");
}

/* Anybody can say this; it is signed by nobody. */
static void answer_of_stranger(struct world *world,
                               struct transport_response *out)
{
    static const char *const answers[] = {
        "{\"detail\":\"\",\"error\":\"bad-auth\"}\n",
        "{\"detail\":\"\",\"error\":\"slow-down\"}\n",
        "{\"error\":\"nonsense\"}", "<html>log in</html>"};
    static const int statuses[] = {401, 429, 403, 302};
    size_t which = world_dice(world, 2) ? 0 : (size_t)world_dice(world, 4);
    buffer_clear(&out->body);
    buffer_add_text(&out->body, answers[which]);
    out->status = statuses[which];
    world_cover(world, "a stranger answers %d", statuses[which]);
}

/* Counts down to the byte at which a message is to be cut: what of this one
 * arrives; true when it is this one's turn. */
static bool cut_here(int64_t *left, size_t *size)
{
    int64_t before = *left;
    if (!before)
        return false;
    *left = before > (int64_t)*size ? before - (int64_t)*size : 0;
    if (*left)
        return false;
    *size = (size_t)before - 1;
    return true;
}

static void deliver(struct net *net, enum fate fate,
                    struct transport_response *out)
{
    struct world *world = net->world;
    struct bytes request = buffer_bytes(&net->request);
    if (fate == FATE_REQUEST_CUT && request.size)
        request.size = (size_t)world_dice(world, request.size);
    if (fate == FATE_FINE && cut_here(&world->cut_up, &request.size))
        fate = FATE_REQUEST_CUT;
    if (fate == FATE_POWER)
        disk_power_cut("office", (int64_t)world_dice(world, 60));
    enum err err = serve(net, request, out);
    if (!err && fate == FATE_TWICE)
        err = serve(net, request, out);
    power(world);
    if (err || fate == FATE_REQUEST_CUT || fate == FATE_REPLY_LOST)
        unreachable(out, ERR_NETWORK);
    if (fate == FATE_REPLY_CUT && out->body.size) {
        out->body.size = (size_t)world_dice(world, out->body.size);
        out->err = ERR_NETWORK;
    }
    if (fate == FATE_FINE && !err &&
        cut_here(&world->cut_down, &out->body.size))
        out->err = ERR_NETWORK;
    if (err && err != ERR_IO && fate != FATE_POWER && !world->weak)
        world_fail(world, "the office failed at %s: %s %s", net->path,
                   err_name(err), world->office ? world->office->detail : "");
}

static enum err net_poll(void *context, int64_t wait_ms, bool *done,
                         struct transport_response *out)
{
    struct net *net = context;
    struct world *world = net->world;
    (void)wait_ms;
    *done = true;
    world->now_ms += 20 + (int64_t)world_dice(world, 2000);
    net->pending = false;
    enum fate fate = choose(world);
    world_cover(world, "link %s", fates[fate]);
    out->err = ERR_OK;
    if (world->stranger)
        answer_of_stranger(world, out);
    else if (!world->online || !world->office || fate == FATE_LOST)
        unreachable(out, ERR_NETWORK);
    else
        deliver(net, fate, out);
    out->sent_bytes = (int64_t)net->request.size;
    out->received_bytes = (int64_t)out->body.size;
    return ERR_OK;
}

static void net_cancel(void *context)
{
    ((struct net *)context)->pending = false;
}

static void net_close(void *context)
{
    struct net *net = context;
    buffer_fini(&net->request);
    buffer_fini(&net->header[0]);
    buffer_fini(&net->header[1]);
    free(net);
}

void net_open(struct transport *out, struct world *world, struct device *device)
{
    struct net *net = calloc(1, sizeof *net);
    if (!net)
        abort();
    net->world = world;
    net->device = device;
    buffer_init(&net->request, 64u << 20);
    buffer_init(&net->header[0], 64u << 10);
    buffer_init(&net->header[1], 64u << 10);
    *out = (struct transport){.start = net_start,
                              .poll = net_poll,
                              .cancel = net_cancel,
                              .close = net_close,
                              .context = net};
}
