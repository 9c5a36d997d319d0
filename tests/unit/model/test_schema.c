#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/fault.h"
#include "tests/types.h"
#include "tests/unit/model/schema_case.h"

static void every_shipped_type_is_read(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "person",        "household", "assignment", "contact",
        "addendum",      "need",      "referral",   "referral_followup",
        "site_referral", "consent",   "task",       "organization",
        "service",       "location",  "schema",     "revocation",
        "unreadable"};
    struct schema *schema = schema_shipped();
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_non_null(schema_type(schema, bytes_text(expected[i])));
    bool used[6] = {false};
    for (size_t i = 0; i < schema_type_count(schema); i++) {
        const struct schema_type *type = schema_type_at(schema, i);
        for (size_t j = 0; j < type_field_count(type); j++) {
            const struct schema_field *f = type_field_at(type, j);
            struct bytes target = field_target(f);
            used[field_rule(f)] = true;
            assert_true(!target.size || schema_type(schema, target));
        }
    }
    for (size_t i = 0; i < 6; i++)
        assert_true(used[i]);
    schema_free(schema);
}

static void the_engine_finds_what_it_reads(void **state)
{
    (void)state;
    struct schema *schema = schema_shipped();
    assert_true(field_office(schema_field_of(schema, "assignment", "scopes")));
    assert_int_equal(
        field_rule(schema_field_of(schema, "assignment", "scopes")), RULE_SET);
    assert_int_equal(
        field_rule(schema_field_of(schema, "assignment", "primary")),
        RULE_BOTH);
    const char *const office[] = {"schema", "revocation", "unreadable"};
    for (size_t i = 0; i < 3; i++) {
        const struct schema_type *type =
            schema_type(schema, bytes_text(office[i]));
        assert_true(type_office_only(type) && type_system(type));
    }
    const struct schema_type *person =
        schema_type(schema, bytes_text("person"));
    assert_true(bytes_is(type_home(person), "own"));
    assert_true(bytes_is(type_home(schema_type(schema, bytes_text("location"))),
                         "agency"));
    assert_true(bytes_is(type_home(schema_type(schema, bytes_text("contact"))),
                         "case"));
    schema_free(schema);
}

static bool below(const struct schema_field *f, const char *a, const char *b)
{
    char low[80], high[80];
    snprintf(low, sizeof low, "\"%s\"", a);
    snprintf(high, sizeof high, "\"%s\"", b);
    return field_below(f, bytes_text(low), bytes_text(high));
}

static void the_order_of_referrals_is_as_written(void **state)
{
    (void)state;
    static const char *const chain[] = {"draft",    "ready",     "sent",
                                        "received", "accepted",  "scheduled",
                                        "attended", "in_service"};
    static const char *const ends[] = {"met",
                                       "partly_met",
                                       "not_met",
                                       "ineligible",
                                       "out_of_scope",
                                       "capacity_refused",
                                       "unknown_lost_contact"};
    static const char *const apart[] = {"declined",        "client_declined",
                                        "client_withdrew", "cancelled",
                                        "no_response",     "entered_in_error"};
    struct schema *schema = schema_shipped();
    const struct schema_field *f =
        schema_field_of(schema, "referral", "status");
    assert_int_equal(field_rule(f), RULE_FURTHEST);
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++)
            assert_int_equal(below(f, chain[i], chain[j]), i < j);
    for (size_t i = 0; i < 7; i++) {
        assert_true(below(f, "draft", ends[i]));
        for (size_t j = 0; j < 7; j++)
            assert_false(below(f, ends[i], ends[j]));
        for (size_t j = 0; j < 6; j++)
            assert_false(below(f, ends[i], apart[j]) ||
                         below(f, apart[j], ends[i]));
    }
    assert_true(below(f, "waitlisted", "accepted"));
    assert_true(below(f, "waitlisted", "met"));
    assert_false(below(f, "waitlisted", "received"));
    assert_false(below(f, "sent", "nowhere"));
    schema_free(schema);
}

