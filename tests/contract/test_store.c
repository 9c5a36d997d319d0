/* What every driver of the store seam does: each row of `drivers` runs the
 * whole suite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/store.h"
#include "server/store_agency.h"
#include "server/store_blob.h"
#include "server/store_case.h"
#include "server/store_line.h"
#include "server/store_replica.h"

struct driver {
    const char *name;
    struct sql sql, other; /* two connections */
    char folder[64];
    char address[512];
};

static void connect(struct driver *d, struct sql *out, bool create)
{
    char detail[STORE_DETAIL_CHARS];
    enum err err = store_open(out, d->address, NULL, create, detail);
    if (err)
        fail_msg("%s: %s", d->name, detail);
}

/* An address of an empty store inside the folder, or "" to leave it out. */
static void sqlite_place(struct driver *d)
{
    snprintf(d->address, sizeof d->address, "%s/office.db", d->folder);
}

static const struct {
    const char *name;
    void (*place)(struct driver *d);
} drivers[] = {
    {"sqlite", sqlite_place},
};
static size_t driver_now;

static int driver_open(void **state)
{
    static struct driver d;
    d = (struct driver){.name = drivers[driver_now].name};
    snprintf(d.folder, sizeof d.folder, "/tmp/satchel-store-XXXXXX");
    if (!mkdtemp(d.folder))
        return -1;
    drivers[driver_now].place(&d);
    connect(&d, &d.sql, true);
    connect(&d, &d.other, false);
    *state = &d;
    return 0;
}

static int driver_close(void **state)
{
    struct driver *d = *state;
    char command[256];
    sql_close(&d->sql);
    sql_close(&d->other);
    snprintf(command, sizeof command, "rm -rf %s", d->folder);
    return system(command);
}

static const char count_acts[] = "SELECT count(*) FROM act";
static const char add_act[] = "INSERT INTO act(agency, at, by, what, detail) "
                              "VALUES ('a', $1, $2, $3, $4)";
static const char read_act[] =
    "SELECT at, by, detail FROM act WHERE agency = $1 ORDER BY at";

static int64_t count(struct sql *sql)
{
    int64_t out = -1;
    assert_int_equal(sql_find_int(sql, count_acts, NULL, 0, &out), ERR_OK);
    return out;
}

static void add(struct sql *sql, int64_t at, const char *by)
{
    assert_int_equal(sql_run(sql, add_act,
                             SQL_VALUES(sql_int(at), sql_text(by),
                                        sql_text("what"), sql_text("{}"))),
                     ERR_OK);
}

static void begin(struct sql *sql, bool write)
{
    assert_int_equal(sql_begin(sql, write), ERR_OK);
}

static void commit(struct sql *sql)
{
    assert_int_equal(sql_commit(sql), ERR_OK);
}

/* --- transactions --------------------------------------------------------- */

static void what_is_committed_is_seen_by_the_other(void **state)
{
    struct driver *d = *state;
    begin(&d->sql, true);
    add(&d->sql, 1, "dana");
    assert_int_equal(count(&d->other), 0);
    commit(&d->sql);
    assert_int_equal(count(&d->other), 1);
}

static void what_is_rolled_back_was_never_there(void **state)
{
    struct driver *d = *state;
    begin(&d->sql, true);
    add(&d->sql, 1, "dana");
    sql_rollback(&d->sql);
    assert_int_equal(count(&d->sql), 0);
    /* The connection goes on. */
    begin(&d->sql, true);
    add(&d->sql, 2, "lee");
    commit(&d->sql);
    assert_int_equal(count(&d->other), 1);
}

static void a_reader_sees_one_moment(void **state)
{
    struct driver *d = *state;
    begin(&d->other, false);
    assert_int_equal(count(&d->other), 0);
    begin(&d->sql, true);
    add(&d->sql, 1, "dana");
    commit(&d->sql);
    assert_int_equal(count(&d->other), 0);
    sql_rollback(&d->other);
    assert_int_equal(count(&d->other), 1);
}

/* --- values --------------------------------------------------------------- */

struct act {
    int64_t at;
    char by[32];
    size_t detail;
    int rows;
};

static enum err act_row(void *context, const struct sql_value *row,
                        size_t columns)
{
    struct act *act = context;
    assert_int_equal(columns, 3);
    act->at = row[0].integer;
    sql_copy_text(act->by, sizeof act->by, &row[1]);
    act->detail = row[2].bytes.size;
    act->rows++;
    return ERR_OK;
}

