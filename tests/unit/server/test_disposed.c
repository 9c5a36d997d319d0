/* What comes back of a case that was disposed of; the ledger; exhaustion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/disposal.h"
#include "server/ingest.h"
#include "server/verify.h"
#include "tests/fault.h"
#include "tests/unit/server/disposing.h"

/* --- what comes back ------------------------------------------------------ */

static void F28_what_comes_back_is_known_and_stays_gone(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    disposing_two_cases(place, &dana);
    disposing_backup(place);
    int64_t late = device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&dana, place);
    disposing_dispose(place, PERSON);
    disposing_put_back(place);
    /* What the backup had is gone before anybody is served. */
    assert_int_equal(disposing_all_lines(place), 3);
    assert_int_equal(disposing_whole_lines(place), 1);
    assert_int_equal(place_problems(place), 0);
    /* What it had not, has its place and no text when it comes. */
    assert_int_equal(disposing_heal(place, &dana, late), ERR_OK);
    assert_int_equal(disposing_all_lines(place), 4);
    assert_int_equal(disposing_whole_lines(place), 1);
    assert_int_equal(disposing_heal(place, &dana, late), ERR_OK);
    assert_int_equal(disposing_all_lines(place), 4);
    /* Carried from a copy it is the same write. */
    device_enrol(&lee, place, "dana");
    struct revision_draft draft = {.at = place->now,
                                   .author = "dana",
                                   .record = NOTE_2,
                                   .carries = bytes_text(dana.lines[late])};
    struct buffer line;
    memcpy(draft.dot.replica, lee.replica, sizeof draft.dot.replica);
    draft.dot.n = 1;
    buffer_init(&line, LINE_BYTES_MAX);
    assert_int_equal(revision_write(&line, &draft), ERR_OK);
    device_append(&lee, buffer_text(&line));
    buffer_fini(&line);
    device_expect(&lee, place, 0, 200, &reply);
    assert_int_equal(reply.header.head, 1);
    assert_true(reply.header.has_receipt);
    assert_int_equal(reply.header.held_count, 0);
    reply_fini(&reply);
    assert_int_equal(disposing_whole_lines(place), 1);
    assert_int_equal(place_problems(place), 0);
    assert_int_equal(office_rebuild(place->office, &place->sql), ERR_OK);
    device_fini(&lee);
    device_fini(&dana);
}

static void held_expect(struct device *d, struct place *place, size_t count)
{
    struct reply reply;
    int64_t head = d->head;
    device_expect(d, place, 0, 200, &reply);
    assert_int_equal(reply.header.head, head);
    assert_true(reply.header.has_receipt);
    assert_int_equal(reply.header.held_count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(reply.header.held[i].reason, "disposed");
    reply_fini(&reply);
}

static enum err release(struct place *place, const struct device *d, int64_t n)
{
    struct dot dot = {.n = n};
    memcpy(dot.replica, d->replica, sizeof dot.replica);
    enum err err = disposing_begin(place);
    return err ? err
               : disposing_finish(
                     place,
                     ingest_release(place->office, &place->sql, "sue", &dot));
}

static void F28_new_work_on_it_is_held(void **state)
{
    struct place *place = *state;
    struct device dana;
    disposing_two_cases(place, &dana);
    disposing_dispose(place, PERSON);
    int64_t edit =
        device_revise(&dana, PERSON, "{}", "{\"preferred_name\":\"Ru\"}");
    int64_t note = device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    held_expect(&dana, place, 2);
    assert_int_equal(place_int(place, "SELECT count(*) FROM held WHERE "
                                      "owner = 'administrator'"),
                     2);
    assert_int_equal(disposing_whole_lines(place), 3);
    assert_int_equal(place_problems(place), 0);
    /* What was begun before has no beginning; what begins anew may stand, at
     * the office. */
    assert_int_equal(release(place, &dana, edit), ERR_DENIED);
    disposing_says(place, "write it again in a new case");
    assert_int_equal(release(place, &dana, note), ERR_OK);
    assert_int_equal(place_int(place,
                               "SELECT count(*) FROM record WHERE "
                               "record = '" NOTE_2 "' AND type = 'contact'"),
                     1);
    assert_int_equal(place_int(place,
                               "SELECT count(*) FROM membership WHERE "
                               "case_id = '" PERSON "' AND left_seq IS NULL"),
                     0);
    assert_int_equal(office_rebuild(place->office, &place->sql), ERR_OK);
    assert_int_equal(place_problems(place), 0);
    /* The way out: it goes, too. */
    disposing_dispose(place, PERSON);
    assert_int_equal(disposing_whole_lines(place), 1);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM held WHERE released IS NULL"),
        0);
    device_fini(&dana);
}

