#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/exchange.h"
#include "shared/model/schema.h"
#include "shared/replica/shipped.h"
#include "tests/fault.h"
#include "tests/types.h"
#include "tools/embed.h"

#define RECORD "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"
#define PERSON "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b5"
#define WITH_PERSON "\"person\":{\"value\":\"" PERSON "\"}"

struct scene {
    struct exchange *exchange;
    struct schema *schema;
    struct arena arena;
    struct buffer out;
    char detail[EXCHANGE_DETAIL_CHARS];
};

static int set_up(void **state)
{
    static struct scene s;
    assert_int_equal(exchange_open(&s.exchange, "fhir-referral"), ERR_OK);
    assert_int_equal(schema_new(&s.schema), ERR_OK);
    assert_int_equal(shipped_types_add(s.schema), ERR_OK);
    arena_init(&s.arena, (size_t)16 << 20);
    buffer_init(&s.out, 1u << 20);
    *state = &s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    buffer_fini(&s->out);
    arena_fini(&s->arena);
    schema_free(s->schema);
    exchange_close(s->exchange);
    return 0;
}

/* A referral with these fields, as the store has it. */
static const struct canon *referral(struct scene *s, const char *fields)
{
    char text[4096];
    const struct canon *root;
    int size = snprintf(text, sizeof text,
                        "{\"fields\":{%s},\"record\":\"%s\"}", fields, RECORD);
    assert_true(size > 0 && (size_t)size < sizeof text);
    const char *kept = arena_copy(&s->arena, bytes_of(text, (size_t)size));
    assert_int_equal(
        canon_parse(&s->arena, bytes_of(kept, (size_t)size), &root, NULL),
        ERR_OK);
    return root;
}

static enum err written(struct scene *s, const char *fields)
{
    buffer_clear(&s->out);
    return exchange_write(s->exchange, referral(s, fields), &s->out, s->detail);
}

/* Line `nth`; the template is canonical, and so is what comes of it. */
static const struct canon *line(struct scene *s, size_t nth)
{
    const char *at = buffer_text(&s->out);
    const struct canon *root;
    for (; nth; nth--)
        at = strchr(at, '\n') + 1;
    struct bytes json = bytes_of(at, strcspn(at, "\n"));
    const char *kept = arena_copy(&s->arena, json);
    assert_int_equal(
        canon_parse(&s->arena, bytes_of(kept, json.size), &root, NULL), ERR_OK);
    return root;
}

static void member_is(const struct canon *object, const char *name,
                      const char *wanted)
{
    struct bytes text;
    if (!canon_text(object, name, &text) || !bytes_is(text, wanted))
        fail_msg("%s is not %s in %.*s", name, wanted, (int)object->raw.size,
                 (const char *)object->raw.at);
}

static bool is_one_of(const struct canon *object, const char *name,
                      const char *const *codes)
{
    struct bytes text;
    if (!canon_text(object, name, &text))
        return false;
    while (*codes && !bytes_is(text, *codes))
        codes++;
    return *codes != NULL;
}

/* What FHIR R4 requires of both, and the codes that it has. */
static void check_shape(struct scene *s)
{
    static const char *const tasks[] = {
        "draft",       "requested",        "accepted", "rejected",
        "cancelled",   "on-hold",          "failed",   "completed",
        "in-progress", "entered-in-error", NULL};
    static const char *const requests[] = {
        "draft",     "active",           "on-hold", "revoked",
        "completed", "entered-in-error", "unknown", NULL};
    static const char *const explained[] = {"rejected", "cancelled", "on-hold",
                                            "failed", NULL};
    const struct canon *request = line(s, 0), *task = line(s, 1);
    member_is(request, "resourceType", "ServiceRequest");
    member_is(task, "resourceType", "Task");
    member_is(request, "id", RECORD);
    member_is(task, "id", RECORD);
    member_is(request, "intent", "order");
    member_is(task, "intent", "order");
    assert_true(is_one_of(request, "status", requests));
    assert_true(is_one_of(task, "status", tasks));
    member_is(canon_member(task, "focus"), "reference",
              "ServiceRequest/" RECORD);
    member_is(canon_member(canon_member(task, "for"), "identifier"), "value",
              "urn:uuid:" PERSON);
    member_is(canon_member(canon_member(request, "subject"), "identifier"),
              "value", "urn:uuid:" PERSON);
    if (is_one_of(task, "status", explained))
        assert_non_null(
            canon_member(canon_member(task, "statusReason"), "text"));
}

