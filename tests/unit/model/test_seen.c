#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/seen.h"
#include "tests/fault.h"

#define RECORD "01935b1e-8c00-7abc-8def-0123456789ab"
#define OTHER "01935b1e-8c00-7abc-8def-0123456789ac"
#define REPLICAS 9

/* Replica ids 0..REPLICAS-1, not in alphabetical order of their numbers. */
static struct bytes replica(size_t i)
{
    static const char *const ids[REPLICAS] = {
        "wMMMMMMMMMMMM", "oAAAAAAAAAAAA", "wzzzzzzzzzzzz",
        "w____________", "w------------", "oZZZZZZZZZZZZ",
        "wAAAAAAAAAAAA", "w000000000000", "waaaaaaaaaaaa"};
    return bytes_text(ids[i]);
}

/* The same sets as plain arrays: what the sorted ones are measured against. */
struct model {
    int64_t n[REPLICAS];
};

static void random_pair(struct random *random, struct model *model,
                        struct seen *seen)
{
    memset(model, 0, sizeof *model);
    seen_init(seen);
    for (uint64_t i = random_below(random, 2 * REPLICAS); i > 0; i--) {
        size_t who = random_below(random, REPLICAS);
        int64_t n = 1 + (int64_t)random_below(random, 5);
        if (n > model->n[who])
            model->n[who] = n;
        assert_int_equal(seen_raise(seen, replica(who), n), ERR_OK);
    }
}

static void assert_same(const struct model *model, const struct seen *seen)
{
    size_t count = 0;
    for (size_t i = 0; i < REPLICAS; i++) {
        count += model->n[i] > 0;
        assert_int_equal(seen_get(seen, replica(i)), model->n[i]);
    }
    assert_int_equal(seen->count, count);
    for (size_t i = 1; i < seen->count; i++)
        assert_true(
            strcmp(seen->entries[i - 1].replica, seen->entries[i].replica) < 0);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void join_meet_and_covers_agree_with_plain_arrays(void **state)
{
    (void)state;
    struct random_seeded random;
    random_seeded_init(&random, 42);
    for (int round = 0; round < 3000; round++) {
        struct model a, b, join, meet;
        struct seen x, y, copy;
        random_pair(&random.random, &a, &x);
        random_pair(&random.random, &b, &y);
        bool covers = true;
        for (size_t i = 0; i < REPLICAS; i++) {
            meet.n[i] = least(a.n[i], b.n[i]);
            join.n[i] = a.n[i] + b.n[i] - meet.n[i];
            covers = covers && a.n[i] >= b.n[i];
        }
        assert_same(&a, &x);
        assert_int_equal(seen_covers(&x, &y), covers);
        seen_init(&copy);
        assert_int_equal(seen_copy(&copy, &x), ERR_OK);
        assert_same(&a, &copy);
        assert_int_equal(seen_join(&copy, &y), ERR_OK);
        assert_same(&join, &copy);
        assert_true(seen_covers(&copy, &x) && seen_covers(&copy, &y));
        seen_meet(&x, &y);
        assert_same(&meet, &x);
        seen_fini(&copy);
        seen_fini(&x);
        seen_fini(&y);
    }
}

static void a_dot_is_seen_up_to_the_entry(void **state)
{
    (void)state;
    struct seen seen;
    seen_init(&seen);
    assert_int_equal(seen_raise(&seen, replica(0), 3), ERR_OK);
    assert_int_equal(seen_raise(&seen, replica(0), 2), ERR_OK);
    struct dot dot = {"wMMMMMMMMMMMM", 3};
    assert_true(seen_has(&seen, &dot));
    dot.n = 4;
    assert_false(seen_has(&seen, &dot));
    struct dot stranger = {"wNNNNNNNNNNNN", 1};
    assert_false(seen_has(&seen, &stranger));
    seen_fini(&seen);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    struct seen seen, read;
    struct buffer text;
    struct arena arena;
    const struct canon *root;
    seen_init(&seen);
    seen_init(&read);
    buffer_init(&text, 4096);
    arena_init(&arena, 1 << 16);
    assert_int_equal(seen_write(&text, &seen), ERR_OK);
    assert_string_equal(buffer_text(&text), "{}");
    buffer_clear(&text);
    for (size_t i = 0; i < REPLICAS; i++)
        assert_int_equal(seen_raise(&seen, replica(i), CANON_INT_MAX), ERR_OK);
    assert_int_equal(seen_write(&text, &seen), ERR_OK);
    assert_int_equal(canon_parse(&arena, buffer_bytes(&text), &root, NULL),
                     ERR_OK);
    assert_int_equal(seen_read(&read, root), ERR_OK);
    assert_int_equal(read.count, REPLICAS);
    assert_true(seen_covers(&read, &seen));
    arena_fini(&arena);
    buffer_fini(&text);
    seen_fini(&read);
    seen_fini(&seen);
}

static void other_shapes_are_no_seen_and_change_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"[]",
                                      "1",
                                      "{\"wAAAAAAAAAAAA\":0}",
                                      "{\"wAAAAAAAAAAAA\":-1}",
                                      "{\"wAAAAAAAAAAAA\":\"1\"}",
                                      "{\"wAAAAAAAAAAA\":1}",
                                      "{\"wAAAAAAAAAAAA\":1,\"x\":1}"};
    struct seen seen;
    seen_init(&seen);
    assert_int_equal(seen_raise(&seen, replica(0), 3), ERR_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct arena arena;
        const struct canon *root;
        arena_init(&arena, 1 << 16);
        assert_int_equal(canon_parse(&arena, bytes_text(bad[i]), &root, NULL),
                         ERR_OK);
        assert_int_equal(seen_read(&seen, root), ERR_INVALID);
        assert_int_equal(seen_get(&seen, replica(0)), 3);
        arena_fini(&arena);
    }
    assert_int_equal(seen_read(&seen, NULL), ERR_INVALID);
    seen_fini(&seen);
}

