#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include "tests/fault.h"
#include "tests/unit/replica/pruning.h"

static bool refused(struct pair *p, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(p->dana.path, &db), SQLITE_OK);
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    sqlite3_close(db);
    assert_true(code == SQLITE_OK || code == SQLITE_CONSTRAINT);
    return code == SQLITE_CONSTRAINT;
}

#define PAGES "SELECT count(*) FROM page"
#define DUE "DELETE FROM log WHERE id IN (SELECT line FROM departed_line)"

/* --- facts ---------------------------------------------------------------- */

static void what_is_only_received_stays(void **state)
{
    struct pair *p = *state;
    int64_t lines = number(p, LINES);
    leave(p, p->person);
    assert_int_equal(prune(p).lines, 0);
    revise(p->dana.vault, p->other, "{\"language\":\"es\"}");
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(prune(p).lines, 0);
    assert_int_equal(number(p, LINES), lines + 1);
    assert_int_equal(number(p, WRAPS), 2);
}

/* The office may have sent more of the case after it had counted the line. */
static void what_was_backed_up_before_the_leave_waits_for_a_later_line(void **s)
{
    struct pair *p = *s;
    back_up(p);
    leave(p, p->person);
    assert_int_equal(prune(p).lines, 0);
    back_up(p); /* nothing new */
    assert_int_equal(prune(p).lines, 0);
    int64_t waiting;
    assert_int_equal(prune_waiting(p->dana.vault, &waiting), ERR_OK);
    assert_int_equal(waiting, 1);
}

static void a_case_that_left_goes_whole_once_it_is_backed_up(void **state)
{
    struct pair *p = *state;
    uint8_t link[4][LINK_BYTES], again[LINK_BYTES];
    leave_backed_up(p);
    for (int n = 1; n <= 4; n++)
        assert_int_equal(outbox_link(p->dana.vault, n, link[n - 1]), ERR_OK);
    struct vault_status before = status_of(p);
    struct pruned pruned = prune(p);
    assert_int_equal(pruned.cases, 1);
    assert_int_equal(pruned.lines, 2);
    assert_true(pruned.bytes > 100);
    assert_int_equal(number(p, LINES), 2);
    assert_int_equal(number(p, WRAPS), 1);
    assert_int_equal(number(p, "SELECT count(*) FROM pruned"), 2);
    for (int n = 1; n <= 4; n++) {
        assert_int_equal(outbox_link(p->dana.vault, n, again), ERR_OK);
        assert_memory_equal(link[n - 1], again, LINK_BYTES);
    }
    struct vault_status after = status_of(p);
    assert_int_equal(after.received, before.received);
    assert_int_equal(after.backed_up, before.backed_up);
    assert_int_equal(after.here, 0);
    assert_sound(p->dana.vault);
}

static void work_goes_on_after_it(void **state)
{
    struct pair *p = *state;
    leave_backed_up(p);
    prune(p);
    device_close(&p->dana);
    device_open(&p->dana, "correct horse");
    revise(p->dana.vault, p->other, "{\"language\":\"fr\"}");
    assert_int_equal(far_push(p->far, p->dana.vault), 1); /* and it verifies */
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(vault_rebuild(p->dana.vault), ERR_OK);
    assert_sound(p->dana.vault);
    far_pull(p->far, p->eli.vault, p->other);
    assert_same_state(p->dana.vault, p->eli.vault, p->other);
}

static void a_locked_vault_prunes_too(void **state)
{
    struct pair *p = *state;
    leave_backed_up(p);
    vault_lock(p->dana.vault);
    assert_int_equal(prune(p).cases, 1);
    assert_int_equal(vault_unlock(p->dana.vault, "correct horse"), ERR_OK);
    assert_sound(p->dana.vault);
}

/* Eli writes `count` notes into the case, and Dana gets them in pages of their
 * own. */
static void notes_of_eli(struct pair *p, int count)
{
    char contact[ID_CHARS + 1];
    struct inbox *inbox;
    far_pull(p->far, p->eli.vault, p->person);
    for (int i = 0; i < count; i++)
        write_contact(p->eli.vault, p->person, "Roof mended.", contact);
    size_t from = p->far->count;
    far_sync_up(p->far, p->eli.vault);
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    while (from < p->far->count) {
        size_t to = from + PAGE_LINES_MAX;
        if (to > p->far->count)
            to = p->far->count;
        assert_int_equal(far_page(p->far, inbox, from, to, "caseload:north",
                                  (int64_t)to, true),
                         ERR_OK);
        from = to;
    }
    inbox_close(inbox);
}

