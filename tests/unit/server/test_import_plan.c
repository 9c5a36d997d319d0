#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/import_plan.h"
#include "server/ingest.h"
#include "server/record.h"
#include "tests/fault.h"
#include "tests/unit/server/device.h"

#define ORG "11111111-1111-4111-8111-111111111111"
#define LOC "33333333-3333-4333-8333-333333333333"
#define LOC_2 "33333333-3333-4333-8333-333333333334"

#define LOCS "id,location_type,name\n"
#define PHONES "id,location_id,number\n"

/* What is published: CSV tables; NULL: the table is not there. */
struct published {
    const char *organizations, *locations, *phones;
};

static const struct published first = {
    .organizations =
        "id,name,description,email\n" ORG ",Lift,x,a@example.org\n",
    .locations = LOCS LOC ",physical,Hall\n" LOC_2 ",virtual,Web\n",
    .phones = PHONES "a," LOC ",601-555-0100\nb," LOC ",601-555-0101\n",
};

static void add(struct import_publication *p, enum import_table_id id,
                const char *text)
{
    struct import_file *file = arena_take(&p->arena, sizeof *file);
    if (!text)
        return;
    assert_non_null(file);
    file->name = p->package.tables[id].path;
    file->text = bytes_text(text);
    assert_int_equal(import_read_csv(p, id, file), ERR_OK);
}

/* One import, as one run of the command: a term of its own. */
static struct import_counts import(struct place *place,
                                   const struct published *from,
                                   size_t *missing, size_t *skipped)
{
    struct import_publication p;
    struct import_plan plan = {.author = "import"};
    struct import_counts sum = {0};
    place_reopen(place);
    plan.office = place->office;
    plan.sql = &place->sql;
    assert_int_equal(import_publication_init(&p), ERR_OK);
    add(&p, ORGANIZATION, from->organizations);
    add(&p, LOCATION, from->locations);
    add(&p, PHONE, from->phones);
    p.whole = true;
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(import_plan_run(&plan, &p, "test"), ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
    for (size_t i = 0; i < IMPORT_TYPES; i++) {
        sum.created += plan.counts[i].created;
        sum.changed += plan.counts[i].changed;
        sum.unchanged += plan.counts[i].unchanged;
        sum.fields += plan.counts[i].fields;
    }
    if (missing)
        *missing = plan.missing;
    if (skipped)
        *skipped = p.rows.skipped;
    import_publication_fini(&p);
    place_reopen(place);
    return sum;
}

static void counts_are(struct import_counts got, size_t created, size_t changed,
                       size_t fields, size_t unchanged)
{
    assert_int_equal(got.created, created);
    assert_int_equal(got.changed, changed);
    assert_int_equal(got.fields, fields);
    assert_int_equal(got.unchanged, unchanged);
}

/* Somebody at the office corrects a record that is on the screen. */
static void correct(struct place *place, const char *id, const char *set,
                    const char *add_members, const char *drop)
{
    struct record record;
    struct seen seen;
    struct dot dot;
    place->now += 60000;
    seen_init(&seen);
    assert_int_equal(record_load(&record, place->office, &place->sql, id),
                     ERR_OK);
    assert_int_equal(fold_context(record.memo, &seen), ERR_OK);
    struct revision_draft draft = {.record = id,
                                   .seen = &seen,
                                   .set = bytes_text(set),
                                   .add = bytes_text(add_members),
                                   .drop = bytes_text(drop)};
    assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
    assert_int_equal(
        ingest_office(place->office, &place->sql, "ruth", &draft, &dot),
        ERR_OK);
    assert_int_equal(sql_commit(&place->sql), ERR_OK);
    record_fini(&record);
    seen_fini(&seen);
    place->now += 60000;
}

/* The field's value as JSON, and how many live values, if it is open. */
static void field_is(struct place *place, const char *id, const char *name,
                     const char *wanted, size_t live)
{
    struct record record;
    assert_int_equal(record_load(&record, place->office, &place->sql, id),
                     ERR_OK);
    const struct canon *field = record_field(&record, name);
    assert_non_null(field);
    const struct canon *value = canon_member(field, "value");
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)value->raw.size,
             (const char *)value->raw.at);
    assert_string_equal(text, wanted);
    /* 0: not counted, as with a set, or with equal values */
    assert_int_equal(canon_true(field, "open"), live > 1);
    if (live)
        assert_int_equal(canon_member(field, "live")->count, live);
    record_fini(&record);
}

