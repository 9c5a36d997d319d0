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

#include "tests/sim/tale.h"

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
static const int64_t strides[2][HOW_COUNT] = {{19, 23, 43, 17, 251, 257},
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

/* --- stories -------------------------------------------------------------- */

static void two_people_write_one_field(struct world *world,
                                       const struct trouble *trouble)
{
    tale_begin(world);
    trouble_begin(world, trouble);
    tale_edit(world, 1, "lee");
    tale_edit(world, 0, "dana");
    tale_contact(world, 0, "of the day");
    tale_syncs(world, "1");
    tale_syncs(world, "01");
    tale_edit(world, 1, "settled");
    tale_syncs(world, "10");
}

static void the_office_is_restored(struct world *world,
                                   const struct trouble *trouble)
{
    tale_begin(world);
    tale_step(world, STEP_BACKUP);
    tale_edit(world, 1, "lee");
    tale_contact(world, 0, "after the backup");
    tale_syncs(world, "0101");
    tale_contact(world, 0, "not sent");
    tale_step(world, STEP_RESTORE);
    trouble_begin(world, trouble);
    tale_syncs(world, "10");
    tale_contact(world, 1, "after the restore");
    tale_syncs(world, "10");
}

static void a_vault_is_copied(struct world *world,
                              const struct trouble *trouble)
{
    tale_begin(world);
    assert_int_equal(tale_copy(world, 0), 3);
    tale_contact(world, 3, "by the copy");
    tale_edit(world, 3, "copy");
    tale_contact(world, 0, "by the first");
    tale_edit(world, 0, "first");
    tale_syncs(world, "3");
    trouble_begin(world, trouble);
    tale_syncs(world, "0");
    tale_contact(world, 0, "by the first, later");
    tale_syncs(world, "30");
}

static void a_case_leaves_with_unsent_work(struct world *world,
                                           const struct trouble *trouble)
{
    tale_begin(world);
    tale_contact(world, 0, "unaware");
    tale_edit(world, 0, "unaware");
    tale_assign(world, "caseload:west");
    trouble_begin(world, trouble);
    tale_syncs(world, "020");
}

static void a_case_comes_back(struct world *world,
                              const struct trouble *trouble)
{
    tale_begin(world);
    tale_assign(world, "caseload:west");
    tale_syncs(world, "02");
    tale_edit(world, 2, "west");
    tale_syncs(world, "2");
    tale_edit(world, 2, "west, unaware");
    tale_assign(world, "caseload:east");
    trouble_begin(world, trouble);
    tale_syncs(world, "202");
    tale_edit(world, 0, "back");
    tale_syncs(world, "01");
}

/* The office may have answered already: the same code is asked for again. */
static void a_tablet_is_enrolled(struct world *world,
                                 const struct trouble *trouble)
{
    struct transport transport;
    char code[32], detail[SESSION_DETAIL_CHARS];
    bool sent;
    tale_begin(world);
    struct device *d = device_add(world, "dana", "caseload:east");
    if (!device_start(world, d) || !admin_invite(world, "dana", code))
        world_fail(world, "a new vault is not made");
    trouble_begin(world, trouble);
    for (int i = 0; i < 2 && !d->enrolled && !world->failed; i++) {
        net_open(&transport, world, d);
        d->enrolled = !session_enrol(d->vault, &transport, "http://127.0.0.1",
                                     NULL, code, &sent, detail);
        transport.close(transport.context);
    }
    if (!d->enrolled)
        world_fail(world, "it is not enrolled: %s", detail);
    tale_contact(world, 3, "by the new one");
    tale_syncs(world, "303");
}

/* --- telling them --------------------------------------------------------- */

/* True when the trouble came. */
static bool tell(story *one, const char *name, const struct trouble *t)
{
    static struct world world;
    char at[256];
    world_open(&world, (uint64_t)t->at, getenv("VERBOSE") != NULL);
    world.faults = false;
    int64_t crashes = world.crashes;
    one(&world, t);
    bool hit = trouble_end(&world, t, crashes);
    snprintf(at, sizeof at, "%s, %s of %s at %lld", name, hows[t->how],
             t->machine, (long long)t->at);
    tale_end(&world, at);
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

static void at_every_byte(story *one, const char *name)
{
    const struct trouble kinds[] = {{CUT_UP, "office", 0},
                                    {CUT_DOWN, "office", 0}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        exhaust(one, name, &kinds[i]);
}

static void two_people_write_one_field_with_one_fault_anywhere(void **state)
{
    (void)state;
    at_every_place(two_people_write_one_field, "two_people_write_one_field",
                   "d0");
}

static void the_office_is_restored_with_one_fault_anywhere(void **state)
{
    (void)state;
    at_every_place(the_office_is_restored, "the_office_is_restored", "d0");
}

static void a_vault_is_copied_with_one_fault_anywhere(void **state)
{
    (void)state;
    at_every_place(a_vault_is_copied, "a_vault_is_copied", "d0");
}

static void a_case_leaves_with_unsent_work_with_one_fault_anywhere(void **state)
{
    (void)state;
    at_every_place(a_case_leaves_with_unsent_work,
                   "a_case_leaves_with_unsent_work", "d0");
}

static void a_case_comes_back_with_one_fault_anywhere(void **state)
{
    (void)state;
    at_every_place(a_case_comes_back, "a_case_comes_back", "d2");
}

static void a_tablet_is_enrolled_over_a_link_cut_anywhere(void **state)
{
    (void)state;
    at_every_byte(a_tablet_is_enrolled, "a_tablet_is_enrolled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_people_write_one_field_with_one_fault_anywhere),
        cmocka_unit_test(the_office_is_restored_with_one_fault_anywhere),
        cmocka_unit_test(a_vault_is_copied_with_one_fault_anywhere),
        cmocka_unit_test(
            a_case_leaves_with_unsent_work_with_one_fault_anywhere),
        cmocka_unit_test(a_case_comes_back_with_one_fault_anywhere),
        cmocka_unit_test(a_tablet_is_enrolled_over_a_link_cut_anywhere),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    found_remove();
    return failed;
}
