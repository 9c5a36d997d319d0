#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/journal_rest.h"
#include "server/store.h"
#include "server/store_replica.h"
#include "tests/fault.h"
#include "tests/unit/server/journal_scene.h"

static void every_table_is_in_a_base_or_made_anew(void **state)
{
    struct scene *s = *state;
    int64_t count = -1;
    static const char others[] =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite_%'";
    assert_int_equal(sql_find_int(&s->sql, others, NULL, 0, &count), ERR_OK);
    assert_int_equal(count, (int64_t)journal_base_tables() + 2);
}

static void a_base_and_what_follows_make_the_store_again(void **state)
{
    struct scene *s = *state;
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    works(s, 5);
    assert_int_equal(restore(s, false, &sql, &plan, &result), ERR_OK);
    assert_true(plan.from_base);
    assert_int_equal(result.lost, 0);
    assert_true(result.transactions >= 7);
    assert_true(same_content(&s->sql, &sql));
    assert_true(journal_state_whole(s->office->keys_dir, result.instance));
    sql_close(&sql);
}

static void a_backup_and_what_follows_make_the_store_again(void **state)
{
    struct scene *s = *state;
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    works(s, 3);
    backup(s);
    assert_int_equal(restore(s, true, &sql, &plan, &result), ERR_OK);
    assert_true(!plan.usable && plan.at_backup);
    works(s, 4);
    office_down(s); /* other processes join */
    office_up(s, false);
    works(s, 2);
    assert_int_equal(restore(s, true, &sql, &plan, &result), ERR_OK);
    assert_false(plan.from_base);
    assert_int_equal(result.transactions, 7); /* one is the new term's */
    assert_true(same_content(&s->sql, &sql));
    sql_close(&sql);
}

/* After a restore the file goes on from a base of another instance, and the one
 * at its beginning is older than every backup since. */
static void a_backup_goes_before_the_base_of_an_earlier_instance(void **state)
{
    struct scene *s = *state;
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    works(s, 3);
    s->sql.tap = NULL; /* as `restore` does */
    assert_int_equal(sql_begin(&s->sql, true), ERR_OK);
    assert_int_equal(journal_setting_save(s->office, &s->sql, s->journal, 9),
                     ERR_OK);
    assert_int_equal(sql_commit(&s->sql), ERR_OK);
    office_down(s);
    office_up(s, false);
    works(s, 2);
    backup(s);
    works(s, 4);
    assert_int_equal(restore(s, true, &sql, &plan, &result), ERR_OK);
    assert_false(plan.from_base);
    assert_int_equal(result.lost, 0);
    assert_int_equal(result.transactions, 4);
    assert_true(same_content(&s->sql, &sql));
    sql_close(&sql);
}

/* Nothing is written of which the journal would not hear. */
static void what_cannot_ask_for_the_journal_is_not_begun(void **state)
{
    struct scene *s = *state;
    works(s, 1);
    const struct sql_tap *tap = s->sql.tap;
    s->sql.tap = NULL; /* not heard meanwhile */
    assert_int_equal(
        sql_run(&s->sql, "ALTER TABLE journal RENAME TO away", NULL, 0),
        ERR_OK);
    s->sql.tap = tap;
    assert_int_not_equal(sql_begin(&s->sql, true), ERR_OK);
    s->sql.tap = NULL;
    assert_int_equal(
        sql_run(&s->sql, "ALTER TABLE away RENAME TO journal", NULL, 0),
        ERR_OK);
    s->sql.tap = tap;
    works(s, 1); /* and neither a lock nor a transaction is left behind */
}

/* The commit fails after the journal is written, or the process dies there. */
static void a_transaction_that_failed_is_replaced_by_the_next(void **state)
{
    struct scene *s = *state;
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    works(s, 2);
    assert_int_equal(sql_begin(&s->sql, true), ERR_OK);
    assert_int_equal(sql_run(&s->sql,
                             "INSERT INTO account(agency, account, role, "
                             "made_at) VALUES ('north', 'never', 'worker', 1)",
                             NULL, 0),
                     ERR_OK);
    s->sql.heard = false;
    assert_int_equal(s->sql.tap->committing(s->sql.tap->context, &s->sql),
                     ERR_OK);
    s->sql.heard = true;
    sql_rollback(&s->sql);
    works(s, 3);
    assert_int_equal(restore(s, false, &sql, &plan, &result), ERR_OK);
    assert_int_equal(result.lost, 0);
    assert_int_equal(accounts_in(&sql), 5);
    assert_true(same_content(&s->sql, &sql));
    sql_close(&sql);
}