static void others_lines_go_too_and_pages_that_are_empty_then(void **state)
{
    struct pair *p = *state;
    char omar[ID_CHARS + 1];
    notes_of_eli(p, 70);
    far_pull(p->far, p->eli.vault, p->other);
    write_contact(p->eli.vault, p->other, "No heating.", omar);
    far_sync_up(p->far, p->eli.vault);
    /* The last page has a line of either case. */
    write_contact(p->eli.vault, p->person, "Paid.", omar);
    far_sync_up(p->far, p->eli.vault);
    far_pull(p->far, p->dana.vault, NULL);
    int64_t pages = number(p, PAGES);
    assert_true(pages >= 3);
    leave_backed_up(p);
    struct pruned pruned = prune(p);
    assert_int_equal(pruned.cases, 1);
    assert_int_equal(pruned.lines, 2 + 71);
    assert_int_equal(number(p, PAGES), 1);
    assert_int_equal(number(p, "SELECT count(*) FROM page p WHERE EXISTS"
                               " (SELECT 1 FROM log WHERE page = p.id)"),
                     1);
    assert_int_equal(number(p, "SELECT count(*) FROM pruned"), 2);
    assert_sound(p->dana.vault);
    far_pull(p->far, p->eli.vault, NULL);
    assert_same_state(p->dana.vault, p->eli.vault, p->other);
}

static void a_step_is_bounded_and_own_lines_go_last(void **state)
{
    struct pair *p = *state;
    struct pruned pruned = {0, 0, 0};
    bool more;
    notes_of_eli(p, PRUNE_LINES_MAX + 10);
    leave_backed_up(p);
    assert_int_equal(prune_step(p->dana.vault, &pruned, &more), ERR_OK);
    assert_true(more);
    assert_int_equal(pruned.lines, PRUNE_LINES_MAX);
    assert_int_equal(pruned.cases, 0);
    assert_int_equal(number(p, "SELECT count(*) FROM pruned"), 0);
    assert_sound(p->dana.vault);
    assert_int_equal(prune_step(p->dana.vault, &pruned, &more), ERR_OK);
    assert_int_equal(pruned.lines, PRUNE_LINES_MAX + 12);
    assert_int_equal(pruned.cases, 1);
    assert_int_equal(prune_step(p->dana.vault, &pruned, &more), ERR_OK);
    assert_false(more);
    assert_sound(p->dana.vault);
}

static void an_attachment_that_waits_keeps_the_wrapping_only(void **state)
{
    struct pair *p = *state;
    leave_backed_up(p);
    assert_false(refused(p,
                         "INSERT INTO blob (name, key, bytes, held, whole)"
                         " SELECT zeroblob(32), key, 1, 1, 1 FROM departed"));
    assert_int_equal(prune(p).lines, 2);
    assert_int_equal(number(p, WRAPS), 2);
    assert_sound(p->dana.vault);
}

static void storage_refuses_what_may_not_go(void **state)
{
    struct pair *p = *state;
    assert_true(refused(p, "DELETE FROM log WHERE id = 1"));
    leave(p, p->person);
    prune(p);
    assert_int_equal(number(p, "SELECT count(*) FROM departed_line"), 2);
    assert_true(refused(p, DUE)); /* not backed up */
    revise(p->dana.vault, p->other, "{\"language\":\"es\"}");
    far_sync_up(p->far, p->dana.vault);
    assert_true(refused(p, DUE)); /* received */
    back_up(p);
    assert_true(refused(p, DUE)); /* no hash is kept */
    assert_false(refused(p, "INSERT INTO pruned SELECT replica, n, zeroblob(32)"
                            " FROM log WHERE id = 1"));
    assert_true(refused(p, "DELETE FROM log WHERE id = 1")); /* not its hash */
    assert_true(refused(p, "UPDATE pruned SET n = 9"));
    assert_true(refused(p, "DELETE FROM pruned"));
    assert_true(refused(p, "DELETE FROM log WHERE id = 3")); /* not left */
}

