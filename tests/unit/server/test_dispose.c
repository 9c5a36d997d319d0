/* Disposal: who may, what goes, what stays, what comes back of it. */
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
#include "server/retention.h"
#include "server/verify.h"
#include "tests/fault.h"
#include "tests/unit/server/device.h"

#define WHY "three years are over"
#define CLOSED "2020-01-31"

/* --- what the tests do ---------------------------------------------------- */

static int setup(void **state)
{
    int code = place_setup(state);
    struct place *place = *state;
    place_account(place, "sue", NULL);
    place_account(place, "olga", NULL);
    place_exec(place, "UPDATE account SET role = 'supervisor' "
                      "WHERE account = 'sue'");
    place_exec(place, "UPDATE account SET role = 'admin' "
                      "WHERE account = 'olga'");
    return code;
}

static enum err finish(struct place *place, enum err err)
{
    if (!err)
        return sql_commit(&place->sql);
    sql_rollback(&place->sql);
    return err;
}

static enum err begin(struct place *place)
{
    return sql_begin(&place->sql, true);
}

static enum err close_case(struct place *place, const char *kase,
                           const char *on, const char *class)
{
    enum err err = begin(place);
    return err ? err
               : finish(place, retention_close(place->office, &place->sql,
                                               "sue", kase, on, class));
}

static enum err propose(struct place *place, const char *by, const char *kase)
{
    enum err err = begin(place);
    return err ? err
               : finish(place, disposal_propose(place->office, &place->sql, by,
                                                kase, WHY));
}

static enum err approve(struct place *place, const char *by, const char *kase)
{
    struct disposal_row row;
    enum err err = begin(place);
    return err ? err
               : finish(place, disposal_approve(place->office, &place->sql, by,
                                                kase, &row));
}

static enum err hold(struct place *place, const char *by, bool held)
{
    enum err err = begin(place);
    return err ? err
               : finish(place, retention_hold(place->office, &place->sql, by,
                                              PERSON, held, "an audit"));
}

static void says(const struct place *place, const char *part)
{
    if (!strstr(place->office->detail, part))
        fail_msg("\"%s\" does not say \"%s\"", place->office->detail, part);
}

/* dana's person with a note, and another one. */
static void two_cases(struct place *place, struct device *dana)
{
    device_enrol(dana, place, "dana");
    device_create(dana, "person", PERSON, PERSON, NAMED);
    device_create(dana, "contact", NOTE, PERSON, TOLD);
    device_create(dana, "person", PERSON_2, PERSON_2, NAMED);
    device_sync_ok(dana, place);
    assert_int_equal(close_case(place, PERSON, CLOSED, NULL), ERR_OK);
    device_sync_ok(dana, place);
}

static void dispose(struct place *place, const char *kase)
{
    assert_int_equal(propose(place, "sue", kase), ERR_OK);
    assert_int_equal(approve(place, "olga", kase), ERR_OK);
}

static int64_t whole_lines(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w' "
                            "AND length(line) > 0");
}

static int64_t all_lines(struct place *place)
{
    return place_int(place, "SELECT count(*) FROM line WHERE replica >= 'w'");
}

static void backup(struct place *place)
{
    char path[128];
    snprintf(path, sizeof path, "%s/backup", place->folder);
    assert_int_equal(place->sql.backup(place->sql.context, path), ERR_OK);
}

/* As when somebody copies the file back, who knows of no restore. */
static void put_back(struct place *place)
{
    char command[512];
    sql_close(&place->sql);
    office_close(place->office);
    place->office = NULL;
    snprintf(command, sizeof command,
             "rm -f %s/office.db-* && cp %s/backup %s/office.db", place->folder,
             place->folder, place->folder);
    assert_int_equal(system(command), 0);
    place_reopen(place);
}