static void values_come_back_as_they_were(void **state)
{
    struct driver *d = *state;
    struct act act = {0};
    begin(&d->sql, true);
    add(&d->sql, INT64_MIN, "zo\xc3\xab 'quoted'");
    commit(&d->sql);
    assert_int_equal(sql_each_row(&d->other, read_act,
                                  SQL_VALUES(sql_text("a")), act_row, &act),
                     ERR_OK);
    assert_int_equal(act.at, INT64_MIN);
    assert_string_equal(act.by, "zo\xc3\xab 'quoted'");
    assert_int_equal(act.detail, 2);
    assert_int_equal(act.rows, 1);
    assert_int_equal(
        sql_find(&d->other, read_act, SQL_VALUES(sql_text("b")), act_row, &act),
        ERR_NOT_FOUND);
}

static enum err stop_row(void *context, const struct sql_value *row,
                         size_t columns)
{
    (void)row;
    (void)columns;
    ++*(int *)context;
    return ERR_AGAIN;
}

static void an_error_of_the_caller_stops_the_rows(void **state)
{
    struct driver *d = *state;
    int rows = 0;
    begin(&d->sql, true);
    for (int i = 0; i < 5; i++)
        add(&d->sql, i, "dana");
    commit(&d->sql);
    assert_int_equal(sql_each_row(&d->sql, read_act, SQL_VALUES(sql_text("a")),
                                  stop_row, &rows),
                     ERR_AGAIN);
    assert_int_equal(rows, 1);
    assert_int_equal(count(&d->sql), 5);
}

static enum err nested_row(void *context, const struct sql_value *row,
                           size_t columns)
{
    (void)row;
    (void)columns;
    struct driver *d = context;
    assert_int_equal(count(&d->sql), 2);
    return ERR_OK;
}

static void a_row_may_ask_another_question(void **state)
{
    struct driver *d = *state;
    begin(&d->sql, true);
    add(&d->sql, 1, "dana");
    add(&d->sql, 2, "dana");
    commit(&d->sql);
    assert_int_equal(sql_each_row(&d->sql, read_act, SQL_VALUES(sql_text("a")),
                                  nested_row, d),
                     ERR_OK);
}

/* --- what never changes --------------------------------------------------- */

static void refused(struct driver *d, const char *statement)
{
    begin(&d->sql, true);
    assert_int_equal(sql_run(&d->sql, statement, NULL, 0), ERR_DENIED);
    sql_rollback(&d->sql);
}

static const char lines_change[] = "UPDATE line SET received_at = 0";
static const char lines_go[] = "DELETE FROM line";
static const char signs_change[] = "UPDATE sign SET n = n + 1";
static const char signs_go[] = "DELETE FROM sign";
static const char feeds_change[] = "UPDATE feed SET sum = 0";
static const char feeds_go[] = "DELETE FROM feed";
static const char places_change[] = "UPDATE placed SET arrival = 0";
static const char places_go[] = "DELETE FROM placed";
static const char acts_change[] = "UPDATE act SET at = 0";
static const char acts_go[] = "DELETE FROM act";

static void add_line(struct driver *d, int64_t n)
{
    static const uint8_t zero[64];
    struct line_row row = {.replica = "wAAAAAAAAAAAA",
                           .n = n,
                           .arrival = n,
                           .hash = zero,
                           .line = bytes_text("line")};
    struct feed_row entry = {.seq = n, .kind = FEED_LINE, .kase = ""};
    assert_int_equal(store_line_add(&d->sql, "a", &row), ERR_OK);
    assert_int_equal(store_sign_add(&d->sql, "a", row.replica, n, zero),
                     ERR_OK);
    assert_int_equal(store_placed_add(&d->sql, "a", "", n, n), ERR_OK);
    assert_int_equal(store_feed_add(&d->sql, "a", "agency", &entry), ERR_OK);
}

static void storage_itself_refuses_to_change_a_log(void **state)
{
    struct driver *d = *state;
    begin(&d->sql, true);
    add(&d->sql, 1, "dana");
    add_line(d, 1);
    commit(&d->sql);
    refused(d, lines_change);
    refused(d, lines_go);
    refused(d, signs_change);
    refused(d, signs_go);
    refused(d, feeds_change);
    refused(d, feeds_go);
    refused(d, places_change);
    refused(d, places_go);
    refused(d, acts_change);
    refused(d, acts_go);
}

