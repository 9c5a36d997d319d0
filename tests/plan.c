#include "tests/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static bool line_allowed(const char *line, const char *const allowed[])
{
    if (strncmp(line, "SCAN ", 5) != 0 || strstr(line, "CONSTANT ROW") ||
        strstr(line, "VALUES CLAUSE"))
        return true;
    for (; *allowed; allowed++)
        if (!strncmp(line, *allowed, strlen(*allowed)))
            return true;
    return false;
}

static void statement_check(sqlite3 *handle, const char *sql,
                            const char *const allowed[])
{
    sqlite3_stmt *explain;
    char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    assert_non_null(text);
    assert_int_equal(sqlite3_prepare_v2(handle, text, -1, &explain, NULL),
                     SQLITE_OK);
    while (sqlite3_step(explain) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(explain, 3);
        if (!line_allowed(line, allowed))
            fail_msg("%s: in %s", line, sql);
    }
    sqlite3_finalize(explain);
    sqlite3_free(text);
}

int plan_check(struct db *db, const char *const allowed[])
{
    int count = 0;
    sqlite3 *handle = db_handle(db);
    sqlite3_stmt *statement = NULL;
    while ((statement = sqlite3_next_stmt(handle, statement))) {
        const char *sql = sqlite3_sql(statement);
        if (!strncmp(sql, "EXPLAIN", 7))
            continue;
        statement_check(handle, sql, allowed);
        count++;
    }
    return count;
}