static void every_stage_of_a_referral_has_its_place(void **state)
{
    struct scene *s = *state;
    const struct schema_type *type =
        schema_type(s->schema, bytes_text(exchange_type(s->exchange)));
    const struct schema_field *field = type_field(type, bytes_text("status"));
    size_t count = field_code_count(field);
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        char fields[300];
        struct bytes code = field_code_at(field, i);
        snprintf(fields, sizeof fields,
                 WITH_PERSON ",\"status\":{\"value\":\"%.*s\"}", (int)code.size,
                 (const char *)code.at);
        if (written(s, fields))
            fail_msg("%s", s->detail);
        check_shape(s);
    }
}

static void every_urgency_has_its_place(void **state)
{
    struct scene *s = *state;
    static const char *const priorities[] = {"routine", "urgent", "stat", NULL};
    const struct schema_type *type =
        schema_type(s->schema, bytes_text(exchange_type(s->exchange)));
    const struct schema_field *field = type_field(type, bytes_text("urgency"));
    assert_int_equal(field_code_count(field), 3);
    for (size_t i = 0; i < field_code_count(field); i++) {
        char fields[300];
        struct bytes code = field_code_at(field, i);
        snprintf(fields, sizeof fields,
                 WITH_PERSON ",\"urgency\":{\"value\":\"%.*s\"}",
                 (int)code.size, (const char *)code.at);
        assert_int_equal(written(s, fields), ERR_OK);
        assert_true(is_one_of(line(s, 1), "priority", priorities));
    }
}

static size_t check_names(const struct schema_type *type,
                          const struct canon *part)
{
    struct bytes name;
    size_t found = 0;
    if (part->kind == CANON_OBJECT && (canon_text(part, "$field", &name) ||
                                       canon_text(part, "$map", &name))) {
        if (!type_field(type, name))
            fail_msg("no field %.*s", (int)name.size, (const char *)name.at);
        return 1;
    }
    if (part->kind == CANON_OBJECT || part->kind == CANON_ARRAY)
        for (const struct canon *at = part->first; at; at = at->next)
            found += check_names(type, at);
    return found;
}

static void a_template_names_only_fields_that_there_are(void **state)
{
    struct scene *s = *state;
    size_t found = 0;
    for (size_t i = 0; embed_exchange[i].path; i++) {
        const struct canon *root;
        struct bytes type;
        buffer_clear(&s->out);
        assert_int_equal(canon_normalise(&s->out,
                                         bytes_of(embed_exchange[i].at,
                                                  embed_exchange[i].size),
                                         NULL),
                         ERR_OK);
        assert_int_equal(
            canon_parse(&s->arena, buffer_bytes(&s->out), &root, NULL), ERR_OK);
        assert_true(canon_text(root, "type", &type));
        found += check_names(schema_type(s->schema, type), root);
    }
    assert_true(found > 10);
}

static void what_is_not_known_is_not_said(void **state)
{
    struct scene *s = *state;
    assert_int_equal(written(s, WITH_PERSON), ERR_OK);
    check_shape(s);
    for (size_t i = 0; i < 2; i++)
        assert_null(canon_member(line(s, i), "authoredOn"));
    assert_null(canon_member(line(s, 0), "performer"));
    assert_null(canon_member(line(s, 0), "locationReference"));
    assert_null(canon_member(line(s, 1), "owner"));
    assert_null(canon_member(line(s, 1), "statusReason"));
    assert_null(strstr(buffer_text(&s->out), "null"));
}

