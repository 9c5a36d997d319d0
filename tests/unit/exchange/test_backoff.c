#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "shared/exchange/backoff.h"

static void waits_grow_to_the_ceiling_and_no_further(void **state)
{
    (void)state;
    struct random_seeded random;
    struct backoff b;
    random_seeded_init(&random, 1);
    backoff_init(&b, 1000, 60000);
    for (int i = 0; i < 1000; i++) {
        int64_t span = i < 6 ? (int64_t)1000 << i : 60000;
        assert_in_range(backoff_next(&b, &random.random, 0), 1, span);
    }
}

static void waits_are_spread_over_the_whole_span(void **state)
{
    (void)state;
    struct random_seeded random;
    int below = 0;
    random_seeded_init(&random, 7);
    for (int i = 0; i < 1000; i++) {
        struct backoff b;
        backoff_init(&b, 1000, 60000);
        below += backoff_next(&b, &random.random, 0) <= 500;
    }
    assert_in_range(below, 400, 600);
}

static void success_begins_anew(void **state)
{
    (void)state;
    struct random_seeded random;
    struct backoff b;
    random_seeded_init(&random, 1);
    backoff_init(&b, 0, 0);
    for (int i = 0; i < 20; i++)
        assert_in_range(backoff_next(&b, &random.random, 0), 1, 300000);
    backoff_reset(&b);
    assert_in_range(backoff_next(&b, &random.random, 0), 1, 1000);
}

static void what_the_office_asks_for_is_the_least(void **state)
{
    (void)state;
    struct random_seeded random;
    struct backoff b;
    random_seeded_init(&random, 1);
    backoff_init(&b, 1000, 60000);
    for (int i = 0; i < 100; i++)
        assert_true(backoff_next(&b, &random.random, 45000) >= 45000);
    assert_int_equal(backoff_next(&b, &random.random, 600000), 600000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_grow_to_the_ceiling_and_no_further),
        cmocka_unit_test(waits_are_spread_over_the_whole_span),
        cmocka_unit_test(success_begins_anew),
        cmocka_unit_test(what_the_office_asks_for_is_the_least),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
