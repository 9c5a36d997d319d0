/* The lines in which a new identity carries what the old one wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/replica/far_end.h"

/* --- the carriers themselves ------------------------------------------------
 */

struct written {
    const char *replica;
    char write[8][WRITE_ID_CHARS + 1]; /* by n */
};

static enum err note_write(void *context, const struct record_entry *entry)
{
    struct written *w = context;
    if (!strcmp(entry->dot.replica, w->replica) && entry->dot.n < 8)
        memcpy(w->write[entry->dot.n], entry->write, WRITE_ID_CHARS + 1);
    return ERR_OK;
}

/* The line at the office under dot replica:n. */
static const struct revision *line_at(struct pair *p, struct arena *arena,
                                      const char *replica, int64_t n)
{
    const struct revision *found = NULL;
    for (size_t i = 0; i < p->far->count; i++) {
        const struct far_line *line = &p->far->lines[i];
        if (line->n == n && !strcmp(line->replica, replica))
            assert_int_equal(revision_parse(arena,
                                            bytes_of(line->at, line->size),
                                            &found, NULL),
                             ERR_OK);
    }
    assert_non_null(found);
    return found;
}

static void expect_carrier(const struct revision *r, const struct written *w,
                           const char *old, int64_t n)
{
    const struct revision *original = revision_original(r);
    assert_true(original != r);
    assert_string_equal(r->write, w->write[n]);
    assert_string_equal(original->dot.replica, old);
    assert_int_equal(original->dot.n, n);
    assert_int_equal(original->carries.size, 0);
    assert_null(r->set);
    assert_true(bytes_is(r->author, "dana"));
}

static void expect_was(const struct revision *r, const char *replica, int64_t n,
                       int64_t prev)
{
    struct dot dot = {.n = n};
    char text[DOT_CHARS + 1];
    memcpy(dot.replica, replica, sizeof dot.replica);
    dot_format(text, &dot);
    const struct canon *place = r->was ? canon_member(r->was, text) : NULL;
    assert_non_null(place);
    assert_int_equal(place->integer, prev);
}

static void a_carrier_holds_the_line_as_it_was_and_its_seen_anew(void **state)
{
    struct pair *p = *state;
    struct written w = {.replica = p->replica};
    struct identity first, second;
    struct arena arena;
    arena_init(&arena, 1u << 24);
    assert_int_equal(record_history(p->dana.vault, p->person, note_write, &w),
                     ERR_OK);
    p->dana.now += 1000;
    far_succeed(p->far, &p->dana, "fork");
    assert_int_equal(identity_load(p->dana.vault, &first), ERR_OK);
    far_push(p->far, p->dana.vault);
    for (int64_t n = 1; n <= 2; n++) {
        const struct revision *r = line_at(p, &arena, first.replica, n);
        expect_carrier(r, &w, p->replica, n + 3);
        assert_int_equal(r->prev, n - 1);
        assert_null(r->was); /* no office had it */
        assert_int_equal(r->at, p->dana.now);
        assert_int_equal(revision_original(r)->at, p->dana.now - 1000);
        /* The old log up to where it stays, then where its lines stand now. */
        assert_int_equal(seen_get(&r->seen, bytes_text(p->replica)), 3);
        assert_int_equal(seen_get(&r->seen, bytes_text(first.replica)), n - 1);
    }
    /* Their receipt never came, and the log is closed again: a carrier is
     * carried as what it carries. */
    far_rollback(p->far, first.replica, 0);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(identity_load(p->dana.vault, &second), ERR_OK);
    far_sync_up(p->far, p->dana.vault);
    for (int64_t n = 1; n <= 2; n++) {
        const struct revision *r = line_at(p, &arena, second.replica, n);
        expect_carrier(r, &w, p->replica, n + 3);
        assert_int_equal(seen_get(&r->seen, bytes_text(p->replica)), 3);
        assert_int_equal(seen_get(&r->seen, bytes_text(first.replica)), 0);
        assert_int_equal(seen_get(&r->seen, bytes_text(second.replica)), n - 1);
        expect_was(r, first.replica, n, n - 1);
        assert_int_equal(r->was->count, 1);
    }
    assert_eli_agrees(p);
    arena_fini(&arena);
}

static void a_carrier_says_where_its_line_had_a_receipt(void **state)
{
    struct pair *p = *state;
    static const int64_t prev[] = {0, 0, 0, 1, 3, 4}; /* 2 is the contact */
    struct identity first, second;
    struct arena arena;
    arena_init(&arena, 1u << 24);
    for (int turn = 0; turn < 2; turn++) {
        struct identity *self = turn ? &second : &first;
        const char *old = turn ? first.replica : p->replica;
        for (size_t i = 0; i < p->far->log_count; i++)
            if (!strcmp(p->far->logs[i].replica, old))
                p->far->logs[i].link[0] ^= 1; /* another copy's */
        far_succeed(p->far, &p->dana, "fork");
        assert_int_equal(identity_load(p->dana.vault, self), ERR_OK);
        far_sync_up(p->far, p->dana.vault);
    }
    for (int64_t n = 1; n <= 5; n++) {
        const struct revision *r = line_at(p, &arena, second.replica, n);
        expect_was(r, first.replica, n, prev[n]);
        if (n <= 3)
            expect_was(r, p->replica, n, prev[n]);
        assert_int_equal(r->was->count, n <= 3 ? 2 : 1);
    }
    arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, pair_setup_unsent, pair_teardown)
        TEST(a_carrier_holds_the_line_as_it_was_and_its_seen_anew),
        TEST(a_carrier_says_where_its_line_had_a_receipt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
