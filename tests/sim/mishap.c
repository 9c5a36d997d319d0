#include "tests/sim/mishap.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/forge.h"
#include "tests/sim/people.h"
#include "tests/sim/photos.h"
#include "tests/sim/site.h"
#include "tests/sim/volume.h"

struct held_search {
    const char *replica;
    bool found;
};

static enum err look_held(void *context, const struct record_entry *entry)
{
    struct held_search *search = context;
    if (entry->held[0] && !strcmp(entry->dot.replica, search->replica))
        search->found = true;
    return ERR_OK;
}

/* What is held of a replica is on no other screen, though their contexts name
 * it: in a context of its own, it has been seen. */
static bool holds_of(struct device *d, const char *record, const char *replica)
{
    struct held_search search = {.replica = replica};
    return record_history(d->vault, record, look_held, &search) || search.found;
}

/* Contexts say nothing to a vault that has changed its name, so that this is
 * for worlds in which nobody has to. */
void mishap_lend(struct world *world)
{
    struct device *from = device_any(world), *to = device_any(world);
    const char *type = people_pick_type(world);
    struct form form = {0}, own = {0};
    char record[ID_CHARS + 1], set[256];
    if (!world_plain(world) || !from || from == to ||
        !people_pick(world, from, type, record))
        return;
    buffer_init(&form.context, 1u << 20);
    buffer_init(&own.context, 1u << 20);
    if (form_open(world, to, &own, record, type) &&
        form_open(world, from, &form, record, type) &&
        !holds_of(from, record, own.reader)) {
        world_say(world, "%s hands its form to %s", from->name, to->name);
        people_change(world, type, set, sizeof set);
        struct record_write write = {.record = record,
                                     .context = buffer_text(&form.context),
                                     .set = bytes_text(set)};
        people_write(world, to, &write, &form, type, NULL);
    }
    buffer_fini(&form.context);
    buffer_fini(&own.context);
}

static bool shows(struct world *world, struct device *d, const char *record)
{
    struct form form = {0};
    buffer_init(&form.context, 1u << 20);
    bool shown = form_open(world, d, &form, record, "");
    buffer_fini(&form.context);
    return shown;
}

static void create(struct world *world, struct device *d, const char *id,
                   const char *type, const char *person)
{
    char set[256];
    if (!d->vault)
        return;
    snprintf(set, sizeof set, "{\"person\":\"%s\",%s}", person,
             strcmp(type, "need") ? "\"kind\":\"phone\""
                                  : "\"domain\":\"food\"");
    struct record_write write = {
        .type = type, .record = id, .set = bytes_text(set)};
    people_write(world, d, &write, NULL, type, person);
}

void mishap_same_id(struct world *world)
{
    struct device *a = device_any(world), *b = device_any(world);
    char id[ID_CHARS + 1], person[ID_CHARS + 1];
    if (!a || a == b || !people_pick(world, a, "person", person) ||
        !shows(world, a, person) || !shows(world, b, person))
        return;
    id_new(id, world->now_ms, &world->salt.random);
    world_say(world, "%s and %s take one id", a->name, b->name);
    create(world, a, id, "need", person);
    create(world, b, id, world_dice(world, 2) ? "need" : "contact", person);
}

void mishap_lose(struct world *world)
{
    struct device *d = device_any(world);
    int left = 0;
    for (int i = 0; i < DEVICES_MAX; i++)
        left += world->devices[i].used;
    if (!d || left < 3 || !world->office)
        return;
    world_say(world, "%s is lost for good", d->name);
    device_stop(d);
    d->used = false;
    d->lost = true;
    truth_excuse(world);
}

