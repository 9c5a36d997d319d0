#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "shared/db/db.h"
#include "tests/dir.h"
#include "tests/fault.h"

struct fixture {
    char dir[DIR_CHARS];
    char path[2 * DIR_CHARS];
    char detail[DB_DETAIL_CHARS];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    dir_make(f->dir);
    dir_file(f->path, f->dir, "a.db");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    dir_remove(f->dir);
    free(f);
    return 0;
}

static struct db *open_new(struct fixture *f)
{
    struct db *db;
    assert_int_equal(db_open(&db, f->path, DB_CREATE, f->detail), ERR_OK);
    return db;
}

static void file_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void a_new_file_is_durable_and_private(void **state)
{
    struct fixture *f = *state;
    struct db *db = open_new(f);
    int64_t value;
    assert_int_equal(db_query_int64(db, "PRAGMA synchronous", &value), ERR_OK);
    assert_int_equal(value, 2); /* FULL */
    assert_int_equal(db_query_int64(db, "PRAGMA foreign_keys", &value), ERR_OK);
    assert_int_equal(value, 1);
    assert_int_equal(db_query_int64(db, "PRAGMA trusted_schema", &value),
                     ERR_OK);
    assert_int_equal(value, 0);
    assert_int_equal(
        db_query_int64(
            db, "SELECT journal_mode = 'wal' FROM pragma_journal_mode", &value),
        ERR_OK);
    assert_int_equal(value, 1);
    struct stat status;
    assert_int_equal(stat(f->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    db_close(db);
}

static void a_missing_file_is_not_made_unasked(void **state)
{
    struct fixture *f = *state;
    struct db *db;
    assert_int_equal(db_open(&db, f->path, 0, f->detail), ERR_NOT_FOUND);
    assert_null(db);
    assert_string_not_equal(f->detail, "");
    assert_int_not_equal(access(f->path, F_OK), 0);
    char lost[3 * DIR_CHARS];
    snprintf(lost, sizeof lost, "%s/no/such.db", f->dir);
    assert_int_equal(db_open(&db, lost, DB_CREATE, NULL), ERR_NOT_FOUND);
    assert_int_equal(db_open(&db, f->dir, 0, NULL), ERR_FOREIGN);
}

static void any_other_file_is_foreign(void **state)
{
    struct fixture *f = *state;
    struct db *db;
    file_write(f->path, "This is a letter and not a database, though it is "
                        "long enough to hold the header of one, which takes "
                        "a hundred bytes in all.\n");
    assert_int_equal(db_open(&db, f->path, DB_CREATE, f->detail), ERR_FOREIGN);
    assert_null(db);
    assert_int_equal(db_open(&db, f->path, DB_READ_ONLY, NULL), ERR_FOREIGN);
}

static void a_damaged_page_is_corrupt(void **state)
{
    struct fixture *f = *state;
    struct db *db = open_new(f);
    assert_int_equal(db_exec(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1);"
                                 "PRAGMA wal_checkpoint(TRUNCATE)"),
                     ERR_OK);
    db_close(db);
    FILE *file = fopen(f->path, "r+");
    assert_non_null(file);
    assert_int_equal(fseek(file, 4096, SEEK_SET), 0);
    for (int i = 0; i < 4096; i++)
        assert_int_not_equal(putc(0x5a, file), EOF);
    assert_int_equal(fclose(file), 0);
    int64_t value;
    assert_int_equal(db_open(&db, f->path, 0, NULL), ERR_OK);
    assert_int_equal(db_query_int64(db, "SELECT a FROM t", &value),
                     ERR_CORRUPT);
    db_close(db);
}

/* Runs as another user when the test runs as root, whom no mode stops. */
static int in_child(int (*run)(const char *path), const char *path)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) || setuid(65534)))
            _exit(99);
        _exit(run(path));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int open_for_writing(const char *path)
{
    struct db *db;
    int err = (int)db_open(&db, path, DB_CREATE, NULL);
    db_close(db);
    return err;
}

