#include "tests/sim/dispose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/disposal.h"
#include "server/retention.h"
#include "server/user.h"
#include "shared/base/map.h"
#include "tests/sim/forge.h"
#include "tests/sim/people.h"

#define SUPERVISOR "sue"
#define ADMINISTRATOR "olga"
#define LONG_AGO "2019-03-01"
#define LATELY "2025-11-30"

/* --- acts ----------------------------------------------------------------- */

static enum err staff_one(struct world *world, const char *name,
                          const char *role)
{
    struct user_draft draft = {.name = name, .role = role};
    enum err err = office_begin(world);
    if (!err)
        err = office_end(world,
                         user_add(world->office, &world->sql, &draft, "sim"));
    return err == ERR_EXISTS ? ERR_OK : err;
}

/* A restore may have forgotten them. */
static bool staff(struct world *world)
{
    return !staff_one(world, SUPERVISOR, "supervisor") &&
           !staff_one(world, ADMINISTRATOR, "admin");
}

static enum err close_on(struct world *world, const char *kase, const char *on)
{
    enum err err = office_begin(world);
    return err ? err
               : office_end(world, retention_close(world->office, &world->sql,
                                                   SUPERVISOR, kase, on, NULL));
}

static enum err legal_hold(struct world *world, const char *kase, bool held)
{
    enum err err = office_begin(world);
    return err ? err
               : office_end(world, retention_hold(world->office, &world->sql,
                                                  ADMINISTRATOR, kase, held,
                                                  "an audit"));
}

static enum err propose(struct world *world, const char *kase)
{
    enum err err = office_begin(world);
    return err ? err
               : office_end(world, disposal_propose(world->office, &world->sql,
                                                    SUPERVISOR, kase,
                                                    "its time is over"));
}

static enum err approve(struct world *world, const char *by, const char *kase)
{
    struct disposal_row row;
    enum err err = office_begin(world);
    return err ? err
               : office_end(world, disposal_approve(world->office, &world->sql,
                                                    by, kase, &row));
}

/* --- what must be refused ------------------------------------------------- */

static void refused(struct world *world, enum err err, const char *what)
{
    if (err != ERR_DENIED)
        world_fail(world, "a case may be disposed of %s: %s", what,
                   err_name(err));
    world_cover(world, "disposal refused %s", what);
}

static enum err may_not_go(struct world *world, const char *kase)
{
    enum err err = close_on(world, kase, LATELY);
    if (!err)
        refused(world, propose(world, kase), "before its time");
    return err;
}

/* Someone goes to court; it ends at once, or with the next step. */
static enum err in_court(struct world *world, const char *kase)
{
    enum err err = legal_hold(world, kase, true);
    if (err)
        return err;
    refused(world, propose(world, kase), "under legal hold");
    return legal_hold(world, kase, false);
}

static enum err by_two(struct world *world, const char *kase)
{
    enum err err = close_on(world, kase, LONG_AGO);
    if (!err && world_dice(world, 3) == 0)
        err = in_court(world, kase);
    if (!err)
        err = propose(world, kase);
    if (!err)
        refused(world, approve(world, SUPERVISOR, kase), "by one alone");
    return err;
}

/* --- it goes -------------------------------------------------------------- */

/* Somebody is at work on it, far away. */
static void works_on(struct world *world, const char *kase)
{
    struct form form = {0};
    char set[256];
    buffer_init(&form.context, 1u << 20);
    for (int i = 0; i < DEVICES_MAX; i++) {
        struct device *d = &world->devices[i];
        if (!d->used || !d->vault || !d->enrolled || d->told ||
            world_dice(world, 2) || !form_open(world, d, &form, kase, "person"))
            continue;
        people_change(world, "person", set, sizeof set);
        struct record_write edit = {.record = kase,
                                    .context = buffer_text(&form.context),
                                    .set = bytes_text(set)};
        people_write(world, d, &edit, &form, "person", NULL);
        snprintf(set, sizeof set, "{\"person\":\"%s\",\"kind\":\"phone\"}",
                 kase);
        struct record_write note = {.type = "contact", .set = bytes_text(set)};
        if (d->vault)
            people_write(world, d, &note, NULL, "contact", kase);
    }
    buffer_fini(&form.context);
}

/* Of a record whose creation was cut off by a power cut, and which is there all
 * the same, the case is not known. */
