/* One fault at every place where it can happen, in place of the simulator's
 * draws: short stories of exchange are told again and again, and each time the
 * power goes, a write or read is refused or a message is cut one place later,
 * until a telling gets through without.  After each the faults stop, everything
 * must come together, and all oracles of the simulator hold (F4 F6 F10 F13).
 *
 * There are some thirty thousand places.  `make check` takes a part of them;
 * EVERY=1 takes each operation of a disk and each seventh byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/ingest.h"
#include "tests/sim/people.h"

#define TELLINGS_MAX 20000
#ifdef __SANITIZE_ADDRESS__
#define SLOW 5
#else
#define SLOW 1
#endif

enum how { POWER, REFUSED_ONCE, FULL, READ, CUT_UP, CUT_DOWN, HOW_COUNT };
static const char *const hows[HOW_COUNT] = {"power cut",   "write refused",
                                            "disk full",   "read failed",
                                            "request cut", "reply cut"};

/* From place to place; with EVERY the second ones. */
static const int64_t strides[2][HOW_COUNT] = {{13, 17, 31, 11, 149, 151},
                                              {1, 1, 1, 1, 7, 7}};

struct trouble {
    enum how how;
    const char *machine;
    int64_t at; /* 1, 2, ... */
};

/* Tells one story.  What stands before trouble_begin() goes well. */
typedef void story(struct world *world, const struct trouble *trouble);

/* --- trouble -------------------------------------------------------------- */

static void trouble_begin(struct world *world, const struct trouble *t)
{
    world->weak = true;
    switch (t->how) {
    case POWER:
        disk_power_cut(t->machine, t->at);
        break;
    case REFUSED_ONCE:
        disk_refuse(t->machine, t->at, false, SQLITE_IOERR_WRITE, true);
        break;
    case FULL:
        disk_refuse(t->machine, t->at, false, SQLITE_FULL, false);
        break;
    case READ:
        disk_refuse(t->machine, t->at, true, SQLITE_IOERR_READ, true);
        break;
    case CUT_UP:
        world->cut_up = t->at;
        break;
    default:
        world->cut_down = t->at;
    }
}

/* It is over; true when it did happen. */
static bool trouble_end(struct world *world, const struct trouble *t,
                        int64_t crashes)
{
    bool hit = world->crashes > crashes || disk_is_off(t->machine);
    if (t->how == REFUSED_ONCE || t->how == FULL || t->how == READ) {
        hit = disk_has_refused(t->machine);
        disk_refuse(t->machine, 0, false, 0, true);
    } else if (t->how == CUT_UP || t->how == CUT_DOWN) {
        hit = (t->how == CUT_UP ? world->cut_up : world->cut_down) == 0;
    }
    world->cut_up = world->cut_down = 0;
    world->weak = false;
    return hit;
}

/* --- what the stories are made of ----------------------------------------- */

static struct device *who(struct world *world, int i)
{
    struct device *d = &world->devices[i];
    if (disk_is_off(d->name))
        device_crash(world, d);
    if (!d->vault)
        (void)device_start(world, d);
    return d;
}

static void person(struct world *world, int i)
{
    struct record_write write = {
        .type = "person", .set = bytes_text("{\"preferred_name\":\"base\"}")};
    if (who(world, i)->vault)
        people_write(world, who(world, i), &write, NULL, "person", NULL);
}

static void contact(struct world *world, int i, const char *text)
{
    char set[256];
    snprintf(set, sizeof set,
             "{\"person\":\"%s\",\"kind\":\"home_visit\",\"narrative\":\"%s\"}",
             world->records[0], text);
    struct record_write write = {.type = "contact", .set = bytes_text(set)};
    if (who(world, i)->vault)
        people_write(world, who(world, i), &write, NULL, "contact",
                     world->records[0]);
}

