/* The definitions of guards: what is refused of them, and whether those that
 * are shipped speak of types, fields and codes that are there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "shared/model/guard.h"
#include "tests/types.h"
#include "tests/unit/model/schema_case.h"

#define GUARD_CHARS (3 * NAME_CHARS_MAX + 3)

/* --- the definitions themselves ------------------------------------------- */

struct reader {
    const struct schema *schema;
    const struct schema_type *type;
    char where[GUARD_CHARS];
};

static void known_members(const struct reader *r, json_t *object,
                          const char *const *known)
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        size_t i = 0;
        while (known[i] && strcmp(known[i], name))
            i++;
        if (!known[i])
            fail_msg("%s: \"%s\" means nothing", r->where, name);
    }
}

static const struct schema_field *field_there(const struct reader *r,
                                              const struct schema_type *type,
                                              const char *name)
{
    const struct schema_field *field = type_field(type, bytes_text(name));
    if (!field)
        fail_msg("%s: %.*s has no field %s", r->where,
                 (int)type_name(type).size, (const char *)type_name(type).at,
                 name);
    return field;
}

static const struct schema_type *type_there(const struct reader *r,
                                            const json_t *name)
{
    const struct schema_type *type =
        schema_type(r->schema, bytes_text(json_string_value(name)));
    if (!type)
        fail_msg("%s: no type %s", r->where, json_string_value(name));
    return type;
}

/* The field may name a record of the guard's own type. */
static void naming_fits(const struct reader *r, const struct schema_type *type,
                        struct bytes named, const char *name)
{
    const struct schema_field *field = field_there(r, type, name);
    struct bytes target = field_target(field);
    if (field_kind(field) != VALUE_RECORD ||
        (target.size && !bytes_equal(target, named)))
        fail_msg("%s: %s does not name such records", r->where, name);
}

static void values_fit(const struct reader *r, const struct schema_field *field,
                       const json_t *list)
{
    size_t i;
    json_t *value;
    json_array_foreach((json_t *)list, i, value)
    {
        struct arena arena;
        const struct canon *tree;
        char text[SCHEMA_DETAIL_CHARS], detail[SCHEMA_DETAIL_CHARS];
        char *json = json_dumps(value, JSON_ENCODE_ANY);
        snprintf(text, sizeof text, field_list(field) ? "[%s]" : "%s", json);
        free(json);
        arena_init(&arena, 1u << 20);
        assert_int_equal(canon_parse(&arena, bytes_text(text), &tree, NULL),
                         ERR_OK);
        if (field_check(field,
                        json_is_null(value) ? tree->first ? tree->first : tree
                                            : tree,
                        detail))
            fail_msg("%s: %s", r->where, detail);
        arena_fini(&arena);
    }
}

static void where_fits(const struct reader *r, const struct schema_type *type,
                       json_t *where)
{
    const char *name;
    json_t *value;
    json_object_foreach(where, name, value)
        values_fit(r, field_there(r, type, name), value);
}

static void records_fit(const struct reader *r, const json_t *condition)
{
    size_t i;
    json_t *link;
    const struct schema_type *type =
        type_there(r, json_object_get(condition, "type"));
    const json_t *naming = json_object_get(condition, "naming");
    const json_t *different = json_object_get(condition, "different");
    if (naming)
        naming_fits(r, type, type_name(r->type), json_string_value(naming));
    if (different)
        field_there(r, type, json_string_value(different));
    where_fits(r, type, json_object_get(condition, "where"));
    json_array_foreach(json_object_get(condition, "without"), i, link)
        naming_fits(r, type_there(r, json_object_get(link, "type")),
                    type_name(type),
                    json_string_value(json_object_get(link, "naming")));
}

static void condition_fits(const struct reader *r, json_t *condition)
{
    static const char *const known[] = {
        "field", "is",      "role",      "where", "type", "naming",
        "min",   "without", "different", "max",   NULL};
    const json_t *name = json_object_get(condition, "field");
    json_t *where = json_object_get(condition, "where");
    known_members(r, condition, known);
    if (!name) {
        records_fit(r, condition);
        return;
    }
    const struct schema_field *field =
        field_there(r, r->type, json_string_value(name));
    values_fit(r, field, json_object_get(condition, "is"));
    if (where)
        where_fits(r, schema_type(r->schema, field_target(field)), where);
}