static void damage_ends_the_replay_before_it(void **state)
{
    struct scene *s = *state;
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    struct stat status;
    works(s, 3);
    assert_int_equal(stat(s->journal, &status), 0);
    works(s, 3);
    int fd = open(s->journal, O_RDWR);
    unsigned char byte;
    assert_int_equal(pread(fd, &byte, 1, status.st_size + 50), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, status.st_size + 50), 1);
    close(fd);
    assert_int_equal(restore(s, false, &sql, &plan, &result), ERR_OK);
    assert_true(result.lost > 0);
    assert_int_equal(accounts_in(&sql), 3);
    sql_close(&sql);
}

static void act(struct scene *s, const char *what)
{
    assert_int_equal(sql_begin(&s->sql, true), ERR_OK);
    assert_int_equal(
        store_act(&s->sql, "north", 7, "ruth", what, bytes_text("{}")), ERR_OK);
    assert_int_equal(sql_commit(&s->sql), ERR_OK);
}

static enum err act_note(void *context, const struct rest_act *found)
{
    return buffer_add_bytes(context, found->what);
}

static enum err line_pass(void *context, struct bytes line)
{
    (void)context;
    (void)line;
    return ERR_OK;
}

static void spoil(struct scene *s, int64_t at, size_t size)
{
    char noise[4096];
    memset(noise, 'n', sizeof noise);
    assert_true(size <= sizeof noise);
    int fd = open(s->journal, O_WRONLY);
    assert_int_equal(pwrite(fd, noise, size, at), size);
    close(fd);
}

/* Acts a to i, of which some are damaged. */
static void acts_with_damage(struct scene *s, const char *damaged)
{
    int64_t ends[10] = {file_bytes(s->journal)};
    for (int i = 0; i < 9; i++) {
        act(s, (char[]){(char)('a' + i), 0});
        ends[i + 1] = file_bytes(s->journal);
    }
    for (; *damaged; damaged++) {
        int i = *damaged - 'a';
        spoil(s, ends[i], (size_t)(ends[i + 1] - ends[i]));
    }
}

static enum err rest_of(struct scene *s, struct buffer *acts,
                        struct rest_result *rest)
{
    struct sql sql = {0};
    struct replay_plan plan;
    struct replay_result done;
    struct replay_source source = {.path = s->journal, .key = s->key};
    struct rest_reader reader = {line_pass, act_note, acts};
    char detail[STORE_DETAIL_CHARS];
    unlink(s->copy);
    assert_int_equal(journal_survey(&source, &plan), ERR_OK);
    assert_int_equal(store_open(&sql, s->copy, NULL, true, detail), ERR_OK);
    assert_int_equal(journal_replay(&source, &plan, &sql, &done), ERR_OK);
    sql_close(&sql);
    int nth = 0;
    bool hit = true;
    enum err err = ERR_OK;
    while (hit) {
        buffer_clear(acts);
        fault_at(++nth, false);
        err = journal_rest(&source, &plan, &done, &reader, rest);
        hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
    }
    assert_true(nth > 1);
    replay_plan_fini(&plan);
    return err;
}

static void the_rest_expect(struct scene *s, const char *acts, int64_t missing)
{
    struct buffer found;
    struct rest_result rest;
    buffer_init(&found, 1024);
    assert_int_equal(rest_of(s, &found, &rest), ERR_OK);
    assert_true(bytes_is(buffer_bytes(&found), acts));
    assert_int_equal(rest.missing + rest.damaged, missing);
    buffer_fini(&found);
}

static void what_stands_behind_damage_is_told(void **state)
{
    acts_with_damage(*state, "c");
    the_rest_expect(*state, "defghi", 1);
}

static void what_stands_between_damages_is_told(void **state)
{
    acts_with_damage(*state, "cdg");
    the_rest_expect(*state, "efhi", 3);
}

