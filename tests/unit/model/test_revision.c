#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/revision.h"

#define RECORD "01890a5d-ac96-774b-bcce-b302099a8057"
#define WORKER "wAAAAAAAAAAAA"

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    struct seen seen;
    seen_init(&seen);
    assert_int_equal(seen_raise(&seen, bytes_text(WORKER), 4), ERR_OK);
    struct revision_draft draft = {
        .dot = {WORKER, 7},
        .at = 1700000000123,
        .author = "dana",
        .record = RECORD,
        .type = "contact",
        .kase = RECORD,
        .prev = 4,
        .schema = 2,
        .seen = &seen,
        .set = bytes_text("{\"kind\":\"home_visit\"}"),
        .add = bytes_text("{\"team\":[\"lee\"]}"),
        .drop = bytes_text("{\"team\":{\"kim\":\"moved\"}}"),
        .keep = bytes_text("{}"),
        .seal = true,
    };
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    assert_int_equal(revision_write(&line, &draft), ERR_OK);
    assert_string_equal(
        buffer_text(&line),
        "{\"add\":{\"team\":[\"lee\"]},\"at\":1700000000123,"
        "\"author\":\"dana\",\"case\":\"" RECORD "\","
        "\"drop\":{\"team\":{\"kim\":\"moved\"}},\"n\":7,\"prev\":4,"
        "\"record\":\"" RECORD "\",\"replica\":\"" WORKER "\",\"schema\":2,"
        "\"seal\":true,\"seen\":{\"" WORKER "\":4},"
        "\"set\":{\"kind\":\"home_visit\"},\"type\":\"contact\"}");
    struct arena arena;
    arena_init(&arena, REVISION_ARENA_BYTES);
    const struct revision *r;
    assert_int_equal(revision_parse(&arena, buffer_bytes(&line), &r, NULL), 0);
    assert_true(r->creates && r->seal && !r->keep && !r->inner);
    assert_int_equal(r->dot.n, 7);
    assert_string_equal(r->dot.replica, WORKER);
    assert_true(r->at == 1700000000123);
    assert_int_equal(r->prev, 4);
    assert_int_equal(seen_get(&r->seen, bytes_text(WORKER)), 4);
    assert_true(bytes_is(r->kase, RECORD));
    arena_fini(&arena);
    buffer_fini(&line);
    seen_fini(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
