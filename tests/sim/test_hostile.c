/* What a hostile device costs others.  It knows an id that somebody else has
 * given to a record, and gives the same to one of its own, in its own case, so
 * that the office and some devices count the record's lines in different cases:
 * whoever is concerned finds out once, and then syncs as cheaply as before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "tests/sim/tale.h"

#define DANA 0
#define LEE 1
#define KIM 2 /* of another caseload, and hostile */
#define TWIN "0192b5a0-0000-7000-8000-0000000000aa"

static struct world world;

static void begin(void)
{
    world_open(&world, 1, getenv("VERBOSE") != NULL);
    world.faults = false;
    world.scenes |= SCENE_CLONED; /* so that reconciling is in order */
    world.twins = true;
}

static void end(void)
{
    if (world.failed)
        fail_msg("%s", world.why);
    world_close(&world);
}

/* A person of that id, which is its own case. */
static void twin_person(int i)
{
    struct record_written out;
    struct record_write write = {
        .type = "person",
        .record = TWIN,
        .set = bytes_text("{\"preferred_name\":\"twin\"}")};
    record_written_init(&out);
    assert_int_equal(record_write(tale_device(&world, i)->vault, &write, &out),
                     ERR_OK);
    record_written_fini(&out);
}

/* A contact of that id, in the case of a person known to the device. */
static void twin_contact(int i)
{
    struct record_written out;
    struct record_write write = {
        .type = "contact",
        .record = TWIN,
        .kase = world.records[0],
        .set = bytes_text("{\"kind\":\"home_visit\",\"narrative\":\"twin\"}")};
    record_written_init(&out);
    assert_int_equal(record_write(tale_device(&world, i)->vault, &write, &out),
                     ERR_OK);
    record_written_fini(&out);
}

static void problem(void *context, const char *text)
{
    (void)context;
    fail_msg("%s", text);
}

/* They find out, and then each sync is one request in which nobody compares,
 * also of those who write on. */
static void all_is_quiet(const char *who)
{
    for (int round = 0; round < 4; round++)
        tale_syncs(&world, who);
    int64_t reconciles = world.reconciles, requests = world.requests;
    int64_t syncs = world.syncs;
    tale_syncs(&world, who);
    assert_int_equal(world.reconciles, reconciles);
    assert_int_equal(world.requests - requests, world.syncs - syncs);
    tale_contact(&world, DANA, "and later");
    tale_syncs(&world, who);
    tale_syncs(&world, who);
    assert_int_equal(world.reconciles, reconciles);
    for (int i = DANA; i <= KIM; i++) {
        size_t problems = 0;
        assert_int_equal(vault_verify(tale_device(&world, i)->vault, problem,
                                      NULL, &problems),
                         ERR_OK);
        assert_int_equal(problems, 0);
    }
}

static void an_id_that_another_took_first_is_settled_once(void **state)
{
    (void)state;
    begin();
    tale_begin(&world);
    twin_contact(DANA);
    twin_person(KIM);
    tale_syncs(&world, "20");
    all_is_quiet("012");
    end();
}

static void who_takes_anothers_id_concerns_nobody_else(void **state)
{
    (void)state;
    begin();
    tale_begin(&world);
    twin_contact(DANA);
    twin_person(KIM);
    tale_syncs(&world, "01");
    int64_t reconciles = world.reconciles;
    tale_syncs(&world, "2");
    tale_syncs(&world, "01");
    assert_int_equal(world.reconciles, reconciles);
    all_is_quiet("012");
    end();
}

static void an_id_taken_after_a_restore_is_settled_once(void **state)
{
    (void)state;
    begin();
    tale_begin(&world);
    tale_step(&world, STEP_BACKUP);
    twin_contact(DANA);
    tale_syncs(&world, "0101");
    tale_step(&world, STEP_RESTORE);
    twin_person(KIM);
    tale_syncs(&world, "2");
    all_is_quiet("0120");
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_takes_anothers_id_concerns_nobody_else),
        cmocka_unit_test(an_id_that_another_took_first_is_settled_once),
        cmocka_unit_test(an_id_taken_after_a_restore_is_settled_once),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    found_remove();
    return failed;
}
