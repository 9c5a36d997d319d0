#include "tests/sim/tale.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/ingest.h"
#include "tests/sim/people.h"

struct device *tale_device(struct world *world, int i)
{
    struct device *d = &world->devices[i];
    if (disk_is_off(d->name))
        device_crash(world, d);
    if (!d->vault)
        (void)device_start(world, d);
    return d;
}

void tale_person(struct world *world, int i)
{
    struct record_write write = {
        .type = "person", .set = bytes_text("{\"preferred_name\":\"base\"}")};
    if (tale_device(world, i)->vault)
        people_write(world, tale_device(world, i), &write, NULL, "person",
                     NULL);
}

void tale_contact(struct world *world, int i, const char *text)
{
    char set[256];
    snprintf(set, sizeof set,
             "{\"person\":\"%s\",\"kind\":\"home_visit\",\"narrative\":\"%s\"}",
             world->records[0], text);
    struct record_write write = {.type = "contact", .set = bytes_text(set)};
    if (tale_device(world, i)->vault)
        people_write(world, tale_device(world, i), &write, NULL, "contact",
                     world->records[0]);
}

void tale_edit(struct world *world, int i, const char *name)
{
    struct form form = {0};
    char set[64];
    struct device *d = tale_device(world, i);
    snprintf(set, sizeof set, "{\"preferred_name\":\"%s\"}", name);
    buffer_init(&form.context, 1u << 20);
    if (d->vault && form_open(world, d, &form, world->records[0], "person")) {
        struct record_write write = {.record = form.record,
                                     .context = buffer_text(&form.context),
                                     .set = bytes_text(set)};
        people_write(world, d, &write, &form, "person", NULL);
    }
    buffer_fini(&form.context);
}

void tale_syncs(struct world *world, const char *order)
{
    for (const char *c = order; *c && !world->failed; c++) {
        if (disk_is_off("office"))
            (void)office_steady(world);
        (void)device_sync(world, tale_device(world, *c - '0'));
        oracle_during(world);
    }
}

void tale_assign_record(struct world *world, const char *record,
                        const char *scope)
{
    char scopes[1][SCOPE_CHARS_MAX + 1];
    snprintf(scopes[0], sizeof scopes[0], "%s", scope);
    enum err err = sql_begin(&world->sql, true);
    if (!err)
        err = ingest_assign(world->office, &world->sql, "admin", record,
                            (const char(*)[SCOPE_CHARS_MAX + 1]) scopes, 1);
    if (!err)
        err = sql_commit(&world->sql);
    if (err)
        world_fail(world, "a case cannot be moved: %s", err_name(err));
}

void tale_assign(struct world *world, const char *scope)
{
    tale_assign_record(world, world->records[0], scope);
}

void tale_step(struct world *world, enum step_kind kind)
{
    struct step one = {kind, 1};
    step_run(world, &one);
}

void tale_begin(struct world *world)
{
    tale_person(world, 0);
    tale_contact(world, 0, "before");
    tale_syncs(world, "01");
}

int tale_copy(struct world *world, int i)
{
    struct device *of = tale_device(world, i);
    struct device *copy = device_add(world, of->user, of->scope);
    if (!copy)
        return -1;
    world->scenes |= SCENE_CLONED;
    disk_copy(of->name, copy->name);
    copy->enrolled = true;
    if (!device_start(world, copy))
        world_fail(world, "a copied vault does not open");
    return (int)(copy - world->devices);
}

void tale_end(struct world *world, const char *name)
{
    char why[sizeof world->why] = "";
    if (disk_is_off("office"))
        (void)office_steady(world);
    for (int i = 0; i < DEVICES_MAX; i++)
        if (world->devices[i].used)
            (void)tale_device(world, i);
    if (!world->failed)
        oracle_settle(world);
    if (world->failed)
        memcpy(why, world->why, sizeof why);
    world_close(world);
    if (*why)
        fail_msg("%s: %s", name, why);
}