static bool of_case(const struct world *world, const struct write *w,
                    const char *kase)
{
    for (size_t i = 0; i < world->record_count; i++)
        if (!strcmp(world->records[i], w->record))
            return !strcmp(world->record_cases[i], kase) ||
                   !strcmp(world->record_types[i], "site_referral");
    return true;
}

/* What the office had and has no more was taken with the case, and nothing
 * else; of the case nothing is left but what had no place in it yet. */
static void note_gone(struct world *world, const char *kase,
                      const struct map *before, const struct map *after)
{
    for (size_t i = 0; i < world->write_count; i++) {
        struct write *w = &world->writes[i];
        struct bytes id = bytes_text(w->id);
        if (!map_has(before, id) || map_has(after, id))
            continue;
        if (!of_case(world, w, kase))
            world_fail(world, "%s of record %s went with case %s", w->dot,
                       w->record, kase);
        w->gone = w->excused = true;
    }
}

static enum err take_count(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)columns;
    *(int64_t *)context = row[0].integer;
    return ERR_OK;
}

/* Of the case's lines, those that still have their text. */
static int64_t texts_left(struct world *world, const char *kase)
{
    int64_t count = -1;
    struct sql_value values[] = {sql_text(world->office->agency),
                                 sql_text(kase)};
    if (world->sql.run(world->sql.context,
                       "SELECT count(*) FROM placed AS p JOIN line AS l ON "
                       "l.arrival = p.arrival WHERE p.agency = $1 AND "
                       "p.case_id = $2 AND length(l.line) > 0",
                       values, 2, take_count, &count))
        world_fail(world, "a case's lines cannot be counted");
    return count;
}

static void clean(struct world *world)
{
    enum err err = disposal_clean(world->office, &world->sql);
    if (err && err != ERR_BUSY && !disk_is_off("office"))
        world_fail(world, "what was disposed of is not cleaned away: %s",
                   err_name(err));
    (void)office_steady(world);
}

static void go(struct world *world, const char *kase)
{
    struct map *before, *after;
    if (map_new(&before) || map_new(&after))
        abort();
    truth_office(world, before);
    world->scenes |= SCENE_DISPOSED;
    if (world_dice(world, 3) == 0)
        disk_power_cut("office", (int64_t)world_dice(world, 80));
    enum err err = approve(world, ADMINISTRATOR, kase);
    bool cut = disk_is_off("office");
    bool power = office_steady(world);
    world_say(world, "case %.8s is disposed of: %s%s", kase, err_name(err),
              cut ? ", power" : "");
    if (power)
        truth_office(world, after);
    if (power && !err && texts_left(world, kase))
        world_fail(world, "case %s was disposed of, and has texts", kase);
    else if (err && !cut)
        world_fail(world, "case %s is not disposed of: %s %s", kase,
                   err_name(err), power ? world->office->detail : "");
    if (power) {
        note_gone(world, kase, before, after);
        world_cover(world, "disposed of%s", cut ? ", power" : "");
    }
    map_free(before);
    map_free(after);
}

static size_t pick_case(struct world *world)
{
    size_t pick[RECORDS_MAX], count = 0;
    for (size_t i = 0; i < world->record_count; i++)
        if (!strcmp(world->records[i], world->record_cases[i]) &&
            office_knows(world, world->records[i]))
            pick[count++] = i;
    return count ? pick[world_dice(world, count)] : RECORDS_MAX;
}

void dispose_step(struct world *world)
{
    size_t i = office_steady(world) ? pick_case(world) : RECORDS_MAX;
    if (i == RECORDS_MAX || !staff(world))
        return;
    const char *kase = world->record_cases[i];
    bool early = world_dice(world, 5) == 0;
    enum err err = early ? may_not_go(world, kase) : by_two(world, kase);
    if (err && !world_plain(world)) {
        world_say(world, "case %.8s stays: %s %s", kase, err_name(err),
                  world->office->detail);
        return; /* an office that was taken back waits with it */
    }
    if (err)
        world_fail(world, "case %s cannot be disposed of: %s %s", kase,
                   err_name(err), world->office->detail);
    if (err || early || world->failed)
        return;
    works_on(world, kase);
    go(world, kase);
    if (!world->failed && world->office && world_dice(world, 2))
        clean(world);
}
