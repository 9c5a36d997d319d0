/* Who is let in: accounts that are shut by mistake, devices that are revoked.
 */
#include "server/revoke.h"
#include "tests/sim/forge.h"
#include "tests/sim/world.h"

static enum err account_state(struct world *world, const char *user,
                              const char *statement)
{
    struct sql_value values[] = {sql_text(world->office->agency),
                                 sql_text(user)};
    enum err err = office_begin(world);
    return err ? err
               : office_end(world, sql_run(&world->sql, statement, values, 2));
}

/* A power cut in the middle may keep a statement or lose it: whoever was to be
 * shut out is let in again, shut out or not. */
static void account_open(struct world *world, const char *user)
{
    while (account_state(world, user,
                         "UPDATE account SET disabled_at = NULL WHERE "
                         "agency = $1 AND account = $2") &&
           !world->failed) {
        office_crash(world);
        if (!office_start(world))
            world_fail(world, "the office does not start");
    }
}

void office_suspend(struct world *world, struct device *device)
{
    if (!account_state(world, device->user,
                       "UPDATE account SET disabled_at = 1 WHERE agency = $1 "
                       "AND account = $2")) {
        world_say(world, "%s is shut out by mistake", device->user);
        world->deaf = true;
        (void)device_sync(world, device);
        world->deaf = false;
    }
    account_open(world, device->user);
}

/* --- revoked devices ------------------------------------------------------ */

static enum err revoke(struct world *world, struct device *device)
{
    struct identity identity;
    struct replica_row row;
    enum err err = identity_load(device->vault, &identity);
    if (!err)
        err = store_replica_find(&world->sql, world->office->agency,
                                 identity.replica, &row);
    if (!err && row.revoked_at)
        err = ERR_EXISTS;
    return err ? err
               : revoke_write(world->office, &world->sql, "admin", &row, NULL);
}

/* Copies, and whoever has followed the device, are shut out with it. */
static void mark_revoked(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX; i++) {
        struct device *d = &world->devices[i];
        struct identity identity;
        struct replica_row row;
        if (d->used && d->vault && !identity_load(d->vault, &identity) &&
            !store_replica_find(&world->sql, world->office->agency,
                                identity.replica, &row) &&
            row.revoked_at)
            d->revoked = true;
    }
}

void access_put_back(struct world *world, const struct device *device)
{
    if (!device->put_back || device->revoked || !world->office)
        return;
    mark_revoked(world);
    if (!device->revoked)
        return;
    world_cover(world, "put back to what a revoked copy had been");
    truth_revoked(world);
}

void office_revoke(struct world *world, struct device *device)
{
    if (!office_steady(world) || office_begin(world))
        return;
    enum err err = office_end(world, revoke(world, device));
    world_say(world, "%s is revoked: %s", device->name, err_name(err));
    if (err)
        return;
    mark_revoked(world);
    truth_revoked(world);
}

void access_backup(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX; i++) {
        struct device *d = &world->devices[i];
        d->revoked_in_backup[1] = d->revoked_in_backup[0];
        d->revoked_in_backup[0] = d->revoked && !d->forgotten;
    }
}

void access_lose_backup(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX; i++)
        world->devices[i].revoked_in_backup[0] =
            world->devices[i].revoked_in_backup[1];
}

void access_forget(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX; i++) {
        struct device *d = &world->devices[i];
        d->forgotten = d->revoked && !d->revoked_in_backup[0];
    }
}
