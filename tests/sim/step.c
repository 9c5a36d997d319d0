/* The things that people and machines do, one function each. */
#include <stdio.h>
#include <string.h>

#include "server/ingest.h"
#include "tests/sim/clocks.h"
#include "tests/sim/dispose.h"
#include "tests/sim/forge.h"
#include "tests/sim/mishap.h"
#include "tests/sim/people.h"
#include "tests/sim/photos.h"
#include "tests/sim/site.h"
#include "tests/sim/types.h"
#include "tests/sim/volume.h"

typedef void step_call(struct world *world);

static void step_person(struct world *world)
{
    struct device *d = device_any(world);
    char set[128];
    if (!d || !strncmp(d->scope, "site:", 5))
        return; /* a site takes nobody on */
    snprintf(set, sizeof set, "{\"preferred_name\":\"p%d\"}",
             (int)world_dice(world, 1000));
    struct record_write write = {.type = "person", .set = bytes_text(set)};
    people_write(world, d, &write, NULL, "person", NULL);
}

static void step_child(struct world *world)
{
    struct device *d = device_any(world);
    char person[ID_CHARS + 1], set[256];
    bool contact = world_dice(world, 2);
    if (!d || !people_pick(world, d, "person", person))
        return;
    if (contact)
        snprintf(set, sizeof set,
                 "{\"person\":\"%s\",\"kind\":\"home_visit\","
                 "\"narrative\":\"first %d\"}",
                 person, (int)world_dice(world, 1000));
    else
        snprintf(set, sizeof set,
                 "{\"person\":\"%s\",\"domain\":\"housing\","
                 "\"status\":\"open\"}",
                 person);
    const char *type = contact ? "contact" : "need";
    struct record_write write = {.type = type, .set = bytes_text(set)};
    people_write(world, d, &write, NULL, type, person);
}

static void save(struct world *world, struct device *d, struct form *form,
                 struct record_write *write)
{
    write->record = form->record;
    write->context = buffer_text(&form->context);
    people_write(world, d, write, form, form->type, NULL);
    form->open = false;
}

static struct form *read_one(struct world *world, struct device **out,
                             struct form *spare)
{
    struct device *d = device_any(world);
    char record[ID_CHARS + 1];
    const char *type = people_pick_type(world);
    *out = d;
    if (!d || !people_pick(world, d, type, record))
        return NULL;
    return form_open(world, d, spare, record, type) ? spare : NULL;
}

static void step_edit_with(struct world *world, bool seal)
{
    struct device *d;
    struct form form = {0};
    char set[256];
    buffer_init(&form.context, 1u << 20);
    if (read_one(world, &d, &form)) {
        people_change(world, form.type, set, sizeof set);
        struct record_write write = {.set = bytes_text(set), .seal = seal};
        save(world, d, &form, &write);
    }
    buffer_fini(&form.context);
}

static void step_edit(struct world *world)
{
    step_edit_with(world, false);
}

static void step_seal(struct world *world)
{
    step_edit_with(world, true);
}

static void step_form_open(struct world *world)
{
    struct device *d = device_any(world);
    char record[ID_CHARS + 1];
    const char *type = people_pick_type(world);
    if (!d || !people_pick(world, d, type, record))
        return;
    struct form *form = &d->forms[world_dice(world, FORMS_MAX)];
    if (form_open(world, d, form, record, type))
        world_say(world, "%s opens a form on %.8s", d->name, record);
}

static void step_form_save(struct world *world)
{
    struct device *d = device_any(world);
    char set[256];
    for (int i = 0; d && i < FORMS_MAX; i++) {
        struct form *form = &d->forms[i];
        struct buffer state, ignored;
        if (!form->open)
            continue;
        buffer_init(&state, STATE_BYTES_MAX);
        buffer_init(&ignored, 1u << 20);
        bool still = !record_read(d->vault, form->record, &state, &ignored) &&
                     !strstr(buffer_text(&state), "\"waiting\":true");
        buffer_fini(&state);
        buffer_fini(&ignored);
        if (!still) {
            form->open = false;
            continue;
        }
        people_change(world, form->type, set, sizeof set);
        struct record_write write = {.set = bytes_text(set)};
        save(world, d, form, &write);
        return;
    }
}