/* Its dot is another line's by now: the office carries it, and holds that. */
static void new_work_without_a_place_is_held_too(void **state)
{
    struct place *place = *state;
    struct device dana, copy;
    disposing_two_cases(place, &dana);
    disposing_dispose(place, PERSON);
    device_clone(&copy, &dana);
    int64_t n = device_create(&copy, "contact", NOTE_2, PERSON, TOLD);
    device_revise(&dana, PERSON_2, "{}", "{\"preferred_name\":\"Ru\"}");
    device_sync_ok(&dana, place);
    int64_t lines = disposing_whole_lines(place);
    assert_int_equal(disposing_heal(place, &copy, n), ERR_OK);
    assert_int_equal(disposing_whole_lines(place), lines);
    assert_int_equal(place_int(place, "SELECT count(*) FROM held WHERE "
                                      "reason = 'disposed' AND replica < 'p'"),
                     1);
    assert_int_equal(place_int(place, "SELECT count(*) FROM record WHERE "
                                      "record = '" NOTE_2 "' AND type IS NULL"),
                     1);
    device_fini(&copy);
    device_fini(&dana);
}

/* --- the ledger ----------------------------------------------------------- */

static void a_decision_stands_although_its_transaction_failed(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct disposal_row row;
    disposing_two_cases(place, &dana);
    assert_int_equal(disposing_propose(place, "sue", PERSON), ERR_OK);
    assert_int_equal(disposing_begin(place), ERR_OK);
    assert_int_equal(
        disposal_approve(place->office, &place->sql, "olga", PERSON, &row),
        ERR_OK);
    sql_rollback(&place->sql);
    assert_int_equal(disposing_whole_lines(place), 3);
    /* The process that serves learns of it before it takes anything more. */
    device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    held_expect(&dana, place, 1);
    assert_int_equal(disposing_whole_lines(place), 2);
    assert_int_equal(place_problems(place), 0);
    device_fini(&dana);
}

static void a_lost_ledger_is_written_again(void **state)
{
    struct place *place = *state;
    struct device dana;
    char ledger[LEDGER_PATH_CHARS];
    disposing_two_cases(place, &dana);
    disposing_backup(place);
    disposing_dispose(place, PERSON);
    ledger_path(ledger, place->office);
    assert_int_equal(unlink(ledger), 0);
    assert_int_equal(place_problems(place), 1);
    place_reopen(place);
    assert_int_equal(place_problems(place), 0);
    disposing_put_back(place);
    assert_int_equal(disposing_whole_lines(place), 1);
    device_fini(&dana);
}

static void a_damaged_ledger_is_reported(void **state)
{
    struct place *place = *state;
    struct device dana;
    char ledger[LEDGER_PATH_CHARS], saved[LEDGER_PATH_CHARS + 8];
    char command[3 * LEDGER_PATH_CHARS];
    disposing_two_cases(place, &dana);
    disposing_dispose(place, PERSON);
    ledger_path(ledger, place->office);
    snprintf(saved, sizeof saved, "%s.saved", ledger);
    snprintf(command, sizeof command,
             "cp %s %s && printf XX | dd of=%s bs=1 seek=90 conv=notrunc "
             "2>/dev/null",
             ledger, saved, ledger);
    assert_int_equal(system(command), 0);
    assert_true(place_problems(place) > 0);
    assert_int_equal(rename(saved, ledger), 0);
    assert_int_equal(place_problems(place), 0);
    device_fini(&dana);
}