static void a_second_import_writes_nothing(void **state)
{
    struct place *place = *state;
    size_t missing, skipped;
    counts_are(import(place, &first, &missing, &skipped), 3, 0, 0, 0);
    assert_int_equal(missing + skipped, 0);
    field_is(place, LOC, "phones", "[\"601-555-0100\",\"601-555-0101\"]", 0);
    field_is(place, LOC, "source", "\"test\"", 1);
    int64_t lines = place_int(place, "SELECT count(*) FROM line");
    counts_are(import(place, &first, &missing, &skipped), 0, 0, 0, 3);
    assert_int_equal(place_int(place, "SELECT count(*) FROM line"), lines);
}

static void one_changed_number_changes_one_field(void **state)
{
    struct place *place = *state;
    struct published second = first;
    second.phones = PHONES "a," LOC ",601-555-0100\nb," LOC ",601-555-0177\n";
    (void)import(place, &first, NULL, NULL);
    counts_are(import(place, &second, NULL, NULL), 0, 1, 1, 2);
    field_is(place, LOC, "phones", "[\"601-555-0100\",\"601-555-0177\"]", 0);
    assert_int_equal(
        place_int(place, "SELECT count(*) FROM line WHERE record = '" LOC "'"),
        2);
}

static void a_correction_outlives_the_next_imports(void **state)
{
    struct place *place = *state;
    struct published second = first;
    second.organizations =
        "id,name,description,email\n" ORG ",Lift Inc,x,a@example.org\n";
    (void)import(place, &first, NULL, NULL);
    correct(place, ORG, "{\"email\":\"dana@example.org\"}", "", "");
    correct(place, LOC, "", "{\"phones\":[\"601-555-0123\"]}",
            "{\"phones\":{\"601-555-0101\":\"dead number\"}}");
    counts_are(import(place, &first, NULL, NULL), 0, 0, 0, 3);
    counts_are(import(place, &second, NULL, NULL), 0, 1, 1, 2);
    field_is(place, ORG, "email", "\"dana@example.org\"", 1);
    field_is(place, ORG, "name", "\"Lift Inc\"", 1);
    field_is(place, LOC, "phones", "[\"601-555-0100\",\"601-555-0123\"]", 0);
}

static void the_publisher_and_a_correction_conflict_in_the_open(void **state)
{
    struct place *place = *state;
    struct published second = first, third = first;
    second.organizations =
        "id,name,description,email\n" ORG ",Lift,x,b@example.org\n";
    third.organizations =
        "id,name,description,email\n" ORG ",Lift,x,c@example.org\n";
    (void)import(place, &first, NULL, NULL);
    correct(place, ORG, "{\"email\":\"dana@example.org\"}", "", "");
    counts_are(import(place, &second, NULL, NULL), 0, 1, 1, 2);
    field_is(place, ORG, "email", "\"b@example.org\"", 2);
    /* What the import itself wrote before is replaced, the correction not. */
    counts_are(import(place, &third, NULL, NULL), 0, 1, 1, 2);
    field_is(place, ORG, "email", "\"c@example.org\"", 2);
    correct(place, ORG, "{\"email\":\"dana@example.org\"}", "", "");
    field_is(place, ORG, "email", "\"dana@example.org\"", 1);
    counts_are(import(place, &third, NULL, NULL), 0, 0, 0, 3);
    field_is(place, ORG, "email", "\"dana@example.org\"", 1);
}

static void a_number_that_two_gave_stays_when_one_takes_it_back(void **state)
{
    struct place *place = *state;
    struct published second = first;
    second.phones = PHONES "a," LOC ",601-555-0100\n";
    (void)import(place, &first, NULL, NULL);
    correct(place, LOC, "", "{\"phones\":[\"601-555-0101\"]}", "");
    counts_are(import(place, &second, NULL, NULL), 0, 1, 1, 2);
    field_is(place, LOC, "phones", "[\"601-555-0100\",\"601-555-0101\"]", 0);
}

static void an_emptied_value_is_cleared_and_an_absent_one_is_not(void **state)
{
    struct place *place = *state;
    struct published emptied = first, absent = first;
    absent.organizations = "id,name,description\n" ORG ",Lift,x\n";
    absent.phones = NULL;
    emptied.organizations = "id,name,description,email\n" ORG ",Lift,x,\n";
    emptied.phones = PHONES;
    (void)import(place, &first, NULL, NULL);
    counts_are(import(place, &absent, NULL, NULL), 0, 0, 0, 3);
    counts_are(import(place, &emptied, NULL, NULL), 0, 2, 2, 1);
    field_is(place, ORG, "email", "null", 1);
    counts_are(import(place, &emptied, NULL, NULL), 0, 0, 0, 3);
}

