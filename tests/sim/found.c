/* The world's beginning.  Keys and certificates cost more than a short history,
 * so it is founded once and kept. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/world.h"

#define AGENCY "north"

static struct {
    bool made;
    pid_t owner, here;
    char root[240];
    char place[256]; /* of this process, below the root */
    int64_t now_ms;
} first;

static const char *const people[][2] = {{"dana", "caseload:east"},
                                        {"lee", "caseload:east"},
                                        {"kim", "caseload:west"}};
#define PEOPLE_COUNT (sizeof people / sizeof *people)

static void found_office(struct world *world)
{
    char data[512], keys[512], detail[OFFICE_DETAIL_CHARS] = "";
    office_paths(world, data, keys, sizeof data);
    struct office_options options = {.data_dir = data,
                                     .keys_dir = keys,
                                     .clock = &world->clock,
                                     .random = &world->salt.random,
                                     .log = &world->log,
                                     .vfs = DISK_VFS};
    enum err err = office_init(&options, AGENCY, "North", detail);
    if (err)
        world_fail(world, "office init: %s %s", err_name(err), detail);
    else if (!office_start(world))
        world_fail(world, "the office does not start");
}

static void found_people(struct world *world)
{
    for (size_t i = 0; i < PEOPLE_COUNT && !world->failed; i++) {
        struct device *d = device_add(world, people[i][0], people[i][1]);
        if (!d || !admin_user(world, people[i][0], people[i][1]) ||
            !device_start(world, d) || !device_enrol(world, d) ||
            !device_sync(world, d))
            world_fail(world, "%s cannot begin", people[i][0]);
    }
}

static void remove_tree(const char *path)
{
    char command[600];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    if (system(command))
        fprintf(stderr, "sim: cannot remove %s\n", path);
}

void found_remove(void)
{
    if (first.made && first.owner == getpid())
        remove_tree(first.root);
    else if (first.here == getpid())
        remove_tree(first.place);
}

/* Its name has always the same length, since the store names a file in it. */
static void place_take(void)
{
    char command[1600];
    if (first.here == getpid())
        return;
    first.here = getpid();
    snprintf(first.place, sizeof first.place, "%s%010ld/", first.root,
             (long)first.here);
    snprintf(command, sizeof command,
             "cd '%s' && mkdir -p '%svolume' && "
             "cp -r keys office device.secret '%s'",
             first.root, first.place, first.place);
    if (system(command)) {
        fprintf(stderr, "sim: cannot make %s\n", first.place);
        exit(2);
    }
}

static void folder_empty(const char *name, const char *but)
{
    char path[512];
    snprintf(path, sizeof path, "%s%s", first.place, name);
    DIR *files = opendir(path);
    for (const struct dirent *file; files && (file = readdir(files));)
        if (file->d_name[0] != '.' && strcmp(file->d_name, but) != 0)
            (void)unlinkat(dirfd(files), file->d_name, 0);
    if (files)
        closedir(files);
}

/* What histories before this one have left there; one may have ended while the
 * journal's volume was away. */
static void place_clean(void)
{
    char away[512], volume[512];
    snprintf(away, sizeof away, "%saway", first.place);
    snprintf(volume, sizeof volume, "%svolume", first.place);
    if (rename(away, volume) && errno != ENOENT)
        abort();
    folder_empty("keys", "agency.keys");
    folder_empty("volume", "");
    folder_empty("backups", "");
    folder_empty("office/blobs", "");
}

/* On a world of its own, with a salt that is the same for every seed. */
static void found(void)
{
    static struct world world;
    const char *base = getenv("SIM_DIR");
    snprintf(first.root, sizeof first.root, "%s/satchel-sim-%ld/",
             base ? base : "/tmp", (long)getpid());
    first.made = true;
    first.owner = getpid();
    remove_tree(first.root);
    (void)mkdir(first.root, 0700);
    world_open(&world, 0, false);
    world.faults = false;
    disk_reset(first.root, &world.dice.random);
    found_office(&world);
    found_people(&world);
    if (world.failed) {
        fprintf(stderr, "sim: %s\n", world.why);
        exit(2);
    }
    first.now_ms = world.now_ms;
    world_close(&world);
    disk_keep();
}

void found_begin(struct world *world)
{
    bool founding = first.made && !first.now_ms;
    if (!first.made)
        found();
    if (founding) {
        memcpy(world->root, first.root, sizeof first.root);
        return;
    }
    place_take();
    place_clean();
    memcpy(world->root, first.place, sizeof world->root);
    world->now_ms = first.now_ms;
    disk_reset(world->root, &world->dice.random);
    disk_restore();
    if (!office_start(world))
        world_fail(world, "the office does not start");
    for (size_t i = 0; i < PEOPLE_COUNT && !world->failed; i++) {
        struct device *d = device_add(world, people[i][0], people[i][1]);
        d->enrolled = true;
        if (!device_start(world, d))
            world_fail(world, "%s does not start", d->name);
    }
}
