#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "server/import_map.h"
#include "tests/dir.h"
#include "tests/fault.h"

#define ORG "11111111-1111-4111-8111-111111111111"
#define ORG_2 "22222222-2222-4222-8222-222222222222"
#define LOC "33333333-3333-4333-8333-333333333333"
#define SVC "44444444-4444-4444-8444-444444444444"
#define SAL "55555555-5555-4555-8555-555555555555"

static enum err nothing_known(void *context, const char *type, const char *id,
                              bool *known)
{
    (void)context;
    (void)type;
    (void)id;
    *known = false;
    return ERR_OK;
}

/* A publication under test; its files live in its arena. */
struct pub {
    struct import_publication p;
    struct import_records records;
};

static struct import_file *file_of(struct pub *pub, const char *name,
                                   const char *text)
{
    struct import_file *file = arena_take(&pub->p.arena, sizeof *file);
    assert_non_null(file);
    file->name = name;
    file->text = bytes_text(text);
    return file;
}

static void pub_init(struct pub *pub)
{
    assert_int_equal(import_publication_init(&pub->p), ERR_OK);
}

static void pub_csv(struct pub *pub, enum import_table_id id, const char *text)
{
    const char *name = pub->p.package.tables[id].path;
    assert_int_equal(import_read_csv(&pub->p, id, file_of(pub, name, text)),
                     ERR_OK);
}

static void pub_json(struct pub *pub, const char *name, const char *text)
{
    assert_int_equal(import_read_json(&pub->p, file_of(pub, name, text)),
                     ERR_OK);
}

static void pub_finish(struct pub *pub)
{
    assert_int_equal(import_rows_check_keys(&pub->p.rows, nothing_known, NULL),
                     ERR_OK);
    assert_int_equal(import_map(&pub->p, "test", &pub->records), ERR_OK);
}

static size_t rows_of(const struct pub *pub, enum import_table_id id)
{
    return pub->p.rows.tables[id].count;
}

/* All notes, one a line, each with s, w or r before it. */
static void notes_are(const struct pub *pub, const char *wanted)
{
    struct buffer out;
    buffer_init(&out, 1u << 20);
    for (size_t i = 0; i < pub->p.notes.count; i++) {
        buffer_add_char(&out, "swr"[pub->p.notes.list[i].kind]);
        buffer_add_char(&out, ' ');
        assert_int_equal(import_note_line(&out, &pub->p.notes.list[i]), ERR_OK);
        buffer_add_char(&out, '\n');
    }
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
}

static const struct import_record *record_of(const struct pub *pub,
                                             const char *id)
{
    const struct import_record *record = pub->records.first;
    while (record && strcmp(record->row->id, id) != 0)
        record = record->next;
    assert_non_null(record);
    return record;
}

/* A value as JSON; members as {a|b}, of a partial set +{a|b}; "" unsaid. */
static void field_is(const struct pub *pub, const char *id, const char *name,
                     const char *wanted)
{
    struct buffer out;
    const struct import_field *field = record_of(pub, id)->fields;
    while (field && strcmp(field->name, name) != 0)
        field = field->next;
    buffer_init(&out, 1u << 20);
    if (field && !field->set)
        buffer_add_bytes(&out, field->value);
    if (field && field->set) {
        buffer_add_text(&out, field->partial ? "+{" : "{");
        for (const struct import_member *m = field->members; m; m = m->next) {
            buffer_add_bytes(&out, m->text);
            buffer_add_text(&out, m->next ? "|" : "");
        }
        buffer_add_char(&out, '}');
    }
    assert_string_equal(buffer_text(&out), wanted);
    buffer_fini(&out);
}

