#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tests/unit/server/publication.h"

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
    pub_notes_are(
        &pub, "s organizations.csv:3:1: id: is required; the row is skipped\n"
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
    assert_int_equal(pub_rows(&pub, ORGANIZATION), 2);
    assert_int_equal(pub_rows(&pub, LOCATION), 1);
    assert_int_equal(pub_rows(&pub, SCHEDULE), 1);
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
    pub_notes_are(
        &pub, "r organizations.csv:1:6: \"colour\" is no column of this table "
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
    pub_field_is(&pub, ORG, "name", "\"Lift\"");
    pub_field_is(&pub, ORG, "description", "");
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
    pub_notes_are(
        &pub, "w locations.csv:2:47: organization_id: there is no "
              "organization \"" ORG "\"; kept as it is\n"
              "w phones.csv:2:75: organization_id: there is no organization "
              "\"" ORG "\"; imported without it\n"
              "s phones.csv:3:1: belongs to nothing that is here; the row is "
              "skipped\n"
              "s phones.csv:4:1: belongs to nothing that is here; the row is "
              "skipped\n");
    pub_field_is(&pub, LOC, "organization", "\"" ORG "\"");
    pub_field_is(&pub, LOC, "phones", "{1}");
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
    pub_field_is(&pub, loc, "organization", wanted);
    pub_field_is(&pub, loc, "external_id", "\"1\"");
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
    pub_field_is(&pub, ORG, "description", "\"a\\nb\"");
    pub_field_is(&pub, SVC, "status", "\"temporarily_closed\"");
    pub_field_is(&pub, SVC, "locations", "{" LOC "}");
    pub_field_is(&pub, SVC, "location_notes", "{Hall: upstairs}");
    pub_field_is(&pub, SVC, "counties", "{28081}");
    pub_field_is(&pub, SVC, "service_areas",
                 "{28081|Old town (geojson, POLYGON())}");
    pub_field_is(&pub, SVC, "languages", "{English|Spanish}");
    pub_field_is(&pub, SVC, "language_notes", "{Spanish (es): on Fridays}");
    pub_field_is(&pub, LOC, "coverage", "{28081}");
    pub_field_is(&pub, LOC, "phones",
                 "{601-555-0100 ext. 7 (fax): after hours|601-555-0199 "
                 "(Spanish)}");
    pub_field_is(&pub, LOC, "schedule",
                 "\"Tue, 1 Fri 09:00-17:30 every 2 weeks (by appointment); Thu "
                 "10:00-13:00\"");
    pub_field_is(&pub, LOC, "season_from", "\"2026-01-20\"");
    pub_field_is(&pub, SVC, "season_to", "\"2026-04-15\"");
    pub_field_is(&pub, LOC, "address", "\"1 Main St, Suite 2\"");
    pub_field_is(&pub, LOC, "region", "\"Lee County\"");
    pub_field_is(&pub, LOC, "other_addresses",
                 "{postal: PO Box 7, Tupelo, MS 38802, US}");
    pub_field_is(&pub, LOC, "contacts", "");
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
    pub_notes_are(
        &pub, "r organization_full.json:3:18: id: \"p\" is no UUID; record "
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
    pub_field_is(&pub, ORG, "phones", "{1}");
    pub_field_is(&pub, ORG, "funding", "{}");
    pub_field_is(&pub, ORG, "contacts", "");
    pub_field_is(&pub, ORG, "year_incorporated", "1965");
    pub_field_is(&pub, SVC, "organization", "\"" ORG "\"");
    pub_field_is(&pub, SVC, "locations", "{" LOC "}");
    pub_field_is(&pub, SVC, "taxonomy", "{ours:tax-prep-vita}");
    pub_field_is(&pub, SVC, "vita", "true");
    pub_field_is(&pub, LOC, "vita_site", "true");
    pub_field_is(&pub, LOC, "latitude", "\"34.295435\"");
    pub_field_is(&pub, LOC, "phones", "");
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
    pub_notes_are(&pub,
                  "w service_at_location_list.json:3:136: name: \"Old "
                  "Hall\" of this location was \"Hall\" before; the first "
                  "is kept\n");
    assert_int_equal(pub_rows(&pub, LOCATION), 1);
    pub_field_is(&pub, LOC, "name", "\"Hall\"");
    pub_field_is(&pub, LOC, "url", "\"http://x.org\"");
    pub_field_is(&pub, SVC, "locations", "+{" LOC "}");
    import_publication_fini(&pub.p);
}

/* --- from the disk --- */

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
