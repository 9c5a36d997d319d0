/* No statement of the daily work reads a whole table.  Every statement that a
 * day at the office runs is collected while it runs, then explained. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/put.h"
#include "tests/unit/server/device.h"

#define STATEMENTS_MAX 256

static char *statements[STATEMENTS_MAX];
static size_t statement_count;
static bool collecting;

static int on_statement(unsigned event, void *context, void *p, void *x)
{
    (void)event;
    (void)context;
    (void)x;
    const char *text = sqlite3_sql(p);
    if (!collecting || !text)
        return 0;
    for (size_t i = 0; i < statement_count; i++)
        if (!strcmp(statements[i], text))
            return 0;
    assert_true(statement_count < STATEMENTS_MAX);
    statements[statement_count++] = sqlite3_mprintf("%s", text);
    return 0;
}

static int trace(sqlite3 *db, const char **message, const void *api)
{
    (void)message;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, on_statement, NULL);
}

/* What may be read whole: one row, or a handful. */
static bool allowed(const char *statement)
{
    static const char *const list[] = {
        "SELECT agency, lineage FROM agency", /* one row an agency */
        "PRAGMA",
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (!strncmp(statement, list[i], strlen(list[i])))
            return true;
    return false;
}

/* --- a day ---------------------------------------------------------------- */

static void office_writes(struct place *place, struct device *kim)
{
    static const char west[1][SCOPE_CHARS_MAX + 1] = {"caseload:west"};
    struct dot held = {.n = 1};
    memcpy(held.replica, kim->replica, sizeof held.replica);
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(ingest_release(place->office, &place->sql, "boss", &held),
                     ERR_OK);
    assert_int_equal(
        ingest_assign(place->office, &place->sql, "boss", PERSON, west, 1),
        ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
}

/* A person at the office writes, and all that is remarked on it. */
static void office_puts(struct place *place)
{
    static const struct user ruth = {.name = "ruth", .role = "supervisor"};
    static const struct {
        const char *type, *set;
    } written[] = {
        {"enrollment", "{\"person\":\"" PERSON "\",\"program\":\"csbg\","
                       "\"roma_stage\":\"planned\"}"},
        {"outcome", "{\"code_set\":\"csbg_fnpi\",\"version\":\"3.0\","
                    "\"code\":\"FNPI 1a\",\"person\":\"" PERSON "\"}"},
        {"task", "{\"person\":\"" PERSON "\",\"what\":\"Call.\"}"},
    };
    for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
        struct put_written out;
        const struct put put = {.user = &ruth,
                                .type = written[i].type,
                                .set = bytes_text(written[i].set),
                                .lenient = true};
        put_written_init(&out);
        assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
        assert_int_equal(put_write(place->office, &place->sql, &put, &out),
                         ERR_OK);
        assert_int_equal(sql_commit(&place->sql), ERR_OK);
        put_written_fini(&out);
    }
}

static void reconcile(struct place *place, struct device *d)
{
    struct buffer request;
    struct reply reply;
    buffer_init(&request, 1u << 20);
    device_request(d, 0, "reconcile",
                   "{\"cases\":[[\"" PERSON "\",\"AAAAAAAAAAA\"]]}\n",
                   &request);
    device_send(d, place, buffer_bytes(&request), &reply);
    assert_int_equal(reply.status, 200);
    device_apply(d, &reply);
    reply_fini(&reply);
    buffer_clear(&request);
    device_request(d, 0, "fix",
                   "{\"need\":{\"case\":\"" PERSON
                   "\",\"hashes\":\"AAAAAAAAAAA\"}}\n",
                   &request);
    device_send(d, place, buffer_bytes(&request), &reply);
    assert_int_equal(reply.status, 200);
    device_apply(d, &reply);
    reply_fini(&reply);
    buffer_fini(&request);
}

static void a_day(struct place *place)
{
    struct device dana, lee, kim, next;
    char seen[64];
    device_enrol(&dana, place, "dana");
    device_enrol(&lee, place, "lee");
    device_enrol(&kim, place, "kim");
    device_create(&dana, "person", PERSON, PERSON, "{\"legal_name\":\"Ames\"}");
    device_create(&dana, "contact", NOTE, PERSON, TOLD);
    device_append(&dana, "gibberish");
    device_sync_ok(&dana, place);
    device_sync_ok(&lee, place);
    /* A conflict, a held line, one that waits. */
    snprintf(seen, sizeof seen, "{\"%s\":1}", dana.replica);
    device_revise(&dana, PERSON, seen, "{\"legal_name\":\"Aimes\"}");
    device_revise(&lee, PERSON, seen, "{\"legal_name\":\"Amis\"}");
    device_create(&kim, "contact", NOTE_2, PERSON, TOLD);
    device_sync_ok(&dana, place);
    device_sync_ok(&lee, place);
    device_sync_ok(&kim, place);
    office_writes(place, &kim);
    office_puts(place);
    device_sync_ok(&kim, place);
    device_sync_ok(&dana, place);
    device_revise(&dana, PERSON, "{}", "{\"first_name\":\"Rose\"}");
    device_sync_ok(&dana, place);
    reconcile(place, &kim);
    reconcile(place, &dana);
    place_scope(place, "lee", 1, "caseload:north");
    device_sync_ok(&lee, place);
    device_sync_ok(&lee, place);
    device_succeed(&next, &dana, place, "stale");
    device_sync_ok(&next, place);
    device_fini(&dana);
    device_fini(&lee);
    device_fini(&kim);
    device_fini(&next);
}

static void explain(sqlite3 *db, const char *statement)
{
    sqlite3_stmt *plan;
    char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", statement);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(plan, 3);
        if (!strncmp(detail, "SCAN", 4) &&
            strcmp(detail, "SCAN CONSTANT ROW") != 0 && !allowed(statement))
            fail_msg("%s: %s", detail, statement);
    }
    sqlite3_finalize(plan);
    sqlite3_free(text);
}

static void no_statement_of_the_day_scans_a_table(void **state)
{
    struct place *place = *state;
    char path[128];
    sqlite3 *db;
    collecting = true;
    a_day(place);
    collecting = false;
    snprintf(path, sizeof path, "%s/office.db", place->folder);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_true(statement_count > 60);
    for (size_t i = 0; i < statement_count; i++) {
        if (!strncmp(statements[i], "SELECT", 6) ||
            !strncmp(statements[i], "UPDATE", 6) ||
            !strncmp(statements[i], "DELETE", 6))
            explain(db, statements[i]);
        sqlite3_free(statements[i]);
    }
    sqlite3_close(db);
}

int main(void)
{
    sqlite3_auto_extension((void (*)(void))trace);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_statement_of_the_day_scans_a_table,
                                        place_setup, place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