static void edit(struct world *world, int i, const char *name)
{
    struct form form = {0};
    char set[64];
    struct device *d = who(world, i);
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

static void syncs(struct world *world, const char *order)
{
    for (const char *c = order; *c && !world->failed; c++) {
        if (disk_is_off("office"))
            (void)office_steady(world);
        (void)device_sync(world, who(world, *c - '0'));
        oracle_during(world);
    }
}

static void assign(struct world *world, const char *scope)
{
    char scopes[1][SCOPE_CHARS_MAX + 1];
    snprintf(scopes[0], sizeof scopes[0], "%s", scope);
    enum err err = world->sql.begin(world->sql.context, true);
    if (!err)
        err = ingest_assign(world->office, &world->sql, "admin",
                            world->records[0],
                            (const char(*)[SCOPE_CHARS_MAX + 1]) scopes, 1);
    if (!err)
        err = world->sql.commit(world->sql.context);
    if (err)
        world_fail(world, "a case cannot be moved: %s", err_name(err));
}

static void step(struct world *world, enum step_kind kind)
{
    struct step one = {kind, 1};
    step_run(world, &one);
}

static void begin(struct world *world)
{
    person(world, 0);
    contact(world, 0, "before");
    syncs(world, "01");
}

/* --- stories -------------------------------------------------------------- */

static void two_people_write_one_field(struct world *world,
                                       const struct trouble *trouble)
{
    begin(world);
    trouble_begin(world, trouble);
    edit(world, 1, "lee");
    edit(world, 0, "dana");
    contact(world, 0, "of the day");
    syncs(world, "1");
    syncs(world, "01");
    edit(world, 1, "settled");
    syncs(world, "10");
}

static void the_office_is_restored(struct world *world,
                                   const struct trouble *trouble)
{
    begin(world);
    step(world, STEP_BACKUP);
    edit(world, 1, "lee");
    contact(world, 0, "after the backup");
    syncs(world, "0101");
    contact(world, 0, "not sent");
    step(world, STEP_RESTORE);
    trouble_begin(world, trouble);
    syncs(world, "10");
    contact(world, 1, "after the restore");
    syncs(world, "10");
}

static void a_vault_is_copied(struct world *world,
                              const struct trouble *trouble)
{
    begin(world);
    struct device *copy = device_add(world, "dana", "caseload:east");
    world->scenes |= SCENE_CLONED;
    disk_copy(world->devices[0].name, copy->name);
    copy->enrolled = true;
    if (!device_start(world, copy))
        world_fail(world, "a copied vault does not open");
    contact(world, 3, "by the copy");
    edit(world, 3, "copy");
    contact(world, 0, "by the first");
    edit(world, 0, "first");
    syncs(world, "3");
    trouble_begin(world, trouble);
    syncs(world, "0");
    contact(world, 0, "by the first, later");
    syncs(world, "30");
}

static void a_case_leaves_with_unsent_work(struct world *world,
                                           const struct trouble *trouble)
{
    begin(world);
    contact(world, 0, "unaware");
    edit(world, 0, "unaware");
    assign(world, "caseload:west");
    trouble_begin(world, trouble);
    syncs(world, "020");
}

static void a_case_comes_back(struct world *world,
                              const struct trouble *trouble)
{
    begin(world);
    assign(world, "caseload:west");
    syncs(world, "02");
    edit(world, 2, "west");
    syncs(world, "2");
    edit(world, 2, "west, unaware");
    assign(world, "caseload:east");
    trouble_begin(world, trouble);
    syncs(world, "202");
    edit(world, 0, "back");
    syncs(world, "01");
}

/* --- telling them --------------------------------------------------------- */

/* True when the trouble came. */
static bool tell(story *one, const char *name, const struct trouble *t)
{
    static struct world world;
    world_open(&world, (uint64_t)t->at, getenv("VERBOSE") != NULL);
    world.faults = false;
    int64_t crashes = world.crashes;
    one(&world, t);
    bool hit = trouble_end(&world, t, crashes);
    if (disk_is_off("office"))
        (void)office_steady(&world);
    for (int i = 0; i < DEVICES_MAX; i++)
        if (world.devices[i].used)
            (void)who(&world, i);
    if (!world.failed)
        oracle_settle(&world);
    if (world.failed)
        fail_msg("%s, %s of %s at %lld: %s", name, hows[t->how], t->machine,
                 (long long)t->at, world.why);
    world_close(&world);
    return hit;
}

static void exhaust(story *one, const char *name, const struct trouble *kind)
{
    struct trouble t = *kind;
    bool every = getenv("EVERY") != NULL;
    int64_t told = 0, stride = strides[every][t.how] * SLOW;
    for (t.at = 1; tell(one, name, &t); t.at += stride)
        assert_true(told++ < TELLINGS_MAX);
    assert_true(told > 0); /* the trouble did come */
    printf("# %s, %s (%s): %lld tellings\n", name, hows[t.how], t.machine,
           (long long)told);
}

static void at_every_place(story *one, const char *name, const char *device)
{
    const struct trouble kinds[] = {
        {POWER, device, 0},    {REFUSED_ONCE, device, 0},
        {FULL, device, 0},     {READ, device, 0},
        {POWER, "office", 0},  {REFUSED_ONCE, "office", 0},
        {FULL, "office", 0},   {READ, "office", 0},
        {CUT_UP, "office", 0}, {CUT_DOWN, "office", 0}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        exhaust(one, name, &kinds[i]);
}

#define TOLD(story, device)                                                    \
    static void story##_with_one_fault_anywhere(void **state)                  \
    {                                                                          \
        (void)state;                                                           \
        at_every_place(story, #story, device);                                 \
    }
TOLD(two_people_write_one_field, "d0")
TOLD(the_office_is_restored, "d0")
TOLD(a_vault_is_copied, "d0")
TOLD(a_case_leaves_with_unsent_work, "d0")
TOLD(a_case_comes_back, "d2")

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_people_write_one_field_with_one_fault_anywhere),
        cmocka_unit_test(the_office_is_restored_with_one_fault_anywhere),
        cmocka_unit_test(a_vault_is_copied_with_one_fault_anywhere),
        cmocka_unit_test(
            a_case_leaves_with_unsent_work_with_one_fault_anywhere),
        cmocka_unit_test(a_case_comes_back_with_one_fault_anywhere),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    found_remove();
    return failed;
}