static void a_transaction_that_failed_behind_damage_is_left_out(void **state)
{
    struct scene *s = *state;
    acts_with_damage(s, "h");
    assert_int_equal(sql_begin(&s->sql, true), ERR_OK);
    assert_int_equal(
        store_act(&s->sql, "north", 7, "ruth", "X", bytes_text("{}")), ERR_OK);
    s->sql.heard = false;
    assert_int_equal(s->sql.tap->committing(s->sql.tap->context, &s->sql),
                     ERR_OK);
    s->sql.heard = true;
    sql_rollback(&s->sql);
    act(s, "j");
    the_rest_expect(s, "ij", 1);
}

/* A limit on the file's size stands for a full volume. */
static void a_full_volume_is_made_good_by_a_base(void **state)
{
    struct scene *s = *state;
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    struct journal_setting setting;
    struct stat status;
    struct rlimit was, limit;
    signal(SIGXFSZ, SIG_IGN);
    works(s, 2);
    assert_true(office_journal_covers(s->office->journal));
    assert_int_equal(stat(s->journal, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    backup(s); /* so that the store's own files are not short of room */
    assert_int_equal(stat(s->journal, &status), 0);
    char padding[1 << 20] = "";
    struct journal_of of = {
        .path = s->journal, .name = "office north", .key = s->key};
    struct journal *j;
    assert_int_equal(journal_open(&j, &of), ERR_OK);
    assert_int_equal(journal_begin(j), ERR_OK);
    for (int i = 0; i < 8; i++)
        assert_int_equal(journal_add(j, 200, bytes_of(padding, sizeof padding)),
                         ERR_OK);
    assert_int_equal(journal_commit(j), ERR_OK);
    journal_close(j);
    assert_int_equal(stat(s->journal, &status), 0);
    limit = was;
    limit.rlim_cur = (rlim_t)status.st_size + 40;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    works(s, 1);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_false(office_journal_covers(s->office->journal));
    assert_int_equal(journal_setting_load(&s->sql, "north", &setting), ERR_OK);
    assert_true(setting.behind_since > 0);
    assert_false(journal_state_whole(s->office->keys_dir, setting.instance));
    works(s, 1); /* too early to try again */
    assert_false(office_journal_covers(s->office->journal));
    office_down(s);
    office_up(s, false); /* begins with a base */
    assert_true(office_journal_covers(s->office->journal));
    assert_true(journal_state_whole(s->office->keys_dir, setting.instance));
    works(s, 1);
    assert_int_equal(restore(s, true, &sql, &plan, &result), ERR_OK);
    assert_true(plan.from_base);
    assert_int_equal(result.lost, 0);
    assert_int_equal(accounts_in(&sql), 5);
    assert_true(same_content(&s->sql, &sql));
    sql_close(&sql);
}

/* A transaction commits whatever happens to the journal, and the journal never
 * says that it is whole when it is not. */
static void journalling_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    for (int nth = 1;; nth++) {
        works(s, 1);
        office_down(s);
        office_up(s, false);
        char name[16];
        snprintf(name, sizeof name, "nth%d", nth);
        fault_at(nth, false);
        enum err err = work(s, name);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_true(err == ERR_OK || err == ERR_NOMEM);
        if (!hit)
            break;
        struct sql sql;
        struct replay_plan plan;
        struct replay_result result;
        bool covers = office_journal_covers(s->office->journal);
        unlink(s->copy);
        assert_int_equal(restore(s, false, &sql, &plan, &result), ERR_OK);
        assert_true(!covers || err || same_content(&s->sql, &sql));
        assert_true(covers ||
                    !journal_state_whole(s->office->keys_dir, result.instance));
        sql_close(&sql);
        assert_true(nth < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_table_is_in_a_base_or_made_anew),
        TEST(a_base_and_what_follows_make_the_store_again),
        TEST(a_backup_and_what_follows_make_the_store_again),
        TEST(a_backup_goes_before_the_base_of_an_earlier_instance),
        TEST(a_transaction_that_failed_is_replaced_by_the_next),
        TEST(what_cannot_ask_for_the_journal_is_not_begun),
        TEST(damage_ends_the_replay_before_it),
        TEST(what_stands_behind_damage_is_told),
        TEST(what_stands_between_damages_is_told),
        TEST(a_transaction_that_failed_behind_damage_is_left_out),
        TEST(a_full_volume_is_made_good_by_a_base),
        TEST(journalling_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