static void a_case_that_comes_back_is_whole_again_with_own_lines(void **state)
{
    struct pair *p = *state;
    leave_backed_up(p);
    prune(p);
    far_pull(p->far, p->dana.vault, p->person);
    far_pull(p->far, p->eli.vault, p->person);
    assert_same_state(p->dana.vault, p->eli.vault, p->person);
    assert_same_state(p->dana.vault, p->eli.vault, p->contact);
    assert_true(cursor_of(p->dana.vault, "caseload:north")->sum ==
                cursor_of(p->eli.vault, "caseload:north")->sum);
    assert_sound(p->dana.vault);
    revise(p->dana.vault, p->contact, "{\"narrative\":\"Mended.\"}");
    back_up(p);
    const struct far_line *line = &p->far->lines[p->far->count - 1];
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)line->size, (char *)line->at);
    assert_non_null(strstr(text, "\"prev\":2"));
    leave_backed_up(p);
    assert_int_equal(prune(p).lines, 3);
    assert_sound(p->dana.vault);
}

static enum err prune_once(struct pair *p)
{
    struct pruned pruned = {0, 0, 0};
    bool more;
    return prune_step(p->dana.vault, &pruned, &more);
}

static void it_survives_every_allocation_failure(void **state)
{
    struct pair *p = *state;
    notes_of_eli(p, 3);
    leave_backed_up(p);
    int64_t lines = number(p, LINES);
    device_close(&p->dana);
    for (int nth = 1;; nth++) {
        device_open(&p->dana, "correct horse");
        fault_at(nth, false);
        enum err err = prune_once(p);
        bool hit = fault_hit();
        fault_at(0, false);
        device_close(&p->dana);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 1);
            break;
        }
        if (err == ERR_OK) { /* a cache did without */
            assert_true(nth > 50);
            break;
        }
        assert_int_equal(err, ERR_NOMEM);
        assert_int_equal(number(p, LINES), lines);
    }
    device_open(&p->dana, "correct horse");
    assert_int_equal(number(p, LINES), lines - 5);
    assert_sound(p->dana.vault);
}

/* Much of Rosa's case, as a large import writes it. */
static void write_much(struct pair *p)
{
    char text[1700], id[ID_CHARS + 1];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(record_batch_begin(p->dana.vault), ERR_OK);
    for (int i = 0; i < 900; i++)
        write_contact(p->dana.vault, p->person, text, id);
    assert_int_equal(record_batch_commit(p->dana.vault), ERR_OK);
}

static void what_is_erased_leaves_a_smaller_file(void **state)
{
    struct pair *p = *state;
    write_much(p);
    far_sync_up(p->far, p->dana.vault);
    int64_t pages = number(p, "PRAGMA page_count");
    assert_true(pages > 400);
    leave_backed_up(p);
    assert_true(prune(p).lines > 900);
    int64_t now = number(p, "PRAGMA page_count");
    int64_t unused = number(p, "PRAGMA freelist_count");
    assert_true(now < pages - 150);
    assert_true(unused <= 256 || unused <= now / 8);
    assert_sound(p->dana.vault);
    /* Little is kept, so that it is not given and taken all the time. */
    assert_int_equal(prune(p).lines, 0);
    assert_int_equal(number(p, "PRAGMA page_count"), now);
}

int main(void)
{
    fault_sqlite();
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, pruning_setup, pair_teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_only_received_stays),
        TEST(what_was_backed_up_before_the_leave_waits_for_a_later_line),
        TEST(a_case_that_left_goes_whole_once_it_is_backed_up),
        TEST(work_goes_on_after_it),
        TEST(a_locked_vault_prunes_too),
        TEST(others_lines_go_too_and_pages_that_are_empty_then),
        TEST(a_step_is_bounded_and_own_lines_go_last),
        TEST(an_attachment_that_waits_keeps_the_wrapping_only),
        TEST(storage_refuses_what_may_not_go),
        TEST(a_case_that_comes_back_is_whole_again_with_own_lines),
        TEST(what_is_erased_leaves_a_smaller_file),
        TEST(it_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
