#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/store.h"
#include "server/store_replica.h"
#include "tests/fault.h"
#include "tests/unit/server/journal_scene.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
