#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shared/db/migrate.h"
#include "tests/dir.h"
#include "tests/fault.h"

#define OUR_ID 0x53617463

#define SQL_FILE(path, text)                                                   \
    {                                                                          \
        path, (const unsigned char *)(text), sizeof(text) - 1,                 \
            sizeof(text) - 1                                                   \
    }
#define ONE SQL_FILE("schema/0001_first.sql", "CREATE TABLE t(a);")
#define TWO                                                                    \
    SQL_FILE("schema/0002_second.sql",                                         \
             "ALTER TABLE t ADD COLUMN b; INSERT INTO t VALUES (1, 2);")
#define END                                                                    \
    {                                                                          \
        NULL, NULL, 0, 0                                                       \
    }

static const struct embed none[] = {END};
static const struct embed first[] = {ONE, END};
static const struct embed both[] = {ONE, TWO, END};
static const struct embed broken[] = {
    ONE,
    SQL_FILE("schema/0002_second.sql", "CREATE TABLE u(a); SELECT nonsense;"),
    END,
};

struct fixture {
    char dir[DIR_CHARS];
    char path[2 * DIR_CHARS];
    struct db *db;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    dir_make(f->dir);
    dir_file(f->path, f->dir, "a.db");
    *state = f;
    return db_open(&f->db, f->path, DB_CREATE, NULL) ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    db_close(f->db);
    dir_remove(f->dir);
    free(f);
    return 0;
}

static int64_t ask(struct db *db, const char *sql)
{
    int64_t value;
    assert_int_equal(db_query_int64(db, sql, &value), ERR_OK);
    return value;
}

static void an_old_file_takes_the_missing_steps(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(migrate(f->db, OUR_ID, first), ERR_OK);
    assert_int_equal(ask(f->db, "PRAGMA user_version"), 1);
    assert_int_equal(ask(f->db, "PRAGMA application_id"), OUR_ID);
    assert_int_equal(migrate(f->db, OUR_ID, both), ERR_OK);
    assert_int_equal(ask(f->db, "PRAGMA user_version"), 2);
    assert_int_equal(ask(f->db, "SELECT b FROM t"), 2);
}

static void migrating_again_changes_nothing(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(migrate(f->db, OUR_ID, both), ERR_OK);
    int64_t version = ask(f->db, "PRAGMA data_version");
    struct db *other;
    assert_int_equal(db_open(&other, f->path, 0, NULL), ERR_OK);
    assert_int_equal(migrate(other, OUR_ID, both), ERR_OK);
    db_close(other);
    assert_int_equal(ask(f->db, "PRAGMA data_version"), version);
    assert_int_equal(ask(f->db, "SELECT count(*) FROM t"), 1);
}

static void a_newer_file_is_refused_untouched(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(migrate(f->db, OUR_ID, both), ERR_OK);
    assert_int_equal(migrate(f->db, OUR_ID, first), ERR_NEWER);
    assert_int_equal(migrate(f->db, OUR_ID, none), ERR_NEWER);
    assert_int_equal(ask(f->db, "PRAGMA user_version"), 2);
}

static void another_programs_database_is_foreign(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(db_exec(f->db, "CREATE TABLE recipes(name)"), ERR_OK);
    assert_int_equal(migrate(f->db, OUR_ID, both), ERR_FOREIGN);
    assert_int_equal(db_exec(f->db, "DROP TABLE recipes;"
                                    "PRAGMA application_id = 7"),
                     ERR_OK);
    assert_int_equal(migrate(f->db, OUR_ID, both), ERR_FOREIGN);
    assert_int_equal(ask(f->db, "SELECT count(*) FROM sqlite_schema"), 0);
}

static void a_failed_step_leaves_the_step_before(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(migrate(f->db, OUR_ID, broken), ERR_INVALID);
    assert_false(db_in_transaction(f->db));
    assert_int_equal(ask(f->db, "PRAGMA user_version"), 1);
    assert_int_equal(ask(f->db, "SELECT count(*) FROM sqlite_schema"), 1);
    assert_int_equal(migrate(f->db, OUR_ID, both), ERR_OK);
}

static void a_read_only_file_is_used_only_when_it_is_current(void **state)
{
    struct fixture *f = *state;
    struct db *reader;
    assert_int_equal(migrate(f->db, OUR_ID, first), ERR_OK);
    assert_int_equal(db_open(&reader, f->path, DB_READ_ONLY, NULL), ERR_OK);
    assert_int_equal(migrate(reader, OUR_ID, first), ERR_OK);
    assert_int_equal(migrate(reader, OUR_ID, both), ERR_READ_ONLY);
    db_close(reader);
}

/* The daemon and an application may make the same vault at one moment. */
static void processes_that_open_at_once_all_succeed(void **state)
{
    struct fixture *f = *state;
    char path[2 * DIR_CHARS];
    for (int round = 0; round < 5; round++) {
        pid_t child[4];
        char name[16];
        snprintf(name, sizeof name, "%d.db", round);
        dir_file(path, f->dir, name);
        for (int i = 0; i < 4; i++) {
            child[i] = fork();
            assert_true(child[i] >= 0);
            if (child[i] == 0) {
                struct db *db;
                enum err err = db_open(&db, path, DB_CREATE, NULL);
                if (!err)
                    err = migrate(db, OUR_ID, both);
                db_close(db);
                _exit((int)err);
            }
        }
        for (int i = 0; i < 4; i++) {
            int status;
            assert_int_equal(waitpid(child[i], &status, 0), child[i]);
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), ERR_OK);
        }
        struct db *db;
        assert_int_equal(db_open(&db, path, 0, NULL), ERR_OK);
        assert_int_equal(ask(db, "SELECT count(*) FROM t"), 1);
        db_close(db);
    }
}

static void every_allocation_failure_leaves_whole_steps(void **state)
{
    struct fixture *f = *state;
    for (int nth = 1;; nth++) {
        struct db *db;
        assert_int_equal(db_open(&db, ":memory:", DB_CREATE, NULL), ERR_OK);
        fault_at(nth, false);
        enum err err = migrate(db, OUR_ID, both);
        bool hit = fault_hit();
        fault_at(0, false);
        int64_t version = ask(db, "PRAGMA user_version");
        assert_int_equal(ask(db, "SELECT count(*) FROM sqlite_schema"),
                         version > 0);
        if (err)
            assert_int_equal(err, ERR_NOMEM);
        else
            assert_int_equal(version, 2);
        assert_int_equal(migrate(db, OUR_ID, both), ERR_OK);
        assert_int_equal(ask(db, "SELECT count(*) FROM t"), 1);
        db_close(db);
        if (!hit) {
            assert_true(nth > 20);
            break;
        }
    }
    assert_int_equal(migrate(f->db, OUR_ID, none), ERR_OK);
}

int main(void)
{
#define FACT(fact) cmocka_unit_test_setup_teardown(fact, setup, teardown)
    const struct CMUnitTest tests[] = {
        FACT(an_old_file_takes_the_missing_steps),
        FACT(migrating_again_changes_nothing),
        FACT(a_newer_file_is_refused_untouched),
        FACT(another_programs_database_is_foreign),
        FACT(a_failed_step_leaves_the_step_before),
        FACT(a_read_only_file_is_used_only_when_it_is_current),
        FACT(processes_that_open_at_once_all_succeed),
        FACT(every_allocation_failure_leaves_whole_steps),
    };
    fault_sqlite();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