void mishap_roll_back(struct world *world)
{
    struct device *d = device_any(world);
    char copy[40];
    if (!d || disk_is_off(d->name))
        return;
    snprintf(copy, sizeof copy, "old-%s", d->name);
    if (!d->kept) {
        disk_copy(d->name, copy);
        d->kept = true;
        return;
    }
    world->scenes |= SCENE_CLONED | SCENE_PUT_BACK;
    device_stop(d);
    disk_copy(copy, d->name);
    disk_power_on(d->name);
    d->put_back = true;
    world_say(world, "%s is put back to its copy", d->name);
    world_cover(world, "vault put back");
    if (!device_start(world, d))
        world_fail(world, "%s does not open after it was put back", d->name);
    truth_excuse(world);
}

static struct device *copy_of(struct world *world, const struct device *d)
{
    struct device *copy = device_add(world, d->user, d->scope);
    if (!copy)
        return NULL;
    world->scenes |= SCENE_CLONED;
    disk_copy(d->name, copy->name);
    copy->enrolled = true;
    copy->revoked = d->revoked;
    memcpy(copy->revoked_in_backup, d->revoked_in_backup,
           sizeof copy->revoked_in_backup);
    copy->forgotten = d->forgotten;
    world_say(world, "%s is copied to %s", d->name, copy->name);
    if (!device_start(world, copy))
        world_fail(world, "a copied vault does not open");
    return copy;
}

void mishap_clone(struct world *world)
{
    struct device *d = device_any(world);
    if (d)
        (void)copy_of(world, d);
}

void mishap_restore(struct world *world)
{
    if (!(world->scenes & SCENE_BACKUP))
        return;
    struct volume_restore restore;
    volume_restore_begin(&restore, world);
    office_stop(world);
    photos_lose(world);
    custody_lose_backup(world);
    disk_copy("backup", "office");
    disk_power_on("office");
    world_say(world, "the office is restored from its backup");
    if (world->scenes & SCENE_DISPOSED)
        world_cover(world, "disposed of before a restore");
    if (!volume_replay(&restore)) {
        world->scenes |= SCENE_RESTORED;
        access_forget(world);
    }
    if (!office_start(world))
        world_fail(world, "the office does not start after a restore");
    volume_restore_end(&restore);
    site_again(world);
    custody_check(world);
    truth_excuse(world);
    truth_revoked(world);
}

static void take_on(struct world *world, struct device *d, const char *set)
{
    struct record_write write = {.type = "person", .set = bytes_text(set)};
    if (d->vault && people_write(world, d, &write, NULL, "person", NULL))
        (void)device_sync(world, d);
}

void mishap_collide(struct world *world)
{
    struct device *d = device_any(world), *copy, *other;
    if (!d || d->revoked || !(other = people_colleague(world, d)) ||
        !world->online || !office_steady(world))
        return;
    bool faults = world->faults;
    world->faults = false;
    (void)device_sync(world, d);
    (void)device_sync(world, other);
    custody_backup(world);
    copy = world->failed ? NULL : copy_of(world, d);
    if (copy) {
        take_on(world, d, "{\"preferred_name\":\"one\"}");
        (void)device_sync(world, other);
        mishap_restore(world);
        take_on(world, copy, "{\"preferred_name\":\"another\"}");
        (void)device_sync(world, other);
    }
    world->faults = faults;
}

void mishap_unbacked(struct world *world)
{
    struct device *d = device_any(world);
    size_t before = world->photo_count;
    if (!d || d->revoked || !world->online || world->blob_disk_full ||
        !office_steady(world))
        return;
    bool faults = world->faults;
    world->faults = false;
    (void)device_sync(world, d);
    custody_backup(world);
    if (d->vault && !world->failed)
        photos_attach(world, d);
    if (world->photo_count > before) {
        (void)device_sync(world, d);
        for (uint64_t i = world_dice(world, 3); i; i--)
            custody_backup(world);
        if (d->vault)
            photos_prune(world, d);
        (void)device_sync(world, d);
        if (!world->failed)
            mishap_restore(world);
    }
    world->faults = faults;
}

void mishap_stranger(struct world *world)
{
    struct device *d = device_any(world);
    if (!d)
        return;
    world->stranger = true;
    if (device_sync(world, d))
        world_fail(world, "%s has synced with a stranger", d->name);
    world->stranger = false;
}