static void guard_fits(struct reader *r, json_t *guard)
{
    static const char *const known[] = {
        "name", "owner", "at", "by", "when", "any", "says", "clauses", NULL};
    size_t i;
    json_t *condition;
    known_members(r, guard, known);
    json_array_foreach(json_object_get(guard, "when"), i, condition)
        condition_fits(r, condition);
    json_array_foreach(json_object_get(guard, "any"), i, condition)
        condition_fits(r, condition);
    const char *says = json_string_value(json_object_get(guard, "says"));
    if (!strchr(says, ':') || says[strlen(says) - 1] == '.')
        fail_msg("%s: what is missing, a colon, what to do: %s", r->where,
                 says);
    if (!json_array_size(json_object_get(guard, "clauses")))
        fail_msg("%s cites no clause", r->where);
}

static void guards_speak_of_what_is_there(void **state)
{
    (void)state;
    struct schema *schema = schema_shipped();
    struct reader r = {.schema = schema};
    size_t count = 0;
    for (size_t i = 0; i < schema_type_count(schema); i++) {
        r.type = schema_type_at(schema, i);
        struct bytes text = type_definition(r.type), name = type_name(r.type);
        json_t *root = json_loadb((const char *)text.at, text.size, 0, NULL);
        const char *field_name;
        json_t *field, *guard;
        size_t k;
        json_object_foreach(json_object_get(root, "fields"), field_name, field)
            json_array_foreach(json_object_get(field, "needs"), k, guard)
        {
            snprintf(r.where, sizeof r.where, "%.*s.%s.%s", (int)name.size,
                     (const char *)name.at, field_name,
                     json_string_value(json_object_get(guard, "name")));
            guard_fits(&r, guard);
            count++;
        }
        json_decref(root);
    }
    assert_true(count > 90);
    schema_free(schema);
}

/* --- reading -------------------------------------------------------------- */

#define TYPE(needs)                                                            \
    "{\"type\":\"t\",\"fields\":{\"s\":{\"kind\":\"code\",\"rule\":\"latest\"" \
    ",\"codes\":[\"x\",\"y\"],\"needs\":" needs "},\"u\":{\"kind\":\"user\","  \
    "\"rule\":\"latest\"},\"r\":{\"kind\":\"record\",\"rule\":\"latest\","     \
    "\"target\":\"t\"}}}"
#define GUARD(more) TYPE("[{\"name\":\"g\",\"says\":\"a: b\"" more "}]")
#define ANY(condition) GUARD(",\"any\":[" condition "]")