/* --- reading ---------------------------------------------------------------
 */

#define NUMBERED(rule, kind, numbered)                                         \
    "\"a\":{\"rule\":\"" rule "\",\"kind\":\"" kind                            \
    "\",\"writer\":\"office\",\"numbered\":" numbered                          \
    "},\"b\":{\"rule\":\"latest\",\"kind\":\"text\"}"
#define TYPE(fields) "{\"type\":\"t\",\"fields\":{" fields "}}"

static const struct {
    const char *json, *detail;
} wrong[] = {
    {"{", "offset 1"},
    {"[]", "type: a definition is an object"},
    {"{}", "type: a name is expected"},
    {"{\"type\":\"T t\",\"fields\":{}}", "type: a name is expected"},
    {"{\"type\":\"t\"}", "t: fields: an object"},
    {"{\"type\":\"t\",\"fields\":{},\"version\":0}", "t: version"},
    {"{\"type\":\"t\",\"fields\":{},\"home\":\"x\"}", "t: home"},
    {"{\"type\":\"t\",\"fields\":{},\"title\":\"\"}", "t: title"},
    {"{\"type\":\"t\",\"fields\":{},\"system\":1}", "t: system"},
    {TYPE("\"A\":{}"), "t.A: the field's name"},
    {TYPE("\"a\":1"), "t.a: a field is an object"},
    {TYPE("\"a\":{\"kind\":\"text\"}"), "t.a: rule is one of"},
    {TYPE("\"a\":{\"rule\":\"newest\",\"kind\":\"text\"}"), "t.a: rule"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"float\"}"), "t.a: kind"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"code\"}"), "t.a: codes"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\","
          "\"codes\":[\"x\"]}"),
     "t.a: codes"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"code\","
          "\"codes\":[\"x\",\"x\"]}"),
     "t.a: codes: a code stands twice"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"code\","
          "\"codes\":[\"X y\"]}"),
     "t.a: codes: a code is not a name"},
    {TYPE("\"a\":{\"rule\":\"furthest\",\"kind\":\"code\","
          "\"codes\":[\"x\"]}"),
     "t.a: order stands"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"code\","
          "\"codes\":[\"x\",\"y\"],\"order\":[[\"x\",\"y\"]]}"),
     "t.a: order stands"},
    {TYPE("\"a\":{\"rule\":\"safest\",\"kind\":\"text\","
          "\"order\":[[\"x\",\"y\"]]}"),
     "t.a: order: kind code or bool"},
    {TYPE("\"a\":{\"rule\":\"furthest\",\"kind\":\"code\","
          "\"codes\":[\"x\",\"y\"],\"order\":[[\"x\",\"z\"]]}"),
     "t.a: order: a value is not one of the codes"},
    {TYPE("\"a\":{\"rule\":\"furthest\",\"kind\":\"code\","
          "\"codes\":[\"x\",\"y\"],\"order\":[[\"x\"]]}"),
     "t.a: order: pairs"},
    {TYPE("\"a\":{\"rule\":\"furthest\",\"kind\":\"code\","
          "\"codes\":[\"x\",\"y\",\"z\"],\"order\":[[\"x\",\"y\"],"
          "[\"y\",\"z\"],[\"z\",\"x\"]]}"),
     "t.a: order: it goes round in a circle"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"code\","
          "\"codes\":[\"x\"],\"moves\":{\"\":[\"y\"]}}"),
     "t.a: moves: a code is not"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"code\","
          "\"codes\":[\"x\"],\"moves\":{\"y\":[\"x\"]}}"),
     "t.a: moves: a code is not"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\","
          "\"writer\":\"boss\"}"),
     "t.a: writer"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\","
          "\"target\":\"t\"}"),
     "t.a: target"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\",\"rows\":[\"x\"]}"),
     "t.a: rows stands with kind any, without list, and not with rule set"},
    {TYPE("\"a\":{\"rule\":\"set\",\"kind\":\"any\",\"rows\":[\"x\"]}"),
     "t.a: rows stands with kind any, without list, and not with rule set"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"code\",\"codes\":[\"x\"],"
          "\"code_set\":{\"set\":\"a\",\"version\":\"a\"}}"),
     "t.a: code_set stands with one value of kind text"},
    {TYPE("\"a\":{\"rule\":\"set\",\"kind\":\"text\","
          "\"code_set\":{\"set\":\"a\",\"version\":\"a\"}}"),
     "t.a: code_set stands with one value of kind text"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\",\"code_set\":\"x\"}"),
     "t.a: code_set names the fields"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\","
          "\"code_set\":{\"set\":\"a\"}}"),
     "t.a: code_set names the fields"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\","
          "\"code_set\":{\"set\":\"a\",\"version\":\"b\"}}"),
     "t.a: code_set names the fields"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\","
          "\"code_set\":{\"set\":\"a\",\"version\":\"a\",\"on\":\"a\"}}"),
     "t.a: code_set names the fields"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"any\",\"rows\":[]}"),
     "t.a: rows: a list of names is expected"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"any\",\"rows\":[\"x'\"]}"),
     "t.a: rows: one is not a name"},
    {TYPE(
         "\"a\":{\"rule\":\"latest\",\"kind\":\"any\",\"rows\":[\"x\",\"x\"]}"),
     "t.a: rows: one stands twice"},
    {TYPE(NUMBERED("both", "int", "{\"within\":[\"b\"]}")),
     "t.a: numbered stands with kind int"},
    {TYPE(NUMBERED("latest", "text", "{\"within\":[\"b\"]}")),
     "t.a: numbered stands with kind int"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"int\","
          "\"numbered\":{\"within\":[\"b\"]}}"),
     "t.a: numbered stands with kind int"},
    {TYPE(NUMBERED("latest", "int", "[\"b\"]")),
     "t.a: numbered: an object is expected"},
    {TYPE(NUMBERED("latest", "int", "{}")),
     "t.a: numbered: within is a list of fields"},
    {TYPE(NUMBERED("latest", "int", "{\"within\":[]}")),
     "t.a: numbered: within is a list of fields"},
    {TYPE(NUMBERED("latest", "int", "{\"within\":[\"c\"]}")),
     "t.a: numbered names other fields"},
    {TYPE(NUMBERED("latest", "int", "{\"within\":[1]}")),
     "t.a: numbered names other fields"},
    {TYPE(NUMBERED("latest", "int", "{\"within\":[\"a\"]}")),
     "t.a: numbered names other fields"},
    {TYPE(NUMBERED("latest", "int", "{\"once\":\"c\",\"within\":[\"b\"]}")),
     "t.a: numbered names other fields"},
    {TYPE(NUMBERED("latest", "int", "{\"once\":1,\"within\":[\"b\"]}")),
     "t.a: numbered: once is a field"},
    {TYPE("\"a\":{\"rule\":\"set\",\"kind\":\"text\",\"list\":true}"),
     "t.a: list"},
    {TYPE("\"a\":{\"rule\":\"latest\",\"kind\":\"text\","
          "\"required\":\"yes\"}"),
     "t.a: required"},
};

