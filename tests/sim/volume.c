#include "tests/sim/volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/disposal.h"
#include "server/office_keys.h"
#include "server/restore_rest.h"
#include "server/store.h"
#include "server/store_agency.h"
#include "server/verify.h"
#include "shared/base/map.h"
#include "tests/sim/forge.h"
#include "tests/sim/photos.h"

static void volume_path(const struct world *world, const char *name, char *out,
                        size_t room)
{
    snprintf(out, room, "%s%s", world->root, name);
}

static bool is_away(const struct world *world)
{
    char path[512];
    volume_path(world, "away", path, sizeof path);
    return access(path, F_OK) == 0;
}

static void move(const struct world *world, const char *from, const char *to)
{
    char old[512], new[512];
    volume_path(world, from, old, sizeof old);
    volume_path(world, to, new, sizeof new);
    if (rename(old, new))
        abort();
}

static void come_back(struct world *world)
{
    if (is_away(world))
        move(world, "away", "volume");
}

static void go_away(struct world *world)
{
    world->scenes |= SCENE_BEHIND;
    move(world, "volume", "away");
    world_say(world, "the journal's volume is gone");
    world_cover(world, "the journal's volume away");
}

static void keep(struct world *world)
{
    char path[512];
    volume_path(world, "volume/journal", path, sizeof path);
    enum err err = office_journal_set(world->office, &world->sql, path);
    if (err)
        world_fail(world, "no journal is kept: %s", world->office->detail);
    world_say(world, "the office keeps a journal");
    world->scenes |= SCENE_JOURNAL;
    office_stop(world);
    if (!office_start(world))
        world_fail(world, "the office does not start with a journal");
}

void volume_step(struct world *world)
{
    struct journal_setting setting;
    if (!office_steady(world))
        return;
    enum err err =
        journal_setting_load(&world->sql, world->office->agency, &setting);
    if (err == ERR_NOT_FOUND)
        come_back(world), keep(world);
    else if (is_away(world))
        come_back(world);
    else if (world_dice(world, 4) == 0)
        go_away(world);
}

/* --- what the journal has ------------------------------------------------- */

/* A few bytes of its file, somewhere. */
static void damage(struct volume_restore *r)
{
    struct stat status;
    FILE *file = fopen(r->path, "r+b");
    if (!file || fstat(fileno(file), &status))
        abort();
    uint64_t at = world_dice(r->world, (uint64_t)status.st_size + 1);
    if (fseek(file, (long)at, SEEK_SET) || fwrite("damage", 6, 1, file) != 1 ||
        fclose(file))
        abort();
    r->damaged = true;
    r->world->scenes |= SCENE_DAMAGED;
    world_say(r->world, "the journal is damaged at %llu",
              (unsigned long long)at);
}

void volume_restore_begin(struct volume_restore *r, struct world *world)
{
    *r = (struct volume_restore){.world = world};
    r->used = world->photo_count || (world->scenes & SCENE_JOURNAL);
    if (!(world->scenes & SCENE_JOURNAL))
        return;
    r->journal = true;
    come_back(world);
    volume_path(world, "volume/journal", r->path, sizeof r->path);
    if (!office_steady(world) || map_new(&r->had))
        abort();
    truth_office(world, r->had);
    if (world_dice(world, 6) == 0)
        damage(r);
}

