#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/clock.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void instants_are_read_with_their_offset(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
        const char *utc;
    } cases[] = {
        {"1970-01-01", 0, "1970-01-01T00:00:00.000Z"},
        {"1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z"},
        {"2026-11-21T15:20-06:00", 1795296000000, "2026-11-21T21:20:00.000Z"},
        {"2026-11-22T02:50:05.1+05:30", 1795296005100,
         "2026-11-21T21:20:05.100Z"},
        {"2024-02-29T12:00:00.123456789Z", 1709208000123,
         "2024-02-29T12:00:00.123Z"},
        {"2000-03-01T00:00Z", 951868800000, "2000-03-01T00:00:00.000Z"},
        {"9999-12-31T23:59:59Z", 253402300799000, "9999-12-31T23:59:59.000Z"},
        {"0001-01-01T00:00Z", -62135596800000, "0001-01-01T00:00:00.000Z"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms;
        char out[INSTANT_CHARS];
        assert_int_equal(instant_parse(bytes_text(cases[i].text), &ms), ERR_OK);
        assert_true(ms == cases[i].ms);
        instant_format(out, ms);
        assert_string_equal(out, cases[i].utc);
    }
}

static void other_forms_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "2026-11-21T",
        "2026-11-21T15:20",
        "2026-11-21T15Z",
        "2026-11-21 15:20Z",
        "2026-11-21t15:20z",
        "2026-11-21T24:00Z",
        "2026-11-21T15:60Z",
        "2026-11-21T15:20:60Z",
        "2026-11-21T15:20:05.Z",
        "2026-11-21T15:20:05.1234567890Z",
        "2026-11-21T15:20+0600",
        "2026-11-21T15:20+24:00",
        "2026-11-21T15:20+06:60",
        "2026-11-21T15:20Zx",
        "2026-02-29",
        "2026-13-01",
        "2026-00-01",
        "2026-01-00",
        "2026-04-31",
        "0000-01-01",
        "26-01-01",
        "1900-02-29T00:00Z",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t ms = 7;
        assert_int_equal(instant_parse(bytes_text(bad[i]), &ms), ERR_INVALID);
        assert_true(ms == 0);
    }
}

static void a_date_is_one_of_the_calendar(void **state)
{
    (void)state;
    assert_true(date_valid(bytes_text("2000-02-29")));
    assert_true(date_valid(bytes_text("2026-12-31")));
    assert_false(date_valid(bytes_text("2100-02-29")));
    assert_false(date_valid(bytes_text("2026-12-31T00:00Z")));
    assert_false(date_valid(bytes_text("2026-12-3")));
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    int64_t day_ms = 86400000;
    for (int64_t day = -200000; day < 200000; day++) {
        char out[INSTANT_CHARS];
        int64_t again;
        instant_format(out, day * day_ms + 1);
        assert_int_equal(instant_parse(bytes_text(out), &again), ERR_OK);
        assert_true(again == day * day_ms + 1);
    }
}

static void the_farthest_instants_fit(void **state)
{
    (void)state;
    char out[INSTANT_CHARS];
    instant_format(out, INT64_MAX);
    assert_string_equal(out, "292278994-08-17T07:12:55.807Z");
    instant_format(out, INT64_MIN);
    assert_true(strlen(out) < INSTANT_CHARS);
    assert_int_equal(out[strlen(out) - 1], 'Z');
}

static void people_read_the_time_of_their_zone(void **state)
{
    (void)state;
    static const struct {
        const char *zone;
        int64_t ms;
        const char *text;
    } cases[] = {
        {"UTC0", 1795296000000, "2026-11-21 21:20 +00:00"},
        {"CST6CDT,M3.2.0,M11.1.0", 1795296000000, "2026-11-21 15:20 -06:00"},
        {"CST6CDT,M3.2.0,M11.1.0", 1782000000000, "2026-06-20 19:00 -05:00"},
        {"IST-5:30", 1795296000000, "2026-11-22 02:50 +05:30"},
        {"UTC0", -1, "1969-12-31 23:59 +00:00"},
        {"UTC0", 9007199254740992, "287396-10-12 08:59 +00:00"},
    };
    char text[INSTANT_CHARS];
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(setenv("TZ", cases[i].zone, 1), 0);
        instant_format_local(text, cases[i].ms);
        assert_string_equal(text, cases[i].text);
    }
    assert_int_equal(unsetenv("TZ"), 0);
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
    (void)state;
    const struct clock *clock = clock_system();
    int64_t last = clock_monotonic_ms(clock);
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_monotonic_ms(clock);
        assert_true(now >= last);
        last = now;
    }
    assert_true(clock_wall_ms(clock) > INT64_C(1700000000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_are_read_with_their_offset),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(a_date_is_one_of_the_calendar),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(the_farthest_instants_fit),
        cmocka_unit_test(people_read_the_time_of_their_zone),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