static const struct {
    const char *json, *detail;
} wrong[] = {
    {TYPE("{}"), "a list of guards"},
    {TYPE("[]"), "a list of guards"},
    {TYPE("[1]"), "a guard is an object"},
    {TYPE("[{\"says\":\"a\"}]"), "each has a name"},
    {TYPE("[{\"name\":\"G g\",\"says\":\"a\"}]"), "each has a name"},
    {TYPE("[{\"name\":\"g\"}]"), "says is what is missing"},
    {TYPE("[{\"name\":\"g\",\"says\":\"\"}]"), "says is what is missing"},
    {TYPE("[{\"name\":\"g\",\"says\":\"a\",\"by\":[\"w\"]},"
          "{\"name\":\"g\",\"says\":\"a\",\"by\":[\"w\"]}]"),
     "two have the same name"},
    {GUARD(""), "any or by says what is needed"},
    {GUARD(",\"by\":[]"), "by is a list of roles"},
    {GUARD(",\"by\":[1]"), "by is a list of roles"},
    {GUARD(",\"by\":[\"w\"],\"owner\":1"), "owner is a role"},
    {GUARD(",\"by\":[\"w\"],\"clauses\":\"c\""), "clauses is a list"},
    {GUARD(",\"by\":[\"w\"],\"at\":\"x\""), "at is a list of values"},
    {GUARD(",\"by\":[\"w\"],\"at\":[\"z\"]"), "at speaks of a value"},
    {GUARD(",\"any\":[]"), "lists of conditions"},
    {GUARD(",\"any\":{}"), "lists of conditions"},
    {GUARD(",\"by\":[\"w\"],\"when\":[]"), "lists of conditions"},
    {ANY("1"), "a condition speaks of a field or of a type"},
    {ANY("{}"), "a condition speaks of a field or of a type"},
    {ANY("{\"field\":\"u\",\"type\":\"t\"}"), "a field or of a type"},
    {ANY("{\"field\":\"v\"}"), "field is not a field of this type"},
    {ANY("{\"field\":1}"), "field is not a field of this type"},
    {ANY("{\"field\":\"s\",\"is\":\"x\"}"), "is takes a list of values"},
    {ANY("{\"field\":\"s\",\"is\":[]}"), "is takes a list of values"},
    {ANY("{\"field\":\"s\",\"is\":[[]]}"), "is takes a list of values"},
    {ANY("{\"field\":\"s\",\"role\":[\"w\"]}"), "role stands with a field of"},
    {ANY("{\"field\":\"u\",\"role\":\"w\"}"), "role takes a list of roles"},
    {ANY("{\"field\":\"s\",\"where\":{\"s\":true}}"),
     "where stands with a field that has a target"},
    {ANY("{\"field\":\"r\",\"where\":{}}"), "where is an object of fields"},
    {ANY("{\"field\":\"r\",\"where\":[1]}"), "where is an object of fields"},
    {ANY("{\"field\":\"r\",\"where\":{\"S s\":true}}"), "that is no name"},
    {ANY("{\"field\":\"r\",\"where\":{\"s\":\"x\"}}"), "where takes a list"},
    {ANY("{\"field\":\"r\",\"where\":{\"s\":[]}}"), "where takes a list"},
    {ANY("{\"type\":\"T t\"}"), "type is no name"},
    {ANY("{\"type\":\"t\",\"naming\":1}"), "naming is no field name"},
    {ANY("{\"type\":\"t\",\"different\":\"\"}"), "different is no field name"},
    {ANY("{\"type\":\"t\",\"min\":-1}"), "min and max are numbers"},
    {ANY("{\"type\":\"t\",\"max\":\"1\"}"), "min and max are numbers"},
    {ANY("{\"type\":\"t\",\"without\":{}}"), "without is a list"},
    {ANY("{\"type\":\"t\",\"without\":[{\"type\":\"t\"}]}"),
     "without is a list"},
    {ANY("{\"type\":\"t\",\"without\":[{\"type\":\"t\",\"naming\":1}]}"),
     "without is a list"},
    {"{\"type\":\"t\",\"fields\":{\"s\":{\"kind\":\"text\",\"rule\":\"set\","
     "\"needs\":[{\"name\":\"g\",\"says\":\"a\",\"by\":[\"w\"]}]}}}",
     "not with rule set"},
};

static void a_wrong_guard_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char place[] = "t.s: needs: ";
    struct schema *schema = schema_empty();
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char detail[SCHEMA_DETAIL_CHARS];
        if (schema_add(schema, bytes_text(wrong[i].json), detail) !=
            ERR_INVALID)
            fail_msg("taken: %s", wrong[i].json);
        if (strncmp(detail, place, strlen(place)) != 0 ||
            !strstr(detail, wrong[i].detail))
            fail_msg("%s\n is said of %s", detail, wrong[i].json);
    }
    assert_int_equal(schema_type_count(schema), 0);
    schema_free(schema);
}

static void what_is_left_out_has_a_meaning(void **state)
{
    (void)state;
    struct schema *schema = schema_empty();
    schema_must_add(schema, ANY("{\"type\":\"t\",\"later\":[1]}"));
    const struct schema_field *field = schema_field_of(schema, "t", "s");
    assert_int_equal(field_guard_count(field), 1);
    const struct guard *guard = field_guard_at(field, 0);
    assert_true(bytes_is(guard_owner(guard), "worker"));
    assert_true(bytes_is(guard_says(guard), "a: b"));
    assert_int_equal(guard_clause_count(guard), 0);
    assert_int_equal(guard_type_count(guard), 1);
    assert_true(bytes_is(guard_type_at(guard, 0), "t"));
    assert_int_equal(field_guard_count(schema_field_of(schema, "t", "u")), 0);
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guards_speak_of_what_is_there),
        cmocka_unit_test(a_wrong_guard_is_refused_with_its_place),
        cmocka_unit_test(what_is_left_out_has_a_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