static void what_cannot_be_written_is_told_apart(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(chmod(f->dir, 0555), 0);
    assert_int_equal(in_child(open_for_writing, f->path), ERR_DENIED);
    assert_int_equal(chmod(f->dir, 0755), 0);
    db_close(open_new(f));
    assert_int_equal(chmod(f->path, 0444), 0);
    assert_int_equal(in_child(open_for_writing, f->path), ERR_READ_ONLY);
    assert_int_equal(chmod(f->path, 0000), 0);
    assert_int_equal(in_child(open_for_writing, f->path), ERR_DENIED);
    assert_int_equal(chmod(f->path, 0666), 0);
    assert_int_equal(chmod(f->dir, 0555), 0);
    int err = in_child(open_for_writing, f->path);
    assert_true(err == ERR_READ_ONLY || err == ERR_DENIED);
    assert_int_equal(chmod(f->dir, 0755), 0);
}

static void a_read_only_connection_refuses_to_write(void **state)
{
    struct fixture *f = *state;
    db_close(open_new(f));
    struct db *db;
    assert_int_equal(db_open(&db, f->path, DB_READ_ONLY, NULL), ERR_OK);
    assert_int_equal(db_exec(db, "CREATE TABLE t(a)"), ERR_READ_ONLY);
    assert_string_not_equal(db_detail(db), "");
    db_close(db);
}

static void an_immutable_file_is_read_without_any_beside_it(void **state)
{
    struct fixture *f = *state;
    struct db *db = open_new(f);
    char odd[4 * DIR_CHARS];
    int64_t count;
    assert_int_equal(db_exec(db, "CREATE TABLE t(a); INSERT INTO t VALUES (1);"
                                 "PRAGMA wal_checkpoint(TRUNCATE)"),
                     ERR_OK);
    db_close(db);
    snprintf(odd, sizeof odd, "%s/50%% of what?#1", f->dir);
    assert_int_equal(rename(f->path, odd), 0);
    assert_int_equal(db_open(&db, odd, DB_READ_ONLY | DB_IMMUTABLE, f->detail),
                     ERR_OK);
    assert_int_equal(db_query_int64(db, "SELECT count(*) FROM t", &count),
                     ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(db_exec(db, "DELETE FROM t"), ERR_READ_ONLY);
    db_close(db);
}

static void a_second_writer_is_busy_until_the_first_is_done(void **state)
{
    struct fixture *f = *state;
    struct db *one = open_new(f);
    struct db *two = open_new(f);
    assert_int_equal(db_busy_ms(two, 0), ERR_OK);
    assert_int_equal(db_exec(one, "CREATE TABLE t(a)"), ERR_OK);
    assert_int_equal(db_begin_immediate(one), ERR_OK);
    int line = __LINE__ - 1;
    char holder[64];
    snprintf(holder, sizeof holder, "%s:%d", __FILE__, line);
    assert_string_equal(db_holder(one), holder);
    assert_int_equal(db_begin_immediate(two), ERR_BUSY);
    assert_string_equal(db_holder(two), "");
    assert_int_equal(db_exec(one, "INSERT INTO t VALUES (1)"), ERR_OK);
    assert_int_equal(db_commit(one), ERR_OK);
    assert_string_equal(db_holder(one), "");
    assert_int_equal(db_begin_immediate(two), ERR_OK);
    db_rollback(two);
    db_rollback(two);
    db_close(two);
    db_close(one);
}

static void a_read_transaction_sees_one_snapshot(void **state)
{
    struct fixture *f = *state;
    struct db *one = open_new(f);
    struct db *two = open_new(f);
    int64_t count;
    assert_int_equal(db_exec(one, "CREATE TABLE t(a)"), ERR_OK);
    assert_int_equal(db_begin_read(two), ERR_OK);
    assert_int_equal(db_query_int64(two, "SELECT count(*) FROM t", &count),
                     ERR_OK);
    assert_int_equal(db_exec(one, "INSERT INTO t VALUES (1)"), ERR_OK);
    assert_int_equal(db_query_int64(two, "SELECT count(*) FROM t", &count),
                     ERR_OK);
    assert_int_equal(count, 0);
    db_rollback(two);
    assert_int_equal(db_query_int64(two, "SELECT count(*) FROM t", &count),
                     ERR_OK);
    assert_int_equal(count, 1);
    db_close(two);
    db_close(one);
}

static void a_full_disk_is_full_and_keeps_what_was_committed(void **state)
{
    struct fixture *f = *state;
    struct db *db = open_new(f);
    int64_t count;
    assert_int_equal(db_exec(db, "CREATE TABLE t(a);"
                                 "INSERT INTO t VALUES (1);"
                                 "PRAGMA max_page_count = 4"),
                     ERR_OK);
    assert_int_equal(db_begin_immediate(db), ERR_OK);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES (2)"), ERR_OK);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES (randomblob(1000000))"),
                     ERR_FULL);
    db_rollback(db);
    assert_non_null(strstr(db_detail(db), "full"));
    assert_int_equal(db_query_int64(db, "SELECT count(*) FROM t", &count),
                     ERR_OK);
    assert_int_equal(count, 1);
    db_close(db);
}