static void a_dot_has_one_line(void **state)
{
    struct driver *d = *state;
    static const uint8_t zero[32];
    struct line_row row = {.replica = "wAAAAAAAAAAAA",
                           .n = 1,
                           .arrival = 7,
                           .hash = zero,
                           .line = bytes_text("another")};
    begin(&d->sql, true);
    add_line(d, 1);
    commit(&d->sql);
    begin(&d->sql, true);
    assert_int_equal(store_line_add(&d->sql, "a", &row), ERR_EXISTS);
    sql_rollback(&d->sql);
}

static void arrivals_are_numbered_upwards(void **state)
{
    struct driver *d = *state;
    int64_t first, second;
    begin(&d->sql, true);
    assert_int_equal(
        sql_find_int(&d->sql, d->sql.arrival_next, NULL, 0, &first), ERR_OK);
    add_line(d, first);
    commit(&d->sql);
    begin(&d->sql, true);
    assert_int_equal(
        sql_find_int(&d->sql, d->sql.arrival_next, NULL, 0, &second), ERR_OK);
    assert_true(second > first);
    sql_rollback(&d->sql);
}

/* --- nouns ---------------------------------------------------------------- */

static void a_replica_is_found_as_it_was_added(void **state)
{
    struct driver *d = *state;
    struct replica_row row = {.kind = 'w', .enrolled_at = 5}, found;
    static const uint8_t sig[SIGNATURE_BYTES];
    uint8_t link[LINK_BYTES] = {1};
    memcpy(row.replica, "wAAAAAAAAAAAA", sizeof row.replica);
    memcpy(row.account, "dana", 5);
    memcpy(row.role, "worker", 7);
    row.key[0] = 9;
    begin(&d->sql, true);
    assert_int_equal(
        store_replica_add(&d->sql, "a", &row, bytes_text("{}"), sig), ERR_OK);
    assert_int_equal(store_replica_head(&d->sql, "a", row.replica, 3, link, 4),
                     ERR_OK);
    assert_int_equal(
        store_replica_tokens(&d->sql, "a", row.replica, "new", "old", true, 6),
        ERR_OK);
    assert_int_equal(store_replica_close(&d->sql, "a", row.replica, "fork", 7),
                     ERR_OK);
    assert_int_equal(store_replica_close(&d->sql, "a", row.replica, "stale", 8),
                     ERR_OK);
    commit(&d->sql);
    assert_int_equal(store_replica_find(&d->other, "a", row.replica, &found),
                     ERR_OK);
    assert_memory_equal(found.key, row.key, KEY_BYTES);
    assert_string_equal(found.account, "dana");
    assert_int_equal(found.head, 3);
    assert_int_equal(found.top, 4);
    assert_memory_equal(found.link, link, LINK_BYTES);
    assert_string_equal(found.token_latest, "new");
    assert_string_equal(found.token_confirmed, "old");
    assert_string_equal(found.closed, "fork"); /* the first reason stays */
    assert_false(found.account_here);
    assert_int_equal(store_replica_find(&d->other, "b", row.replica, &found),
                     ERR_NOT_FOUND);
}

static void sums_keep_all_their_bits(void **state)
{
    struct driver *d = *state;
    struct feed_head head = {.seq = 3, .sum = UINT64_MAX - 5}, found;
    struct case_total total = {.count = 2, .sum = UINT64_C(1) << 63}, back;
    begin(&d->sql, true);
    assert_int_equal(store_scope_put(&d->sql, "a", "agency", &head), ERR_OK);
    assert_int_equal(store_case_put(&d->sql, "a", "", &total), ERR_OK);
    commit(&d->sql);
    assert_int_equal(store_scope_find(&d->other, "a", "agency", &found),
                     ERR_OK);
    assert_true(found.sum == head.sum && found.seq == head.seq);
    assert_int_equal(store_case_find(&d->other, "a", "", &back), ERR_OK);
    assert_true(back.sum == total.sum && back.count == total.count);
    assert_int_equal(store_scope_find(&d->other, "a", "site:x", &found),
                     ERR_OK);
    assert_int_equal(found.seq, 0);
}

