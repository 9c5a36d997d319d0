/* tests/vectors/fold.json: lines in, exact state out, in every order of few
 * lines and some orders of many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/model/fold_case.h"

#define ORDERS_MAX 120

static void check_hash(const struct fold *fold, const char *expected)
{
    uint8_t hash[HASH_BYTES];
    char text[BASE64_CHARS(HASH_BYTES) + 1];
    state_hash(hash, buffer_bytes(&fold->state));
    base64_encode(text, hash, sizeof hash);
    assert_string_equal(text, expected);
}

/* The next permutation of indexes; false after the last. */
static bool next_order(size_t *order, size_t count)
{
    size_t i = count, j = count - 1;
    while (i > 1 && order[i - 2] > order[i - 1])
        i--;
    if (i < 2)
        return false;
    while (order[j] < order[i - 2])
        j--;
    size_t other = order[i - 2];
    order[i - 2] = order[j];
    order[j] = other;
    for (j = count - 1, i--; i < j; i++, j--) {
        other = order[i];
        order[i] = order[j];
        order[j] = other;
    }
    return true;
}

static void check_orders(const struct fold_case *c, const char *state)
{
    size_t *order = calloc(c->count, sizeof *order);
    const struct revision **lines = calloc(c->count, sizeof(*lines));
    assert_true(order && lines);
    for (size_t i = 0; i < c->count; i++)
        order[i] = i;
    for (int n = 0; n < ORDERS_MAX; n++) {
        struct fold steps;
        for (size_t i = 0; i < c->count; i++)
            lines[i] = c->revisions[order[i]];
        fold_stepwise(c, lines, c->count, &steps);
        assert_state(&steps, state);
        fold_fini(&steps);
        if (!next_order(order, c->count))
            break;
    }
    free(order);
    free(lines);
}

static void lines_give_the_stated_state(void **state)
{
    (void)state;
    size_t i;
    json_t *item, *file = tree_json("tests/vectors/fold.json");
    json_array_foreach(json_object_get(file, "vectors"), i, item)
    {
        struct fold_case c;
        struct fold all;
        const char *expected =
            json_string_value(json_object_get(item, "state"));
        print_message("%s\n", json_string_value(json_object_get(item, "name")));
        fold_case_open(&c, item);
        fold_some(&c, c.revisions, c.count, &all);
        assert_state(&all, expected);
        check_hash(&all, json_string_value(json_object_get(item, "hash")));
        check_orders(&c, expected);
        fold_fini(&all);
        fold_case_close(&c);
    }
    assert_true(i > 60);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_give_the_stated_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