static enum err setting_read(struct volume_restore *r, const char *store)
{
    struct sql sql;
    char detail[STORE_DETAIL_CHARS], agency[NAME_CHARS_MAX + 1];
    char lineage[LINEAGE_CHARS + 1];
    enum err err = store_open(&sql, store, DISK_VFS, false, detail);
    if (err)
        return err;
    err = store_agency_find(&sql, agency, lineage);
    if (!err)
        err = journal_setting_load(&sql, agency, &r->setting);
    sql_close(&sql);
    r->has_setting = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err replay_into(struct volume_restore *r, const char *store)
{
    struct sql sql;
    char detail[STORE_DETAIL_CHARS];
    if (r->plan.from_base)
        disk_copy("nothing", "office");
    enum err err = store_open(&sql, store, DISK_VFS, r->plan.from_base, detail);
    if (err)
        return err;
    err = journal_replay(&r->source, &r->plan, &sql, &r->result);
    sql_close(&sql);
    return err;
}

/* As `restore --journal` does (server/command_restore.c). */
static enum err replay(struct volume_restore *r)
{
    char data[512], keys[512], store[600];
    struct office_keys agency;
    office_paths(r->world, data, keys, sizeof data);
    snprintf(store, sizeof store, "%s/office.db", data);
    enum err err = setting_read(r, store);
    if (!err)
        err = office_keys_load(keys, &agency);
    if (err || !r->journal)
        return err;
    office_journal_key(&agency, r->key);
    r->source = (struct replay_source){.path = r->path,
                                       .key = r->key,
                                       .has_backup = r->has_setting,
                                       .backup = r->setting};
    err = journal_survey(&r->source, &r->plan);
    if (!err && r->plan.usable)
        err = replay_into(r, store);
    const uint8_t *instance =
        r->plan.usable ? r->result.instance : r->setting.instance;
    r->covers = !err && (r->plan.usable || r->plan.at_backup) &&
                !r->result.lost && journal_state_whole(keys, instance);
    if (!r->result.transactions) {
        r->result.groups = r->setting.groups;
        memcpy(r->result.instance, r->setting.instance, GROUP_INSTANCE_BYTES);
    }
    return err;
}

static enum err settle(struct volume_restore *r)
{
    struct world *world = r->world;
    uint64_t bytes;
    world->sql.tap = NULL;
    int64_t lost = 0;
    enum err err = office_begin(world);
    if (err)
        return err;
    if (r->journal)
        err = journal_setting_save(world->office, &world->sql, r->path,
                                   r->result.groups);
    if (!err)
        err = disposal_catch_up(world->office, &world->sql, &bytes);
    if (!err)
        err = photos_bring(world, &lost);
    if (lost)
        r->covers = false;
    r->blobs_lost = lost > 0;
    if (!err && !r->covers)
        err = office_new_lineage(world->office, &world->sql);
    err = office_end(world, err);
    return err || !r->journal ? err
                              : office_rebuild(world->office, &world->sql);
}

bool volume_replay(struct volume_restore *r)
{
    struct world *world = r->world;
    if (!r->used)
        return false;
    enum err err = replay(r);
    if (!err && !office_start_idle(world))
        err = ERR_IO;
    if (!err)
        err = settle(r);
    office_stop(world);
    if (err)
        world_fail(world, "it cannot be restored: %s", err_name(err));
    if (!r->journal)
        return false;
    world_say(world, "%lld transactions come from the journal%s",
              (long long)r->result.transactions,
              r->covers ? ", which are all" : "");
    if (!err && !r->covers && !r->damaged && !r->blobs_lost &&
        !(world->scenes & SCENE_BEHIND))
        world_fail(world, "the journal does not hold everything");
    world_cover(world, "restored with a journal%s",
                r->covers       ? ", whole"
                : r->damaged    ? ", damaged"
                : r->blobs_lost ? ", without all attachments"
                                : ", behind");
    return r->covers;
}

static enum err heal(struct volume_restore *r)
{
    struct restore_rest rest;
    restore_rest_init(&rest);
    enum err err = restore_rest(&rest, r->world->office, &r->world->sql,
                                &r->source, &r->plan, &r->result);
    if (rest.lines)
        world_cover(r->world, "lines behind a journal's damage");
    restore_rest_fini(&rest);
    return err;
}

/* What a whole journal brings back is all that the office had. */
static void compare(struct volume_restore *r)
{
    struct world *world = r->world;
    struct map *has;
    if (map_new(&has))
        abort();
    truth_office(world, has);
    for (size_t i = 0; i < world->write_count && r->covers; i++) {
        const struct write *w = &world->writes[i];
        if (map_has(r->had, bytes_text(w->id)) &&
            !map_has(has, bytes_text(w->id)))
            world_fail(world, "LOST: a whole journal has not brought %s",
                       w->dot);
    }
    map_free(has);
}

void volume_restore_end(struct volume_restore *r)
{
    struct world *world = r->world;
    if (r->journal && world->office && !world->failed) {
        bool beyond = r->result.lost || r->plan.beyond;
        enum err err = beyond && !r->covers ? heal(r) : ERR_OK;
        if (err)
            world_fail(world, "the journal's rest: %s %s", err_name(err),
                       world->office->detail);
        compare(r);
    }
    map_free(r->had);
    replay_plan_fini(&r->plan);
}
