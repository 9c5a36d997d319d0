/* What nobody can bring back is not missed: a write that was made after a
 * backup and that no machine holds any more. */
#include <stdlib.h>

#include "tests/sim/vault_writes.h"
#include "tests/sim/world.h"

static enum err note_line(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct map *ids = context;
    const struct revision *r;
    struct arena arena;
    enum err err = ERR_OK;
    (void)columns;
    arena_init(&arena, REVISION_ARENA_BYTES);
    if (!revision_parse(&arena, row[0].bytes, &r, NULL))
        err = map_put(ids, bytes_text(r->write), ids);
    arena_fini(&arena);
    return err;
}

void truth_office(struct world *world, struct map *ids)
{
    struct sql_value agency = sql_text(world->office->agency);
    if (world->sql.run(world->sql.context,
                       "SELECT line FROM line WHERE agency = $1", &agency, 1,
                       note_line, ids))
        world_fail(world, "the office's lines cannot be read");
}

/* The ids of all writes that some machine holds, or some that is let in. */
static void note_all(struct world *world, bool let_in, struct map *ids)
{
    truth_office(world, ids);
    for (int i = 0; i < DEVICES_MAX; i++) {
        struct device *d = &world->devices[i];
        if (d->used && d->vault && !(let_in && d->revoked && !d->forgotten) &&
            vault_writes_add(d->vault, ids))
            world_fail(world, "%s: %s", d->name, vault_detail(d->vault));
    }
}

/* What a machine holds shows once it has power. */
static void all_steady(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX; i++) {
        struct device *d = &world->devices[i];
        if (d->used && disk_is_off(d->name))
            device_crash(world, d);
    }
    if (disk_is_off("office"))
        (void)office_steady(world);
}

void truth_excuse(struct world *world)
{
    struct map *ids;
    all_steady(world);
    if (!world->office || world->failed)
        return;
    if (map_new(&ids))
        abort();
    note_all(world, false, ids);
    for (size_t i = 0; i < world->write_count; i++) {
        struct write *w = &world->writes[i];
        if (w->excused || map_has(ids, bytes_text(w->id)))
            continue;
        w->excused = true;
        world_say(world, "nobody has %s any more", w->dot);
    }
    map_free(ids);
}

/* A device that is revoked hands over its own log and nothing else: of what a
 * restored office has lost, what it alone holds of others' does not come back.
 */
void truth_revoked(struct world *world)
{
    struct map *ids;
    if (!(world->scenes & SCENE_RESTORED) || world->failed)
        return;
    if (map_new(&ids))
        abort();
    note_all(world, true, ids);
    for (size_t i = 0; i < world->write_count; i++) {
        struct write *w = &world->writes[i];
        bool own = w->device >= 0 && world->devices[w->device].revoked;
        if (own || w->excused || map_has(ids, bytes_text(w->id)))
            continue;
        w->excused = true;
        world_say(world, "only who is revoked has %s", w->dot);
    }
    map_free(ids);
}