static int64_t found;

static enum err count_one(void *context, const struct disposal *disposal)
{
    (void)context;
    assert_int_equal(disposal->count, 1);
    assert_string_equal(disposal->row.reason, WHY);
    found++;
    return ERR_OK;
}

static void two_ledgers_learn_from_each_other(void **state)
{
    struct place *place = *state;
    struct device dana;
    char own[LEDGER_PATH_CHARS], other[LEDGER_PATH_CHARS], backup_path[128];
    uint64_t lost;
    disposing_two_cases(place, &dana);
    disposing_dispose(place, PERSON);
    ledger_path(own, place->office);
    snprintf(backup_path, sizeof backup_path, "%s/backup", place->folder);
    ledger_beside(other, place->office, backup_path);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ledger_merge(place->office, own, other), ERR_OK);
        found = 0;
        assert_int_equal(
            ledger_each(place->office, other, count_one, NULL, &lost), ERR_OK);
        assert_int_equal(found, 1);
        assert_int_equal(lost, 0);
    }
    device_fini(&dana);
}

/* --- exhaustion ----------------------------------------------------------- */

/* Whatever allocation fails: nothing is half gone, and the next try, or the
 * next one who opens the office, ends it. */
static void a_disposal_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    bool hit = true;
    disposing_two_cases(place, &dana);
    assert_int_equal(disposing_propose(place, "sue", PERSON), ERR_OK);
    for (int nth = 1; hit && disposing_whole_lines(place) == 3; nth++) {
        fault_at(nth, false);
        enum err err = disposing_approve(place, "olga", PERSON);
        hit = fault_hit();
        fault_at(0, false);
        assert_true(nth > 1 || hit);
        assert_int_equal(err, err ? ERR_NOMEM : ERR_OK);
        if (ledger_bytes(place->office)) /* it may have been decided */
            place_reopen(place);
    }
    assert_int_equal(disposing_whole_lines(place), 1);
    assert_int_equal(place_int(place, "SELECT count(*) FROM disposal"), 1);
    assert_int_equal(place_problems(place), 0);
    device_fini(&dana);
}

/* The store as it was before the decision, under an office that is closed. */
static void store_take_back(struct place *place)
{
    char command[512];
    sql_close(&place->sql);
    office_close(place->office);
    place->office = NULL;
    snprintf(command, sizeof command,
             "rm -f %s/office.db-* && cp %s/backup %s/office.db", place->folder,
             place->folder, place->folder);
    assert_int_equal(system(command), 0);
}

static void catching_up_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    bool hit = true;
    disposing_two_cases(place, &dana);
    disposing_backup(place);
    disposing_dispose(place, PERSON);
    for (int nth = 1; hit; nth++) {
        char detail[OFFICE_DETAIL_CHARS];
        struct office_options options = {.data_dir = place->folder,
                                         .clock = &place->clock};
        store_take_back(place);
        fault_at(nth, false);
        enum err err = office_open(&place->office, &options, false, detail);
        hit = fault_hit();
        fault_at(0, false);
        assert_true(nth > 1 || hit);
        assert_int_equal(err, err ? ERR_NOMEM : ERR_OK);
    }
    place_reopen(place);
    assert_int_equal(disposing_whole_lines(place), 1);
    device_fini(&dana);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, disposing_setup, place_teardown)
    static const struct CMUnitTest tests[] = {
        TEST(F28_what_comes_back_is_known_and_stays_gone),
        TEST(F28_new_work_on_it_is_held),
        TEST(new_work_without_a_place_is_held_too),
        TEST(a_decision_stands_although_its_transaction_failed),
        TEST(a_lost_ledger_is_written_again),
        TEST(a_damaged_ledger_is_reported),
        TEST(two_ledgers_learn_from_each_other),
        TEST(a_disposal_survives_every_allocation_failure),
        TEST(catching_up_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