static void step_member(struct world *world)
{
    struct device *d = device_any(world);
    struct form form = {0};
    char record[ID_CHARS + 1], change[128];
    bool drop = world_dice(world, 3) == 0;
    if (!d || !people_pick(world, d, "person", record))
        return;
    buffer_init(&form.context, 1u << 20);
    snprintf(change, sizeof change,
             drop ? "{\"phones\":{\"555-010%d\":\"left\"}}"
                  : "{\"phones\":[\"555-010%d\"]}",
             (int)world_dice(world, 4));
    struct record_write write = {0};
    if (drop)
        write.drop = bytes_text(change);
    else
        write.add = bytes_text(change);
    if (form_open(world, d, &form, record, "person"))
        save(world, d, &form, &write);
    buffer_fini(&form.context);
}

struct conflict {
    const struct world *world;
    char record[ID_CHARS + 1], keep[256];
    size_t number; /* of the value that is to stand */
};

/* Of the values of a field the one that was written first. */
static size_t first_live(const struct world *world, const struct canon *live)
{
    struct bytes id;
    size_t first = WRITES_MAX;
    for (const struct canon *w = live->first; w; w = w->next)
        for (size_t i = 0; i < first && i < world->write_count; i++)
            if (canon_text(w, "write", &id) &&
                bytes_is(id, world->writes[i].id))
                first = i;
    return first;
}

static enum err first_conflict(void *context, const char *record,
                               struct bytes state)
{
    struct conflict *out = context;
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, 8u << 20);
    enum err err = canon_parse(&arena, state, &root, NULL);
    const struct canon *fields = err ? NULL : canon_member(root, "fields");
    for (const struct canon *f = fields ? fields->first : NULL; f;
         f = f->next) {
        const struct canon *live = canon_member(f, "live");
        size_t number = live && canon_true(f, "open")
                            ? first_live(out->world, live)
                            : WRITES_MAX;
        if (number >= out->number)
            continue;
        out->number = number;
        snprintf(out->keep, sizeof out->keep, "{\"%.*s\":[\"%s\"]}",
                 (int)f->name.size, (const char *)f->name.at,
                 out->world->writes[number].id);
        memcpy(out->record, record, sizeof out->record);
    }
    arena_fini(&arena);
    return err;
}

static void step_resolve(struct world *world)
{
    struct device *d = device_any(world);
    struct conflict c = {.world = world, .number = WRITES_MAX};
    struct form form = {0};
    if (!d || record_conflicts(d->vault, first_conflict, &c) || !*c.record)
        return;
    buffer_init(&form.context, 1u << 20);
    struct record_write write = {.keep = bytes_text(c.keep)};
    if (form_open(world, d, &form, c.record, "conflict"))
        save(world, d, &form, &write);
    buffer_fini(&form.context);
}

static const char *type_of(const struct world *world, const char *record)
{
    for (size_t i = 0; i < world->record_count; i++)
        if (!strcmp(world->records[i], record))
            return world->record_types[i];
    return "";
}

static void save_as(struct world *world, enum step_kind kind, struct device *d,
                    struct form *form, struct record_write *write)
{
    world->step = kind;
    if (d->vault)
        save(world, d, form, write);
}

/* One has the form open while another saves it, or settles what is open. */
static void both_save(struct world *world, struct device *d,
                      struct device *other, struct conflict *c)
{
    struct form one = {0}, two = {0};
    const char *type = type_of(world, c->record);
    char first[256], second[256];
    buffer_init(&one.context, 1u << 20);
    buffer_init(&two.context, 1u << 20);
    if ((!strcmp(type, "person") || !strcmp(type, "need")) &&
        form_open(world, d, &one, c->record, type) &&
        form_open(world, other, &two, c->record, type)) {
        people_change(world, type, first, sizeof first);
        people_change(world, type, second, sizeof second);
        struct record_write save = {.set = bytes_text(first)};
        struct record_write settle = {.keep = bytes_text(c->keep)};
        struct record_write late = {.set = bytes_text(second)};
        save_as(world, *c->keep ? STEP_RESOLVE : STEP_FORM_SAVE, d, &one,
                *c->keep ? &settle : &save);
        save_as(world, STEP_FORM_SAVE, other, &two, &late);
    }
    buffer_fini(&one.context);
    buffer_fini(&two.context);
}

