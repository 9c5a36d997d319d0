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
#include "tests/dir.h"
#include "tests/fault.h"

struct scene {
    char dir[DIR_CHARS];
    char data[2 * DIR_CHARS], journal[2 * DIR_CHARS], copy[2 * DIR_CHARS];
    struct office *office;
    struct sql sql;
    uint8_t key[JOURNAL_KEY_BYTES];
    int accounts;      /* added */
    int64_t bytes_min; /* 0: the office's own */
};

static struct office_options options_of(struct scene *s, bool journal)
{
    return (struct office_options){.data_dir = s->data,
                                   .journal = journal ? s->journal : NULL,
                                   .serving = true,
                                   .journal_bytes_min = s->bytes_min};
}

static void office_up(struct scene *s, bool journal)
{
    char detail[OFFICE_DETAIL_CHARS];
    struct office_options options = options_of(s, journal);
    assert_int_equal(office_open(&s->office, &options, true, detail), ERR_OK);
    assert_int_equal(office_connect(s->office, &s->sql), ERR_OK);
    office_journal_key(&s->office->keys, s->key);
}

static void office_down(struct scene *s)
{
    sql_close(&s->sql);
    office_close(s->office);
    s->office = NULL;
}

static int scene_open(void **state)
{
    char detail[OFFICE_DETAIL_CHARS];
    struct scene *s = calloc(1, sizeof *s);
    dir_make(s->dir);
    dir_file(s->data, s->dir, "office");
    dir_file(s->journal, s->dir, "journal");
    dir_file(s->copy, s->dir, "copy.db");
    struct office_options options = options_of(s, true);
    assert_int_equal(office_init(&options, "north", "North", detail), ERR_OK);
    office_up(s, false);
    *state = s;
    return 0;
}

static int scene_close(void **state)
{
    struct scene *s = *state;
    office_down(s);
    dir_remove(s->dir);
    free(s);
    return 0;
}

static enum err work(struct scene *s, const char *name)
{
    static const char add[] =
        "INSERT INTO account(agency, account, role, made_at) "
        "VALUES ('north', $1, 'worker', $2)";
    enum err err = sql_begin(&s->sql, true);
    if (err)
        return err;
    err = sql_run(&s->sql, add, SQL_VALUES(sql_text(name), sql_int(7)));
    if (!err)
        return sql_commit(&s->sql);
    sql_rollback(&s->sql);
    return err;
}

static void works(struct scene *s, int count)
{
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "worker%d", ++s->accounts);
        assert_int_equal(work(s, name), ERR_OK);
    }
}

/* --- what a store holds --------------------------------------------------- */

static enum err row_add(void *context, const char *statement,
                        const struct sql_value *values, size_t count)
{
    return group_statement_write(context, group_text_id(bytes_text(statement)),
                                 values, count);
}

static struct buffer content_of(struct sql *sql)
{
    struct buffer out;
    buffer_init(&out, 64u << 20);
    assert_int_equal(journal_base_each(sql, row_add, &out), ERR_OK);
    assert_true(out.size > 0);
    return out;
}

static bool same_content(struct sql *a, struct sql *b)
{
    struct buffer one = content_of(a), other = content_of(b);
    bool same = bytes_equal(buffer_bytes(&one), buffer_bytes(&other));
    buffer_fini(&one);
    buffer_fini(&other);
    return same;
}

static int64_t accounts_in(struct sql *sql)
{
    int64_t count = -1;
    assert_int_equal(
        sql_find_int(sql, "SELECT count(*) FROM account", NULL, 0, &count),
        ERR_OK);
    return count;
}

/* --- restoring ------------------------------------------------------------ */

static void backup(struct scene *s)
{
    unlink(s->copy);
    assert_int_equal(s->sql.backup(s->sql.context, s->copy), ERR_OK);
}

static enum err restore(struct scene *s, bool from_backup, struct sql *sql,
                        struct replay_plan *plan, struct replay_result *result)
{
    char detail[STORE_DETAIL_CHARS];
    struct replay_source source = {.path = s->journal, .key = s->key};
    *sql = (struct sql){0};
    if (from_backup) {
        assert_int_equal(store_open(sql, s->copy, NULL, false, detail), ERR_OK);
        assert_int_equal(journal_setting_load(sql, "north", &source.backup),
                         ERR_OK);
        source.has_backup = true;
        sql_close(sql);
    }
    enum err err = journal_survey(&source, plan);
    if (!err && plan->usable) {
        if (plan->from_base)
            unlink(s->copy);
        err = store_open(sql, s->copy, NULL, plan->from_base, detail);
        if (!err)
            err = journal_replay(&source, plan, sql, result);
    }
    replay_plan_fini(plan);
    return err;
}

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

