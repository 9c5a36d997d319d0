/* Whatever allocation fails, nothing is half done, and the next try works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/verify.h"
#include "tests/fault.h"
#include "tests/unit/server/device.h"

/* Reading each shipped type is alike: behind this many allocations some are
 * left out. */
#define EACH_MAX 500
#define STRIDE 7

/* Runs once with the nth allocation failing; true when none was left to fail.
 */
typedef enum err attempt(struct place *place, void *context);

static void survives(struct place *place, attempt *run, void *context)
{
    for (int nth = 1;; nth += nth < EACH_MAX ? 1 : STRIDE) {
        fault_at(nth, false);
        enum err err = run(place, context);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 1);
            return;
        }
        if (err && err != ERR_NOMEM)
            fail_msg("allocation %d: %s", nth, err_text(err));
    }
}

static enum err sync_once(struct place *place, void *context)
{
    struct bytes *request = context;
    struct buffer body;
    int status = 0;
    const char *type;
    buffer_init(&body, 1u << 24);
    enum err err =
        sync_whole(place->office, &place->sql, *request, &body, &status, &type);
    if (!err)
        assert_int_equal(status, 200);
    buffer_fini(&body);
    return err;
}

static void a_sync_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct buffer request;
    struct bytes bytes;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&lee, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(&lee, place);
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_append(&dana, "gibberish");
    device_revise(&dana, PERSON, "{}", "{\"last_name\":\"Aimes\"}");
    buffer_init(&request, 1u << 20);
    device_request(&dana, 0, NULL, "", &request);
    bytes = buffer_bytes(&request);
    survives(place, sync_once, &bytes);
    assert_int_equal(
        place_int(place, "SELECT head FROM replica WHERE account = 'dana'"), 3);
    buffer_fini(&request);
    device_fini(&dana);
    device_fini(&lee);
}

static enum err assign_once(struct place *place, void *context)
{
    static const char west[1][SCOPE_CHARS_MAX + 1] = {"caseload:west"};
    (void)context;
    enum err err = sql_begin(&place->sql, true);
    if (err)
        return err;
    err = ingest_assign(place->office, &place->sql, "boss", PERSON, west, 1);
    if (err)
        sql_rollback(&place->sql);
    return err ? err : sql_commit(&place->sql);
}

static void an_assignment_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    survives(place, assign_once, NULL);
    assert_int_equal(place_int(place, "SELECT count(*) FROM membership "
                                      "WHERE case_id = '" PERSON
                                      "' AND left_seq IS NULL"),
                     1);
    device_fini(&dana);
}

static enum err open_once(struct place *place, void *context)
{
    (void)context;
    struct office *office;
    char detail[OFFICE_DETAIL_CHARS];
    struct office_options options = {.data_dir = place->folder,
                                     .clock = &place->clock};
    enum err err = office_open(&office, &options, true, detail);
    if (err)
        assert_null(office);
    office_close(office);
    return err;
}

static void opening_survives_every_allocation_failure(void **state)
{
    survives(*state, open_once, NULL);
}

static enum err verify_once(struct place *place, void *context)
{
    (void)context;
    size_t problems;
    return office_verify(place->office, &place->sql, NULL, NULL, &problems);
}

static enum err rebuild_once(struct place *place, void *context)
{
    (void)context;
    return office_rebuild(place->office, &place->sql);
}

static void verify_and_rebuild_survive_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_append(&dana, "gibberish");
    device_sync_ok(&dana, place);
    survives(place, verify_once, NULL);
    survives(place, rebuild_once, NULL);
    device_fini(&dana);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)
    fault_sqlite();
    const struct CMUnitTest tests[] = {
        TEST(a_sync_survives_every_allocation_failure),
        TEST(an_assignment_survives_every_allocation_failure),
        TEST(opening_survives_every_allocation_failure),
        TEST(verify_and_rebuild_survive_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