static enum err heal(struct place *place, const struct device *d, int64_t n)
{
    struct bytes line = bytes_text(d->lines[n]);
    enum err err = begin(place);
    return err ? err
               : finish(place,
                        ingest_healed(place->office, &place->sql, &line, 1));
}

/* --- who may, and when ---------------------------------------------------- */

static void one_person_disposes_of_nothing(void **state)
{
    struct place *place = *state;
    struct device dana;
    two_cases(place, &dana);
    assert_int_equal(propose(place, "dana", PERSON), ERR_DENIED);
    says(place, "supervisor and admin");
    assert_int_equal(approve(place, "olga", PERSON), ERR_NOT_FOUND);
    assert_int_equal(propose(place, "sue", PERSON), ERR_OK);
    assert_int_equal(approve(place, "sue", PERSON), ERR_DENIED);
    says(place, "second person");
    assert_int_equal(approve(place, "dana", PERSON), ERR_DENIED);
    assert_int_equal(whole_lines(place), 3);
    /* Whoever proposes again is the first of the two. */
    assert_int_equal(propose(place, "olga", PERSON), ERR_OK);
    assert_int_equal(approve(place, "olga", PERSON), ERR_DENIED);
    assert_int_equal(approve(place, "sue", PERSON), ERR_OK);
    assert_int_equal(whole_lines(place), 1);
    assert_int_equal(propose(place, "sue", PERSON), ERR_EXISTS);
    device_fini(&dana);
}

static void a_case_is_kept_until_its_years_are_over(void **state)
{
    struct place *place = *state;
    struct device dana;
    static const struct {
        const char *on, *class, *says; /* NULL: it may go */
    } terms[] = {
        {"2026-01-31", NULL, "until 2029-01-31"},
        {"2023-11-30", NULL, "until 2026-11-30"},
        {"2019-01-31", "years_10", "until 2029-01-31"},
        {"1990-01-31", "permanent", "for ever"},
        {"2016-01-31", "years_10", NULL},
        {"2023-11-01", "years_3", NULL},
    };
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    assert_int_equal(propose(place, "sue", PERSON), ERR_DENIED);
    says(place, "not closed");
    assert_int_equal(propose(place, "sue", PERSON_2), ERR_NOT_FOUND);
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        assert_int_equal(close_case(place, PERSON, terms[i].on, terms[i].class),
                         ERR_OK);
        assert_int_equal(propose(place, "sue", PERSON),
                         terms[i].says ? ERR_DENIED : ERR_OK);
        if (terms[i].says)
            says(place, terms[i].says);
    }
    device_fini(&dana);
}

static void nothing_goes_under_a_legal_hold(void **state)
{
    struct place *place = *state;
    struct device dana;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(&dana, place);
    assert_int_equal(close_case(place, PERSON, CLOSED, NULL), ERR_OK);
    assert_int_equal(hold(place, "dana", true), ERR_DENIED);
    assert_int_equal(hold(place, "sue", true), ERR_OK);
    assert_int_equal(propose(place, "sue", PERSON), ERR_DENIED);
    says(place, "legal hold");
    assert_int_equal(hold(place, "olga", false), ERR_OK);
    assert_int_equal(hold(place, "olga", false), ERR_NOT_FOUND);
    assert_int_equal(propose(place, "sue", PERSON), ERR_OK);
    /* One that a worker sets on a person counts, and comes in time. */
    device_revise(&dana, PERSON, "{}", "{\"legal_hold\":true}");
    device_sync_ok(&dana, place);
    assert_int_equal(approve(place, "olga", PERSON), ERR_DENIED);
    says(place, "legal hold");
    assert_int_equal(hold(place, "sue", false), ERR_OK);
    assert_int_equal(approve(place, "olga", PERSON), ERR_OK);
    device_fini(&dana);
}

