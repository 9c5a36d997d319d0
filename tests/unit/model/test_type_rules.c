/* Every rule on every field of every shipped type that uses it.  Histories are
 * generated from the definitions; what they must come to is worked out here
 * from the definition's own JSON, not by the schema. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/types.h"
#include "tests/unit/model/fold_case.h"
#include "tests/unit/model/schema_case.h"
#include "tests/unit/model/type_subject.h"

#define RECORD "0198f1d2-7c3a-7e4b-9d5e-6f708192a3b4"
#define SAYS_CHARS 512

/* One line: who wrote it, when, what the writer had seen (NULL: it creates the
 * record) and what it says, an object. */
struct told {
    const char *replica;
    const char *seen;
    int at;
    const char *says;
};

/* --- histories ------------------------------------------------------------ */

static json_t *line_make(const struct subject *s, const struct told *told)
{
    json_t *line = json_loads(told->says, 0, NULL);
    bool seals = json_object_get(line, "seal") != NULL;
    json_t *more = json_pack("{s:i,s:s,s:i,s:s,s:s}", "at", told->at, "author",
                             "dana", "n", seals ? 2 : 1, "record", RECORD,
                             "replica", told->replica);
    assert_true(line && more);
    json_object_update(line, more);
    json_decref(more);
    if (seals)
        json_object_set_new(line, "prev", json_integer(1));
    if (told->seen)
        json_object_set_new(line, "seen", json_loads(told->seen, 0, NULL));
    else
        json_object_set_new(line, "type", json_string(s->type));
    char *text = json_dumps(line, JSON_SORT_KEYS | JSON_COMPACT);
    json_t *out = json_string(text);
    free(text);
    json_decref(line);
    return out;
}

/* The state of these lines, the same in any order and step by step. */
static json_t *history_fold(const struct subject *s, const struct told *told,
                            size_t count)
{
    struct fold_case c;
    struct fold there, back;
    json_t *lines = json_array();
    json_t *json =
        json_pack("{s:[O],s:o}", "definitions", s->definition, "lines", lines);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(lines, line_make(s, &told[i]));
    fold_case_open(&c, json);
    fold_stepwise(&c, c.revisions, c.count, &there);
    for (size_t i = 0; i < c.count / 2; i++) {
        const struct revision *other = c.revisions[i];
        c.revisions[i] = c.revisions[c.count - 1 - i];
        c.revisions[c.count - 1 - i] = other;
    }
    fold_some(&c, c.revisions, c.count, &back);
    assert_same_bytes(buffer_bytes(&there.state), buffer_bytes(&back.state));
    json_t *state = json_loads(buffer_text(&there.state), 0, NULL);
    assert_non_null(state);
    fold_fini(&there);
    fold_fini(&back);
    fold_case_close(&c);
    json_decref(json);
    json_t *field = json_object_get(json_object_get(state, "fields"), s->name);
    if (!field)
        fail_msg("%s.%s is not in the state", s->type, s->name);
    json_incref(field);
    json_decref(state);
    return field;
}

/* {"set":{FIELD:VALUE}}, or {"add":{FIELD:[VALUE]}} of a set. */
static const char *says(const struct subject *s, size_t value, char *out)
{
    bool set = !strcmp(text_of(s->field, "rule"), "set");
    snprintf(out, SAYS_CHARS, "{\"%s\":{\"%s\":%s%s%s}}", set ? "add" : "set",
             s->name, set ? "[" : "", s->values[value], set ? "]" : "");
    return out;
}

/* --- what a field must show ----------------------------------------------- */

