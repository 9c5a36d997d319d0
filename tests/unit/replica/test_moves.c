/* Every step of every life cycle of the shipped types, held against what is
 * checked before a record is stored: a step that `moves` has passes in silence,
 * any other is remarked on and stored all the same.  What is expected is read
 * from the definition's own JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "shared/replica/record_check.h"
#include "shared/replica/vault_inner.h"
#include "tests/types.h"
#include "tests/unit/replica/far_end.h"

#define WARNING_CHARS (64u << 10)

struct cycle {
    struct vault *vault; /* borrowed */
    const struct schema_type *type;
    const char *name;
    json_t *field; /* borrowed */
    size_t usual, unusual;
};

/* What record_check() has to say of going from `from` ("": a new record). */
static void check_step(const struct cycle *c, const char *from, const char *to,
                       struct buffer *warning)
{
    char set[256], state[256];
    struct record_parts parts;
    const struct canon *tree = NULL;
    snprintf(set, sizeof set, "{\"%s\":\"%s\"}", c->name, to);
    snprintf(state, sizeof state, "{\"fields\":{\"%s\":{\"value\":\"%s\"}}}",
             c->name, from);
    if (from[0])
        assert_int_equal(
            canon_parse(&c->vault->arena, bytes_text(state), &tree, NULL),
            ERR_OK);
    struct record_write write = {.set = bytes_text(set)};
    buffer_clear(warning);
    enum err err = record_check(c->vault, c->type, type_name(c->type), &write,
                                tree, &parts, warning);
    if (err)
        fail_msg("%s", vault_detail(c->vault));
    arena_clear(&c->vault->arena);
}

static bool offered(const struct cycle *c, const char *from, const char *to)
{
    size_t i;
    json_t *code, *moves = json_object_get(c->field, "moves");
    json_array_foreach(
        json_object_get(moves, from), i,
        code) if (!strcmp(json_string_value(code), to)) return true;
    return !strcmp(from, to);
}

static void one_step(struct cycle *c, const char *from, const char *to)
{
    struct buffer warning;
    buffer_init(&warning, WARNING_CHARS);
    check_step(c, from, to, &warning);
    bool remarked = strstr(buffer_text(&warning), "is an unusual step") != NULL;
    bool usual = offered(c, from, to);
    if (remarked == usual)
        fail_msg("%s: from \"%s\" to \"%s\" is %s", c->name, from, to,
                 usual ? "remarked on" : "not remarked on");
    buffer_fini(&warning);
    c->usual += usual;
    c->unusual += !usual;
}

static void each_step(struct cycle *c)
{
    size_t i, j;
    json_t *from, *to, *codes = json_object_get(c->field, "codes");
    json_array_foreach(codes, i, to)
    {
        one_step(c, "", json_string_value(to));
        json_array_foreach(codes, j, from)
            one_step(c, json_string_value(from), json_string_value(to));
    }
}

typedef void cycle_check(struct cycle *c);

/* Returns how many life cycles there are. */
static size_t each_cycle(struct cycle *c, cycle_check *check)
{
    size_t count = 0;
    const struct schema *schema = vault_schema(c->vault);
    assert_non_null(schema);
    for (size_t i = 0; i < schema_type_count(schema); i++) {
        c->type = schema_type_at(schema, i);
        struct bytes text = type_definition(c->type);
        json_t *root = json_loadb((const char *)text.at, text.size, 0, NULL);
        assert_non_null(root);
        json_object_foreach(json_object_get(root, "fields"), c->name,
                            c->field) if (json_object_get(c->field, "moves"))
        {
            check(c);
            count++;
        }
        json_decref(root);
    }
    return count;
}

static void every_step_is_usual_or_remarked_on_and_stored(void **state)
{
    struct pair *o = *state;
    struct cycle c = {.vault = o->dana.vault};
    assert_true(each_cycle(&c, each_step) > 25);
    assert_true(c.usual > 400);
    assert_true(c.unusual > 400);
}

/* A stage that no move reaches is of no use; from one that was chosen by
 * mistake there must be a way back. */
static void every_stage_can_be_reached_and_left(struct cycle *c)
{
    size_t i, j;
    json_t *from, *to, *codes = json_object_get(c->field, "codes");
    json_t *moves = json_object_get(c->field, "moves");
    struct bytes type = type_name(c->type);
    json_array_foreach(codes, i, to)
    {
        bool reached = offered(c, "", json_string_value(to));
        json_array_foreach(codes, j, from) reached |=
            i != j &&
            offered(c, json_string_value(from), json_string_value(to));
        bool left =
            json_array_size(json_object_get(moves, json_string_value(to))) > 0;
        if (!reached || !left)
            fail_msg("%.*s.%s: \"%s\" is never %s", (int)type.size,
                     (const char *)type.at, c->name, json_string_value(to),
                     reached ? "left" : "reached");
    }
}

static void no_stage_is_a_dead_end(void **state)
{
    struct pair *o = *state;
    struct cycle c = {.vault = o->dana.vault};
    assert_true(each_cycle(&c, every_stage_can_be_reached_and_left) > 25);
}

/* Where both are declared, what merging raises is what screens offer. */
static void each_order(struct cycle *c)
{
    size_t i;
    json_t *pair;
    struct bytes type = type_name(c->type);
    json_array_foreach(json_object_get(c->field, "order"), i, pair)
    {
        const char *low = json_string_value(json_array_get(pair, 0));
        const char *high = json_string_value(json_array_get(pair, 1));
        if (!offered(c, low, high))
            fail_msg("%.*s.%s: %s lies below %s and no move goes there",
                     (int)type.size, (const char *)type.at, c->name, low, high);
        c->usual++;
    }
}

static void what_lies_next_in_order_can_be_gone_to(void **state)
{
    struct pair *o = *state;
    struct cycle c = {.vault = o->dana.vault};
    each_cycle(&c, each_order);
    assert_true(c.usual > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_step_is_usual_or_remarked_on_and_stored),
        cmocka_unit_test(no_stage_is_a_dead_end),
        cmocka_unit_test(what_lies_next_in_order_can_be_gone_to),
    };
    return cmocka_run_group_tests(tests, pair_setup, pair_teardown);
}