static void what_sqlite_took_back_is_not_gone_on_with(void **state)
{
    struct fixture *f = *state;
    struct db *db = open_new(f);
    int64_t count;
    assert_int_equal(db_exec(db, "CREATE TABLE t(a UNIQUE);"
                                 "INSERT INTO t VALUES (1)"),
                     ERR_OK);
    for (int commits = 0; commits < 2; commits++) {
        assert_int_equal(db_begin_immediate(db), ERR_OK);
        assert_int_equal(db_exec(db, "INSERT INTO t VALUES (2)"), ERR_OK);
        assert_int_equal(db_exec(db, "INSERT OR ROLLBACK INTO t VALUES (1)"),
                         ERR_EXISTS);
        assert_false(db_in_transaction(db));
        /* Whoever overlooked the error changes nothing. */
        assert_int_equal(db_exec(db, "INSERT INTO t VALUES (3)"), ERR_IO);
        assert_int_equal(db_query_int64(db, "SELECT count(*) FROM t", &count),
                         ERR_IO);
        if (commits)
            assert_int_equal(db_commit(db), ERR_IO);
        else
            db_rollback(db);
        assert_int_equal(db_query_int64(db, "SELECT count(*) FROM t", &count),
                         ERR_OK);
        assert_int_equal(count, 1);
    }
    db_close(db);
}

static void constraints_are_told_apart(void **state)
{
    struct fixture *f = *state;
    struct db *db = open_new(f);
    assert_int_equal(
        db_exec(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b NOT NULL UNIQUE);"
                    "CREATE TABLE u(a REFERENCES t(a));"
                    "CREATE TRIGGER keep BEFORE DELETE ON t BEGIN "
                    "SELECT RAISE(ABORT, 'kept for ever'); END;"
                    "INSERT INTO t VALUES (1, 2)"),
        ERR_OK);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES (1, 3)"), ERR_EXISTS);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES (2, 2)"), ERR_EXISTS);
    assert_int_equal(db_exec(db, "INSERT INTO t VALUES (2, NULL)"),
                     ERR_INVALID);
    assert_int_equal(db_exec(db, "INSERT INTO u VALUES (7)"), ERR_INVALID);
    assert_int_equal(db_exec(db, "DELETE FROM t"), ERR_DENIED);
    assert_non_null(strstr(db_detail(db), "kept for ever"));
    assert_int_equal(db_exec(db, "SELECT nonsense"), ERR_INVALID);
    db_close(db);
}

enum { INSERT, FIND, STATEMENT_COUNT };
static const char *const sql[STATEMENT_COUNT] = {
    [INSERT] = "INSERT INTO t(i, b, s, n) VALUES (?1, ?2, ?3, ?4)",
    [FIND] = "SELECT i, b, s, n FROM t WHERE i = ?1",
};

