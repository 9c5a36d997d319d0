/* What people and programs are shown beside a record's state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "shared/model/view.h"
#include "tests/unit/model/schema_case.h"

#define CODE ",\"unknown\":\"code\""
#define STRANGE ",\"unknown\":\"field\""

static const struct {
    const char *name, *value, *says;
} cases[] = {
    {"a", "\"x\"", ""},
    {"a", "\"y\"", CODE},
    {"a", "\"unknown\"", ""},
    {"a", "null", ""},
    {"b", "[\"x\",\"refused\"]", ""},
    {"b", "[\"x\",\"z\"]", CODE},
    {"c", "[\"x\"]", ""},
    {"c", "[\"x\",\"z\"]", CODE},
    {"d", "\"anything\"", ""},
    {"e", "1", STRANGE},
};

static struct schema *small(void)
{
    struct schema *schema = schema_empty();
    schema_must_add(
        schema,
        "{\"type\":\"t\",\"fields\":{\"a\":{\"kind\":\"code\",\"rule\":"
        "\"latest\",\"codes\":[\"x\"]},\"b\":{\"kind\":\"code\",\"rule\":"
        "\"set\",\"codes\":[\"x\"]},\"c\":{\"kind\":\"code\",\"rule\":"
        "\"latest\",\"list\":true,\"codes\":[\"x\"]},\"d\":{\"kind\":"
        "\"text\",\"rule\":\"both\"}}}");
    return schema;
}

static void assert_shows(const struct schema *schema, const char *type,
                         size_t i, const char *says)
{
    char state[512], wanted[256];
    struct buffer out;
    const struct view_beside beside = {.context = bytes_text("c1.x"),
                                       .schema = schema};
    buffer_init(&out, 4096);
    snprintf(state, sizeof state,
             "{\"fields\":{\"%s\":{\"live\":[],\"value\":%s}},\"type\":\"%s\"}",
             cases[i].name, cases[i].value, type);
    snprintf(wanted, sizeof wanted,
             "\"fields\":{\"%s\":{\"live\":[],\"open\":false%s,\"value\":%s}}",
             cases[i].name, says, cases[i].value);
    assert_int_equal(view_show(&out, bytes_text(state), &beside), ERR_OK);
    if (!strstr(buffer_text(&out), wanted))
        fail_msg("%s\n does not say %s", buffer_text(&out), wanted);
    buffer_fini(&out);
}

static void what_the_type_does_not_have_is_said_to_be_unknown(void **state)
{
    (void)state;
    struct schema *schema = small();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_shows(schema, "t", i, cases[i].says);
    schema_free(schema);
}

static void nothing_is_where_no_type_is_known(void **state)
{
    (void)state;
    struct schema *schema = small();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_shows(NULL, "t", i, "");
        assert_shows(schema, "u", i, "");
    }
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_type_does_not_have_is_said_to_be_unknown),
        cmocka_unit_test(nothing_is_where_no_type_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