static void name_blob(struct driver *d, uint8_t first, int64_t arrival,
                      const char *record)
{
    static const char value[] =
        "{\"blob\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\","
        "\"bytes\":5000000000,\"name\":\"a\",\"salt\":"
        "\"AAAAAAAAAAAAAAAAAAAAAA\",\"type\":\"a/b\"}";
    struct blob_ref ref = {.blob = {first}, .bytes = 5000000000};
    begin(&d->sql, true);
    assert_int_equal(store_blob_add(&d->sql, "north", &ref, bytes_text(value),
                                    arrival, bytes_text(record),
                                    "wAbCdEfGhIjKl"),
                     ERR_OK);
    commit(&d->sql);
}

static const char blob_record[] =
    "SELECT count(*) FROM blob WHERE agency = $1 AND record = $2";

static void
F16_an_attachment_belongs_to_the_first_line_that_names_it(void **state)
{
    struct driver *d = *state;
    int64_t count, bytes;
    uint8_t blob[HASH_BYTES] = {1};
    name_blob(d, 1, 10, "first");
    name_blob(d, 1, 11, "second");
    name_blob(d, 2, 12, "second");
    assert_int_equal(
        sql_find_int(&d->other, blob_record,
                     SQL_VALUES(sql_text("north"), sql_text("first")), &count),
        ERR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(store_blob_total(&d->other, "north", &bytes), ERR_OK);
    assert_int_equal(bytes, 0);
    begin(&d->sql, true);
    assert_int_equal(store_blob_received(&d->sql, "north", blob, 7), ERR_OK);
    commit(&d->sql);
    assert_int_equal(store_blob_total(&d->other, "north", &bytes), ERR_OK);
    assert_int_equal(bytes, 5000000000);
    assert_int_equal(store_blob_total(&d->other, "south", &bytes), ERR_OK);
    assert_int_equal(bytes, 0);
}

static void a_backup_is_a_store_of_its_own(void **state)
{
    struct driver *d = *state;
    struct sql copy;
    char path[128], detail[STORE_DETAIL_CHARS];
    begin(&d->sql, true);
    add(&d->sql, 1, "dana");
    commit(&d->sql);
    snprintf(path, sizeof path, "%s/copy.db", d->folder);
    assert_int_equal(d->sql.backup(d->sql.context, path), ERR_OK);
    begin(&d->sql, true);
    add(&d->sql, 2, "dana");
    commit(&d->sql);
    assert_int_equal(store_open(&copy, path, NULL, false, detail), ERR_OK);
    assert_int_equal(count(&copy), 1);
    sql_close(&copy);
}

static void what_is_not_a_store_is_not_opened(void **state)
{
    struct driver *d = *state;
    struct sql sql;
    char path[128], detail[STORE_DETAIL_CHARS];
    snprintf(path, sizeof path, "%s/none.db", d->folder);
    assert_int_equal(store_open(&sql, path, NULL, false, detail),
                     ERR_NOT_FOUND);
    assert_true(detail[0] != '\0');
    FILE *file = fopen(path, "w");
    fputs("this is a letter to the editor, and no database at all", file);
    fclose(file);
    assert_int_equal(store_open(&sql, path, NULL, false, detail), ERR_FOREIGN);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, driver_open, driver_close)
    const struct CMUnitTest tests[] = {
        TEST(what_is_committed_is_seen_by_the_other),
        TEST(what_is_rolled_back_was_never_there),
        TEST(a_reader_sees_one_moment),
        TEST(values_come_back_as_they_were),
        TEST(an_error_of_the_caller_stops_the_rows),
        TEST(a_row_may_ask_another_question),
        TEST(storage_itself_refuses_to_change_a_log),
        TEST(a_dot_has_one_line),
        TEST(arrivals_are_numbered_upwards),
        TEST(a_replica_is_found_as_it_was_added),
        TEST(sums_keep_all_their_bits),
        TEST(F16_an_attachment_belongs_to_the_first_line_that_names_it),
        TEST(a_backup_is_a_store_of_its_own),
        TEST(what_is_not_a_store_is_not_opened),
    };
    int failed = 0;
    for (driver_now = 0; driver_now < sizeof drivers / sizeof *drivers;
         driver_now++)
        failed += cmocka_run_group_tests_name(drivers[driver_now].name, tests,
                                              NULL, NULL);
    return failed;
}
