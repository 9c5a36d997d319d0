#include "tests/unit/model/guard_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* "@name" is an id, the same wherever it stands. */
static json_t *value_of(const json_t *value)
{
    size_t i;
    json_t *member;
    const char *text = json_string_value(value);
    if (json_is_array(value)) {
        json_t *list = json_array();
        json_array_foreach((json_t *)value, i, member)
            json_array_append_new(list, value_of(member));
        return list;
    }
    if (!text || text[0] != '@')
        return json_deep_copy(value);
    char id[ID_CHARS + 1];
    uint64_t sum = 5381;
    for (; *text; text++)
        sum = (sum * 33 + (unsigned char)*text) & UINT64_C(0xffffffffffff);
    snprintf(id, sizeof id, "0198f1d2-7c3a-7e4b-9d5e-%012llx",
             (unsigned long long)sum);
    return json_string(id);
}

static bool is_field(const char *name)
{
    return strcmp(name, "type") && strcmp(name, "id") && strcmp(name, "fields");
}

static void field_add(json_t *fields, const char *name, json_t *value)
{
    json_object_set_new(
        fields, name,
        json_pack("{s:[{s:s}],s:o}", "live", "author", "dana", "value", value));
}

static void fields_add(json_t *fields, const json_t *set)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)set, name, value)
        field_add(fields, name, value_of(value));
}

static void record_add(struct guard_told *told, const char *type, json_t *id,
                       json_t *fields, const struct guard_record **out)
{
    json_t *root = json_pack("{s:s,s:o,s:o,s:s}", "case",
                             "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4", "fields",
                             fields, "record", id, "type", type);
    char *text = json_dumps(root, JSON_SORT_KEYS | JSON_COMPACT);
    assert_non_null(text);
    assert_int_equal(guard_case_add(&told->kase, bytes_text(text), out),
                     ERR_OK);
    free(text);
    json_decref(root);
}

/* Another record of the case; one without an id gets `place` for it. */
static void other_add(struct guard_told *told, const json_t *given, int place)
{
    char name[32];
    const char *field;
    json_t *value, *fields = json_object();
    json_t *id = json_object_get(given, "id");
    snprintf(name, sizeof name, "@no-%d", place);
    json_t *fresh = json_string(name);
    json_object_foreach((json_t *)given, field, value) if (is_field(field))
        field_add(fields, field, value_of(value));
    fields_add(fields, json_object_get(given, "fields"));
    record_add(told, json_string_value(json_object_get(given, "type")),
               value_of(id ? id : fresh), fields, NULL);
    json_decref(fresh);
}

void guard_told_open(struct guard_told *out, const char *type,
                     const json_t *item, const json_t *variant,
                     const char *field, json_t *at)
{
    size_t i;
    json_t *other, *fields = json_object(), *own = json_string("@this");
    const json_t *role = json_object_get(variant, "role");
    if (!role)
        role = json_object_get(item, "role");
    guard_case_init(&out->kase);
    out->role = role ? json_string_value(role) : "";
    fields_add(fields, json_object_get(item, "record"));
    fields_add(fields, json_object_get(variant, "set"));
    if (at)
        field_add(fields, field, json_incref(at));
    record_add(out, type, value_of(own), fields, &out->record);
    json_decref(own);
    /* What is told of a record in the variant stands for what stood beside. */
    json_array_foreach(json_object_get(variant, "with"), i, other)
        other_add(out, other, (int)i);
    json_array_foreach(json_object_get(item, "beside"), i, other)
        other_add(out, other, 100 + (int)i);
}

void guard_told_close(struct guard_told *told)
{
    guard_case_fini(&told->kase);
}

struct bytes guard_told_role(void *told, struct bytes user)
{
    (void)user;
    return bytes_text(((struct guard_told *)told)->role);
}