static void replicas_are_limited(void **state)
{
    (void)state;
    struct seen seen, more;
    seen_init(&seen);
    seen_init(&more);
    char id[32];
    for (int i = 0; i < SEEN_REPLICAS_MAX; i++) {
        snprintf(id, sizeof id, "wAAAAAAAA%04d", i);
        assert_int_equal(seen_raise(&seen, bytes_text(id), 1), ERR_OK);
    }
    assert_int_equal(seen_raise(&seen, replica(0), 1), ERR_TOO_BIG);
    assert_int_equal(seen_raise(&seen, bytes_text(id), 2), ERR_OK);
    assert_int_equal(seen_raise(&more, replica(0), 1), ERR_OK);
    assert_int_equal(seen_join(&seen, &more), ERR_TOO_BIG);
    assert_int_equal(seen.count, SEEN_REPLICAS_MAX);

    /* The largest one fits a token. */
    for (size_t i = 0; i < seen.count; i++)
        seen.entries[i].n = CANON_INT_MAX;
    struct buffer token;
    buffer_init(&token, 1 << 20);
    assert_int_equal(context_write(&token, RECORD, 0, &seen), ERR_OK);
    assert_int_equal(context_read(&more, NULL, RECORD, buffer_bytes(&token)),
                     ERR_OK);
    assert_true(seen_covers(&more, &seen));
    buffer_fini(&token);
    seen_fini(&more);
    seen_fini(&seen);
}

static void a_token_of_another_record_is_a_conflict(void **state)
{
    (void)state;
    struct seen seen;
    struct buffer token;
    seen_init(&seen);
    buffer_init(&token, 4096);
    assert_int_equal(seen_raise(&seen, replica(0), 3), ERR_OK);
    assert_int_equal(context_write(&token, RECORD, 0, &seen), ERR_OK);
    assert_int_equal(context_read(&seen, NULL, OTHER, buffer_bytes(&token)),
                     ERR_CONFLICT);
    assert_int_equal(seen_get(&seen, replica(0)), 3);
    buffer_fini(&token);
    seen_fini(&seen);
}

