/* A case as it stood: what had arrived by then, and nothing later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/case_page.h"
#include "server/store_record.h"
#include "shared/model/fold.h"
#include "tests/fault.h"
#include "tests/unit/server/disposing.h"

#define DAY_MS INT64_C(86400000)
#define OTHER "{\"last_name\":\"Bell\"}"

static enum err load(struct place *place, const char *kase, int64_t until,
                     struct case_file *out)
{
    CHECK(sql_begin(&place->sql, false));
    enum err err = case_file_load(out, place->office, &place->sql, kase, until);
    sql_rollback(&place->sql);
    return err;
}

static const struct canon *value_of(const struct case_file *file,
                                    const char *record, const char *field)
{
    const struct case_record *found =
        case_file_record(file, bytes_text(record));
    assert_non_null(found);
    const struct canon *fields = canon_member(found->root, "fields");
    const struct canon *said = fields ? canon_member(fields, field) : NULL;
    return said ? canon_member(said, "value") : NULL;
}

static void value_is(const struct case_file *file, const char *record,
                     const char *field, const char *wanted)
{
    const struct canon *value = value_of(file, record, field);
    assert_non_null(value);
    assert_true(bytes_is(value->raw, wanted));
}

/* dana's person on the first day, a note on the second, another name on the
 * third. */
static void three_days(struct place *place, struct device *dana, int64_t day[3])
{
    device_enrol(dana, place, "dana");
    day[0] = place->now;
    device_create(dana, "person", PERSON, PERSON, NAMED);
    device_sync_ok(dana, place);
    day[1] = place->now += DAY_MS;
    device_create(dana, "contact", NOTE, PERSON, TOLD);
    device_sync_ok(dana, place);
    char seen[64];
    snprintf(seen, sizeof seen, "{\"%s\":1}", dana->replica);
    day[2] = place->now += DAY_MS;
    device_revise(dana, PERSON, seen, OTHER);
    device_sync_ok(dana, place);
}

static void what_arrived_later_is_left_out(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct case_file file;
    int64_t day[3];
    three_days(place, &dana, day);
    CHECK(load(place, PERSON, day[0] - 1, &file));
    assert_int_equal(file.record_count, 0);
    case_file_fini(&file);
    CHECK(load(place, PERSON, day[1] - 1, &file));
    assert_null(case_file_record(&file, bytes_text(NOTE)));
    value_is(&file, PERSON, "last_name", "\"Ames\"");
    case_file_fini(&file);
    CHECK(load(place, PERSON, day[2] - 1, &file));
    value_is(&file, NOTE, "narrative", "\"Roof leaks again.\"");
    value_is(&file, PERSON, "last_name", "\"Ames\"");
    case_file_fini(&file);
    CHECK(load(place, PERSON, INT64_MAX, &file));
    value_is(&file, PERSON, "last_name", "\"Bell\"");
    case_file_fini(&file);
    device_fini(&dana);
}

static void all_of_it_is_what_the_office_shows(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct case_file file;
    struct record_row row;
    struct buffer bytes;
    int64_t day[3];
    three_days(place, &dana, day);
    CHECK(load(place, PERSON, INT64_MAX, &file));
    assert_true(file.record_count >= 2);
    buffer_init(&bytes, STATE_BYTES_MAX * 2);
    for (size_t i = 0; i < file.record_count; i++) {
        buffer_clear(&bytes);
        CHECK(store_record_find(&place->sql, place->office->agency,
                                bytes_text(file.records[i].id), &row, &bytes));
        assert_true(bytes_equal(row.state, file.records[i].state));
    }
    buffer_fini(&bytes);
    case_file_fini(&file);
    device_fini(&dana);
}

static void a_line_that_was_disposed_of_keeps_its_place(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct case_file file;
    disposing_two_cases(place, &dana);
    disposing_dispose(place, PERSON);
    CHECK(load(place, PERSON, INT64_MAX, &file));
    assert_true(file.line_count >= 2);
    size_t gone = 0;
    for (size_t i = 0; i < file.line_count; i++)
        gone += file.lines[i].line.size == 0;
    assert_true(gone >= 2);
    case_file_fini(&file);
    device_fini(&dana);
}

static enum err no_name(void *context, struct bytes id, struct buffer *out)
{
    (void)context;
    (void)id;
    (void)out;
    return ERR_OK;
}

static enum err write_page(struct place *place, const struct case_file *file,
                           struct buffer *out)
{
    const struct case_page page = {.file = file,
                                   .schema = place->office->schema,
                                   .agency = "north",
                                   .lineage = "l",
                                   .kase = PERSON,
                                   .by = "<ruth>",
                                   .at = place->now,
                                   .until = INT64_MAX,
                                   .name_of = no_name};
    return case_page_write(out, &page);
}

static void text_of_the_case_is_never_markup(void **state)
{
    struct place *place = *state;
    struct device dana;
    struct case_file file;
    struct buffer out;
    device_enrol(&dana, place, "dana");
    device_create(&dana, "person", PERSON, PERSON,
                  "{\"first_name\":\"<i>&\\\"\",\"legal_name\":\"<script>\"}");
    device_sync_ok(&dana, place);
    CHECK(load(place, PERSON, INT64_MAX, &file));
    buffer_init(&out, 16u << 20);
    CHECK(write_page(place, &file, &out));
    const char *text = buffer_text(&out);
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "<i>"));
    assert_null(strstr(text, "<b>"));
    assert_null(strstr(text, "<ruth>"));
    assert_non_null(strstr(text, "<h1>&lt;script&gt;</h1>"));
    assert_non_null(strstr(text, "&lt;i&gt;&amp;&quot;"));
    buffer_fini(&out);
    case_file_fini(&file);
    device_fini(&dana);
}

static void it_survives_every_allocation_failure(void **state)
{
    struct place *place = *state;
    struct device dana;
    int64_t day[3];
    three_days(place, &dana, day);
    enum err err = ERR_NOMEM;
    for (int nth = 1; err; nth++) {
        struct case_file file;
        struct buffer out;
        assert_true(nth < 20000);
        buffer_init(&out, 16u << 20);
        CHECK(sql_begin(&place->sql, false));
        fault_at(nth, false);
        err = case_file_load(&file, place->office, &place->sql, PERSON,
                             INT64_MAX);
        if (!err) {
            err = write_page(place, &file, &out);
            case_file_fini(&file);
        }
        assert_true(!err || fault_hit());
        fault_at(0, false);
        sql_rollback(&place->sql);
        buffer_fini(&out);
    }
    device_fini(&dana);
}

int main(void)
{
#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, disposing_setup, place_teardown)
    static const struct CMUnitTest tests[] = {
        TEST(what_arrived_later_is_left_out),
        TEST(all_of_it_is_what_the_office_shows),
        TEST(a_line_that_was_disposed_of_keeps_its_place),
        TEST(text_of_the_case_is_never_markup),
        TEST(it_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