static void shows(const struct subject *s, const json_t *field,
                  const char *value, const char *flags, size_t live)
{
    json_t *wanted = json_loads(value, JSON_DECODE_ANY, NULL);
    char said[64] = "";
    if (json_is_true(json_object_get(field, "open")))
        strcat(said, "open ");
    if (json_is_true(json_object_get(field, "meanwhile")))
        strcat(said, "meanwhile ");
    if (json_is_true(json_object_get(field, "sealed")))
        strcat(said, "sealed ");
    if (!json_equal(json_object_get(field, "value"), wanted) ||
        strcmp(said, flags) ||
        json_array_size(json_object_get(field, "live")) != live) {
        char *shown = json_dumps(field, 0);
        fail_msg("%s.%s: %s%s is expected of %zu in\n%s", s->type, s->name,
                 flags, value, live, shown);
    }
    json_decref(wanted);
}

/* The first, the first two and all three writers. */
#define ONE(d) "{\"" d "1\":1}"
#define TWO(d) "{\"" d "1\":1,\"" d "2\":1}"
#define THREE(d) "{\"" d "1\":1,\"" d "2\":1,\"" d "3\":1}"
#define DEVICE "wAAAAAAAAAAA"
#define OFFICE "oAAAAAAAAAAA"

struct cast {
    const char *who[5];  /* from 1 */
    const char *seen[4]; /* the first 1, 2, 3 of them */
};

static const struct cast devices = {
    {NULL, DEVICE "1", DEVICE "2", DEVICE "3", DEVICE "4"},
    {NULL, ONE(DEVICE), TWO(DEVICE), THREE(DEVICE)}};
static const struct cast terms = {
    {NULL, OFFICE "1", OFFICE "2", OFFICE "3", OFFICE "4"},
    {NULL, ONE(OFFICE), TWO(OFFICE), THREE(OFFICE)}};

/* Two that had seen `base` wrote `a` (earlier) and `b`; NULL: nobody did. */
static json_t *two_at_once(const struct subject *s, size_t base, size_t a,
                           size_t b)
{
    char first[SAYS_CHARS], second[SAYS_CHARS], third[SAYS_CHARS];
    const struct cast *c = s->cast;
    struct told told[] = {{c->who[1], NULL, 1, says(s, base, first)},
                          {c->who[2], c->seen[1], 2, says(s, a, second)},
                          {c->who[3], c->seen[1], 3, says(s, b, third)}};
    return history_fold(s, told, 3);
}

static size_t unordered_check(const struct subject *s)
{
    bool both = !strcmp(text_of(s->field, "rule"), "both");
    json_t *field = two_at_once(s, 0, 1, 2);
    shows(s, field, both ? s->values[0] : s->values[2],
          both ? "open meanwhile " : "open ", 2);
    json_decref(field);
    return 1;
}

static size_t ordered_pair_check(const struct subject *s, size_t a, size_t b)
{
    /* A third that neither wrote. */
    size_t base = 0;
    while (base == a || base == b)
        base++;
    json_t *field = two_at_once(s, base, a, b);
    json_t *review = json_object_get(field, "review");
    if (s->below[a][b] || s->below[b][a]) {
        shows(s, field, s->values[s->below[a][b] ? b : a], "open ", 2);
        assert_null(review);
    } else {
        shows(s, field, s->values[base], "open meanwhile ", 2);
        assert_int_equal(json_array_size(review), 2);
    }
    json_decref(field);
    return 1;
}

/* Who had seen a value may replace it, whatever the rule. */
static size_t replaced_check(const struct subject *s, size_t a, size_t b)
{
    char first[SAYS_CHARS], second[SAYS_CHARS], third[SAYS_CHARS];
    const struct cast *c = s->cast;
    struct told told[] = {{c->who[1], NULL, 9, says(s, a == 0, first)},
                          {c->who[2], c->seen[1], 5, says(s, a, second)},
                          {c->who[3], c->seen[2], 1, says(s, b, third)}};
    json_t *field = history_fold(s, told, 3);
    shows(s, field, s->values[b], "", 1);
    json_decref(field);
    return 1;
}