static void a_wrong_definition_is_refused_with_its_place(void **state)
{
    (void)state;
    struct schema *schema = schema_empty();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char detail[SCHEMA_DETAIL_CHARS];
        assert_int_equal(schema_add(schema, bytes_text(wrong[i].json), detail),
                         ERR_INVALID);
        if (strncmp(detail, wrong[i].detail, strlen(wrong[i].detail)) != 0)
            fail_msg("%s\n is said of %s", detail, wrong[i].json);
    }
    assert_int_equal(schema_type_count(schema), 0);
    schema_free(schema);
}

static void unknown_members_are_ignored_and_kept(void **state)
{
    (void)state;
    struct schema *schema = schema_empty();
    schema_must_add(
        schema, " { \"type\" : \"t\", \"colour\": [1],\n \"fields\": {\"a\": "
                "{\"rule\":\"latest\", \"kind\":\"text\", \"hint\": {}}}}");
    const struct schema_type *t = schema_type(schema, bytes_text("t"));
    assert_true(bytes_is(
        type_definition(t),
        "{\"colour\":[1],\"fields\":{\"a\":{\"hint\":{},\"kind\":\"text\","
        "\"rule\":\"latest\"}},\"type\":\"t\"}"));
    assert_int_equal(type_version(t), 1);
    assert_true(bytes_is(type_title(t), "t"));
    assert_null(schema_type(schema, bytes_text("u")));
    assert_null(type_field(t, bytes_text("b")));
    schema_free(schema);
}

