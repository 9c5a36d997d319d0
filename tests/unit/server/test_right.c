/* schema/rights.txt: who may write which type at the office. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "server/right.h"
#include "server/role.h"
#include "shared/replica/shipped.h"
#include "tests/types.h"
#include "tools/embed.h"

#define LINE_CHARS 256

static int setup(void **state)
{
    struct schema *schema;
    assert_int_equal(schema_new(&schema), ERR_OK);
    assert_int_equal(shipped_types_add(schema), ERR_OK);
    *state = schema;
    return 0;
}

static int teardown(void **state)
{
    schema_free(*state);
    return 0;
}

static bool line_next(const char **at, char line[LINE_CHARS])
{
    size_t size = strcspn(*at, "\n");
    assert_true(size < LINE_CHARS);
    snprintf(line, LINE_CHARS, "%.*s", (int)size, *at);
    *at += size + ((*at)[size] == '\n');
    return size || **at;
}

static void subject_exists(const struct schema *schema, char *subject)
{
    char *dot = strchr(subject, '.');
    if (!strcmp(subject, "case") || !strcmp(subject, "agency"))
        return;
    if (dot)
        *dot = '\0';
    const struct schema_type *type = schema_type(schema, bytes_text(subject));
    if (!type || (dot && !type_field(type, bytes_text(dot + 1))))
        fail_msg("%s: no such type or field", subject);
}

static void every_line_names_a_type_and_roles_that_exist(void **state)
{
    const char *at = (const char *)embed_rights[0].at;
    char line[LINE_CHARS];
    int count = 0;
    while (line_next(&at, line)) {
        if (!line[0] || line[0] == '#')
            continue;
        size_t size = strcspn(line, ":!");
        char mark = line[size];
        assert_true(mark == ':' || mark == '!');
        assert_int_equal(line[size + 1], ' ');
        line[size] = '\0';
        subject_exists(*state, line);
        char *rest = NULL, *role = strtok_r(line + size + 2, " ", &rest);
        assert_non_null(role);
        for (; mark == ':' && role; role = strtok_r(NULL, " ", &rest))
            if (!role_known(role))
                fail_msg("%s: no such role", role);
        count++;
    }
    assert_true(count > 80);
}

static void no_type_stands_twice_and_none_is_left_out(void **state)
{
    const struct schema *schema = *state;
    for (size_t i = 0; i < schema_type_count(schema); i++) {
        struct bytes name = type_name(schema_type_at(schema, i));
        const char *at = (const char *)embed_rights[0].at;
        char line[LINE_CHARS];
        int count = 0;
        while (line_next(&at, line))
            count += strlen(line) > name.size &&
                     !memcmp(line, name.at, name.size) &&
                     strchr(":!", line[name.size]);
        if (count != 1)
            fail_msg("%.*s stands %d times", (int)name.size,
                     (const char *)name.at, count);
    }
}

static const struct {
    const char *role, *type, *field;
    const char *refusal; /* NULL: they may */
} asked[] = {
    {"supervisor", "good_cause", "decision", NULL},
    {"worker", "good_cause", "reason", NULL},
    {"worker", "good_cause", "decision", "these do: supervisor"},
    {"covering", "contact", "narrative", NULL},
    {"covering", "plan", NULL, "these do: worker, supervisor"},
    {"supervisor", "contact", NULL, "these do: worker, covering"},
    {"planner", "logic_model", NULL, NULL},
    {"planner", "need", NULL, "a user with the role planner"},
    {"site", "site_referral", "status", NULL},
    {"site", "site_referral", "phone", "these do: supervisor"},
    {"fiscal", "expenditure_authorization", NULL, "satchel-central authorize"},
    {"supervisor", "person", "duplicate_of", "satchel-central merge"},
    {"admin", "schema", NULL, "satchel-central import schema"},
    {"supervisor", "brand_new", "x", NULL},
    {"worker", "brand_new", NULL, "these do: supervisor"},
};

static void who_may_not_is_told_who_may(void **state)
{
    const struct schema *schema = *state;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        char detail[RIGHT_DETAIL_CHARS] = "";
        struct bytes name = bytes_text(asked[i].type);
        const struct schema_type *type = schema_type(schema, name);
        enum err err = right_type(asked[i].role, name, type, detail);
        if (!err && asked[i].field)
            err = right_field(asked[i].role, name, type,
                              bytes_text(asked[i].field), detail);
        if (err != (asked[i].refusal ? ERR_DENIED : ERR_OK) ||
            (asked[i].refusal && !strstr(detail, asked[i].refusal)))
            fail_msg("%s %s: %s", asked[i].role, asked[i].type, detail);
    }
}

static void an_auditor_writes_nothing(void **state)
{
    const struct schema *schema = *state;
    char detail[RIGHT_DETAIL_CHARS];
    for (size_t i = 0; i < schema_type_count(schema); i++) {
        const struct schema_type *type = schema_type_at(schema, i);
        assert_int_equal(right_type("auditor", type_name(type), type, detail),
                         ERR_DENIED);
        assert_int_equal(right_type("state", type_name(type), type, detail),
                         ERR_DENIED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_line_names_a_type_and_roles_that_exist),
        cmocka_unit_test(no_type_stands_twice_and_none_is_left_out),
        cmocka_unit_test(who_may_not_is_told_who_may),
        cmocka_unit_test(an_auditor_writes_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