/* Who had seen both settles it. */
static size_t settled_check(const struct subject *s)
{
    char first[SAYS_CHARS], second[SAYS_CHARS], third[SAYS_CHARS],
        fourth[SAYS_CHARS];
    const struct cast *c = s->cast;
    struct told told[] = {{c->who[1], NULL, 9, says(s, 0, first)},
                          {c->who[2], c->seen[1], 5, says(s, 1, second)},
                          {c->who[3], c->seen[1], 4, says(s, 2, third)},
                          {c->who[4], c->seen[3], 1, says(s, 1, fourth)}};
    json_t *field = history_fold(s, told, 4);
    shows(s, field, s->values[1], "", 1);
    json_decref(field);
    return 1;
}

static size_t sealed_check(const struct subject *s)
{
    char first[SAYS_CHARS], second[SAYS_CHARS];
    const struct cast *c = s->cast;
    struct told told[] = {{c->who[1], NULL, 1, says(s, 0, first)},
                          {c->who[1], c->seen[1], 2, "{\"seal\":true}"},
                          {c->who[2], c->seen[1], 3, says(s, 1, second)}};
    json_t *field = history_fold(s, told, 3);
    shows(s, field, s->values[0], "sealed ", 1);
    assert_int_equal(json_array_size(json_object_get(field, "after")), 1);
    json_decref(field);
    return 1;
}

static void members_are(const json_t *field, size_t live, size_t dropped)
{
    assert_int_equal(json_array_size(json_object_get(field, "value")), live);
    assert_int_equal(json_array_size(json_object_get(field, "dropped")),
                     dropped);
    assert_false(json_is_true(json_object_get(field, "open")));
}

static size_t set_check(const struct subject *s)
{
    char first[SAYS_CHARS], second[SAYS_CHARS], third[SAYS_CHARS],
        drop[SAYS_CHARS];
    const struct cast *c = s->cast;
    says(s, 0, first);
    says(s, 1, second);
    says(s, 2, third);
    snprintf(drop, sizeof drop, "{\"drop\":{\"%s\":{%s:\"why\"}}}", s->name,
             s->values[0]);
    struct told both[] = {{c->who[1], NULL, 1, first},
                          {c->who[2], c->seen[1], 2, second},
                          {c->who[3], c->seen[1], 3, third}};
    json_t *field = history_fold(s, both, 3);
    members_are(field, 3, 0);
    json_decref(field);
    struct told gone[] = {{c->who[1], NULL, 1, first},
                          {c->who[2], c->seen[1], 2, drop}};
    field = history_fold(s, gone, 2);
    members_are(field, 0, 1);
    json_decref(field);
    /* Added by one who had not seen that it was taken away: it stays. */
    struct told again[] = {{c->who[1], NULL, 1, first},
                           {c->who[2], c->seen[1], 2, drop},
                           {c->who[3], c->seen[1], 3, first}};
    field = history_fold(s, again, 3);
    members_are(field, 1, 1);
    json_decref(field);
    return 3;
}

/* A device asks; only what the office writes counts. */
static size_t request_check(const struct subject *s)
{
    char written[SAYS_CHARS], asked[SAYS_CHARS];
    struct told told[] = {
        {terms.who[1], NULL, 1, says(s, 0, written)},
        {devices.who[2], terms.seen[1], 2, says(s, 1, asked)}};
    json_t *field = history_fold(s, told, 2);
    assert_int_equal(json_array_size(json_object_get(field, "requests")), 1);
    if (!strcmp(text_of(s->field, "rule"), "set"))
        members_are(field, 1, 0);
    else
        shows(s, field, s->values[0], "", 1);
    json_decref(field);
    return 1;
}

/* --- the tables ----------------------------------------------------------- */

typedef size_t subject_check(const struct subject *s);

