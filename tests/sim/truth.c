/* What nobody can bring back is not missed: a write that was made after a
 * backup and that no machine holds any more. */
#include <string.h>

#include "server/store_line.h"
#include "tests/sim/world.h"

struct search {
    const struct write *write;
    bool found;
};

static enum err in_vault(void *context, const struct record_entry *entry)
{
    struct search *search = context;
    if (!strcmp(entry->write, search->write->id))
        search->found = true;
    return ERR_OK;
}

static enum err at_office(void *context, int64_t arrival,
                          const uint8_t hash[HASH_BYTES], struct bytes line)
{
    struct search *search = context;
    const struct revision *r;
    struct arena arena;
    (void)arrival;
    (void)hash;
    arena_init(&arena, REVISION_ARENA_BYTES);
    if (!revision_parse(&arena, line, &r, NULL) &&
        !strcmp(r->write, search->write->id))
        search->found = true;
    arena_fini(&arena);
    return ERR_OK;
}

static bool somewhere(struct world *world, const struct write *write)
{
    struct search search = {write, false};
    if (store_line_each_of_record(&world->sql, world->office->agency,
                                  write->record, at_office, &search))
        world_fail(world, "the office's lines cannot be read");
    for (int i = 0; i < DEVICES_MAX && !search.found; i++) {
        struct device *d = &world->devices[i];
        enum err err =
            d->used && d->vault
                ? record_history(d->vault, write->record, in_vault, &search)
                : ERR_OK;
        if (err && err != ERR_NOT_FOUND)
            world_fail(world, "%s: %s", d->name, vault_detail(d->vault));
    }
    return search.found;
}

/* A device's own writes are in its log for good, readable or not, while there
 * is the device; what the office wrote is only where it was sent. */
void truth_excuse(struct world *world)
{
    for (size_t i = 0; i < world->write_count && world->office; i++) {
        struct write *w = &world->writes[i];
        bool logged = w->device >= 0 && !world->devices[w->device].lost;
        if (!logged && !w->excused && !somewhere(world, w)) {
            w->excused = true;
            world_say(world, "nobody has %s any more", w->dot);
        }
    }
}
