#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include "shared/db/migrate.h"
#include "shared/replica/sql.h"

/* Statements that look at every row, since that is what they are for, or since
 * the table never has more than a few. */
static bool scan_allowed(enum sql which, const char *detail)
{
    static const enum sql whole[] = {
        SQL_CASE_DESTROY_ALL,   SQL_RECORD_LEAVE_ALL, SQL_RECORD_OPEN_SUM,
        SQL_RECORD_LINE_COUNT,  SQL_HELD_COUNT,       SQL_CURSOR_INEXACT,
        SQL_CURSOR_RESET,       SQL_RECORD_OWN_RESET, SQL_RECORD_LINE_LEAVE_ALL,
        SQL_DRAFT_COUNT,        SQL_BLOB_TOTAL,       SQL_BLOB_WAITING,
        SQL_BLOB_WAITING_BYTES, SQL_BLOB_LEAVE_ALL,   SQL_BLOB_CHUNKS_LEAVE_ALL,
        SQL_DEPART_LINES_ALL,   SQL_DEPART_ALL,       SQL_PRUNE_WAITING,
        SQL_BLOB_LET_GO_ALL,    SQL_BLOB_ASK_ALL,     SQL_BLOB_GOING_COUNT,
        SQL_BLOB_GOING,         SQL_BLOB_KEPT_FORGET,
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (whole[i] == which)
            return true;
    return strstr(detail, "identity") || strstr(detail, " i") != NULL;
}

static struct db *schema_open(void)
{
    struct db *db;
    assert_int_equal(db_open(&db, ":memory:", DB_CREATE, NULL), ERR_OK);
    assert_int_equal(migrate(db, 0x53617631, embed_vault_schema), ERR_OK);
    return db;
}

static void every_statement_prepares(void **state)
{
    struct db *db = schema_open();
    (void)state;
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_stmt *s = NULL;
        assert_non_null(sql_of[i]);
        enum err err = db_prepare(db, &sql_of[i], 1, &s);
        if (err)
            fail_msg("%s: %s", sql_of[i], db_detail(db));
        db_finalize(&s, 1);
    }
    db_close(db);
}

static void no_statement_scans_a_table_that_grows(void **state)
{
    struct db *db = schema_open();
    (void)state;
    for (int i = 0; i < SQL_COUNT; i++) {
        char text[2048];
        const char *sql = text;
        sqlite3_stmt *s = NULL;
        if (!strncmp(sql_of[i], "PRAGMA", 6))
            continue;
        snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql_of[i]);
        assert_int_equal(db_prepare(db, &sql, 1, &s), ERR_OK);
        while (sqlite3_step(s) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(s, 3);
            bool scans =
                !strncmp(detail, "SCAN", 4) && !strstr(detail, "CONSTANT ROW");
            if (scans && !scan_allowed((enum sql)i, detail))
                fail_msg("%s: %s", sql_of[i], detail);
        }
        db_finalize(&s, 1);
    }
    db_close(db);
}

static void every_table_and_column_is_commented(void **state)
{
    (void)state;
    for (const struct embed *file = embed_vault_schema; file->path; file++) {
        char text[65536];
        assert_true(file->size < sizeof text);
        memcpy(text, file->at, file->size + 1);
        const char *before = "";
        for (char *line = strtok(text, "\n"); line;
             before = line, line = strtok(NULL, "\n")) {
            if (!strncmp(line, "CREATE TABLE", 12))
                assert_true(!strncmp(before, "--", 2));
            bool column =
                !strncmp(line, "    ", 4) && line[4] >= 'a' && line[4] <= 'z';
            if (column && !strstr(line, "--"))
                fail_msg("no comment: %s", line);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_prepares),
        cmocka_unit_test(no_statement_scans_a_table_that_grows),
        cmocka_unit_test(every_table_and_column_is_commented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