static int64_t file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

/* --- behind the damage ---------------------------------------------------- */

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

/* --- a file that has grown ------------------------------------------------ */

/* From now on the file is begun anew when it is larger than twice the store;
 * it is that now.  The store grows once, the journal each time. */
static void grow(struct scene *s)
{
    static char text[256 << 10];
    struct buffer content = content_of(&s->sql);
    int64_t store = (int64_t)content.size;
    buffer_fini(&content);
    memset(text, 'x', sizeof text - 1);
    while (file_bytes(s->journal) < 8 * store + 8 * (int64_t)sizeof text) {
        assert_int_equal(sql_begin(&s->sql, true), ERR_OK);
        assert_int_equal(sql_run(&s->sql, "UPDATE account SET password = $1",
                                 SQL_VALUES(sql_text(text))),
                         ERR_OK);
        assert_int_equal(sql_commit(&s->sql), ERR_OK);
    }
    office_down(s);
    s->bytes_min = 1;
}

static void restored_whole(struct scene *s)
{
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    assert_true(office_journal_covers(s->office->journal));
    unlink(s->copy);
    assert_int_equal(restore(s, false, &sql, &plan, &result), ERR_OK);
    assert_true(plan.from_base);
    assert_int_equal(result.lost, 0);
    assert_true(journal_state_whole(s->office->keys_dir, result.instance));
    assert_true(same_content(&s->sql, &sql));
    sql_close(&sql);
}

static void a_file_that_has_grown_is_begun_anew(void **state)
{
    struct scene *s = *state;
    works(s, 2);
    grow(s);
    int64_t grown = file_bytes(s->journal);
    office_up(s, false);
    assert_true(file_bytes(s->journal) < grown / 2);
    restored_whole(s);
    works(s, 3);
    restored_whole(s);
    office_down(s); /* as other processes find it */
    office_up(s, false);
    works(s, 1);
    restored_whole(s);
    assert_true(file_bytes(s->journal) < grown / 2);
}

static void a_backup_from_before_the_new_file_is_not_needed(void **state)
{
    struct scene *s = *state;
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    works(s, 2);
    backup(s);
    grow(s);
    office_up(s, false);
    works(s, 1);
    assert_int_equal(restore(s, true, &sql, &plan, &result), ERR_OK);
    assert_true(plan.usable && plan.from_base);
    assert_int_equal(result.lost, 0);
    assert_true(same_content(&s->sql, &sql));
    sql_close(&sql);
    works(s, 1);
    backup(s);
    works(s, 2);
    assert_int_equal(restore(s, true, &sql, &plan, &result), ERR_OK);
    assert_true(plan.usable && !plan.from_base);
    assert_int_equal(result.transactions, 2);
    assert_true(same_content(&s->sql, &sql));
    sql_close(&sql);
}

/* The new file has its name, and what the store says of it is lost. */
static void a_new_file_whose_transaction_failed_is_gone_on_with(void **state)
{
    struct scene *s = *state;
    works(s, 2);
    grow(s);
    int64_t grown = file_bytes(s->journal);
    s->bytes_min = INT64_MAX;
    office_up(s, false);
    assert_true(file_bytes(s->journal) > grown);
    s->office->journal_bytes_min = 1;
    assert_int_equal(sql_begin(&s->sql, true), ERR_OK);
    sql_rollback(&s->sql);
    assert_true(file_bytes(s->journal) < grown / 2);
    office_down(s);
    office_up(s, false);
    works(s, 1);
    restored_whole(s);
}

static void file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_rest_of_an_earlier_attempt_is_replaced(void **state)
{
    struct scene *s = *state;
    char fresh[3 * DIR_CHARS];
    works(s, 2);
    grow(s);
    int64_t grown = file_bytes(s->journal);
    snprintf(fresh, sizeof fresh, "%s.new", s->journal);
    file_write(fresh, "torn");
    office_up(s, false);
    assert_true(file_bytes(s->journal) < grown / 2);
    assert_int_equal(access(fresh, F_OK), -1);
    restored_whole(s);
}

