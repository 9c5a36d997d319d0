#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/coverage.h"
#include "tests/sim/forge.h"

#define JOURNAL_BYTES 65536 /* its file is begun anew beyond */

bool world_plain(const struct world *world)
{
    return !(world->scenes & (SCENE_CLONED | SCENE_RESTORED));
}

bool world_twin(const struct world *world)
{
    return world->clocks != CLOCKS_DRAWN;
}

void world_fail(struct world *world, const char *format, ...)
{
    va_list list;
    if (world->failed)
        return;
    world->failed = true;
    va_start(list, format);
    vsnprintf(world->why, sizeof world->why, format, list);
    va_end(list);
    world_say(world, "FAILED: %s", world->why);
}

void world_say(struct world *world, const char *format, ...)
{
    va_list list;
    if (!world->verbose)
        return;
    fprintf(stderr, "%10lld  ", (long long)(world->now_ms - START_MS));
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

uint64_t world_dice(struct world *world, uint64_t limit)
{
    return random_below(&world->dice.random, limit);
}

void world_cover(struct world *world, const char *format, ...)
{
    char name[COVER_CHARS];
    va_list list;
    va_start(list, format);
    vsnprintf(name, sizeof name, format, list);
    va_end(list);
    coverage_add(&world->cover, name, 1);
}

static int64_t world_time(void *context)
{
    const struct world *world = context;
    return world->now_ms;
}

static int64_t device_wall(void *context)
{
    const struct device *device = context;
    return device->world->now_ms + device->skew_ms;
}

static int64_t device_monotonic(void *context)
{
    const struct device *device = context;
    return device->world->now_ms;
}

/* --- the office ----------------------------------------------------------- */

void office_paths(const struct world *world, char *data, char *keys,
                  size_t room)
{
    snprintf(data, room, "%soffice", world->root);
    snprintf(keys, room, "%skeys", world->root);
}

static bool start(struct world *world, bool idle)
{
    char data[512], keys[512], detail[OFFICE_DETAIL_CHARS] = "";
    office_paths(world, data, keys, sizeof data);
    struct office_options options = {.data_dir = data,
                                     .keys_dir = keys,
                                     .clock = &world->clock,
                                     .random = &world->salt.random,
                                     .log = &world->log,
                                     .vfs = DISK_VFS,
                                     .serving = !idle,
                                     .restoring = idle,
                                     .journal_bytes_min = JOURNAL_BYTES};
    enum err err = office_open(&world->office, &options, !idle, detail);
    if (!err)
        err = office_connect(world->office, &world->sql);
    world->sql_open = !err;
    if (err) {
        world_say(world, "office does not start: %s %s", err_name(err), detail);
        office_stop(world);
    }
    return !err;
}

bool office_start(struct world *world)
{
    return start(world, false);
}

bool office_start_idle(struct world *world)
{
    return start(world, true);
}

void office_stop(struct world *world)
{
    if (world->sql_open)
        world->sql.close(world->sql.context);
    world->sql_open = false;
    office_close(world->office);
    world->office = NULL;
}

void office_crash(struct world *world)
{
    disk_power_cut("office", 0);
    office_stop(world);
    disk_power_on("office");
    world->crashes++;
}

bool office_steady(struct world *world)
{
    if (disk_is_off("office")) {
        office_crash(world);
        if (!office_start(world))
            world_fail(world, "the office does not start after a power cut");
    }
    disk_power_cut("office", -1);
    return world->office != NULL;
}

/* --- devices -------------------------------------------------------------- */

static void vault_options_of(struct device *device,
                             struct vault_options *options, char *secret,
                             size_t room)
{
    snprintf(secret, room, "%sdevice.secret", device->world->root);
    *options = (struct vault_options){.passphrase = "ninety seconds",
                                      .device_secret = secret,
                                      .clock = &device->clock,
                                      .random = &device->world->salt.random,
                                      .vfs = DISK_VFS,
                                      .kdf_ops = 1,
                                      .kdf_bytes = 8192};
}

static void vault_file(const struct device *device, char *path, size_t room)
{
    snprintf(path, room, "%s%s/v.vault", device->world->root, device->name);
}

bool device_start(struct world *world, struct device *device)
{
    char path[512], secret[512], detail[VAULT_DETAIL_CHARS] = "";
    struct vault_options options;
    vault_options_of(device, &options, secret, sizeof secret);
    vault_file(device, path, sizeof path);
    enum err err = device->enrolled
                       ? vault_open(&device->vault, path, &options, detail)
                       : vault_create(&device->vault, path, &options, detail);
    if (err) {
        world_say(world, "%s does not start: %s %s", device->name,
                  err_name(err), detail);
        vault_close(device->vault);
        device->vault = NULL;
    }
    return !err;
}

void device_stop(struct device *device)
{
    for (int i = 0; i < FORMS_MAX; i++) {
        buffer_fini(&device->forms[i].context);
        device->forms[i].open = false;
    }
    vault_close(device->vault);
    device->vault = NULL;
}

void device_crash(struct world *world, struct device *device)
{
    disk_power_cut(device->name, 0);
    device_stop(device);
    disk_power_on(device->name);
    world->crashes++;
    if (!device_start(world, device))
        world_fail(world, "%s does not open after a power cut", device->name);
    if (world->scenes & SCENE_RESTORED)
        truth_excuse(world); /* a page that came from no one else may be lost */
}

struct device *device_add(struct world *world, const char *user,
                          const char *scope)
{
    for (int i = 0; i < DEVICES_MAX; i++) {
        struct device *device = &world->devices[i];
        if (device->used || device->lost)
            continue;
        *device = (struct device){.used = true, .world = world};
        device->clock = (struct clock){device_wall, device_monotonic, device};
        snprintf(device->name, sizeof device->name, "d%d", i);
        snprintf(device->user, sizeof device->user, "%s", user);
        snprintf(device->scope, sizeof device->scope, "%s", scope);
        for (int f = 0; f < FORMS_MAX; f++)
            buffer_init(&device->forms[f].context, 1u << 20);
        return device;
    }
    return NULL;
}

struct device *device_any(struct world *world)
{
    uint64_t start = world_dice(world, DEVICES_MAX);
    for (uint64_t i = 0; i < DEVICES_MAX; i++) {
        struct device *d = &world->devices[(start + i) % DEVICES_MAX];
        if (d->used && d->vault && d->enrolled && !d->told)
            return d;
    }
    return NULL;
}

bool device_shut(struct device *device, enum err err)
{
    bool shut = err == ERR_REVOKED && device->revoked;
    device->told = device->told || (shut && !device->forgotten);
    return shut;
}

bool device_enrol(struct world *world, struct device *device)
{
    struct transport transport;
    char code[32], detail[320] = "";
    bool sent;
    if (!admin_invite(world, device->user, code))
        return false;
    net_open(&transport, world, device);
    enum err err = session_enrol(device->vault, &transport, "http://127.0.0.1",
                                 NULL, code, &sent, detail);
    transport.close(transport.context);
    device->enrolled = !err;
    if (err)
        world_fail(world, "%s does not enrol: %s %s", device->name,
                   err_name(err), detail);
    return !err;
}

/* Now and then a link that takes a line at a time, or a few. */
static int64_t batch_bytes(struct world *world)
{
    static const int64_t sizes[] = {0, 0, 0, 0, 200, 1200};
    if (!world->faults || world_twin(world))
        return 0;
    int64_t size =
        sizes[random_below(&world->lot.random, sizeof sizes / sizeof *sizes)];
    world_cover(world, "batches of %lld bytes", (long long)size);
    return size;
}

bool device_sync(struct world *world, struct device *device)
{
    struct transport transport;
    struct session_options options = {.level = 1,
                                      .batch_bytes_max = batch_bytes(world)};
    struct session_report report = {0};
    if (!device->vault)
        return false;
    net_open(&transport, world, device);
    enum err err = session_run(device->vault, &transport, &options, &report);
    transport.close(transport.context);
    world->syncs++;
    world->requests += report.requests;
    world->lines += report.pushed + report.pulled;
    world->reconciles += report.reconciled;
    world->successions += report.succeeded;
    world_say(world, "%s syncs: %s%s%s, %lld up, %lld down%s%s", device->name,
              err_name(err), err ? " " : "", err ? report.detail : "",
              (long long)report.pushed, (long long)report.pulled,
              report.reconciled ? ", reconciled" : "",
              report.succeeded ? ", new identity" : "");
    if (report.pruned.cases) {
        world_cover(world, "a case pruned");
        world_say(world, "%s erases %lld lines", device->name,
                  (long long)report.pruned.lines);
    }
    if (err == ERR_REVOKED && device->forgotten) {
        device->forgotten = false;
        truth_revoked(world);
    }
    if (!err && device->told && !device->forgotten)
        world_fail(world, "O7: %s was told that it is revoked, and is served",
                   device->name);
    if (!err)
        device->told = false;
    if (err == ERR_REVOKED)
        access_put_back(world, device);
    if (err == ERR_REVOKED && !device_shut(device, err))
        world_fail(world, "%s is told that it is revoked, and is not",
                   device->name);
    if (report.reconciled && world_plain(world))
        world_fail(world,
                   "%s had to reconcile although nothing was cloned "
                   "or rolled back: a cursor or a sum is wrong",
                   device->name);
    if (report.standing && !world->twins)
        world_fail(world, "O6: %s and the office differ for good: %s",
                   device->name, report.detail);
    if (report.succeeded && world_plain(world))
        world_fail(world,
                   "%s was declared a clone although nobody copied "
                   "anything",
                   device->name);
    if (disk_is_off(device->name)) {
        world_say(world, "%s loses power", device->name);
        device_crash(world, device);
        return false;
    }
    return !err || device_shut(device, err);
}

/* --- the world ------------------------------------------------------------ */

void world_open(struct world *world, uint64_t seed, bool verbose)
{
    memset(world, 0, sizeof *world);
    world->writes = calloc(WRITES_MAX, sizeof *world->writes);
    world->attempts = calloc(ATTEMPTS_MAX, sizeof *world->attempts);
    if (!world->writes || !world->attempts)
        abort();
    world->verbose = verbose;
    world->now_ms = START_MS;
    world->online = true;
    world->clock = (struct clock){world_time, world_time, world};
    world->log = (struct log){.fd = -1, .clock = &world->clock};
    random_seeded_init(&world->dice, seed);
    random_seeded_init(&world->salt, seed ^ UINT64_C(0x5a17));
    odd_init(&world->odd);
    found_begin(world);
    world->faults = true;
}

void world_close(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX; i++)
        if (world->devices[i].used)
            device_stop(&world->devices[i]);
    office_stop(world);
    mail_close(world);
    odd_fini(&world->odd);
    free(world->writes);
    free(world->attempts);
}