static void bad_rows_are_named_and_the_rest_is_read(void **state)
{
    (void)state;
    struct pub pub;
    pub_init(&pub);
    pub_csv(&pub, ORGANIZATION,
            "id,name,description,year_incorporated,website\n" ORG
            ",Good,x,1965,http://example.org\n"
            ",No id,x,,\n" ORG_2 ",,no name,,\n" ORG_2 ",Year,x,MCMLXV,\n" ORG
            ",Twice,x,,\n" ORG_2 ",Short,x\n" ORG_2
            ",Web,x,,somewhere on the web\n");
    pub_csv(&pub, LOCATION,
            "id,location_type,name\n" LOC ",lunar,Moon base\n" LOC
            ",physical,Here\n");
    pub_csv(&pub, SCHEDULE,
            "id,location_id,valid_from,opens_at,wkst\n"
            "a," LOC ",2022-02-30,,\n"
            "b," LOC ",,25:61,\n"
            "c," LOC ",,9:00,\n"
            "d," LOC ",2022-02-28,09:00:00,Mo\n"
            "e," LOC ",2022-02-28,09:00:00+02:00,MO\n");
    notes_are(&pub,
              "s organizations.csv:3:1: id: is required; the row is skipped\n"
              "s organizations.csv:4:38: name: is required; the row is "
              "skipped\n"
              "s organizations.csv:5:45: year_incorporated: \"MCMLXV\" is no "
              "number; the row is skipped\n"
              "s organizations.csv:6:1: id: stands already in "
              "organizations.csv, line 2; the row is skipped\n"
              "s organizations.csv:7:1: the row has 3 cells, the header 5; "
              "the row is skipped\n"
              "w organizations.csv:8:45: website: \"somewhere on the web\" is "
              "no web address; kept as it is\n"
              "s locations.csv:2:38: location_type: \"lunar\" is not one of "
              "physical, postal, virtual; the row is skipped\n"
              "s schedules.csv:2:40: valid_from: \"2022-02-30\" is no date "
              "(YYYY-MM-DD); the row is skipped\n"
              "s schedules.csv:3:41: opens_at: \"25:61\" is no time of day "
              "(HH:MM:SS); the row is skipped\n"
              "s schedules.csv:4:41: opens_at: \"9:00\" is no time of day "
              "(HH:MM:SS); the row is skipped\n"
              "s schedules.csv:5:60: wkst: \"Mo\" is not one of MO, TU, WE, "
              "TH, FR, SA, SU; the row is skipped\n"
              "r schedules.csv:6:1: id: \"e\" is no UUID; record ids are "
              "derived from such ids\n");
    assert_int_equal(rows_of(&pub, ORGANIZATION), 2);
    assert_int_equal(rows_of(&pub, LOCATION), 1);
    assert_int_equal(rows_of(&pub, SCHEDULE), 1);
    assert_int_equal(pub.p.rows.skipped, 10);
    import_publication_fini(&pub.p);
}

static void headers_decide_what_is_read(void **state)
{
    (void)state;
    struct pub pub;
    pub_init(&pub);
    pub_csv(&pub, ORGANIZATION,
            "\xef\xbb\xbfname,colour,id,name\nLift,blue," ORG ",Other\n");
    pub_csv(&pub, LOCATION, "name\nx\n");
    pub_csv(&pub, SERVICE, "");
    pub_csv(&pub, PHONE, "id,\"number\nx\n");
    pub_finish(&pub);
    notes_are(&pub,
              "r organizations.csv:1:6: \"colour\" is no column of this table "
              "in HSDS 3.0; not imported\n"
              "r organizations.csv:1:16: \"name\" stands twice in the header; "
              "the first is imported\n"
              "w organizations.csv: the header has no column description; "
              "imported without it\n"
              "s locations.csv: the header has no column id; the table is "
              "left out\n"
              "s services.csv: the file is empty; it is left out\n"
              "s phones.csv:1:4: the quote is never closed; the file is left "
              "out\n");
    field_is(&pub, ORG, "name", "\"Lift\"");
    field_is(&pub, ORG, "description", "");
    import_publication_fini(&pub.p);
}

