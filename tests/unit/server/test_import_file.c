#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/dir.h"
#include "tests/fault.h"
#include "tests/unit/server/publication.h"

struct example {
    const char *path;
    size_t records, skipped, warnings;
};

static const struct example examples[] = {
    {"examples/directory", 171, 0, 0},
    {"examples/directory/datapackage.json", 171, 0, 0},
    {"examples/hsds_3.0/csv", 3, 0, 4},
    {"examples/hsds_3.0/json/tabular.json", 3, 0, 4},
    {"examples/hsds_3.0/json/organization_full.json", 3, 0, 0},
    {"examples/hsds_3.0/json/service_full.json", 3, 0, 0},
    {"examples/hsds_3.0/json/service_at_location_full.json", 3, 0, 0},
    {"examples/hsds_3.0/json/location.json", 1, 0, 0},
    {"examples/hsds_3.0/json/organization_list.json", 1, 0, 0},
    {"examples/hsds_3.0/json/service_list.json", 2, 0, 0},
    {"examples/hsds_3.0/json/service_at_location_list.json", 3, 0, 0},
    {"examples/hsds_3.0/json/taxonomy_term_list.json", 0, 0, 0},
    {"examples/hsds_3.0/json/base.json", 0, 0, 0},
};

static void published_examples_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        const struct example *e = &examples[i];
        struct pub pub;
        char detail[IMPORT_DETAIL_CHARS];
        assert_int_equal(import_read(&pub.p, e->path, detail), ERR_OK);
        pub_finish(&pub);
        const size_t *totals = pub.p.notes.totals;
        if (pub.records.count != e->records ||
            totals[IMPORT_SKIPPED] != e->skipped ||
            totals[IMPORT_WARNING] != e->warnings)
            fail_msg("%s: %zu records, %zu skipped, %zu warnings", e->path,
                     pub.records.count, totals[IMPORT_SKIPPED],
                     totals[IMPORT_WARNING]);
        import_publication_fini(&pub.p);
    }
}

static void a_tax_site_is_complete(void **state)
{
    (void)state;
    struct pub pub;
    char detail[IMPORT_DETAIL_CHARS];
    const char *site = "524850b9-9c9f-5ec8-a901-2c9e25661323";
    assert_int_equal(import_read(&pub.p, "examples/directory", detail), ERR_OK);
    pub_finish(&pub);
    pub_field_is(&pub, site, "name", "\"United Way of Aroostook VITA\"");
    pub_field_is(&pub, site, "phones", "{866-811-5695}");
    pub_field_is(&pub, site, "coverage", "{23003}");
    pub_field_is(&pub, site, "vita_site", "true");
    pub_field_is(&pub, site, "city", "\"Presque Isle\"");
    pub_field_is(&pub, site, "identifiers", "{IRS-locator-id:17994}");
    import_publication_fini(&pub.p);
}

static void put_file(const char *folder, const char *name, const char *text,
                     size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void what_is_no_publication_is_said_in_one_line(void **state)
{
    static const struct {
        const char *name, *text;
        size_t size;
        enum err err;
        const char *says;
    } files[] = {
        {"a.zip", "PK\3\4", 4, ERR_FOREIGN, "zip archive"},
        {"b.json", "\xff\xfe{", 3, ERR_FOREIGN, "UTF-16"},
        {"c.csv", "id\n", 3, ERR_FOREIGN, "give the folder"},
        {"d.txt", "id\n", 3, ERR_FOREIGN, "no .json file"},
    };
    const char *folder = *state;
    char path[512], detail[IMPORT_DETAIL_CHARS];
    struct import_publication p;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i].name);
        put_file(folder, files[i].name, files[i].text, files[i].size);
        assert_int_equal(import_read(&p, path, detail), files[i].err);
        if (!strstr(detail, files[i].says) || strchr(detail, '\n'))
            fail_msg("%s", detail);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(import_read(&p, folder, detail), ERR_FOREIGN);
    assert_non_null(strstr(detail, "holds neither"));
    snprintf(path, sizeof path, "%s/none", folder);
    assert_int_equal(import_read(&p, path, detail), ERR_NOT_FOUND);
    assert_non_null(strstr(detail, "no such file"));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(import_read(&p, path, detail), ERR_FOREIGN);
    assert_int_equal(unlink(path), 0);
}

