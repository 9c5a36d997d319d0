/* The world's beginning.  Keys and certificates cost more than a short history,
 * so it is founded once and kept. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/sim/world.h"

#define AGENCY "north"

static struct {
    bool made;
    pid_t owner;
    char root[256];
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
    memcpy(world->root, first.root, sizeof world->root);
    if (founding)
        return;
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