static void only_what_there_is_of_a_list_is_in_it(void **state)
{
    struct scene *s = *state;
    assert_int_equal(
        written(s, WITH_PERSON ",\"service\":{\"value\":\"" PERSON "\"}"),
        ERR_OK);
    const struct canon *list = canon_member(line(s, 0), "performer");
    assert_int_equal(list->count, 1);
    member_is(list->first, "type", "HealthcareService");
}

static void instants_have_seconds(void **state)
{
    struct scene *s = *state;
    static const char *const pairs[][2] = {
        {"2026-11-21T15:20-06:00", "2026-11-21T15:20:00-06:00"},
        {"2026-11-21T15:20Z", "2026-11-21T15:20:00Z"},
        {"2026-11-21T15:20:31.5-06:00", "2026-11-21T15:20:31.5-06:00"},
        {"2026-11-21", "2026-11-21"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char fields[300];
        snprintf(fields, sizeof fields,
                 WITH_PERSON ",\"sent_at\":{\"value\":\"%s\"}", pairs[i][0]);
        assert_int_equal(written(s, fields), ERR_OK);
        member_is(line(s, 0), "authoredOn", pairs[i][1]);
        assert_true(bytes_is(exchange_day(s->exchange, referral(s, fields)),
                             "2026-11-21"));
    }
    assert_int_equal(exchange_day(s->exchange, referral(s, WITH_PERSON)).size,
                     0);
}

static void words_about_a_client_stay_here(void **state)
{
    struct scene *s = *state;
    assert_int_equal(written(s, "\"county\":{\"value\":\"28081\"},"
                                "\"note\":{\"value\":\"secret\"}," WITH_PERSON
                                ",\"provider\":{\"value\":\"secret\"},"
                                "\"refund_band\":{\"value\":\"secret\"}"),
                     ERR_OK);
    assert_null(strstr(buffer_text(&s->out), "secret"));
    assert_null(strstr(buffer_text(&s->out), "28081"));
}

static void what_cannot_be_told_is_named(void **state)
{
    struct scene *s = *state;
    assert_int_equal(written(s, "\"status\":{\"value\":\"sent\"}"),
                     ERR_INVALID);
    assert_string_equal(s->detail, "person: is empty, and must be there");
    assert_int_equal(
        written(s, WITH_PERSON ",\"status\":{\"value\":\"of_later\"}"),
        ERR_INVALID);
    assert_string_equal(s->detail,
                        "status: has a value that cannot be told there");
    struct exchange *none;
    assert_int_equal(exchange_open(&none, "none"), ERR_NOT_FOUND);
    assert_null(none);
}

static void writing_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    const struct canon *record =
        referral(s, WITH_PERSON ",\"status\":{\"value\":\"declined\"}");
    enum err err = ERR_NOMEM;
    int nth = 1;
    for (; err == ERR_NOMEM; nth++) {
        struct exchange *x;
        struct buffer out;
        assert_true(nth < 1000);
        buffer_init(&out, 1u << 20);
        fault_at(nth, false);
        err = exchange_open(&x, "fhir-referral");
        if (!err)
            err = exchange_write(x, record, &out, s->detail);
        fault_at(0, false);
        exchange_close(x);
        buffer_fini(&out);
    }
    assert_int_equal(err, ERR_OK);
    assert_true(nth > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stage_of_a_referral_has_its_place),
        cmocka_unit_test(every_urgency_has_its_place),
        cmocka_unit_test(a_template_names_only_fields_that_there_are),
        cmocka_unit_test(what_is_not_known_is_not_said),
        cmocka_unit_test(only_what_there_is_of_a_list_is_in_it),
        cmocka_unit_test(instants_have_seconds),
        cmocka_unit_test(words_about_a_client_stay_here),
        cmocka_unit_test(what_cannot_be_told_is_named),
        cmocka_unit_test(writing_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