static void one_bad_file_does_not_stop_the_others(void **state)
{
    const char *folder = *state;
    char detail[IMPORT_DETAIL_CHARS];
    static const char package[] =
        "{\"resources\":[\n"
        "{\"name\":\"organization\",\"path\":\"orgs.csv\",\"schema\":"
        "{\"fields\":[{\"name\":\"description\",\"type\":\"string\","
        "\"constraints\":{\"required\":false}},{\"name\":\"tax_id\","
        "\"type\":\"integer\"}]}},\n"
        "{\"name\":\"phone\",\"path\":\"../phones.csv\"},\n"
        "{\"name\":\"service\",\"path\":\"services.csv\"},\n"
        "{\"name\":\"colour\",\"path\":\"colours.csv\"}]}";
    static const char orgs[] =
        "id,name,description,tax_id\n" ORG ",Lift,,7\n" ORG_2 ",Two,,x\n";
    put_file(folder, "datapackage.json", package, sizeof package - 1);
    put_file(folder, "orgs.csv", orgs, sizeof orgs - 1);
    put_file(folder, "locations.csv", "PK\3\4", 4);
    put_file(folder, "colours.csv", "id\n", 3);
    struct pub pub;
    assert_int_equal(import_read(&pub.p, folder, detail), ERR_OK);
    pub_finish(&pub);
    pub_notes_are(
        &pub, "s datapackage.json:3:1: the path \"../phones.csv\" is no file "
              "of this folder; the table is left out\n"
              "r datapackage.json:5:1: \"colour\" is no table of HSDS 3.0; "
              "not imported\n"
              "w services.csv: is listed in datapackage.json, but is not "
              "there\n"
              "r colours.csv: is no table of HSDS 3.0; not imported\n"
              "s orgs.csv:3:43: tax_id: \"x\" is no number; the row is "
              "skipped\n"
              "s locations.csv: is a zip archive or a spreadsheet; unpack it, "
              "or save its tables as CSV; the file is left out\n");
    assert_int_equal(pub.records.count, 1);
    import_publication_fini(&pub.p);
}

static void a_broken_data_package_is_said_and_done_without(void **state)
{
    const char *folder = *state;
    char detail[IMPORT_DETAIL_CHARS];
    static const char orgs[] = "id,name,description\n" ORG ",Lift,x\n";
    put_file(folder, "datapackage.json", "{\"a\":}", 6);
    put_file(folder, "organizations.csv", orgs, sizeof orgs - 1);
    struct pub pub;
    assert_int_equal(import_read(&pub.p, folder, detail), ERR_OK);
    pub_notes_are(
        &pub, "s datapackage.json:1:6: this is no JSON value; the file is "
              "left out and the tables are taken to be those of HSDS 3.0\n");
    assert_int_equal(pub_rows(&pub, ORGANIZATION), 1);
    import_publication_fini(&pub.p);
}

static enum err read_all(const char *path)
{
    struct pub pub;
    char detail[IMPORT_DETAIL_CHARS];
    enum err err = import_read(&pub.p, path, detail);
    if (err)
        return err;
    err = import_rows_check_keys(&pub.p.rows, pub_nothing_known, NULL);
    if (!err)
        err = import_map(&pub.p, "test", &pub.records);
    import_publication_fini(&pub.p);
    return err;
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "examples/hsds_3.0/csv", "examples/hsds_3.0/json/service_full.json"};
    for (size_t i = 0; i < 2; i++) {
        for (int nth = 1;; nth++) {
            fault_at(nth, false);
            enum err err = read_all(paths[i]);
            bool hit = fault_hit();
            fault_at(0, false);
            if (!hit) {
                assert_int_equal(err, ERR_OK);
                assert_true(nth > 50);
                break;
            }
            assert_int_equal(err, ERR_NOMEM);
        }
    }
}

static int folder_setup(void **state)
{
    static char path[DIR_CHARS];
    dir_make(path);
    *state = path;
    return 0;
}

static int folder_teardown(void **state)
{
    dir_remove(*state);
    return 0;
}

#define IN_FOLDER(test)                                                        \
    cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples_are_read),
        cmocka_unit_test(a_tax_site_is_complete),
        IN_FOLDER(what_is_no_publication_is_said_in_one_line),
        IN_FOLDER(one_bad_file_does_not_stop_the_others),
        IN_FOLDER(a_broken_data_package_is_said_and_done_without),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
