#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "shared/exchange/pace.h"
#include "shared/model/chain.h"
#include "shared/wire/message.h"

static void quick_answers_grow_the_batch_to_a_megabyte(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    assert_int_equal(pace.batch_bytes, PACE_BATCH_BYTES_START);
    for (int i = 0; i < 5; i++)
        pace_answered(&pace, pace.batch_bytes, pace.batch_bytes * 4, 0, 20);
    assert_int_equal(pace.batch_bytes, PACE_BATCH_BYTES_MAX);
    assert_int_equal(pace_plain_bytes(&pace), 4 * PACE_BATCH_BYTES_MAX);
}

static void small_requests_say_nothing_about_large_ones(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    for (int i = 0; i < 50; i++)
        pace_answered(&pace, 300, 900, 200, 5);
    assert_int_equal(pace.batch_bytes, PACE_BATCH_BYTES_START);
    assert_int_equal(pace.bytes_per_s, 0);
}

static void cuts_shrink_the_batch_to_a_line_and_success_grows_it(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    for (int i = 0; i < 3; i++)
        pace_cut(&pace);
    assert_int_equal(pace_lines(&pace), 1);
    for (int i = 0; i < 100; i++)
        pace_cut(&pace);
    assert_int_equal(pace_lines(&pace), 1);
    for (int i = 0; i < 6; i++)
        pace_answered(&pace, 300, 900, 200, 100);
    assert_true(pace_lines(&pace) > 1);
}

static void slow_answers_halve_the_batch(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    pace_answered(&pace, PACE_BATCH_BYTES_START, 200000, 0, 60000);
    assert_int_equal(pace.batch_bytes, PACE_BATCH_BYTES_START / 2);
}

static void fast_links_compress_little_and_slow_ones_well(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    assert_int_equal(pace_level(&pace), 6);
    pace_answered(&pace, 64 << 10, 200 << 10, 0, 10);
    assert_int_equal(pace_level(&pace), 1);
    for (int i = 0; i < 10; i++)
        pace_answered(&pace, 8 << 10, 24 << 10, 0, 4000);
    assert_int_equal(pace_level(&pace), 6);
    pace_init(&pace, 0, 9);
    assert_int_equal(pace_level(&pace), 9);
}

static void slow_links_ask_for_less_and_sign_more_often(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    assert_int_equal(pace_room(&pace), ROOM_BYTES_DEFAULT);
    assert_int_equal(pace_sign_every(&pace), SIGN_EVERY);
    pace_answered(&pace, 8 << 10, 24 << 10, 0, 8000);
    assert_true(pace_room(&pace) < ROOM_BYTES_DEFAULT / 8);
    assert_true(pace_room(&pace) > 0);
    assert_true(pace_sign_every(&pace) < SIGN_EVERY);
}

static void a_ceiling_given_is_kept(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 10000, 0);
    for (int i = 0; i < 20; i++)
        pace_answered(&pace, pace.batch_bytes, 3 * pace.batch_bytes, 0, 1);
    assert_int_equal(pace.batch_bytes, 10000);
}

static void a_slow_or_cut_piece_is_halved_and_a_quick_one_doubled(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    size_t start = pace.piece_bytes;
    pace_piece(&pace, start, 8000, false);
    assert_int_equal(pace.piece_bytes, start / 2);
    pace_piece(&pace, start / 2, 10, true);
    assert_int_equal(pace.piece_bytes, start / 4);
    for (int i = 0; i < 20; i++)
        pace_piece(&pace, pace.piece_bytes, 10, true);
    assert_true(pace.piece_bytes > 0);
    size_t least = pace.piece_bytes;
    pace_piece(&pace, least / 2, 10, false); /* an end says little */
    assert_int_equal(pace.piece_bytes, least);
    for (int i = 0; i < 20; i++)
        pace_piece(&pace, pace.piece_bytes, 10, false);
    assert_int_equal(pace.piece_bytes, 1 << 20);
}

static void only_new_bytes_of_an_attachment_are_progress(void **state)
{
    (void)state;
    struct pace pace;
    pace_init(&pace, 0, 0);
    assert_false(pace_blob(&pace, 7, 0));
    assert_true(pace_blob(&pace, 7, 100));
    assert_false(pace_blob(&pace, 7, 100)); /* the next session asks */
    assert_true(pace_blob(&pace, 7, 101));
    assert_false(pace_blob(&pace, 8, 500)); /* from before we looked */
    assert_true(pace_blob(&pace, 8, 501));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quick_answers_grow_the_batch_to_a_megabyte),
        cmocka_unit_test(small_requests_say_nothing_about_large_ones),
        cmocka_unit_test(cuts_shrink_the_batch_to_a_line_and_success_grows_it),
        cmocka_unit_test(slow_answers_halve_the_batch),
        cmocka_unit_test(fast_links_compress_little_and_slow_ones_well),
        cmocka_unit_test(slow_links_ask_for_less_and_sign_more_often),
        cmocka_unit_test(a_ceiling_given_is_kept),
        cmocka_unit_test(a_slow_or_cut_piece_is_halved_and_a_quick_one_doubled),
        cmocka_unit_test(only_new_bytes_of_an_attachment_are_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