static void step_together(struct world *world)
{
    struct device *d = device_any(world);
    struct device *other = d ? people_colleague(world, d) : NULL;
    struct conflict c = {.world = world, .number = WRITES_MAX};
    if (!other || record_conflicts(d->vault, first_conflict, &c))
        return;
    if (*c.record || people_pick_oldest(world, d, "person", c.record))
        both_save(world, d, other, &c);
}

static void step_sync(struct world *world)
{
    struct device *d = device_any(world);
    if (d)
        device_sync(world, d);
}

static void step_assign(struct world *world)
{
    static const char *const scopes[] = {"caseload:east", "caseload:west"};
    char scope[1][SCOPE_CHARS_MAX + 1];
    if (!world->record_count || !world->office)
        return;
    size_t i = (size_t)world_dice(world, world->record_count);
    snprintf(scope[0], sizeof scope[0], "%s", scopes[world_dice(world, 2)]);
    if (!office_knows(world, world->record_cases[i]) || office_begin(world))
        return;
    enum err err = ingest_assign(world->office, &world->sql, "admin",
                                 world->record_cases[i],
                                 (const char(*)[SCOPE_CHARS_MAX + 1]) scope, 1);
    err = office_end(world, err);
    world_say(world, "the office gives case %.8s to %s: %s",
              world->record_cases[i], scope[0], err_name(err));
}

static void step_device_crash(struct world *world)
{
    struct device *d = device_any(world);
    if (!d)
        return;
    if (world_twin(world)) {
        device_crash(world, d); /* at once: the other one reads otherwise */
        return;
    }
    disk_power_cut(d->name, (int64_t)world_dice(world, 40));
    world_say(world, "%s will lose power", d->name);
    if (world_dice(world, 2))
        device_sync(world, d);
    if (d->vault && !disk_is_off(d->name))
        return; /* it will happen during a later step */
}

static void step_office_crash(struct world *world)
{
    world_say(world, "the office is killed");
    office_crash(world);
    if (!office_start(world))
        world_fail(world, "the office does not start after being killed");
}

static void step_outage(struct world *world)
{
    world->online = !world->online;
    world_say(world, "the network is %s", world->online ? "back" : "down");
}

static void step_clock(struct world *world)
{
    static const int64_t jumps[] = {0, -INT64_C(220924800000), 315360000000,
                                    -3600000};
    struct device *d = device_any(world);
    if (d && !world_twin(world))
        d->skew_ms = jumps[world_dice(world, 4)];
}

static void step_backup(struct world *world)
{
    custody_backup(world);
    world_say(world, "the office is backed up");
}

static void step_suspend(struct world *world)
{
    struct device *d = device_any(world);
    if (d && world->office)
        office_suspend(world, d);
}

/* A tablet is stolen, or was thought to be; two at least go on working. */
static void step_revoke(struct world *world)
{
    struct device *d = device_any(world);
    int left = 0;
    for (int i = 0; i < DEVICES_MAX; i++)
        left += world->devices[i].used && !world->devices[i].revoked;
    if (d && !d->revoked && left > 3 && world->office)
        office_revoke(world, d);
}

/* Everybody at once on a few fields of one record. */
static void step_hot_edit(struct world *world)
{
    struct device *d = device_any(world);
    const char *type = world_dice(world, 4) ? "person" : "need";
    struct form form = {0};
    char record[ID_CHARS + 1], set[256];
    if (!d || !people_pick_oldest(world, d, type, record))
        return;
    buffer_init(&form.context, 1u << 20);
    if (strcmp(type, "person") != 0)
        people_change(world, type, set, sizeof set);
    else
        snprintf(set, sizeof set, "{\"preferred_name\":\"hot %d\"}",
                 (int)world_dice(world, 1000));
    struct record_write write = {.set = bytes_text(set)};
    if (form_open(world, d, &form, record, type))
        save(world, d, &form, &write);
    buffer_fini(&form.context);
}

/* A new tablet for somebody's old caseload.  Its first sync is whole: one that
 * had a receipt before its first page reconciles once, to be sure. */
static void step_enrol(struct world *world)
{
    struct device *d = device_any(world);
    if (!d || !world->office || !world->online || !office_steady(world))
        return;
    struct device *tablet = device_add(world, d->user, d->scope);
    if (!tablet)
        return;
    bool faults = world->faults;
    world->faults = false;
    world_say(world, "%s gets %s", d->user, tablet->name);
    if (!device_start(world, tablet))
        world_fail(world, "a new vault is not made");
    else if (device_enrol(world, tablet))
        (void)device_sync(world, tablet);
    world->faults = faults;
}

