#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shared/base/buffer.h"
#include "tests/fault.h"

static void an_empty_buffer_reads_as_empty_text(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 10);
    assert_string_equal(buffer_text(&b), "");
    assert_int_equal(buffer_bytes(&b).size, 0);
    assert_int_equal(buffer_add(&b, NULL, 0), ERR_OK);
    assert_int_equal(buffer_err(&b), ERR_OK);
    buffer_consume(&b, 5);
    buffer_wipe(&b);
}

static void appends_of_all_kinds_stand_one_after_another(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 1000);
    buffer_add_text(&b, "n=");
    buffer_add_int(&b, INT64_MIN);
    buffer_add_char(&b, ' ');
    buffer_add_base64(&b, "foob", 4);
    buffer_add_bytes(&b, bytes_text(" "));
    buffer_printf(&b, "%s:%d", "x", 7);
    assert_int_equal(buffer_err(&b), ERR_OK);
    assert_string_equal(buffer_text(&b), "n=-9223372036854775808 Zm9vYg x:7");
    buffer_consume(&b, 2);
    assert_string_equal(buffer_text(&b), "-9223372036854775808 Zm9vYg x:7");
    buffer_consume(&b, 1000);
    assert_string_equal(buffer_text(&b), "");
    buffer_fini(&b);
}

static void the_ceiling_holds_exactly_and_the_error_sticks(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(buffer_add_char(&b, 'x'), ERR_OK);
    assert_int_equal(buffer_add_char(&b, 'x'), ERR_TOO_BIG);
    buffer_consume(&b, 50);
    assert_int_equal(buffer_add_char(&b, 'x'), ERR_TOO_BIG);
    assert_int_equal(buffer_printf(&b, "x"), ERR_TOO_BIG);
    assert_int_equal(buffer_add_base64(&b, "x", 1), ERR_TOO_BIG);
    assert_int_equal(buffer_reserve(&b, 1), ERR_TOO_BIG);
    assert_int_equal(buffer_err(&b), ERR_TOO_BIG);
    assert_int_equal(buffer_bytes(&b).size, 50);
    buffer_clear(&b);
    assert_int_equal(buffer_add_char(&b, 'y'), ERR_OK);
    assert_string_equal(buffer_text(&b), "y");
    buffer_fini(&b);
}

static void reserved_room_is_written_by_the_caller(void **state)
{
    (void)state;
    struct buffer b;
    buffer_init(&b, SIZE_MAX);
    assert_int_equal(buffer_add_text(&b, "ab"), ERR_OK);
    assert_int_equal(buffer_reserve(&b, 5000), ERR_OK);
    memset(b.at + b.size, 'c', 5000);
    b.size += 5000;
    assert_int_equal(strlen(buffer_text(&b)), 5002);
    assert_int_equal(buffer_reserve(&b, SIZE_MAX / 2), ERR_NOMEM);
    assert_int_equal(buffer_add_base64(&b, "", SIZE_MAX), ERR_NOMEM);
    buffer_fini(&b);
}

static void a_failed_allocation_keeps_what_was_there(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        struct buffer b;
        buffer_init(&b, 10000);
        fault_at(nth, false);
        enum err err = ERR_OK;
        size_t before = 0;
        while (!err && b.size < 5000) {
            before = b.size;
            err = buffer_printf(&b, "%d,", 12345);
        }
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 3);
            buffer_wipe(&b);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
        assert_int_equal(b.size, before);
        assert_int_equal(strlen(buffer_text(&b)), before);
        assert_int_equal(buffer_add_text(&b, "more"), ERR_NOMEM);
        buffer_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_reads_as_empty_text),
        cmocka_unit_test(appends_of_all_kinds_stand_one_after_another),
        cmocka_unit_test(the_ceiling_holds_exactly_and_the_error_sticks),
        cmocka_unit_test(reserved_room_is_written_by_the_caller),
        cmocka_unit_test(a_failed_allocation_keeps_what_was_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