static void nothing_goes_in_recovery(void **state)
{
    struct place *place = *state;
    struct device dana;
    two_cases(place, &dana);
    assert_int_equal(propose(place, "sue", PERSON), ERR_OK);
    assert_int_equal(begin(place), ERR_OK);
    assert_int_equal(
        finish(place, office_new_lineage(place->office, &place->sql)), ERR_OK);
    assert_int_equal(approve(place, "olga", PERSON), ERR_DENIED);
    says(place, "recovery");
    assert_int_equal(whole_lines(place), 3);
    device_fini(&dana);
}

/* --- what goes, and what stays -------------------------------------------- */

static void F28_two_persons_dispose_and_every_chain_verifies(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct reply reply;
    two_cases(place, &dana);
    int64_t lines = place_int(place, "SELECT count(*) FROM line");
    dispose(place, PERSON);
    assert_int_equal(place_int(place, "SELECT count(*) FROM line"), lines);
    assert_int_equal(whole_lines(place), 1);
    assert_int_equal(place_int(place, "SELECT count(*) FROM line WHERE "
                                      "instr(line, 'Roof leaks') > 0"),
                     0);
    assert_int_equal(place_int(place, "SELECT count(*) FROM record WHERE "
                                      "case_id = '" PERSON "'"),
                     0);
    assert_int_equal(place_problems(place), 0);
    assert_int_equal(office_rebuild(place->office, &place->sql), ERR_OK);
    assert_int_equal(place_problems(place), 0);
    /* The device is told, by a signed statement, and nobody else hears. */
    device_expect(&dana, place, 0, 200, &reply);
    assert_int_equal(reply.leave_count, 1);
    assert_int_equal(reply.line_count, 0);
    reply_fini(&reply);
    device_fini(&dana);
}

static void storage_refuses_every_other_way(void **state)
{
    struct place *place = *state;
    struct device dana;
    static const char *const ways[] = {
        "UPDATE line SET line = x'' WHERE record = '" PERSON_2 "'",
        "UPDATE line SET line = x'00' WHERE record = '" NOTE "'",
        "UPDATE line SET n = n + 100 WHERE record = '" NOTE "'",
        "UPDATE line SET hash = x'00' WHERE record = '" NOTE "'",
        "UPDATE line SET link = NULL WHERE record = '" NOTE "'",
        "UPDATE line SET record = NULL WHERE record = '" NOTE "'",
        "DELETE FROM line WHERE record = '" NOTE "'",
        "INSERT INTO line(arrival, agency, replica, n, record, hash, "
        "received_at, line) VALUES (999, 'north', 'w', 1, '" PERSON_2
        "', x'00', 0, x'')",
        "INSERT INTO disposed_record(agency, record, case_id) "
        "VALUES ('north', '" PERSON_2 "', '" PERSON_2 "')",
        "INSERT INTO disposed_record(agency, record, case_id) "
        "VALUES ('north', '" PERSON_2 "', '" PERSON "')",
        "INSERT INTO disposed_write(agency, write, case_id) "
        "VALUES ('north', 'x', '" PERSON_2 "')",
        "DELETE FROM disposal",
        "DELETE FROM disposed_record",
        "DELETE FROM disposed_write",
        "UPDATE disposal SET approved_by = 'sue'",
        "UPDATE disposed_record SET case_id = '" PERSON_2 "'",
        "UPDATE disposed_write SET case_id = '" PERSON_2 "'",
    };
    two_cases(place, &dana);
    dispose(place, PERSON);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        if (sql_run(&place->sql, ways[i], NULL, 0) != ERR_DENIED)
            fail_msg("allowed: %s", ways[i]);
    assert_int_equal(
        sql_run(&place->sql,
                "INSERT INTO disposal(agency, case_id, decision, at, "
                "proposed_by, approved_by, reason) VALUES ('north', '" PERSON_2
                "', 'd', 0, 'sue', 'sue', '')",
                NULL, 0),
        ERR_INVALID);
    device_fini(&dana);
}

