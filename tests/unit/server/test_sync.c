#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/server/device.h"

#define PERSON "0192b5a0-0000-7000-8000-000000000001"
#define NOTE "0192b5a0-0000-7000-8000-000000000002"

static int open_place(void **state)
{
    static struct place place;
    place_open(&place);
    place_account(&place, "dana", "caseload:east");
    place_account(&place, "lee", "caseload:east");
    *state = &place;
    return 0;
}

static int close_place(void **state)
{
    place_close(*state);
    return 0;
}

static void sync_ok(struct device *d, struct place *place,
                    struct reply *reply)
{
    device_sync(d, place, 0, reply);
    if (reply->status != 200)
        fail_msg("%d %s %s", reply->status, reply->error.error,
                 reply->error.detail);
}

static void a_note_reaches_the_other_worker_of_the_caseload(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_create(&dana, "person", PERSON, PERSON,
                  "{\"family_name\":\"Ames\"}");
    device_create(&dana, "contact", NOTE, PERSON,
                  "{\"narrative\":\"Roof leaks again.\"}");
    sync_ok(&dana, place, &reply);
    assert_int_equal(reply.header.head, 2);
    assert_true(reply.header.has_receipt);
    assert_int_equal(reply.header.held_count, 0);
    assert_false(reply_has(&reply, "Roof leaks"));
    reply_fini(&reply);
    sync_ok(&lee, place, &reply);
    assert_true(reply_has(&reply, "Roof leaks"));
    assert_true(reply_has(&reply, "Ames"));
    assert_int_equal(reply.join_count, 1);
    reply_fini(&reply);
    /* Then there is nothing more to say. */
    sync_ok(&lee, place, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    assert_string_equal(reply.text, "");
    reply_fini(&reply);
    sync_ok(&dana, place, &reply);
    assert_int_equal(reply.header.state, REPLY_OK);
    assert_string_equal(reply.text, "");
    reply_fini(&reply);
    device_fini(&dana);
    device_fini(&lee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_note_reaches_the_other_worker_of_the_caseload, open_place,
            close_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
