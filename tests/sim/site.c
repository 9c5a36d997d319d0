#include "tests/sim/site.h"

#include <stdio.h>
#include <string.h>

#include "server/ingest.h"
#include "tests/sim/forge.h"
#include "tests/sim/people.h"

#define USER "mira"
#define SCOPE "site:delta"

void site_refer(struct world *world)
{
    struct device *d = device_any(world);
    char person[ID_CHARS + 1], set[256];
    if (!d || !people_pick(world, d, "person", person))
        return;
    snprintf(set, sizeof set, "{\"person\":\"%s\",\"status\":\"draft\"}",
             person);
    struct record_write write = {.type = "referral", .set = bytes_text(set)};
    people_write(world, d, &write, NULL, "referral", person);
}

/* The site's device, and its account with it. */
static void site_open(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX; i++)
        if (!strcmp(world->devices[i].scope, SCOPE))
            return;
    struct device *d = device_add(world, USER, SCOPE);
    bool faults = world->faults;
    if (!d)
        return;
    world->faults = false;
    (void)admin_user(world, USER, SCOPE); /* it may be there already */
    world_say(world, USER " gets %s at " SCOPE, d->name);
    if (!device_start(world, d) || !device_enrol(world, d) ||
        !device_sync(world, d))
        world_fail(world, "the site cannot begin");
    world->faults = faults;
}

void site_again(struct world *world)
{
    for (int i = 0; i < DEVICES_MAX; i++)
        if (!strcmp(world->devices[i].scope, SCOPE)) {
            (void)admin_user(world, USER, SCOPE); /* or it is there still */
            return;
        }
}

static enum err disclose(struct world *world, const char *referral,
                         char id[ID_CHARS + 1])
{
    char name[128], set[256];
    struct dot dot;
    snprintf(name, sizeof name, "%s " SCOPE, referral);
    id_derive(id, "site_referral", bytes_text(name));
    if (office_knows(world, id))
        return ERR_EXISTS;
    snprintf(set, sizeof set,
             "{\"first_name\":\"f%d\",\"referral\":\"%s\",\"site\":\"delta\"}",
             (int)world_dice(world, 100), referral);
    struct revision_draft draft = {.record = id,
                                   .type = "site_referral",
                                   .kase = id,
                                   .set = bytes_text(set)};
    return ingest_office(world->office, &world->sql, "ruth", &draft, &dot);
}

static void learn(struct world *world, const char *id)
{
    if (world->record_count == RECORDS_MAX)
        return;
    size_t i = world->record_count++;
    memcpy(world->records[i], id, ID_CHARS + 1);
    snprintf(world->record_types[i], NAME_CHARS_MAX + 1, "site_referral");
    /* Its case goes where that of the referral goes. */
    memcpy(world->record_cases[i], "", 1);
}

void site_disclose(struct world *world)
{
    size_t pick[RECORDS_MAX], count = 0;
    char id[ID_CHARS + 1];
    for (size_t i = 0; i < world->record_count; i++)
        if (!strcmp(world->record_types[i], "referral") && world->office &&
            office_knows(world, world->records[i]))
            pick[count++] = i;
    if (!count || !world->online || !office_steady(world))
        return;
    site_open(world);
    const char *referral = world->records[pick[world_dice(world, count)]];
    if (world->failed || office_begin(world))
        return;
    enum err err = office_end(world, disclose(world, referral, id));
    world_say(world, "the office tells " SCOPE " of %.8s: %s", referral,
              err_name(err));
    if (!err)
        learn(world, id);
    else if (err != ERR_EXISTS)
        world_fail(world, "a referral is not disclosed: %s %s", err_name(err),
                   world->office->detail);
}

static void answer(struct world *world, char *out, size_t room)
{
    static const char *const stages[] = {"received", "contacted", "attended",
                                         "no_show", "declined"};
    static const char *const outcomes[] = {"paper_filed", "no_show",
                                           "self_prepared"};
    switch ((int)world_dice(world, 3)) {
    case 0:
        snprintf(out, room, "{\"status\":\"%s\"}",
                 stages[world_dice(world, 5)]);
        break;
    case 1:
        snprintf(out, room, "{\"outcome\":\"%s\"}",
                 outcomes[world_dice(world, 3)]);
        break;
    default:
        snprintf(out, room, "{\"note\":\"note %d\"}",
                 (int)world_dice(world, 1000));
    }
}

static struct device *answering(struct world *world)
{
    struct device *d = device_any(world);
    for (int i = 0; i < DEVICES_MAX && world_dice(world, 4); i++) {
        struct device *site = &world->devices[i];
        if (site->used && site->vault && site->enrolled && !site->told &&
            !strcmp(site->scope, SCOPE))
            return site;
    }
    return d;
}

void site_answer(struct world *world)
{
    struct device *d = answering(world);
    struct form form = {0};
    char record[ID_CHARS + 1], set[128];
    if (!d || !people_pick(world, d, "site_referral", record))
        return;
    buffer_init(&form.context, 1u << 20);
    if (form_open(world, d, &form, record, "site_referral")) {
        answer(world, set, sizeof set);
        struct record_write write = {.record = record,
                                     .context = buffer_text(&form.context),
                                     .set = bytes_text(set)};
        world_cover(world, "a %s answers a disclosure",
                    strcmp(d->scope, SCOPE) ? "worker" : "site");
        people_write(world, d, &write, &form, "site_referral", NULL);
    }
    buffer_fini(&form.context);
}
