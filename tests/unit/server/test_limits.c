#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "server/admit.h"
#include "server/tries.h"

static int64_t now_ms;

static int64_t fixed_ms(void *context)
{
    (void)context;
    return now_ms;
}

static const struct clock fixed = {fixed_ms, fixed_ms, NULL};

static void ten_tries_a_minute_and_source(void **state)
{
    (void)state;
    struct tries *tries;
    int wait_s;
    const uint8_t a[TRIES_SOURCE_BYTES] = {127, 0, 0, 1};
    const uint8_t b[TRIES_SOURCE_BYTES] = {127, 0, 0, 2};
    now_ms = 1000000;
    assert_int_equal(tries_open(&tries, &fixed), ERR_OK);
    for (int i = 0; i < TRIES_MAX; i++)
        assert_true(tries_take(tries, a, &wait_s));
    now_ms += 20000;
    assert_false(tries_take(tries, a, &wait_s));
    assert_int_equal(wait_s, 40);
    assert_true(tries_take(tries, b, &wait_s));
    now_ms += 40000;
    assert_true(tries_take(tries, a, &wait_s));
    tries_close(tries);
}

static void a_try_that_succeeds_is_given_back(void **state)
{
    (void)state;
    struct tries *tries;
    int wait_s;
    const uint8_t a[TRIES_SOURCE_BYTES] = {10};
    now_ms = 5;
    assert_int_equal(tries_open(&tries, &fixed), ERR_OK);
    for (int i = 0; i < 10 * TRIES_MAX; i++) {
        assert_true(tries_take(tries, a, &wait_s));
        tries_give_back(tries, a);
    }
    tries_close(tries);
}

static void a_flood_of_sources_stays_bounded(void **state)
{
    (void)state;
    struct tries *tries;
    int wait_s;
    now_ms = 77;
    assert_int_equal(tries_open(&tries, &fixed), ERR_OK);
    for (int i = 0; i < 3 * TRIES_SOURCES; i++) {
        uint8_t source[TRIES_SOURCE_BYTES] = {(uint8_t)i, (uint8_t)(i >> 8), 1};
        now_ms++;
        assert_true(tries_take(tries, source, &wait_s));
    }
    tries_close(tries);
}

static int woken;

static void on_wake(void *context)
{
    (void)context;
    woken++;
}

static struct admit_ticket ticket(size_t weight)
{
    return (struct admit_ticket){.weight = weight, .wake = on_wake};
}

#define MIB (size_t)(1u << 20)

static void heavy_requests_leave_room_for_light_ones(void **state)
{
    (void)state;
    struct admit *admit;
    woken = 0;
    assert_int_equal(admit_open(&admit, 10 * MIB, 4 * MIB), ERR_OK);
    struct admit_ticket a = ticket(5 * MIB), b = ticket(3 * MIB),
                        c = ticket(MIB / 2);
    assert_int_equal(admit_ask(admit, &a), ADMIT_IN);
    assert_int_equal(admit_ask(admit, &b), ADMIT_WAITING);
    assert_int_equal(admit_ask(admit, &c), ADMIT_IN);
    assert_int_equal(woken, 0);
    admit_leave(admit, &a);
    assert_int_equal(woken, 1);
    assert_int_equal(admit_state(admit, &b), ADMIT_IN);
    admit_leave(admit, &b);
    admit_leave(admit, &c);
    admit_close(admit);
}

static void what_is_over_the_whole_budget_goes_alone(void **state)
{
    (void)state;
    struct admit *admit;
    assert_int_equal(admit_open(&admit, 2 * MIB, MIB), ERR_OK);
    struct admit_ticket a = ticket(30 * MIB), b = ticket(1);
    assert_int_equal(admit_ask(admit, &a), ADMIT_IN);
    assert_int_equal(admit_ask(admit, &b), ADMIT_WAITING);
    admit_leave(admit, &a);
    assert_int_equal(admit_state(admit, &b), ADMIT_IN);
    admit_leave(admit, &b);
    admit_close(admit);
}

static void a_name_has_so_many_places_and_no_more(void **state)
{
    (void)state;
    struct admit *admit;
    struct admit_ticket thief[ADMIT_PLACES_MAX + 1];
    assert_int_equal(admit_open(&admit, (ADMIT_PLACES_MAX - 2) * MIB, MIB),
                     ERR_OK);
    for (unsigned i = 0; i <= ADMIT_PLACES_MAX; i++) {
        thief[i] = ticket(MIB);
        memcpy(thief[i].name, "thief", sizeof "thief");
        enum admit_state wanted = i < ADMIT_PLACES_MAX - 2 ? ADMIT_IN
                                  : i < ADMIT_PLACES_MAX   ? ADMIT_WAITING
                                                           : ADMIT_REFUSED;
        assert_int_equal(admit_ask(admit, &thief[i]), wanted);
    }
    struct admit_ticket other = ticket(MIB);
    memcpy(other.name, "other", sizeof "other");
    assert_int_equal(admit_ask(admit, &other), ADMIT_WAITING);
    /* Whoever goes makes a place for another. */
    admit_leave(admit, &thief[ADMIT_PLACES_MAX]);
    admit_leave(admit, &thief[0]);
    assert_int_equal(admit_ask(admit, &thief[ADMIT_PLACES_MAX]), ADMIT_WAITING);
    for (unsigned i = 0; i <= ADMIT_PLACES_MAX; i++)
        admit_leave(admit, &thief[i]);
    assert_int_equal(admit_state(admit, &other), ADMIT_IN);
    admit_leave(admit, &other);
    admit_close(admit);
}

static void a_stop_refuses_all_who_wait(void **state)
{
    (void)state;
    struct admit *admit;
    woken = 0;
    assert_int_equal(admit_open(&admit, 2 * MIB, MIB), ERR_OK);
    struct admit_ticket a = ticket(2 * MIB), b = ticket(MIB), c = ticket(MIB),
                        d = ticket(1);
    assert_int_equal(admit_ask(admit, &a), ADMIT_IN);
    assert_int_equal(admit_ask(admit, &b), ADMIT_WAITING);
    assert_int_equal(admit_ask(admit, &c), ADMIT_WAITING);
    admit_leave(admit, &c);
    admit_stop(admit);
    assert_int_equal(woken, 1);
    assert_int_equal(admit_state(admit, &b), ADMIT_REFUSED);
    assert_int_equal(admit_ask(admit, &d), ADMIT_REFUSED);
    admit_leave(admit, &b);
    admit_leave(admit, &a);
    admit_close(admit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_tries_a_minute_and_source),
        cmocka_unit_test(a_try_that_succeeds_is_given_back),
        cmocka_unit_test(a_flood_of_sources_stays_bounded),
        cmocka_unit_test(heavy_requests_leave_room_for_light_ones),
        cmocka_unit_test(what_is_over_the_whole_budget_goes_alone),
        cmocka_unit_test(a_name_has_so_many_places_and_no_more),
        cmocka_unit_test(a_stop_refuses_all_who_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