static void what_tells_a_site_of_it_goes_too(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct dot dot;
    two_cases(place, &dana);
    device_create(&dana, "referral", NOTE_2, PERSON, "{\"need\":\"vita\"}");
    device_sync_ok(&dana, place);
    struct revision_draft draft = {
        .record = "0192b5a0-0000-7000-8000-000000000099",
        .type = "site_referral",
        .kase = "0192b5a0-0000-7000-8000-000000000099",
        .set = bytes_text("{\"referral\":\"" NOTE_2 "\",\"site\":\"lift\"}")};
    assert_int_equal(begin(place), ERR_OK);
    assert_int_equal(finish(place, ingest_office(place->office, &place->sql,
                                                 "sue", &draft, &dot)),
                     ERR_OK);
    dispose(place, PERSON);
    assert_int_equal(place_int(place, "SELECT count(*) FROM disposal"), 2);
    assert_int_equal(place_int(place, "SELECT count(*) FROM line "
                                      "WHERE length(line) > 0 AND record = "
                                      "'0192b5a0-0000-7000-8000-000000000099'"),
                     0);
    device_fini(&dana);
}

/* --- what comes back ------------------------------------------------------ */

static void F28_what_comes_back_is_known_and_stays_gone(void **state)
{
    struct place *place = *state;
    struct device dana, lee;
    struct reply reply;
    two_cases(place, &dana);
    backup(place);
    int64_t late = device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&dana, place);
    dispose(place, PERSON);
    put_back(place);
    /* What the backup had is gone before anybody is served. */
    assert_int_equal(all_lines(place), 3);
    assert_int_equal(whole_lines(place), 1);
    assert_int_equal(place_problems(place), 0);
    /* What it had not, has its place and no text when it comes. */
    assert_int_equal(heal(place, &dana, late), ERR_OK);
    assert_int_equal(all_lines(place), 4);
    assert_int_equal(whole_lines(place), 1);
    assert_int_equal(heal(place, &dana, late), ERR_OK);
    assert_int_equal(all_lines(place), 4);
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
    assert_int_equal(whole_lines(place), 1);
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
    enum err err = begin(place);
    return err ? err
               : finish(place, ingest_release(place->office, &place->sql, "sue",
                                              &dot));
}

static void F28_new_work_on_it_is_held(void **state)
{
    struct place *place = *state;
    struct device dana;
    two_cases(place, &dana);
    dispose(place, PERSON);
    int64_t edit =
        device_revise(&dana, PERSON, "{}", "{\"preferred_name\":\"Ru\"}");
    int64_t note = device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    held_expect(&dana, place, 2);
    assert_int_equal(place_int(place, "SELECT count(*) FROM held WHERE "
                                      "owner = 'administrator'"),
                     2);
    assert_int_equal(whole_lines(place), 3);
    assert_int_equal(place_problems(place), 0);
    /* What was begun before has no beginning; what begins anew may stand, at
     * the office. */
    assert_int_equal(release(place, &dana, edit), ERR_DENIED);
    says(place, "write it again in a new case");
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
    dispose(place, PERSON);
    assert_int_equal(whole_lines(place), 1);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM held WHERE released IS NULL"),
        0);
    device_fini(&dana);
}

/* --- the ledger ----------------------------------------------------------- */

static void a_decision_stands_although_its_transaction_failed(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct disposal_row row;
    two_cases(place, &dana);
    assert_int_equal(propose(place, "sue", PERSON), ERR_OK);
    assert_int_equal(begin(place), ERR_OK);
    assert_int_equal(
        disposal_approve(place->office, &place->sql, "olga", PERSON, &row),
        ERR_OK);
    sql_rollback(&place->sql);
    assert_int_equal(whole_lines(place), 3);
    /* The process that serves learns of it before it takes anything more. */
    device_create(&dana, "contact", NOTE_2, PERSON, TOLD);
    held_expect(&dana, place, 1);
    assert_int_equal(whole_lines(place), 2);
    assert_int_equal(place_problems(place), 0);
    device_fini(&dana);
}

