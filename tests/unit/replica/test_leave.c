#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/unit/replica/far_end.h"

/* Two cases; of the first, one line has not been sent. */
static int setup(void **state)
{
    if (pair_setup(state))
        return -1;
    struct pair *p = *state;
    write_person(p->dana.vault, "Rosa", p->person);
    write_person(p->dana.vault, "Omar", p->other);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, p->person);
    write_contact(p->dana.vault, p->person, "Roof leaks.", p->contact);
    return 0;
}

static enum err read_err(struct vault *vault, const char *record)
{
    struct buffer text, context;
    buffer_init(&text, STATE_BYTES_MAX);
    buffer_init(&context, 1 << 20);
    enum err err = record_read(vault, record, &text, &context);
    buffer_fini(&text);
    buffer_fini(&context);
    return err;
}

/* An inbox page with one leave and nothing else. */
static enum err leave_page(struct pair *p, const struct leave_line *leave,
                           int64_t seq)
{
    struct inbox *inbox;
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    enum err err = inbox_leave(inbox, leave);
    if (!err)
        err = far_page(p->far, inbox, 0, 0, "caseload:north", seq, true);
    inbox_close(inbox);
    return err;
}

static int64_t live_keys(struct pair *p)
{
    sqlite3 *db;
    sqlite3_stmt *s;
    assert_int_equal(sqlite3_open(p->dana.path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT count(vault_wrap) FROM case_key", -1, &s,
                           NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t count = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return count;
}

static void
a_case_that_left_is_unreadable_and_its_work_still_arrives(void **state)
{
    struct pair *p = *state;
    struct leave_line leave;
    struct vault_status status;
    assert_int_equal(live_keys(p), 2);
    far_leave(p->far, p->dana.vault, p->person, "caseload:north", &leave);
    assert_int_equal(leave_page(p, &leave, 9), ERR_OK);
    assert_int_equal(live_keys(p), 1);
    assert_int_equal(read_err(p->dana.vault, p->person), ERR_NOT_FOUND);
    assert_int_equal(read_err(p->dana.vault, p->contact), ERR_NOT_FOUND);
    assert_int_equal(read_err(p->dana.vault, p->other), ERR_OK);
    assert_int_equal(record_status(p->dana.vault, &status), ERR_OK);
    assert_int_equal(status.here, 1);
    assert_sound(p->dana.vault);
    far_sync_up(p->far, p->dana.vault);
    assert_int_equal(p->far->sealed, 1);
    far_pull(p->far, p->eli.vault, p->person);
    assert_int_equal(read_err(p->eli.vault, p->contact), ERR_OK);
}

static bool line_has(const struct far_line *line, const char *text)
{
    size_t size = strlen(text);
    for (size_t at = 0; at + size <= line->size; at++)
        if (!memcmp(line->at + at, text, size))
            return true;
    return false;
}

static void a_case_that_comes_back_is_whole_again(void **state)
{
    struct pair *p = *state;
    struct leave_line leave;
    far_leave(p->far, p->dana.vault, p->person, "caseload:north", &leave);
    assert_int_equal(leave_page(p, &leave, 9), ERR_OK);
    far_sync_up(p->far, p->dana.vault);
    far_pull(p->far, p->dana.vault, p->person);
    far_pull(p->far, p->eli.vault, p->person);
    assert_same_state(p->dana.vault, p->eli.vault, p->person);
    assert_same_state(p->dana.vault, p->eli.vault, p->contact);
    /* The chain of `prev` goes on where it stopped. */
    revise(p->dana.vault, p->contact, "{\"narrative\":\"Fixed.\"}");
    far_sync_up(p->far, p->dana.vault);
    const struct far_line *line = &p->far->lines[p->far->count - 1];
    assert_true(line_has(line, "\"prev\":3"));
    far_pull(p->far, p->dana.vault, NULL);
    far_pull(p->far, p->eli.vault, NULL);
    assert_same_state(p->dana.vault, p->eli.vault, p->contact);
    assert_sound(p->dana.vault);
    assert_true(cursor_of(p->dana.vault, "caseload:north")->sum ==
                cursor_of(p->eli.vault, "caseload:north")->sum);
}

static void a_case_in_two_scopes_stays_until_the_last_has_left(void **state)
{
    struct pair *p = *state;
    struct leave_line leave;
    struct inbox *inbox;
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    assert_int_equal(inbox_join(inbox, p->person), ERR_OK);
    assert_int_equal(far_page(p->far, inbox, 0, 0, "site:a", 1, true), ERR_OK);
    inbox_close(inbox);
    far_leave(p->far, p->dana.vault, p->person, "caseload:north", &leave);
    assert_int_equal(leave_page(p, &leave, 9), ERR_OK);
    assert_int_equal(read_err(p->dana.vault, p->person), ERR_OK);
    far_leave(p->far, p->dana.vault, "", "site:a", &leave);
    assert_int_equal(leave_page(p, &leave, 10), ERR_OK);
    assert_int_equal(read_err(p->dana.vault, p->person), ERR_NOT_FOUND);
}

/* After a fresh key the office tells each scope's cases anew. */
static void a_settled_scope_has_the_cases_that_were_told(void **state)
{
    struct pair *p = *state;
    struct inbox *inbox;
    struct cursor_line cursor = {.end = true, .cursor.seq = 5};
    uint64_t before, moved, left;
    assert_int_equal(inbox_scope_sum(p->dana.vault, "caseload:north", &before),
                     ERR_OK);
    assert_true(before != 0);
    assert_int_equal(inbox_open(&inbox, p->dana.vault), ERR_OK);
    assert_int_equal(inbox_join(inbox, p->person), ERR_OK);
    memcpy(cursor.cursor.scope, "site:a", sizeof "site:a");
    assert_int_equal(inbox_settled(inbox, &cursor), ERR_OK);
    memcpy(cursor.cursor.scope, "caseload:north", sizeof "caseload:north");
    assert_int_equal(inbox_settled(inbox, &cursor), ERR_OK);
    inbox_close(inbox);
    assert_int_equal(inbox_scope_sum(p->dana.vault, "site:a", &moved), ERR_OK);
    assert_int_equal(inbox_scope_sum(p->dana.vault, "caseload:north", &left),
                     ERR_OK);
    assert_true(moved != 0);
    assert_true(left == 0);
    assert_int_equal(read_err(p->dana.vault, p->person), ERR_OK);
}

/* True when the file has the text; with `after`, gives what follows it. */
static bool file_has(const char *path, const char *text, char after[24])
{
    static char bytes[65536];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, sizeof bytes, file), room = strlen(text) + 24;
    fclose(file);
    assert_true(size < sizeof bytes);
    for (size_t i = 0; i + room <= size; i++)
        if (!memcmp(bytes + i, text, strlen(text))) {
            if (after)
                snprintf(after, 24, "%.23s", bytes + i + strlen(text));
            return true;
        }
    return false;
}

/* The key file could not follow a leave: the disk was full, or the process died
 * first.  Whoever opens the vault next makes up for it. */
static void a_destroyed_key_goes_with_the_next_handle(void **state)
{
    struct pair *p = *state;
    struct leave_line leave;
    char keys[2 * DIR_CHARS], blocked[3 * DIR_CHARS], wrap[24];
    snprintf(keys, sizeof keys, "%s.keys", p->dana.path);
    snprintf(blocked, sizeof blocked, "%s.new", keys);
    assert_true(file_has(keys, "\"vault\":\"", wrap));
    assert_int_equal(mkdir(blocked, 0700), 0); /* no new file can be made */
    far_leave(p->far, p->dana.vault, p->person, "caseload:north", &leave);
    assert_int_equal(leave_page(p, &leave, 9), ERR_OK);
    device_close(&p->dana);
    assert_int_equal(rmdir(blocked), 0);
    assert_true(file_has(keys, wrap, NULL));
    device_open(&p->dana, "correct horse");
    revise(p->dana.vault, p->other, "{\"preferred_name\":\"O\"}");
    assert_false(file_has(keys, wrap, NULL));
    assert_true(file_has(keys, "\"vault\":\"", NULL));
}

static void an_unsigned_leave_changes_nothing(void **state)
{
    struct pair *p = *state;
    struct leave_line leave;
    far_leave(p->far, p->dana.vault, p->person, "caseload:north", &leave);
    leave.signature[0] ^= 1;
    assert_int_equal(leave_page(p, &leave, 9), ERR_SIGNATURE);
    leave.signature[0] ^= 1;
    memcpy(leave.kase, p->other, sizeof leave.kase);
    assert_int_equal(leave_page(p, &leave, 9), ERR_SIGNATURE);
    struct identity eli;
    far_leave(p->far, p->eli.vault, p->person, "caseload:north", &leave);
    assert_int_equal(identity_load(p->eli.vault, &eli), ERR_OK);
    assert_int_equal(leave_page(p, &leave, 9), ERR_SIGNATURE);
    assert_int_equal(live_keys(p), 2);
}

static void a_locked_vault_obeys_a_leave(void **state)
{
    struct pair *p = *state;
    struct leave_line leave;
    far_leave(p->far, p->dana.vault, p->person, "caseload:north", &leave);
    device_close(&p->dana);
    device_open(&p->dana, NULL);
    assert_int_equal(leave_page(p, &leave, 9), ERR_OK);
    assert_int_equal(live_keys(p), 1);
}

static void a_revoked_vault_reads_nothing_and_still_pushes(void **state)
{
    struct pair *p = *state;
    struct reply_header header = {.has_statement = true, .statement_at = 7};
    struct identity self;
    struct buffer message;
    struct record_written out;
    assert_int_equal(identity_load(p->dana.vault, &self), ERR_OK);
    memcpy(header.lineage, p->far->lineage, sizeof header.lineage);
    memcpy(header.statement_term, p->far->term_name, REPLICA_CHARS + 1);
    assert_int_equal(identity_revoked(p->dana.vault, &header), ERR_SIGNATURE);
    assert_int_equal(live_keys(p), 2);
    buffer_init(&message, 4096);
    assert_int_equal(statement_message(&message, p->far->agency,
                                       p->far->lineage, self.replica, 7),
                     ERR_OK);
    chain_sign(header.statement_signature, &p->far->term, DOMAIN_STATEMENT,
               buffer_bytes(&message));
    buffer_fini(&message);
    assert_int_equal(identity_revoked(p->dana.vault, &header), ERR_OK);
    assert_int_equal(live_keys(p), 0);
    assert_int_equal(read_err(p->dana.vault, p->other), ERR_NOT_FOUND);
    struct record_write write = {
        .type = "person", .set = bytes_text("{\"preferred_name\":\"A\"}")};
    record_written_init(&out);
    assert_int_equal(record_write(p->dana.vault, &write, &out), ERR_REVOKED);
    record_written_fini(&out);
    assert_int_equal(far_push(p->far, p->dana.vault), 1);
    assert_sound(p->dana.vault);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, pair_teardown)
        TEST(a_case_that_left_is_unreadable_and_its_work_still_arrives),
        TEST(a_case_that_comes_back_is_whole_again),
        TEST(a_case_in_two_scopes_stays_until_the_last_has_left),
        TEST(a_settled_scope_has_the_cases_that_were_told),
        TEST(a_destroyed_key_goes_with_the_next_handle),
        TEST(an_unsigned_leave_changes_nothing),
        TEST(a_locked_vault_obeys_a_leave),
        TEST(a_revoked_vault_reads_nothing_and_still_pushes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