static void the_highest_version_stays(void **state)
{
    (void)state;
    struct schema *schema = schema_empty();
    const struct schema_type *t;
    schema_must_add(schema, "{\"type\":\"t\",\"version\":2,\"fields\":{}}");
    schema_must_add(schema, "{\"type\":\"t\",\"version\":1,\"fields\":{\"a\":"
                            "{\"kind\":\"text\",\"rule\":\"both\"}}}");
    t = schema_type(schema, bytes_text("t"));
    assert_int_equal(type_version(t), 2);
    assert_int_equal(type_field_count(t), 0);
    schema_must_add(schema, "{\"type\":\"t\",\"version\":2,\"title\":\"New\","
                            "\"fields\":{}}");
    t = schema_type(schema, bytes_text("t"));
    assert_true(bytes_is(type_title(t), "New"));
    assert_int_equal(schema_type_count(schema), 1);
    schema_free(schema);
}

static void many_types_are_found_by_name(void **state)
{
    (void)state;
    struct schema *schema = schema_empty();
    char json[64], name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(json, sizeof json, "{\"type\":\"t%d\",\"fields\":{}}",
                 i * 37 % 100);
        schema_must_add(schema, json);
    }
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "t%d", i);
        assert_non_null(schema_type(schema, bytes_text(name)));
    }
    assert_null(schema_type(schema, bytes_text("t100")));
    schema_free(schema);
}

static void rules_have_names(void **state)
{
    (void)state;
    enum rule rule;
    for (int i = RULE_FIXED; i <= RULE_BOTH; i++) {
        assert_int_equal(rule_parse(bytes_text(rule_name((enum rule)i)), &rule),
                         ERR_OK);
        assert_int_equal(rule, i);
    }
    assert_int_equal(rule_parse(bytes_text("newest"), &rule), ERR_INVALID);
}

static void adding_survives_every_allocation_failure(void **state)
{
    (void)state;
    static const char json[] =
        TYPE("\"a\":{\"rule\":\"furthest\",\"kind\":\"code\",\"codes\":[\"x\","
             "\"y\"],\"order\":[[\"x\",\"y\"]],\"moves\":{\"\":[\"x\"]}}");
    for (int nth = 1;; nth++) {
        char detail[SCHEMA_DETAIL_CHARS];
        struct schema *schema = NULL;
        fault_at(nth, false);
        enum err err = schema_new(&schema);
        if (!err)
            err = schema_add(schema, bytes_text(json), detail);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 3);
            schema_free(schema);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
        assert_true(!schema || schema_type_count(schema) == 0);
        schema_free(schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shipped_type_is_read),
        cmocka_unit_test(the_engine_finds_what_it_reads),
        cmocka_unit_test(the_order_of_referrals_is_as_written),
        cmocka_unit_test(a_wrong_definition_is_refused_with_its_place),
        cmocka_unit_test(unknown_members_are_ignored_and_kept),
        cmocka_unit_test(the_highest_version_stays),
        cmocka_unit_test(many_types_are_found_by_name),
        cmocka_unit_test(rules_have_names),
        cmocka_unit_test(adding_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