static void dangling_references_warn(void **state)
{
    (void)state;
    struct pub pub;
    pub_init(&pub);
    pub_csv(&pub, LOCATION,
            "id,location_type,organization_id\n" LOC ",physical," ORG "\n");
    pub_csv(&pub, PHONE,
            "id,location_id,organization_id,number\n" ORG_2 "," LOC "," ORG
            ",1\n" SVC ",," ORG ",2\n" SAL ",,,3\n");
    pub_finish(&pub);
    notes_are(&pub,
              "w locations.csv:2:47: organization_id: there is no "
              "organization \"" ORG "\"; kept as it is\n"
              "w phones.csv:2:75: organization_id: there is no organization "
              "\"" ORG "\"; imported without it\n"
              "s phones.csv:3:1: belongs to nothing that is here; the row is "
              "skipped\n"
              "s phones.csv:4:1: belongs to nothing that is here; the row is "
              "skipped\n");
    field_is(&pub, LOC, "organization", "\"" ORG "\"");
    field_is(&pub, LOC, "phones", "{1}");
    import_publication_fini(&pub.p);
}

/* Publishers who count from 1 do so in every table. */
static void ids_that_are_no_uuids_are_derived_by_table(void **state)
{
    (void)state;
    struct pub pub;
    char org[ID_CHARS + 1], loc[ID_CHARS + 1], again[ID_CHARS + 1];
    pub_init(&pub);
    pub_csv(&pub, ORGANIZATION, "id,name,description\n1,One,x\n");
    pub_csv(&pub, LOCATION, "id,location_type,organization_id\n1,virtual,1\n");
    pub_finish(&pub);
    import_id(org, "organization", bytes_text("1"));
    import_id(loc, "location", bytes_text("1"));
    assert_string_not_equal(org, loc);
    assert_true(id_valid(bytes_text(org)));
    char wanted[ID_CHARS + 3];
    snprintf(wanted, sizeof wanted, "\"%s\"", org);
    field_is(&pub, loc, "organization", wanted);
    field_is(&pub, loc, "external_id", "\"1\"");
    import_id(again, "organization",
              bytes_text("ABCDEF01-1111-4111-8111-111111111111"));
    assert_string_equal(again, "abcdef01-1111-4111-8111-111111111111");
    import_publication_fini(&pub.p);
}

static void child_tables_become_fields(void **state)
{
    (void)state;
    struct pub pub;
    pub_init(&pub);
    pub_csv(&pub, ORGANIZATION, "id,name,description\n" ORG ",Lift,\"a\nb\"\n");
    pub_csv(&pub, SERVICE,
            "id,organization_id,name,status\n" SVC "," ORG
            ",Tax,temporarily closed\n");
    pub_csv(&pub, LOCATION, "id,location_type,name\n" LOC ",physical,Hall\n");
    pub_csv(&pub, SERVICE_AT_LOCATION,
            "id,service_id,location_id,description\n" SAL "," SVC "," LOC
            ",upstairs\n");
    pub_csv(&pub, PHONE,
            "id,service_at_location_id,number,extension,type,description\n"
            "a," SAL ",601-555-0100,7,fax,after hours\n"
            "b," SAL ",601-555-0199,,voice,\n");
    pub_csv(&pub, LANGUAGE,
            "id,service_id,phone_id,name,code,note\n"
            "a,,b,Spanish,es,\nb," SVC ",,Spanish,es,on Fridays\n"
            "c," SVC ",,English,,\n");
    pub_csv(&pub, SERVICE_AREA,
            "id,service_id,name,extent,extent_type\n"
            "a," SVC ",\"Lee County, MS\",28081,US-county-GEOID\n"
            "b," SVC ",Old town,POLYGON(),geojson\n");
    pub_csv(&pub, SCHEDULE,
            "id,service_at_location_id,valid_from,valid_to,freq,interval,"
            "byday,opens_at,closes_at,description\n"
            "b," SAL ",2026-01-20,2026-04-15,WEEKLY,1,TH,10:00:00,13:00:00,\n"
            "a," SAL ",2026-01-20,2026-04-10,WEEKLY,2,\"TU,1FR\",09:00:00,"
            "17:30:00,by appointment\n");
    pub_csv(&pub, ADDRESS,
            "id,location_id,address_1,address_2,city,region,state_province,"
            "postal_code,country,address_type\n"
            "b," LOC ",PO Box 7,,Tupelo,,MS,38802,US,postal\n"
            "a," LOC ",1 Main St,Suite 2,Tupelo,Lee County,MS,38801,US,"
            "physical\n");
    pub_finish(&pub);
    field_is(&pub, ORG, "description", "\"a\\nb\"");
    field_is(&pub, SVC, "status", "\"temporarily_closed\"");
    field_is(&pub, SVC, "locations", "{" LOC "}");
    field_is(&pub, SVC, "location_notes", "{Hall: upstairs}");
    field_is(&pub, SVC, "counties", "{28081}");
    field_is(&pub, SVC, "service_areas",
             "{28081|Old town (geojson, POLYGON())}");
    field_is(&pub, SVC, "languages", "{English|Spanish}");
    field_is(&pub, SVC, "language_notes", "{Spanish (es): on Fridays}");
    field_is(&pub, LOC, "coverage", "{28081}");
    field_is(&pub, LOC, "phones",
             "{601-555-0100 ext. 7 (fax): after hours|601-555-0199 "
             "(Spanish)}");
    field_is(&pub, LOC, "schedule",
             "\"Tue, 1 Fri 09:00-17:30 every 2 weeks (by appointment); Thu "
             "10:00-13:00\"");
    field_is(&pub, LOC, "season_from", "\"2026-01-20\"");
    field_is(&pub, SVC, "season_to", "\"2026-04-15\"");
    field_is(&pub, LOC, "address", "\"1 Main St, Suite 2\"");
    field_is(&pub, LOC, "region", "\"Lee County\"");
    field_is(&pub, LOC, "other_addresses",
             "{postal: PO Box 7, Tupelo, MS 38802, US}");
    field_is(&pub, LOC, "contacts", "");
    import_publication_fini(&pub.p);
}

