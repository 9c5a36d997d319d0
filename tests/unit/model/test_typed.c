#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "shared/model/typed.h"
#include "tests/fault.h"
#include "tests/types.h"

static const char definition[] =
    "{\"type\":\"visit\",\"version\":1,\"home\":\"case\",\"fields\":{"
    "\"kind\":{\"kind\":\"code\",\"rule\":\"latest\",\"codes\":[\"phone\"]},"
    "\"long\":{\"kind\":\"bool\",\"rule\":\"latest\"},"
    "\"miles\":{\"kind\":\"int\",\"rule\":\"latest\"},"
    "\"note\":{\"kind\":\"text\",\"rule\":\"latest\"},"
    "\"goals\":{\"kind\":\"code\",\"list\":true,\"rule\":\"latest\","
    "\"codes\":[\"work\",\"home\"]},"
    "\"team\":{\"kind\":\"text\",\"rule\":\"set\"}}}";

static int setup(void **state)
{
    struct schema *schema;
    char detail[SCHEMA_DETAIL_CHARS] = "";
    assert_int_equal(schema_new(&schema), ERR_OK);
    enum err err = schema_add(schema, bytes_text(definition), detail);
    assert_string_equal(detail, "");
    assert_int_equal(err, ERR_OK);
    *state = schema;
    return 0;
}

static int teardown(void **state)
{
    schema_free(*state);
    return 0;
}

static const struct schema_field *field(const struct schema *schema,
                                        const char *name)
{
    const struct schema_type *type = schema_type(schema, bytes_text("visit"));
    return type_field(type, bytes_text(name));
}

static const struct {
    const char *field, *text, *value, *condition;
    bool possible;
} typed[] = {
    {"long", "yes", "true", "true", true},
    {"long", "no", "false", "false", true},
    {"long", "perhaps", "\"perhaps\"", "perhaps", false},
    {"miles", "20", "20", "20", true},
    {"miles", "far", "\"far\"", "far", false},
    {"kind", "phone", "\"phone\"", "phone", true},
    {"kind", "bogus", "\"bogus\"", "bogus", false},
    {"kind", "", "null", "null", true},
    {"note", "a \"b\", c", "\"a \\\"b\\\", c\"", "a \"b\", c", true},
    {"goals", "work", "[\"work\"]", "work", true},
    {"goals", "bogus", "[\"bogus\"]", "bogus", false},
    {"goals", "work , home", "[\"work\",\"home\"]", "work , home", false},
    {"goals", "[\"home\"]", "[\"home\"]", "[\"home\"]", false},
    {"team", "Ann, Bo", "\"Ann, Bo\"", "Ann, Bo", true},
    {"nosuch", "yes", "\"yes\"", "yes", true},
};

static void what_is_typed_is_read_by_the_kind_of_its_field(void **state)
{
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        const struct schema_field *f = field(*state, typed[i].field);
        struct buffer value, condition;
        buffer_init(&value, TYPED_BYTES_MAX);
        buffer_init(&condition, TYPED_BYTES_MAX);
        assert_int_equal(typed_value(&value, f, typed[i].text), ERR_OK);
        assert_string_equal(buffer_text(&value), typed[i].value);
        assert_int_equal(typed_condition(&condition, f, typed[i].text), ERR_OK);
        assert_string_equal(buffer_text(&condition), typed[i].condition);
        buffer_fini(&condition);
        buffer_fini(&value);
    }
}

static void a_condition_that_nothing_can_meet_is_named(void **state)
{
    size_t impossible = 0;
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++) {
        const struct schema_field *f = field(*state, typed[i].field);
        char detail[SCHEMA_DETAIL_CHARS];
        if (!f)
            continue;
        enum err err = typed_condition_check(f, typed[i].text, detail);
        assert_int_equal(err, typed[i].possible ? ERR_OK : ERR_INVALID);
        if (typed[i].possible)
            continue;
        impossible++;
        assert_non_null(strstr(detail, typed[i].field));
    }
    assert_true(impossible > 3);
}

static void typing_survives_every_allocation_failure(void **state)
{
    for (int nth = 1;; nth++) {
        char detail[SCHEMA_DETAIL_CHARS];
        struct buffer out;
        const struct schema_field *goals = field(*state, "goals");
        buffer_init(&out, TYPED_BYTES_MAX);
        fault_at(nth, false);
        enum err err = typed_value(&out, goals, "work,home");
        if (!err)
            err = typed_condition(&out, goals, "work");
        if (!err)
            err = typed_condition_check(goals, "work", detail);
        bool hit = fault_hit();
        fault_at(0, false);
        buffer_fini(&out);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
        if (!hit) {
            assert_true(nth > 1);
            return;
        }
    }
}

#define TYPED_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TYPED_TEST(what_is_typed_is_read_by_the_kind_of_its_field),
        TYPED_TEST(a_condition_that_nothing_can_meet_is_named),
        TYPED_TEST(typing_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
