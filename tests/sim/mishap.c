#include "tests/sim/mishap.h"

#include <stdio.h>
#include <string.h>

#include "tests/sim/people.h"

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
    world->scenes |= SCENE_CLONED;
    device_stop(d);
    disk_copy(copy, d->name);
    disk_power_on(d->name);
    world_say(world, "%s is put back to its copy", d->name);
    world_cover(world, "vault put back");
    if (!device_start(world, d))
        world_fail(world, "%s does not open after it was put back", d->name);
    truth_excuse(world);
}
