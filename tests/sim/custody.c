/* Backups by generations, and the oracle of what is called backed up: it
 * survives the loss of the newest backup. */
#include <string.h>
#include "server/store_line.h"
#include "server/store_replica.h"
#include "tests/sim/forge.h"
#include "tests/sim/photos.h"

#define REPLICAS_MAX 256

struct heads {
    char replica[REPLICAS_MAX][REPLICA_CHARS + 1];
    int64_t head[REPLICAS_MAX];
    size_t count;
};

static enum err head_read(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct heads *heads = context;
    (void)columns;
    if (heads->count == REPLICAS_MAX)
        return ERR_OK; /* the rest is called backed up later */
    sql_copy_text(heads->replica[heads->count], REPLICA_CHARS + 1, &row[0]);
    heads->head[heads->count++] = row[1].integer;
    return ERR_OK;
}

static enum err heads_count(struct world *world, struct heads *heads)
{
    static const char heads_find[] =
        "SELECT replica, head FROM replica WHERE head > 0 ORDER BY replica";
    enum err err =
        sql_each_row(&world->sql, heads_find, NULL, 0, head_read, heads);
    if (!err)
        err = sql_begin(&world->sql, true);
    if (err)
        return err;
    err = photos_backup(world);
    for (size_t i = 0; !err && i < heads->count; i++)
        err = store_replica_backup(&world->sql, world->office->agency,
                                   heads->replica[i], heads->head[i]);
    if (!err)
        return sql_commit(&world->sql);
    sql_rollback(&world->sql);
    return err;
}

void custody_backup(struct world *world)
{
    struct heads heads = {.count = 0};
    if (world->scenes & SCENE_BACKUP) {
        disk_copy("backup", "backup2");
        world->scenes |= SCENE_TWO_BACKUPS;
    }
    disk_copy("office", "backup");
    access_backup(world);
    world->scenes |= SCENE_BACKUP;
    if (world->office && world->sql_open && heads_count(world, &heads) &&
        !disk_is_off("office"))
        world_fail(world, "a backup cannot be counted");
}

/* Which backup is left: now and then the newest is lost. */
void custody_lose_backup(struct world *world)
{
    if (!(world->scenes & SCENE_TWO_BACKUPS) || world_dice(world, 3))
        return;
    disk_copy("backup2", "backup");
    access_lose_backup(world);
    world->scenes &= ~(unsigned)SCENE_TWO_BACKUPS;
    world_say(world, "the newest backup is lost");
}

struct claim {
    struct world *world;
    const char *device;
};

static enum err entry_check(void *context, const struct record_entry *entry)
{
    const struct claim *claim = context;
    struct world *world = claim->world;
    struct line_found found;
    if (entry->custody != CUSTODY_BACKED_UP)
        return ERR_OK;
    world_cover(world, "custody backed up");
    enum err err = store_line_find(&world->sql, world->office->agency,
                                   entry->dot.replica, entry->dot.n, &found);
    if (err == ERR_NOT_FOUND)
        world_fail(world, "O3: %s calls %s:%lld backed up, a restore lacks it",
                   claim->device, entry->dot.replica, (long long)entry->dot.n);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

void custody_check(struct world *world)
{
    photos_check_claims(world);
    if (world->scenes & SCENE_DAMAGED)
        return; /* two volumes at once are more than is promised */
    for (int i = 0; i < DEVICES_MAX && !world->failed; i++) {
        struct device *d = &world->devices[i];
        struct claim claim = {world, d->name};
        if (!d->used || !d->vault || vault_locked(d->vault) || !world->office)
            continue;
        for (size_t r = 0; r < world->record_count && !world->failed; r++) {
            enum err err = record_history(d->vault, world->records[r],
                                          entry_check, &claim);
            if (err && err != ERR_NOT_FOUND && !disk_is_off(d->name))
                world_fail(world, "%s: %s", d->name, vault_detail(d->vault));
        }
    }
}
