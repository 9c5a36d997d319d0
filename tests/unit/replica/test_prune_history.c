/* Offices that lost what was erased here, and logs that parted from theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "tests/unit/replica/pruning.h"

#define GIVEN_CHARS 256

/* Restored to a backup that has what was called backed up. */
static void a_restored_office_gets_what_is_above_the_mark(void **state)
{
    struct pair *p = *state;
    struct identity self;
    leave_backed_up(p);
    prune(p);
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    revise(p->dana.vault, p->other, "{\"language\":\"fr\"}");
    revise(p->dana.vault, p->other, "{\"language\":\"ht\"}");
    far_sync_up(p->far, p->dana.vault);
    far_rollback(p->far, self.replica, 4);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(far_contributed(p->far, p->dana.vault), 2);
    assert_int_equal(status_of(p).here, 0);
    assert_sound(p->dana.vault);
    far_pull(p->far, p->eli.vault, p->other);
    assert_same_state(p->dana.vault, p->eli.vault, p->other);
}

/* Restored to what it should have been beyond: nothing is promised that was
 * erased, and the rest is carried, so that the sync goes on. */
static void an_office_that_lost_what_was_backed_up_gets_the_rest(void **state)
{
    struct pair *p = *state;
    struct identity self;
    leave_backed_up(p); /* lines 1 and 2 of 4 */
    prune(p);
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    far_rollback(p->far, self.replica, 1);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    assert_int_equal(far_push(p->far, p->dana.vault), 2);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p).here, 0);
    assert_sound(p->dana.vault);
    far_pull(p->far, p->eli.vault, p->other);
    assert_same_state(p->dana.vault, p->eli.vault, p->other);
}

static enum err given_note(void *context, const uint8_t key[KEY_BYTES],
                           const struct outbox_line *line)
{
    (void)key;
    char *out = context;
    size_t used = strlen(out);
    (void)snprintf(out + used, GIVEN_CHARS - used, "%s%lld%s",
                   line->erased   ? "-"
                   : line->sealed ? "*"
                                  : "",
                   (long long)line->n, line->has_signature ? "." : " ");
    return ERR_OK;
}

/* -N was erased, *N is sealed; a period is a signature. */
static void assert_given(struct pair *p, const char *expected)
{
    char given[GIVEN_CHARS] = "";
    assert_int_equal(outbox_read_old(p->dana.vault, 100, given_note, given),
                     ERR_OK);
    assert_string_equal(given, expected);
}

/* Lines 1, 2 and 4 of six are erased, 3 is not; 5 is of a case that has left,
 * and cannot be read. */
static void five_behind_what_was_erased(struct pair *p)
{
    char ana[ID_CHARS + 1];
    write_contact(p->dana.vault, p->person, "Roof mended.", p->contact);
    write_person(p->dana.vault, "Ana", ana);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, ana);
    leave_backed_up(p);
    assert_int_equal(number(p, "SELECT count(*) FROM pruned"), 0);
    prune(p);
    assert_int_equal(number(p, "SELECT sum(n) FROM pruned"), 1 + 2 + 4);
    leave(p, ana);
}

/* A copy has gone on: what cannot be read is given, from where the logs are
 * surely common. */
static void of_erased_lines_the_hashes_are_given(void **state)
{
    struct pair *p = *state;
    five_behind_what_was_erased(p);
    p->far->logs[0].link[0] ^= 1;
    far_succeed(p->far, &p->dana, "fork");
    assert_given(p, "-1.-2.3.-4.*5.");
    assert_sound(p->dana.vault);
}

/* The office lacks what was erased, and was to have it: no receipt counts from
 * there on, and what cannot be read is given nevertheless. */
static void
what_stands_behind_erased_lines_reaches_an_office_without_them(void **state)
{
    struct pair *p = *state;
    struct identity self;
    bool waits;
    five_behind_what_was_erased(p);
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    far_rollback(p->far, self.replica, 0);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(status_of(p).here, 0);
    assert_given(p, "-1.-2.3.-4.*5.");
    assert_int_equal(status_of(p).here, 3); /* 3 and 6 are carried */
    assert_int_equal(far_push(p->far, p->dana.vault), 2);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(status_of(p).here, 1);
    assert_int_equal(outbox_old_done(p->dana.vault, self.replica, 5), ERR_OK);
    assert_int_equal(status_of(p).here, 0);
    assert_int_equal(outbox_old_waits(p->dana.vault, &waits), ERR_OK);
    assert_false(waits);
    assert_sound(p->dana.vault);
}

/* What stands before an erased line goes as it is. */
static void lines_around_erased_ones_are_given(void **state)
{
    struct pair *p = *state;
    struct identity self;
    five_behind_what_was_erased(p);
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    leave(p, p->other); /* 3 and 6 */
    far_rollback(p->far, self.replica, 2);
    far_succeed(p->far, &p->dana, "lineage");
    assert_given(p, "*3.");
    assert_int_equal(outbox_old_done(p->dana.vault, self.replica, 3), ERR_OK);
    assert_given(p, "-4.*5.*6.");
    assert_int_equal(status_of(p).here, 2);
    assert_int_equal(outbox_old_done(p->dana.vault, self.replica, 6), ERR_OK);
    assert_int_equal(status_of(p).here, 0);
    assert_sound(p->dana.vault);
}

/* The mark that an office gives is its word for its present history. */
static void own_lines_of_an_earlier_history_stay(void **state)
{
    struct pair *p = *state;
    struct identity self;
    back_up(p);
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    far_rollback(p->far, self.replica, 3);
    far_succeed(p->far, &p->dana, "lineage");
    leave_backed_up(p);
    assert_int_equal(prune(p).lines, 0);
    assert_int_equal(number(p, LINES), 4);
    assert_int_equal(number(p, WRAPS), 2);
    int64_t waiting;
    assert_int_equal(prune_waiting(p->dana.vault, &waiting), ERR_OK);
    assert_int_equal(waiting, 0);
    assert_sound(p->dana.vault);
}

/* After a change of key a later line is one of the new log. */
static void a_fresh_key_begins_to_wait_anew(void **state)
{
    struct pair *p = *state;
    back_up(p);
    leave(p, p->person);
    prune(p);
    revise(p->dana.vault, p->other, "{\"language\":\"es\"}");
    far_succeed(p->far, &p->dana, "stale"); /* and carries that line */
    assert_int_equal(prune(p).lines, 0);
    back_up(p);
    assert_int_equal(prune(p).lines, 0);
    revise(p->dana.vault, p->other, "{\"language\":\"fr\"}");
    back_up(p);
    assert_int_equal(prune(p).lines, 2);
    assert_sound(p->dana.vault);
    /* Of the old log the last line that is here is given again. */
    struct identity self;
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    far_rollback(p->far, self.replica, 2);
    far_succeed(p->far, &p->dana, "lineage");
    assert_int_equal(far_contributed(p->far, p->dana.vault), 0);
    assert_sound(p->dana.vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, pruning_setup, pair_teardown)
        TEST(a_restored_office_gets_what_is_above_the_mark),
        TEST(an_office_that_lost_what_was_backed_up_gets_the_rest),
        TEST(of_erased_lines_the_hashes_are_given),
        TEST(what_stands_behind_erased_lines_reaches_an_office_without_them),
        TEST(lines_around_erased_ones_are_given),
        TEST(own_lines_of_an_earlier_history_stay),
        TEST(a_fresh_key_begins_to_wait_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