static void nested_objects_belong_to_the_one_around_them(void **state)
{
    (void)state;
    struct pub pub;
    pub_init(&pub);
    pub_json(&pub, "organization_full.json",
             "{\"id\":\"" ORG "\",\"name\":\"Lift\",\"description\":\"x\",\n"
             " \"year_incorporated\":1965.0,\n"
             " \"phones\":[{\"id\":\"p\",\"number\":\"1\"}],\n"
             " \"funding\":[],\n"
             " \"services\":[{\"id\":\"" SVC
             "\",\"name\":\"Tax\",\"status\":\"active\",\n"
             "  \"attributes\":[{\"id\":\"t\",\"taxonomy_term\":{\"id\":\"u\","
             "\"code\":\"tax-prep-vita\",\"name\":\"n\",\"description\":\"d\","
             "\"taxonomy_detail\":{\"id\":\"v\",\"name\":\"ours\","
             "\"description\":\"d\"}}}],\n"
             "  \"service_at_locations\":[{\"id\":\"" SAL
             "\",\"location\":{\"id\":\"" LOC
             "\",\"location_type\":\"physical\",\"latitude\":34.295435}}]},\n"
             "  {\"id\":7,\"name\":null,\"status\":\"active\"},\n"
             "  {\"id\":\"s8\",\"name\":[\"a\"],\"status\":\"active\"}]}");
    pub_finish(&pub);
    notes_are(&pub,
              "r organization_full.json:3:18: id: \"p\" is no UUID; record "
              "ids are derived from such ids\n"
              "r organization_full.json:6:129: id: \"v\" is no UUID; record "
              "ids are derived from such ids\n"
              "r organization_full.json:6:49: id: \"u\" is no UUID; record "
              "ids are derived from such ids\n"
              "r organization_full.json:6:23: id: \"t\" is no UUID; record "
              "ids are derived from such ids\n"
              "s organization_full.json:8:18: name: is required; the row is "
              "skipped\n"
              "s organization_full.json:9:21: name: is a list or an object, "
              "not a value; the row is skipped\n");
    field_is(&pub, ORG, "phones", "{1}");
    field_is(&pub, ORG, "funding", "{}");
    field_is(&pub, ORG, "contacts", "");
    field_is(&pub, ORG, "year_incorporated", "1965");
    field_is(&pub, SVC, "organization", "\"" ORG "\"");
    field_is(&pub, SVC, "locations", "{" LOC "}");
    field_is(&pub, SVC, "taxonomy", "{ours:tax-prep-vita}");
    field_is(&pub, SVC, "vita", "true");
    field_is(&pub, LOC, "vita_site", "true");
    field_is(&pub, LOC, "latitude", "\"34.295435\"");
    field_is(&pub, LOC, "phones", "");
    import_publication_fini(&pub.p);
}