static void values_come_back_as_they_were_bound(void **state)
{
    struct fixture *f = *state;
    struct db *db = open_new(f);
    sqlite3_stmt *statement[STATEMENT_COUNT];
    uint8_t fixed[3];
    bool row;
    assert_int_equal(
        db_exec(db, "CREATE TABLE t(i INTEGER, b BLOB, s TEXT, n) STRICT"),
        ERR_INVALID); /* STRICT wants a type for each column */
    assert_int_equal(
        db_exec(db, "CREATE TABLE t(i INTEGER, b BLOB, s TEXT, n ANY) STRICT"),
        ERR_OK);
    assert_int_equal(db_prepare(db, sql, STATEMENT_COUNT, statement), ERR_OK);
    db_bind_int64(db, statement[INSERT], 1, INT64_MIN);
    db_bind_bytes(db, statement[INSERT], 2, bytes_of("\0\1\2", 3));
    db_bind_text(db, statement[INSERT], 3, bytes_of(NULL, 0));
    db_bind_null(db, statement[INSERT], 4);
    assert_int_equal(db_step_done(db, statement[INSERT]), ERR_OK);
    assert_int_equal(db_changes(db), 1);
    assert_int_equal(db_last_rowid(db), 1);
    db_bind_int64(db, statement[FIND], 1, INT64_MIN);
    assert_int_equal(db_step_row(db, statement[FIND], &row), ERR_OK);
    assert_true(row);
    assert_true(db_column_int64(statement[FIND], 0) == INT64_MIN);
    assert_int_equal(db_column_fixed(statement[FIND], 1, fixed, 3), ERR_OK);
    assert_memory_equal(fixed, "\0\1\2", 3);
    assert_int_equal(db_column_fixed(statement[FIND], 1, fixed, 2),
                     ERR_CORRUPT);
    assert_int_equal(db_column_bytes(statement[FIND], 2).size, 0);
    assert_false(db_column_is_null(statement[FIND], 2));
    assert_true(db_column_is_null(statement[FIND], 3));
    assert_int_equal(db_step_row(db, statement[FIND], &row), ERR_OK);
    assert_false(row);
    /* The bindings are gone with the reset: NULL equals nothing. */
    assert_int_equal(db_step_row(db, statement[FIND], &row), ERR_OK);
    assert_false(row);
    db_finalize(statement, STATEMENT_COUNT);
    db_close(db);
}

static void preparing_is_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct db *db = open_new(f);
    static const char *const bad[] = {"SELECT 1", "SELECT FROM"};
    sqlite3_stmt *statement[2];
    assert_int_equal(db_prepare(db, bad, 2, statement), ERR_INVALID);
    assert_null(statement[0]);
    assert_null(statement[1]);
    db_close(db);
}

/* What a caller does in one life of a connection. */
static enum err life(struct fixture *f)
{
    struct db *db;
    sqlite3_stmt *statement[STATEMENT_COUNT];
    enum err err = db_open(&db, f->path, DB_CREATE, f->detail);
    if (err) {
        assert_null(db);
        return err;
    }
    err = db_exec(db, "CREATE TABLE IF NOT EXISTS t(i, b, s, n)");
    if (!err)
        err = db_prepare(db, sql, STATEMENT_COUNT, statement);
    if (err)
        goto close;
    err = db_begin_immediate(db);
    if (!err) {
        db_bind_int64(db, statement[INSERT], 1, 1);
        db_bind_text(db, statement[INSERT], 3, bytes_text("text"));
        err = db_step_done(db, statement[INSERT]);
        if (!err)
            err = db_commit(db);
        else
            db_rollback(db);
    }
    assert_false(db_in_transaction(db));
    db_finalize(statement, STATEMENT_COUNT);
close:
    db_close(db);
    return err;
}

static void a_life_survives_every_allocation_failure(void **state)
{
    struct fixture *f = *state;
    for (int persistent = 0; persistent < 2; persistent++) {
        for (int nth = 1;; nth++) {
            fault_at(nth, persistent);
            enum err err = life(f);
            bool hit = fault_hit();
            fault_at(0, false);
            /* SQLite does without some allocations, such as cache pages. */
            assert_true(err == ERR_NOMEM || err == ERR_OK);
            if (!hit) {
                assert_int_equal(err, ERR_OK);
                assert_true(nth > 20);
                break;
            }
        }
    }
}

int main(void)
{
#define FACT(fact) cmocka_unit_test_setup_teardown(fact, setup, teardown)
    const struct CMUnitTest tests[] = {
        FACT(a_new_file_is_durable_and_private),
        FACT(a_missing_file_is_not_made_unasked),
        FACT(any_other_file_is_foreign),
        FACT(a_damaged_page_is_corrupt),
        FACT(what_cannot_be_written_is_told_apart),
        FACT(a_read_only_connection_refuses_to_write),
        FACT(an_immutable_file_is_read_without_any_beside_it),
        FACT(a_second_writer_is_busy_until_the_first_is_done),
        FACT(a_read_transaction_sees_one_snapshot),
        FACT(a_full_disk_is_full_and_keeps_what_was_committed),
        FACT(what_sqlite_took_back_is_not_gone_on_with),
        FACT(constraints_are_told_apart),
        FACT(values_come_back_as_they_were_bound),
        FACT(preparing_is_all_or_nothing),
        FACT(a_life_survives_every_allocation_failure),
    };
    fault_sqlite();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
