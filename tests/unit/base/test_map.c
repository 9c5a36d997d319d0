#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include "shared/base/map.h"
#include "tests/fault.h"

static struct bytes key_of(char *text, int number)
{
    snprintf(text, 16, "key%d", number);
    return bytes_text(text);
}

static void
entries_keep_insertion_order_through_growth_and_removal(void **state)
{
    (void)state;
    struct map *m;
    static int values[1000];
    char text[16];
    assert_int_equal(map_new(&m), ERR_OK);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(map_put(m, key_of(text, i), &values[i]), ERR_OK);
    for (int i = 0; i < 1000; i += 2)
        map_remove(m, key_of(text, i));
    assert_int_equal(map_count(m), 500);
    for (int i = 0; i < 500; i++) {
        assert_true(
            bytes_equal(map_key_at(m, (size_t)i), key_of(text, 2 * i + 1)));
        assert_ptr_equal(map_value_at(m, (size_t)i), &values[2 * i + 1]);
        assert_false(map_has(m, key_of(text, 2 * i)));
        assert_ptr_equal(map_get(m, key_of(text, 2 * i + 1)),
                         &values[2 * i + 1]);
    }
    map_free(m);
}

static void a_second_put_replaces_the_value_in_place(void **state)
{
    (void)state;
    struct map *m;
    int a = 0;
    int b = 0;
    assert_int_equal(map_new(&m), ERR_OK);
    assert_int_equal(map_put(m, bytes_text("a"), &a), ERR_OK);
    assert_int_equal(map_put(m, bytes_text(""), &b), ERR_OK);
    assert_int_equal(map_put(m, bytes_text("a"), &b), ERR_OK);
    assert_int_equal(map_count(m), 2);
    assert_ptr_equal(map_get(m, bytes_text("a")), &b);
    assert_ptr_equal(map_get(m, bytes_of(NULL, 0)), &b);
    assert_true(bytes_is(map_key_at(m, 0), "a"));
    map_free(m);
}

static void a_null_value_is_present(void **state)
{
    (void)state;
    struct map *m;
    assert_int_equal(map_new(&m), ERR_OK);
    assert_false(map_has(m, bytes_text("x")));
    map_remove(m, bytes_text("x"));
    assert_int_equal(map_put(m, bytes_text("x"), NULL), ERR_OK);
    assert_true(map_has(m, bytes_text("x")));
    assert_null(map_get(m, bytes_text("x")));
    map_free(m);
    map_free(NULL);
}

static enum err fill(struct map **out)
{
    char text[16];
    enum err err = map_new(out);
    for (int i = 0; !err && i < 100; i++) {
        err = map_put(*out, key_of(text, i), *out);
        /* What failed to go in is absent, and the rest is intact. */
        assert_int_equal(map_count(*out), err ? i : i + 1);
        assert_true(map_has(*out, key_of(text, i)) == !err);
    }
    return err;
}

static void filling_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        struct map *m;
        fault_at(nth, false);
        enum err err = fill(&m);
        bool hit = fault_hit();
        fault_at(0, false);
        map_free(m);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 100);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            entries_keep_insertion_order_through_growth_and_removal),
        cmocka_unit_test(a_second_put_replaces_the_value_in_place),
        cmocka_unit_test(a_null_value_is_present),
        cmocka_unit_test(filling_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
