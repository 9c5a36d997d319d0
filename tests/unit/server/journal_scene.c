#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/store.h"
#include "tests/unit/server/journal_scene.h"

struct office_options options_of(struct scene *s, bool journal)
{
    return (struct office_options){.data_dir = s->data,
                                   .journal = journal ? s->journal : NULL,
                                   .serving = true,
                                   .journal_bytes_min = s->bytes_min};
}

void office_up(struct scene *s, bool journal)
{
    char detail[OFFICE_DETAIL_CHARS];
    struct office_options options = options_of(s, journal);
    assert_int_equal(office_open(&s->office, &options, true, detail), ERR_OK);
    assert_int_equal(office_connect(s->office, &s->sql), ERR_OK);
    office_journal_key(&s->office->keys, s->key);
}

void office_down(struct scene *s)
{
    sql_close(&s->sql);
    office_close(s->office);
    s->office = NULL;
}

int scene_open(void **state)
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

int scene_close(void **state)
{
    struct scene *s = *state;
    office_down(s);
    dir_remove(s->dir);
    free(s);
    return 0;
}

enum err work(struct scene *s, const char *name)
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

void works(struct scene *s, int count)
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

struct buffer content_of(struct sql *sql)
{
    struct buffer out;
    buffer_init(&out, 64u << 20);
    assert_int_equal(journal_base_each(sql, row_add, &out), ERR_OK);
    assert_true(out.size > 0);
    return out;
}

bool same_content(struct sql *a, struct sql *b)
{
    struct buffer one = content_of(a), other = content_of(b);
    bool same = bytes_equal(buffer_bytes(&one), buffer_bytes(&other));
    buffer_fini(&one);
    buffer_fini(&other);
    return same;
}

int64_t accounts_in(struct sql *sql)
{
    int64_t count = -1;
    assert_int_equal(
        sql_find_int(sql, "SELECT count(*) FROM account", NULL, 0, &count),
        ERR_OK);
    return count;
}

/* --- restoring ------------------------------------------------------------ */

void backup(struct scene *s)
{
    unlink(s->copy);
    assert_int_equal(s->sql.backup(s->sql.context, s->copy), ERR_OK);
}

enum err restore(struct scene *s, bool from_backup, struct sql *sql,
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

int64_t file_bytes(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

/* --- behind the damage ---------------------------------------------------- */

void restored_whole(struct scene *s)
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