static void one_object_in_two_places_is_merged(void **state)
{
    (void)state;
    struct pub pub;
    pub_init(&pub);
    pub_json(&pub, "service_at_location_list.json",
             "{\"contents\":[\n"
             "{\"id\":\"" SAL "\",\"location\":{\"id\":\"" LOC
             "\",\"location_type\":\"physical\",\"name\":\"Hall\"},"
             "\"service\":{\"id\":\"" SVC
             "\",\"name\":\"Tax\",\"status\":\"active\"}},\n"
             "{\"id\":\"" ORG_2 "\",\"location\":{\"id\":\"" LOC
             "\",\"location_type\":\"physical\",\"name\":\"Old Hall\","
             "\"url\":\"http://x.org\"},\"service_id\":\"" SVC "\"}]}");
    pub_finish(&pub);
    notes_are(&pub, "w service_at_location_list.json:3:136: name: \"Old "
                    "Hall\" of this location was \"Hall\" before; the first "
                    "is kept\n");
    assert_int_equal(rows_of(&pub, LOCATION), 1);
    field_is(&pub, LOC, "name", "\"Hall\"");
    field_is(&pub, LOC, "url", "\"http://x.org\"");
    field_is(&pub, SVC, "locations", "+{" LOC "}");
    import_publication_fini(&pub.p);
}

/* --- from the disk --- */

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
    field_is(&pub, site, "name", "\"United Way of Aroostook VITA\"");
    field_is(&pub, site, "phones", "{866-811-5695}");
    field_is(&pub, site, "coverage", "{23003}");
    field_is(&pub, site, "vita_site", "true");
    field_is(&pub, site, "city", "\"Presque Isle\"");
    field_is(&pub, site, "identifiers", "{IRS-locator-id:17994}");
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
    notes_are(&pub,
              "s datapackage.json:3:1: the path \"../phones.csv\" is no file "
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
    notes_are(&pub,
              "s datapackage.json:1:6: this is no JSON value; the file is "
              "left out and the tables are taken to be those of HSDS 3.0\n");
    assert_int_equal(rows_of(&pub, ORGANIZATION), 1);
    import_publication_fini(&pub.p);
}

static enum err read_all(const char *path)
{
    struct pub pub;
    char detail[IMPORT_DETAIL_CHARS];
    enum err err = import_read(&pub.p, path, detail);
    if (err)
        return err;
    err = import_rows_check_keys(&pub.p.rows, nothing_known, NULL);
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
        cmocka_unit_test(bad_rows_are_named_and_the_rest_is_read),
        cmocka_unit_test(headers_decide_what_is_read),
        cmocka_unit_test(dangling_references_warn),
        cmocka_unit_test(ids_that_are_no_uuids_are_derived_by_table),
        cmocka_unit_test(child_tables_become_fields),
        cmocka_unit_test(nested_objects_belong_to_the_one_around_them),
        cmocka_unit_test(one_object_in_two_places_is_merged),
        cmocka_unit_test(published_examples_are_read),
        cmocka_unit_test(a_tax_site_is_complete),
        IN_FOLDER(what_is_no_publication_is_said_in_one_line),
        IN_FOLDER(one_bad_file_does_not_stop_the_others),
        IN_FOLDER(a_broken_data_package_is_said_and_done_without),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
