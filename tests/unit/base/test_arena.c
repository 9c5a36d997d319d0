#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdalign.h>
#include <string.h>
#include "shared/base/arena.h"
#include "tests/fault.h"

static void everything_taken_is_zeroed_and_aligned(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10 << 20);
    for (int life = 0; life < 3; life++) {
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *at = arena_take(&a, size);
            assert_non_null(at);
            assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(at[i], 0);
            memset(at, 0xee, size);
        }
        assert_true(a.used > 600000);
        arena_clear(&a);
        assert_int_equal(a.used, 0);
    }
    arena_fini(&a);
}

static void the_ceiling_holds_for_all_blocks_together(void **state)
{
    (void)state;
    struct arena a;
    size_t taken = 0;
    arena_init(&a, 10000);
    while (arena_take(&a, 100))
        taken += 100;
    assert_true(taken <= 10000 && taken > 8000);
    assert_null(arena_take(&a, 20000));
    assert_null(arena_take(&a, SIZE_MAX));
    assert_null(arena_copy(&a, bytes_of("", SIZE_MAX)));
    arena_clear(&a);
    assert_non_null(arena_take(&a, 9000));
    arena_fini(&a);
}

static void a_copy_ends_with_a_zero_byte(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1000);
    char *copy = arena_copy(&a, bytes_of("abcdef", 3));
    assert_string_equal(copy, "abc");
    assert_string_equal(arena_copy(&a, bytes_of(NULL, 0)), "");
    arena_fini(&a);
}

static void a_failed_allocation_leaves_the_arena_usable(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    for (int nth = 1;; nth++) {
        bool refused = false;
        fault_at(nth, false);
        for (int i = 0; i < 100; i++)
            refused = !arena_copy(&a, bytes_of("0123456789", 10)) || refused;
        for (int i = 0; i < 10; i++)
            refused = !arena_take(&a, 10000) || refused;
        bool hit = fault_hit();
        fault_at(0, false);
        assert_true(hit == refused);
        arena_fini(&a);
        if (!hit) {
            assert_true(nth > 2);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_taken_is_zeroed_and_aligned),
        cmocka_unit_test(the_ceiling_holds_for_all_blocks_together),
        cmocka_unit_test(a_copy_ends_with_a_zero_byte),
        cmocka_unit_test(a_failed_allocation_leaves_the_arena_usable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