static void step_attach(struct world *world)
{
    struct device *d = device_any(world);
    if (d)
        photos_attach(world, d);
}

static void step_prune(struct world *world)
{
    struct device *d = device_any(world);
    if (d)
        photos_prune(world, d);
}

static void step_locked(struct world *world)
{
    struct device *d = device_any(world);
    if (!d)
        return;
    vault_lock(d->vault);
    device_sync(world, d);
    if (d->vault && vault_locked(d->vault) &&
        vault_unlock(d->vault, "ninety seconds"))
        world_fail(world, "%s does not unlock: %s", d->name,
                   vault_detail(d->vault));
}

static const struct {
    const char *name;
    step_call *call;
} steps[STEP_COUNT] = {
    [STEP_PERSON] = {"person", step_person},
    [STEP_CHILD] = {"child", step_child},
    [STEP_EDIT] = {"edit", step_edit},
    [STEP_FORM_OPEN] = {"form-open", step_form_open},
    [STEP_FORM_SAVE] = {"form-save", step_form_save},
    [STEP_MEMBER] = {"member", step_member},
    [STEP_SEAL] = {"seal", step_seal},
    [STEP_RESOLVE] = {"resolve", step_resolve},
    [STEP_SYNC] = {"sync", step_sync},
    [STEP_ASSIGN] = {"assign", step_assign},
    [STEP_OFFICE_EDIT] = {"office-edit", office_edit},
    [STEP_OFFICE_RESOLVE] = {"office-release", office_release_one},
    [STEP_DEVICE_CRASH] = {"device-crash", step_device_crash},
    [STEP_OFFICE_CRASH] = {"office-crash", step_office_crash},
    [STEP_OUTAGE] = {"outage", step_outage},
    [STEP_CLOCK] = {"clock", step_clock},
    [STEP_CLONE] = {"clone", mishap_clone},
    [STEP_BACKUP] = {"backup", step_backup},
    [STEP_RESTORE] = {"restore", mishap_restore},
    [STEP_FORGE] = {"forge", forge_request},
    [STEP_LOCKED] = {"locked", step_locked},
    [STEP_MAIL] = {"mail", mail_step},
    [STEP_LOSE] = {"lose", mishap_lose},
    [STEP_SUSPEND] = {"suspend", step_suspend},
    [STEP_HOT_EDIT] = {"hot-edit", step_hot_edit},
    [STEP_ENROL] = {"enrol", step_enrol},
    [STEP_STRANGER] = {"stranger", mishap_stranger},
    [STEP_LEND] = {"lend", mishap_lend},
    [STEP_ODD] = {"odd", odd_step},
    [STEP_REVOKE] = {"revoke", step_revoke},
    [STEP_ROLL_BACK] = {"roll-back", mishap_roll_back},
    [STEP_TYPE] = {"type", types_step},
    [STEP_VISIT] = {"visit", types_visit},
    [STEP_REFER] = {"refer", site_refer},
    [STEP_DISCLOSE] = {"disclose", site_disclose},
    [STEP_ANSWER] = {"answer", site_answer},
    [STEP_SAME_ID] = {"same-id", mishap_same_id},
    [STEP_DISPOSE] = {"dispose", dispose_step},
    [STEP_JOURNAL] = {"journal", volume_step},
    [STEP_TOGETHER] = {"together", step_together},
    [STEP_COLLIDE] = {"collide", mishap_collide},
    [STEP_ATTACH] = {"attach", step_attach},
    [STEP_FETCH] = {"fetch", photos_fetch},
    [STEP_PRUNE] = {"prune", step_prune},
    [STEP_UNBACKED] = {"unbacked", mishap_unbacked},
    [STEP_BLOB_DISK] = {"blob-disk", photos_disk},
};

const char *step_name(enum step_kind kind)
{
    return steps[kind].name;
}

void step_run(struct world *world, const struct step *step)
{
    random_seeded_init(&world->dice, step->seed);
    random_seeded_init(&world->lot, step->seed ^ UINT64_C(0xba7c4));
    world->now_ms += 1000 + (int64_t)world_dice(world, 3600000);
    world->step = step->kind;
    clocks_upset(world, step->seed);
    world_say(world, "-- %s", steps[step->kind].name);
    steps[step->kind].call(world);
}
