/* Files on their way between devices and the office: bundles and replies that
 * are lost, late, cut, brought twice and to the wrong one. */
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

#include "server/sync.h"
#include "shared/exchange/session_bundle.h"
#include "shared/wire/bundle.h"

#define ACTS_MAX 6

/* What lay in the slot is lost. */
static void mail_put(struct world *world, const struct buffer *file)
{
    struct mail *mail = &world->mail[world_dice(world, MAIL_MAX)];
    struct bundle_label label;
    struct bytes sealed;
    if (bundle_label_read(buffer_bytes(file), &label, &sealed))
        return;
    free(mail->at);
    mail->at = malloc(file->size);
    if (!mail->at)
        abort();
    memcpy(mail->at, file->at, file->size);
    mail->size = file->size;
    mail->reply = label.kind == BUNDLE_REPLY;
}

/* A file of the kind, sometimes only its beginning; empty when there is none.
 */
static struct bytes mail_take(struct world *world, bool reply, bool *cut)
{
    uint64_t start = world_dice(world, MAIL_MAX);
    *cut = world->faults && world_dice(world, 10) == 0;
    for (uint64_t i = 0; i < MAIL_MAX; i++) {
        const struct mail *mail = &world->mail[(start + i) % MAIL_MAX];
        if (!mail->at || mail->reply != reply)
            continue;
        size_t size = *cut ? (size_t)world_dice(world, mail->size) : mail->size;
        return bytes_of(mail->at, size);
    }
    return bytes_of(NULL, 0);
}

/* False when the device has lost power in the middle. */
static bool has_power(struct world *world, struct device *d)
{
    if (!disk_is_off(d->name))
        return true;
    device_crash(world, d);
    return false;
}

static bool office_has_power(struct world *world)
{
    if (!disk_is_off("office"))
        return true;
    office_crash(world);
    if (!office_start(world))
        world_fail(world, "the office does not start after a power cut");
    return false;
}

static void device_writes(struct world *world)
{
    struct device *d = device_any(world);
    struct bundle_report report;
    struct buffer file;
    if (!d)
        return;
    bool locked = world_dice(world, 4) == 0;
    buffer_init(&file, BUNDLE_BYTES_MAX);
    if (locked)
        vault_lock(d->vault);
    enum err err = session_bundle_write(d->vault, &file, &report);
    if (!err)
        mail_put(world, &file);
    buffer_fini(&file);
    world_cover(world, "bundle written%s", report.push_only ? ", push" : "");
    world_say(world, "%s writes a bundle of %lld: %s %s", d->name,
              (long long)report.lines, err_name(err), report.detail);
    if (!has_power(world, d))
        return;
    if (err && !device_shut(d, err))
        world_fail(world, "%s cannot write a bundle: %s %s", d->name,
                   err_name(err), report.detail);
    if (locked && vault_unlock(d->vault, "ninety seconds"))
        world_fail(world, "%s does not unlock", d->name);
}

static void office_takes(struct world *world)
{
    struct buffer reply;
    struct sync_bundle outcome;
    bool cut;
    struct bytes file = mail_take(world, false, &cut);
    if (!file.size || !world->office)
        return;
    buffer_init(&reply, BUNDLE_BYTES_MAX);
    enum err err =
        sync_bundle(world->office, &world->sql, file, &reply, &outcome);
    world_say(world, "the office takes a bundle of %s: %s %d, %lld lines %s",
              outcome.replica, err_name(err), outcome.status,
              (long long)outcome.taken, outcome.detail);
    if (err)
        world_cover(world, "bundle refused, %s", err_name(err));
    else
        world_cover(world, "bundle taken, %d", outcome.status);
    bool power = office_has_power(world);
    if (!err)
        mail_put(world, &reply);
    if (!err && cut)
        world_fail(world, "the office takes a bundle that was cut");
    if (err && !cut && power && world_plain(world))
        world_fail(world, "a bundle is refused: %s %s", err_name(err),
                   outcome.detail);
    if (!err && outcome.status != 200 && world_plain(world))
        world_fail(world, "a bundle is answered %d %s", outcome.status,
                   outcome.error.error);
    buffer_fini(&reply);
}

/* The first device to which the office's answer is of use, or any. */
static void device_reads(struct world *world)
{
    struct device *d = device_any(world);
    struct bundle_report report;
    bool cut;
    struct bytes file = mail_take(world, true, &cut);
    if (!d || !file.size)
        return;
    enum err err = session_bundle_read(d->vault, file, &report);
    for (int i = 0; err == ERR_FOREIGN && i < DEVICES_MAX; i++) {
        struct device *other = &world->devices[i];
        if (!other->vault || !other->enrolled || other->told)
            continue;
        d = other;
        err = session_bundle_read(d->vault, file, &report);
    }
    world->lines += report.received + report.pulled;
    world_say(world, "%s reads a reply: %s %s%lld up, %lld down%s", d->name,
              err_name(err), report.detail, (long long)report.received,
              (long long)report.pulled,
              report.passed_over ? ", the rest is known" : "");
    world_cover(world, "bundle read, %s%s%s", err_name(err),
                report.passed_over ? ", passed over" : "",
                report.pulled ? ", news" : "");
    if (!has_power(world, d))
        return;
    if (!err && cut)
        world_fail(world, "%s reads a reply that was cut", d->name);
    /* One that lost power while it synced has its lease for a while. */
    if (err && !cut && err != ERR_FOREIGN && err != ERR_BUSY &&
        !device_shut(d, err) && world_plain(world))
        world_fail(world, "%s cannot read a reply: %s %s", d->name,
                   err_name(err), report.detail);
}

void mail_step(struct world *world)
{
    static void (*const acts[])(struct world * world) = {
        device_writes, office_takes, device_reads};
    uint64_t count = 1 + world_dice(world, ACTS_MAX);
    for (uint64_t i = 0; i < count; i++)
        acts[world_dice(world, 3)](world);
}

void mail_close(struct world *world)
{
    for (int i = 0; i < MAIL_MAX; i++)
        free(world->mail[i].at);
}
