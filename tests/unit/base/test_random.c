#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shared/base/random.h"

/* The first numbers of xoshiro256** whose state splitmix64 filled from 0. */
static void a_seed_gives_the_published_sequence(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        UINT64_C(0x99ec5f36cb75f2b4), UINT64_C(0xbf6e1f784956452a),
        UINT64_C(0x1a5f849d4933e6e0), UINT64_C(0x6aa594f1262d2d2c)};
    struct random_seeded r;
    random_seeded_init(&r, 0);
    for (size_t i = 0; i < 4; i++) {
        uint64_t value;
        random_fill(&r.random, &value, sizeof value);
        assert_true(value == expected[i]);
    }
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
    (void)state;
    struct random_seeded a;
    struct random_seeded b;
    uint8_t one[37];
    uint8_t two[37];
    random_seeded_init(&a, 42);
    random_seeded_init(&b, 42);
    random_fill(&a.random, one, sizeof one);
    random_fill(&b.random, two, sizeof two);
    assert_memory_equal(one, two, sizeof one);
    random_seeded_init(&b, 43);
    random_fill(&b.random, two, sizeof two);
    assert_memory_not_equal(one, two, sizeof one);
}

static void numbers_below_a_limit_come_evenly(void **state)
{
    (void)state;
    struct random_seeded r;
    int count[3] = {0};
    random_seeded_init(&r, 1);
    for (int i = 0; i < 30000; i++) {
        uint64_t value = random_below(&r.random, 3);
        assert_true(value < 3);
        count[value]++;
    }
    for (int i = 0; i < 3; i++)
        assert_in_range(count[i], 9700, 10300);
    assert_true(random_below(&r.random, 1) == 0);
    /* Over half of all draws are uneven here and must be drawn again. */
    uint64_t limit = (UINT64_C(1) << 63) + 1;
    for (int i = 0; i < 100; i++)
        assert_true(random_below(&r.random, limit) < limit);
}

static void the_systems_bytes_differ_each_time(void **state)
{
    (void)state;
    uint8_t one[16];
    uint8_t two[16];
    random_fill(random_system(), one, sizeof one);
    random_fill(random_system(), two, sizeof two);
    assert_memory_not_equal(one, two, sizeof one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_the_published_sequence),
        cmocka_unit_test(the_same_seed_gives_the_same_bytes),
        cmocka_unit_test(numbers_below_a_limit_come_evenly),
        cmocka_unit_test(the_systems_bytes_differ_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