static void a_lost_ledger_is_written_again(void **state)
{
    struct place *place = *state;
    struct device dana;
    char ledger[LEDGER_PATH_CHARS];
    two_cases(place, &dana);
    backup(place);
    dispose(place, PERSON);
    ledger_path(ledger, place->office);
    assert_int_equal(unlink(ledger), 0);
    assert_int_equal(place_problems(place), 1);
    place_reopen(place);
    assert_int_equal(place_problems(place), 0);
    put_back(place);
    assert_int_equal(whole_lines(place), 1);
    device_fini(&dana);
}

static void a_damaged_ledger_is_reported(void **state)
{
    struct place *place = *state;
    struct device dana;
    char ledger[LEDGER_PATH_CHARS], saved[LEDGER_PATH_CHARS + 8];
    char command[3 * LEDGER_PATH_CHARS];
    two_cases(place, &dana);
    dispose(place, PERSON);
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
    two_cases(place, &dana);
    dispose(place, PERSON);
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
    two_cases(place, &dana);
    assert_int_equal(propose(place, "sue", PERSON), ERR_OK);
    for (int nth = 1; hit && whole_lines(place) == 3; nth++) {
        fault_at(nth, false);
        enum err err = approve(place, "olga", PERSON);
        hit = fault_hit();
        fault_at(0, false);
        assert_true(nth > 1 || hit);
        assert_int_equal(err, err ? ERR_NOMEM : ERR_OK);
        place_reopen(place);
    }
    assert_int_equal(whole_lines(place), 1);
    assert_int_equal(place_int(place, "SELECT count(*) FROM disposal"), 1);
    assert_int_equal(place_problems(place), 0);
    device_fini(&dana);
}

static void catching_up_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    two_cases(place, &dana);
    backup(place);
    dispose(place, PERSON);
    put_back(place); /* done once, as a warm-up for what is cached */
    assert_int_equal(whole_lines(place), 1);
    for (int nth = 1;; nth++) {
        char command[512];
        struct office *office = NULL;
        char detail[OFFICE_DETAIL_CHARS];
        struct office_options options = {.data_dir = place->folder,
                                         .clock = &place->clock};
        sql_close(&place->sql);
        office_close(place->office);
        place->office = NULL;
        snprintf(command, sizeof command,
                 "rm -f %s/office.db-* && cp %s/backup %s/office.db",
                 place->folder, place->folder, place->folder);
        assert_int_equal(system(command), 0);
        fault_at(nth, false);
        enum err err = office_open(&office, &options, false, detail);
        bool hit = fault_hit();
        fault_at(0, false);
        office_close(office);
        if (hit && err)
            assert_int_equal(err, ERR_NOMEM);
        place_reopen(place);
        assert_int_equal(whole_lines(place), 1);
        if (hit)
            continue;
        assert_int_equal(err, ERR_OK);
        assert_true(nth > 1);
        break;
    }
    device_fini(&dana);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, place_teardown)
    static const struct CMUnitTest tests[] = {
        TEST(one_person_disposes_of_nothing),
        TEST(a_case_is_kept_until_its_years_are_over),
        TEST(nothing_goes_under_a_legal_hold),
        TEST(nothing_goes_in_recovery),
        TEST(F28_two_persons_dispose_and_every_chain_verifies),
        TEST(storage_refuses_every_other_way),
        TEST(what_tells_a_site_of_it_goes_too),
        TEST(F28_what_comes_back_is_known_and_stays_gone),
        TEST(F28_new_work_on_it_is_held),
        TEST(a_decision_stands_although_its_transaction_failed),
        TEST(a_lost_ledger_is_written_again),
        TEST(a_damaged_ledger_is_reported),
        TEST(two_ledgers_learn_from_each_other),
        TEST(a_disposal_survives_every_allocation_failure),
        TEST(catching_up_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