static void other_texts_are_no_tokens(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       "c1",      "c1.",  "c2.e30",    "e30",
        "c1.e30", "c1.e30=", "c1.*", "c1.bnVsbA", "c1.eyB9"};
    struct seen seen;
    seen_init(&seen);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(context_read(&seen, NULL, RECORD, bytes_text(bad[i])),
                         ERR_INVALID);
    seen_fini(&seen);
}

static void dots_are_read_as_they_are_written(void **state)
{
    (void)state;
    static const char *const good[] = {"wAAAAAAAAAAAA:1",
                                       "oAAAAAAAAAAAA:9007199254740992"};
    static const char *const bad[] = {"",
                                      "wAAAAAAAAAAAA",
                                      "wAAAAAAAAAAAA:",
                                      "wAAAAAAAAAAAA:0",
                                      "wAAAAAAAAAAAA:01",
                                      "wAAAAAAAAAAAA:-1",
                                      "wAAAAAAAAAAAA:1 ",
                                      "wAAAAAAAAAAAA 1",
                                      "xAAAAAAAAAAAA:1",
                                      "wAAAAAAAAAAAA:9007199254740993",
                                      "wAAAAAAAAAAAA:10000000000000000"};
    struct dot dot;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[DOT_CHARS + 1];
        assert_true(dot_parse(&dot, bytes_text(good[i])));
        dot_format(text, &dot);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(dot_parse(&dot, bytes_text(bad[i])));
}

static void dots_sort_by_replica_then_number(void **state)
{
    (void)state;
    struct dot a = {"oAAAAAAAAAAAA", 9}, b = {"wAAAAAAAAAAAA", 2};
    struct dot c = {"wAAAAAAAAAAAA", 10};
    assert_true(dot_compare(&a, &b) < 0);
    assert_true(dot_compare(&b, &c) < 0);
    assert_true(dot_compare(&c, &a) > 0);
    assert_int_equal(dot_compare(&b, &b), 0);
}

static enum err round_trip(struct seen *into)
{
    struct seen other;
    struct buffer token;
    seen_init(&other);
    buffer_init(&token, 4096);
    enum err err = ERR_OK;
    for (size_t i = 0; i < REPLICAS && !err; i++)
        err = seen_raise(&other, replica(i), 2);
    if (!err)
        err = context_write(&token, RECORD, 0, &other);
    if (!err)
        err = context_read(&other, NULL, RECORD, buffer_bytes(&token));
    if (!err)
        err = seen_join(into, &other);
    if (!err)
        err = seen_copy(&other, into);
    buffer_fini(&token);
    seen_fini(&other);
    return err;
}

static void every_allocation_failure_is_reported(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        struct seen seen;
        seen_init(&seen);
        assert_int_equal(seen_raise(&seen, replica(3), 7), ERR_OK);
        fault_at(nth, false);
        enum err err = round_trip(&seen);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(seen_get(&seen, replica(3)), 7);
        assert_int_equal(seen.count, hit && err ? 1 : REPLICAS);
        seen_fini(&seen);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 1);
            return;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(join_meet_and_covers_agree_with_plain_arrays),
        cmocka_unit_test(a_dot_is_seen_up_to_the_entry),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(other_shapes_are_no_seen_and_change_nothing),
        cmocka_unit_test(replicas_are_limited),
        cmocka_unit_test(a_token_of_another_record_is_a_conflict),
        cmocka_unit_test(other_texts_are_no_tokens),
        cmocka_unit_test(dots_are_read_as_they_are_written),
        cmocka_unit_test(dots_sort_by_replica_then_number),
        cmocka_unit_test(every_allocation_failure_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