static void what_is_not_its_own_is_left_alone(void **state)
{
    struct scene *s = *state;
    char fresh[3 * DIR_CHARS];
    works(s, 2);
    grow(s);
    int64_t grown = file_bytes(s->journal);
    snprintf(fresh, sizeof fresh, "%s.new", s->journal);
    file_write(fresh, "a letter, which is by no means a journal of anything");
    office_up(s, false);
    assert_true(file_bytes(s->journal) > grown);
    assert_int_equal(file_bytes(fresh), 52);
    restored_whole(s);
}

/* After a restore the file holds what the restored office may not have. */
static void history_of_another_instance_is_kept_aside(void **state)
{
    struct scene *s = *state;
    struct journal_setting setting;
    char aside[3 * DIR_CHARS], name[17];
    works(s, 2);
    assert_int_equal(journal_setting_load(&s->sql, "north", &setting), ERR_OK);
    hex_encode(name, setting.instance, 8);
    snprintf(aside, sizeof aside, "%s.%s", s->journal, name);
    s->sql.tap = NULL;
    assert_int_equal(sql_begin(&s->sql, true), ERR_OK);
    assert_int_equal(
        journal_setting_save(s->office, &s->sql, s->journal, setting.groups),
        ERR_OK);
    assert_int_equal(sql_commit(&s->sql), ERR_OK);
    office_down(s);
    office_up(s, false); /* a base of the new instance */
    grow(s);
    int64_t grown = file_bytes(s->journal);
    office_up(s, false);
    assert_true(file_bytes(s->journal) < grown / 2);
    assert_int_equal(file_bytes(aside), grown);
    restored_whole(s);
}

static bool state_whole(struct scene *s)
{
    struct journal_setting setting;
    assert_int_equal(journal_setting_load(&s->sql, "north", &setting), ERR_OK);
    return journal_state_whole(s->office->keys_dir, setting.instance);
}

/* The volume is not mounted: its folder is there, and empty.  A file in it
 * would stand on the store's own disk. */
static void where_the_file_is_missing_none_is_made(void **state)
{
    struct scene *s = *state;
    struct journal_setting setting;
    char away[3 * DIR_CHARS];
    works(s, 2);
    assert_true(state_whole(s));
    snprintf(away, sizeof away, "%s.away", s->journal);
    assert_int_equal(rename(s->journal, away), 0);
    works(s, 1);
    assert_false(office_journal_covers(s->office->journal));
    assert_int_equal(journal_setting_load(&s->sql, "north", &setting), ERR_OK);
    assert_true(setting.behind_since > 0);
    office_down(s);
    office_up(s, false);
    works(s, 1);
    assert_false(office_journal_covers(s->office->journal));
    assert_false(state_whole(s));
    assert_int_equal(access(s->journal, F_OK), -1);
    assert_int_equal(rename(away, s->journal), 0); /* mounted again */
    office_down(s);
    office_up(s, false);
    assert_true(office_journal_covers(s->office->journal));
    assert_true(state_whole(s));
    restored_whole(s);
}

/* An older file of this office is found in its place: there are two stories of
 * one instance, and only one is whole. */
static void another_file_in_its_place_gets_a_name_of_its_own(void **state)
{
    struct scene *s = *state;
    struct journal_setting before, after;
    char copy[3 * DIR_CHARS], away[3 * DIR_CHARS], command[8 * DIR_CHARS];
    works(s, 2);
    snprintf(copy, sizeof copy, "%s.copy", s->journal);
    snprintf(away, sizeof away, "%s.away", s->journal);
    snprintf(command, sizeof command, "cp %s %s", s->journal, copy);
    assert_int_equal(system(command), 0);
    works(s, 2);
    assert_int_equal(journal_setting_load(&s->sql, "north", &before), ERR_OK);
    office_down(s);
    assert_int_equal(rename(s->journal, away), 0);
    assert_int_equal(rename(copy, s->journal), 0);
    office_up(s, false);
    works(s, 1);
    office_down(s);
    office_up(s, false);
    assert_int_equal(journal_setting_load(&s->sql, "north", &after), ERR_OK);
    assert_memory_not_equal(before.instance, after.instance,
                            sizeof after.instance);
    assert_true(journal_state_whole(s->office->keys_dir, after.instance));
    assert_false(journal_state_whole(s->office->keys_dir, before.instance));
    restored_whole(s);
}