/* Calls `check` for every field with the rule; returns how much it checked. */
static size_t each_field(const char *rule, subject_check *check)
{
    size_t count = 0;
    const char *name;
    json_t *field;
    struct schema *schema = schema_shipped();
    for (size_t i = 0; i < schema_type_count(schema); i++) {
        const struct schema_type *type = schema_type_at(schema, i);
        struct bytes text = type_definition(type);
        json_t *root = json_loadb((const char *)text.at, text.size, 0, NULL);
        assert_non_null(root);
        json_object_foreach(json_object_get(root, "fields"), name, field)
        {
            static struct subject s;
            bool office = !strcmp(text_of(field, "writer"), "office");
            if (rule && strcmp(text_of(field, "rule"), rule))
                continue;
            s = (struct subject){root,
                                 field,
                                 text_of(root, "type"),
                                 name,
                                 office ? &terms : &devices,
                                 {{0}},
                                 0,
                                 {{0}}};
            subject_fill(&s);
            assert_true(s.count >= 3);
            count += check(&s);
        }
        json_decref(root);
    }
    schema_free(schema);
    return count;
}

static void of_two_latest_the_later_is_shown(void **state)
{
    (void)state;
    assert_true(each_field("latest", unordered_check) > 150);
}

static void of_two_in_both_what_all_had_seen_holds(void **state)
{
    (void)state;
    assert_true(each_field("both", unordered_check) > 50);
}

static void before_a_seal_a_fixed_field_is_a_draft(void **state)
{
    (void)state;
    assert_true(each_field("fixed", unordered_check) > 400);
}

static void after_a_seal_a_fixed_field_stands(void **state)
{
    (void)state;
    assert_true(each_field("fixed", sealed_check) > 400);
}

static void members_of_a_set_stay_and_go_with_a_reason(void **state)
{
    (void)state;
    assert_true(each_field("set", set_check) > 100);
}

static size_t each_pair(const struct subject *s)
{
    size_t count = 0;
    for (size_t a = 0; a < s->count; a++)
        for (size_t b = 0; b < s->count; b++)
            if (a != b)
                count += ordered_pair_check(s, a, b);
    return count;
}

static void
of_two_stages_the_further_is_shown_and_two_ends_are_reviewed(void **state)
{
    (void)state;
    assert_true(each_field("furthest", each_pair) > 1000);
}

static void of_two_answers_the_safer_is_shown(void **state)
{
    (void)state;
    assert_true(each_field("safest", each_pair) > 100);
}

static size_t each_replacement(const struct subject *s)
{
    size_t count = 0;
    for (size_t a = 0; a < s->count; a++)
        for (size_t b = 0; b < s->count; b++)
            if (a != b)
                count += replaced_check(s, a, b);
    return count;
}

static void who_had_seen_a_stage_may_go_anywhere(void **state)
{
    (void)state;
    assert_true(each_field("furthest", each_replacement) > 1000);
    assert_true(each_field("safest", each_replacement) > 100);
}

static size_t settle(const struct subject *s)
{
    return strcmp(text_of(s->field, "rule"), "set") ? settled_check(s) : 0;
}

static void who_had_seen_both_settles_it(void **state)
{
    (void)state;
    assert_true(each_field(NULL, settle) > 700);
}

static size_t request(const struct subject *s)
{
    return s->cast == &terms ? request_check(s) : 0;
}

static void a_device_asks_where_the_office_writes(void **state)
{
    (void)state;
    assert_true(each_field(NULL, request) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_latest_the_later_is_shown),
        cmocka_unit_test(of_two_in_both_what_all_had_seen_holds),
        cmocka_unit_test(before_a_seal_a_fixed_field_is_a_draft),
        cmocka_unit_test(after_a_seal_a_fixed_field_stands),
        cmocka_unit_test(members_of_a_set_stay_and_go_with_a_reason),
        cmocka_unit_test(
            of_two_stages_the_further_is_shown_and_two_ends_are_reviewed),
        cmocka_unit_test(of_two_answers_the_safer_is_shown),
        cmocka_unit_test(who_had_seen_a_stage_may_go_anywhere),
        cmocka_unit_test(who_had_seen_both_settles_it),
        cmocka_unit_test(a_device_asks_where_the_office_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