static void what_is_no_longer_published_is_reported_and_kept(void **state)
{
    struct place *place = *state;
    struct published second = first, other = {0};
    size_t missing;
    second.locations = LOCS LOC ",physical,Hall\n";
    other.locations = LOCS "99999999-9999-4999-8999-999999999999,virtual,W\n";
    (void)import(place, &first, NULL, NULL);
    counts_are(import(place, &second, &missing, NULL), 0, 0, 0, 2);
    assert_int_equal(missing, 1);
    field_is(place, LOC_2, "name", "\"Web\"", 1);
    /* Another publisher's records are not expected here, nor ours there. */
    counts_are(import(place, &other, &missing, NULL), 1, 0, 0, 0);
    assert_int_equal(missing, 0);
    counts_are(import(place, &first, &missing, NULL), 0, 0, 0, 3);
    assert_int_equal(missing, 0);
}

static void an_id_of_another_type_is_refused(void **state)
{
    struct place *place = *state;
    struct published second = {0};
    size_t skipped;
    second.locations = LOCS ORG ",physical,Hall\n";
    (void)import(place, &first, NULL, NULL);
    counts_are(import(place, &second, NULL, &skipped), 0, 0, 0, 0);
    assert_int_equal(skipped, 1);
    field_is(place, ORG, "name", "\"Lift\"", 1);
}

/* After a loss of what was published the import starts anew: equal values are
 * no conflict, and a correction stands beside what is published. */
static void without_memory_nothing_is_erased_either(void **state)
{
    struct place *place = *state;
    (void)import(place, &first, NULL, NULL);
    correct(place, ORG, "{\"email\":\"dana@example.org\"}", "", "");
    place_exec(place, "DELETE FROM published");
    place_exec(place, "DELETE FROM published_record");
    counts_are(import(place, &first, NULL, NULL), 0, 3, 11, 0);
    field_is(place, ORG, "email", "\"a@example.org\"", 2);
    field_is(place, ORG, "name", "\"Lift\"", 0);
}

static void a_dry_run_writes_nothing(void **state)
{
    struct place *place = *state;
    struct import_publication p;
    struct import_plan plan = {
        .office = place->office, .sql = &place->sql, .dry = true};
    int64_t lines = place_int(place, "SELECT count(*) FROM line");
    assert_int_equal(import_publication_init(&p), ERR_OK);
    add(&p, ORGANIZATION, first.organizations);
    assert_int_equal(import_plan_run(&plan, &p, "test"), ERR_OK);
    assert_int_equal(plan.counts[0].created, 1);
    assert_int_equal(place_int(place, "SELECT count(*) FROM line"), lines);
    import_publication_fini(&p);
}

static void an_import_that_runs_out_of_memory_changes_nothing(void **state)
{
    struct place *place = *state;
    int64_t lines = place_int(place, "SELECT count(*) FROM line");
    for (int nth = 1;; nth++) {
        struct import_publication p;
        struct import_plan plan = {
            .office = place->office, .sql = &place->sql, .author = "import"};
        assert_int_equal(import_publication_init(&p), ERR_OK);
        add(&p, ORGANIZATION, first.organizations);
        add(&p, LOCATION, first.locations);
        add(&p, PHONE, first.phones);
        assert_int_equal(sql_begin(&place->sql, true), ERR_OK);
        fault_at(nth, false);
        enum err err = import_plan_run(&plan, &p, "test");
        bool hit = fault_hit();
        fault_at(0, false);
        sql_rollback(&place->sql);
        import_publication_fini(&p);
        assert_int_equal(place_int(place, "SELECT count(*) FROM line"), lines);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 50);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}

#define AT_OFFICE(test)                                                        \
    cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_OFFICE(a_second_import_writes_nothing),
        AT_OFFICE(one_changed_number_changes_one_field),
        AT_OFFICE(a_correction_outlives_the_next_imports),
        AT_OFFICE(the_publisher_and_a_correction_conflict_in_the_open),
        AT_OFFICE(a_number_that_two_gave_stays_when_one_takes_it_back),
        AT_OFFICE(an_emptied_value_is_cleared_and_an_absent_one_is_not),
        AT_OFFICE(what_is_no_longer_published_is_reported_and_kept),
        AT_OFFICE(an_id_of_another_type_is_refused),
        AT_OFFICE(without_memory_nothing_is_erased_either),
        AT_OFFICE(a_dry_run_writes_nothing),
        AT_OFFICE(an_import_that_runs_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
