/* A predecessor's log of which the office's goes another way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/replica/far_end.h"

static int64_t unsent(struct vault *vault)
{
    struct vault_status status;
    assert_int_equal(record_status(vault, &status), ERR_OK);
    return status.here;
}

static void
an_old_log_is_given_whole_where_it_parts_from_the_offices(void **state)
{
    struct pair *p = *state;
    bool whole;
    far_rollback(p->far, p->replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(outbox_old_whole(p->dana.vault, p->replica, &whole),
                     ERR_OK);
    assert_true(whole);
    assert_int_equal(outbox_old_whole(p->dana.vault, p->replica, &whole),
                     ERR_OK);
    assert_false(whole); /* it was already */
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
    far_sync_up(p->far, p->dana.vault);
    assert_eli_agrees(p);
}

static enum err sum_add(void *context, const char *kase, uint64_t sum)
{
    (void)kase;
    *(uint64_t *)context += sum;
    return ERR_OK;
}

/* The office lacks Dana's third line: another's stands in its place, and the
 * office carries it.  True when the vault counts what the office has. */
static bool compares(struct pair *p, struct inbox *inbox)
{
    uint8_t prefixes[64 * 8], hash[HASH_BYTES];
    uint64_t office = 0, here = 0;
    size_t count = 0;
    for (size_t i = 0; i < p->far->count; i++) {
        const struct far_line *line = &p->far->lines[i];
        if (line->n == 3 && !strcmp(line->replica, p->replica))
            continue;
        assert_true(count < 64);
        hash_bytes(hash, bytes_of(line->at, line->size));
        office += hash_share(hash);
        memcpy(prefixes + 8 * count++, hash, 8);
    }
    assert_int_equal(inbox_diff(inbox, p->person, "caseload:north",
                                bytes_of(prefixes, count * 8)),
                     ERR_OK);
    assert_int_equal(inbox_cases(p->dana.vault, sum_add, &here), ERR_OK);
    return here == office;
}

static void an_own_line_whose_place_is_anothers_gives_way(void **state)
{
    struct pair *p = *state;
    struct inbox *inbox;
    struct seen seen;
    far_succeed(p->far, &p->dana, "stale");
    far_sync_up(p->far, p->dana.vault);
    seen_init(&seen);
    assert_int_equal(seen_raise(&seen, bytes_text(p->replica), 1), ERR_OK);
    struct revision_draft draft = {
        .record = p->person,
        .seen = &seen,
        .carries = bytes_of(p->far->lines[2].at, p->far->lines[2].size)};
    far_write(p->far, &draft);
    far_pull(p->far, p->dana.vault, p->person);
    seen_fini(&seen);
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    assert_false(compares(p, inbox)); /* first it is contributed */
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    assert_true(compares(p, inbox));
    inbox_close(inbox);
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    assert_int_equal(unsent(p->dana.vault), 0);
    assert_sound(p->dana.vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, pair_setup_unsent, pair_teardown)
        TEST(an_old_log_is_given_whole_where_it_parts_from_the_offices),
        TEST(an_own_line_whose_place_is_anothers_gives_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
