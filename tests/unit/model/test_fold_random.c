/* Random histories with carriers, holds, releases, keeps, seals and clocks,
 * made and folded by tests/model/reference_fold.py, which shares no code with
 * the fold.  FOLD_HISTORIES and FOLD_SEED choose how many and which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/model/fold_case.h"

#define SHUFFLES 3

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static void check_context(const struct fold *fold, const json_t *expected)
{
    struct seen seen;
    const char *replica;
    json_t *n;
    seen_init(&seen);
    assert_int_equal(fold_context(buffer_bytes(&fold->memo), &seen), ERR_OK);
    assert_int_equal(seen.count, json_object_size(expected));
    json_object_foreach((json_t *)(uintptr_t)expected, replica, n) assert_true(
        seen_get(&seen, bytes_text(replica)) == json_integer_value(n));
    seen_fini(&seen);
}

/* The lines in random order, some of them twice. */
static size_t shuffled(const struct fold_case *c, struct random *random,
                       const struct revision **out)
{
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
        out[count++] = c->revisions[i];
        if (random_below(random, 4) == 0)
            out[count++] = c->revisions[i];
    }
    for (size_t i = count; i > 1; i--) {
        size_t j = random_below(random, i);
        const struct revision *other = out[j];
        out[j] = out[i - 1];
        out[i - 1] = other;
    }
    return count;
}

/* So that a replica need not fold a record's first line to know what waits. */
static void one_line_leaves_nothing_open(const struct fold_case *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct fold alone;
        size_t open;
        fold_some(c, &c->revisions[i], 1, &alone);
        assert_int_equal(fold_open_count(buffer_bytes(&alone.state), &open),
                         ERR_OK);
        assert_int_equal(open, 0);
        fold_fini(&alone);
    }
}

struct tally {
    size_t histories, steps, fast;
};

static void check_history(json_t *json, struct random *random,
                          struct tally *tally)
{
    struct fold_case c;
    struct fold all, steps;
    size_t open;
    fold_case_open(&c, json);
    fold_some(&c, c.revisions, c.count, &all);
    assert_state(&all, json_string_value(json_object_get(json, "state")));
    check_context(&all, json_object_get(json, "context"));
    one_line_leaves_nothing_open(&c);
    assert_int_equal(fold_open_count(buffer_bytes(&all.state), &open), ERR_OK);
    assert_int_equal(open, json_integer_value(json_object_get(json, "open")));
    const struct revision **order = calloc(2 * c.count, sizeof(*order));
    assert_non_null(order);
    tally->fast += fold_stepwise(&c, c.revisions, c.count, &steps);
    tally->steps += c.count;
    for (int i = 0;; i++) {
        assert_same_bytes(buffer_bytes(&steps.state), buffer_bytes(&all.state));
        fold_fini(&steps);
        if (i == SHUFFLES)
            break;
        size_t count = shuffled(&c, random, order);
        fold_stepwise(&c, order, count, &steps);
    }
    free(order);
    fold_fini(&all);
    fold_case_close(&c);
    tally->histories++;
}

static void any_order_gives_what_the_reference_gives(void **state)
{
    (void)state;
    char command[256];
    struct tally tally = {0};
    struct random_seeded random;
    random_seeded_init(&random, 1);
    snprintf(command, sizeof command,
             "python3 tests/model/reference_fold.py histories %ld %ld",
             strtol(setting("FOLD_SEED", "1"), NULL, 10),
             strtol(setting("FOLD_HISTORIES", "400"), NULL, 10));
    FILE *histories = popen(command, "r");
    assert_non_null(histories);
    for (;;) {
        json_error_t error;
        json_t *json = json_loadf(histories, JSON_DISABLE_EOF_CHECK, &error);
        if (!json)
            break;
        check_history(json, &random.random, &tally);
        json_decref(json);
    }
    assert_int_equal(pclose(histories), 0);
    assert_true(tally.histories > 0);
    /* The fast path is taken, and does not have it all to itself. */
    print_message("%zu histories, %zu steps, %zu fast\n", tally.histories,
                  tally.steps, tally.fast);
    assert_in_range(tally.fast * 10, tally.steps, tally.steps * 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_what_the_reference_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