/* Another process begins the journal, and ends it, while this one is open. */
static void a_process_heeds_what_another_sets(void **state)
{
    struct scene *s = *state;
    struct office *other;
    char detail[OFFICE_DETAIL_CHARS];
    struct office_options options = options_of(s, false);
    works(s, 1);
    assert_true(office_journal_covers(s->office->journal));
    options.journal = "none";
    assert_int_equal(office_open(&other, &options, true, detail), ERR_OK);
    office_close(other);
    works(s, 1);
    assert_false(office_journal_covers(s->office->journal));
    options.journal = s->journal;
    assert_int_equal(office_open(&other, &options, true, detail), ERR_OK);
    office_close(other);
    works(s, 1);
    office_down(s);
    office_up(s, false);
    works(s, 2);
    assert_true(office_journal_covers(s->office->journal));
    restored_whole(s);
}

static void damage_in_the_last_transaction_is_told(void **state)
{
    struct scene *s = *state;
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    struct stat status;
    unsigned char byte;
    works(s, 3);
    assert_int_equal(stat(s->journal, &status), 0);
    int fd = open(s->journal, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, status.st_size - 3), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, status.st_size - 3), 1);
    close(fd);
    assert_int_equal(restore(s, false, &sql, &plan, &result), ERR_OK);
    assert_true(result.lost > 0);
    sql_close(&sql);
}

/* A restore that is tried out with the office's own keys. */
static void what_others_say_in_its_name_is_set_right(void **state)
{
    struct scene *s = *state;
    uint8_t stranger[GROUP_INSTANCE_BYTES] = {1, 2, 3};
    works(s, 1);
    assert_true(state_whole(s));
    assert_int_equal(journal_state_save(s->office->keys_dir, stranger, false),
                     ERR_OK);
    assert_false(state_whole(s));
    works(s, 1);
    assert_true(state_whole(s));
}

static enum err renew(struct scene *s)
{
    struct journal_setting setting;
    struct journal_of of = {
        .path = s->journal, .name = "office north", .key = s->key};
    uint64_t end, number;
    enum err err = journal_setting_load(&s->sql, "north", &setting);
    struct group_head head = {.number = setting.groups, .base = true};
    memcpy(head.instance, setting.instance, sizeof head.instance);
    return err ? err : journal_renew(&of, &s->sql, &head, &end, &number);
}

static void a_new_file_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = renew(s);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
        works(s, 1);
        restored_whole(s);
        if (!hit)
            break;
        assert_true(nth < 1000);
    }
}

static void switched_off_it_is_not_whole(void **state)
{
    struct scene *s = *state;
    struct journal_setting setting;
    assert_int_equal(journal_setting_load(&s->sql, "north", &setting), ERR_OK);
    office_down(s);
    char detail[OFFICE_DETAIL_CHARS];
    struct office_options options = options_of(s, false);
    options.journal = "none";
    assert_int_equal(office_open(&s->office, &options, true, detail), ERR_OK);
    assert_false(office_journal_covers(s->office->journal));
    assert_false(journal_state_whole(s->office->keys_dir, setting.instance));
    office_close(s->office);
    office_up(s, true); /* on again: a base of another instance */
    assert_true(office_journal_covers(s->office->journal));
    assert_false(journal_state_whole(s->office->keys_dir, setting.instance));
    works(s, 1);
    struct sql sql;
    struct replay_plan plan;
    struct replay_result result;
    assert_int_equal(restore(s, false, &sql, &plan, &result), ERR_OK);
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

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scene_open, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_table_is_in_a_base_or_made_anew),
        TEST(a_base_and_what_follows_make_the_store_again),
        TEST(a_backup_and_what_follows_make_the_store_again),
        TEST(a_transaction_that_failed_is_replaced_by_the_next),
        TEST(damage_ends_the_replay_before_it),
        TEST(what_stands_behind_damage_is_told),
        TEST(what_stands_between_damages_is_told),
        TEST(a_transaction_that_failed_behind_damage_is_left_out),
        TEST(a_full_volume_is_made_good_by_a_base),
        TEST(a_file_that_has_grown_is_begun_anew),
        TEST(a_backup_from_before_the_new_file_is_not_needed),
        TEST(a_new_file_whose_transaction_failed_is_gone_on_with),
        TEST(a_rest_of_an_earlier_attempt_is_replaced),
        TEST(what_is_not_its_own_is_left_alone),
        TEST(history_of_another_instance_is_kept_aside),
        TEST(where_the_file_is_missing_none_is_made),
        TEST(another_file_in_its_place_gets_a_name_of_its_own),
        TEST(a_process_heeds_what_another_sets),
        TEST(damage_in_the_last_transaction_is_told),
        TEST(what_others_say_in_its_name_is_set_right),
        TEST(a_new_file_survives_every_allocation_failure),
        TEST(switched_off_it_is_not_whole),
        TEST(journalling_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
