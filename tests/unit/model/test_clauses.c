/* schema/clauses.txt against what types and fields cite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "tests/types.h"
#include "tests/unit/model/schema_case.h"

#define CLAUSES "schema/clauses.txt"
#define COLUMNS 4

struct clauses {
    json_t *listed; /* {clause: "records" or "later"}, owned */
    json_t *cited;  /* {clause: "type" or "type.field"}, owned */
    size_t uncited; /* types that cite nothing */
};

static void line_read(json_t *listed, char *line, int number)
{
    char *column[COLUMNS], *rest = line;
    line[strcspn(line, "\n")] = '\0';
    if (!line[0] || line[0] == '#')
        return;
    for (int i = 0; i < COLUMNS; i++) {
        column[i] = strsep(&rest, "\t");
        if (!column[i] || !column[i][0])
            fail_msg(CLAUSES ":%d: %d columns are expected", number, COLUMNS);
    }
    if (rest || (strcmp(column[1], "records") && strcmp(column[1], "later")))
        fail_msg(CLAUSES ":%d: %s", number, rest ? "too long" : column[1]);
    if (!strcmp(column[1], "later") && !strcmp(column[2], "-"))
        fail_msg(CLAUSES ":%d: nothing answers it", number);
    if (json_object_get(listed, column[0]))
        fail_msg(CLAUSES ":%d: %s stands twice", number, column[0]);
    json_object_set_new(listed, column[0], json_string(column[1]));
}

static json_t *clauses_listed(void)
{
    char line[1024];
    json_t *listed = json_object();
    FILE *file = fopen(CLAUSES, "rb");
    assert_non_null(file);
    for (int number = 1; fgets(line, sizeof line, file); number++)
        line_read(listed, line, number);
    fclose(file);
    return listed;
}

static size_t cite(json_t *cited, const json_t *object, const char *by)
{
    size_t i;
    json_t *clause, *all = json_object_get(object, "clauses");
    json_array_foreach(all, i, clause)
    {
        assert_true(json_is_string(clause));
        json_object_set_new(cited, json_string_value(clause), json_string(by));
    }
    return json_array_size(all);
}

static void type_cite(struct clauses *c, const struct schema_type *type)
{
    char by[2 * NAME_CHARS_MAX + 2];
    const char *name;
    size_t i;
    json_t *field, *fields, *guard;
    struct bytes text = type_definition(type);
    json_t *root = json_loadb((const char *)text.at, text.size, 0, NULL);
    assert_non_null(root);
    struct bytes of = type_name(type);
    snprintf(by, sizeof by, "%.*s", (int)of.size, (const char *)of.at);
    if (!cite(c->cited, root, by) && !type_system(type)) {
        print_error("%s cites no clause\n", by);
        c->uncited++;
    }
    fields = json_object_get(root, "fields");
    json_object_foreach(fields, name, field)
    {
        snprintf(by, sizeof by, "%.*s.%s", (int)of.size, (const char *)of.at,
                 name);
        cite(c->cited, field, by);
        json_array_foreach(json_object_get(field, "needs"), i, guard)
            cite(c->cited, guard, by);
    }
    json_decref(root);
}

static int setup(void **state)
{
    static struct clauses c;
    c = (struct clauses){clauses_listed(), json_object(), 0};
    struct schema *schema = schema_shipped();
    for (size_t i = 0; i < schema_type_count(schema); i++)
        type_cite(&c, schema_type_at(schema, i));
    schema_free(schema);
    *state = &c;
    return 0;
}

static int teardown(void **state)
{
    struct clauses *c = *state;
    json_decref(c->listed);
    json_decref(c->cited);
    return 0;
}

static void every_clause_has_a_type_or_field_that_cites_it(void **state)
{
    struct clauses *c = *state;
    const char *clause;
    json_t *by;
    size_t missing = 0;
    json_object_foreach(c->listed, clause, by)
    {
        if (strcmp(json_string_value(by), "records") ||
            json_object_get(c->cited, clause))
            continue;
        print_error("nothing cites %s\n", clause);
        missing++;
    }
    assert_int_equal(missing, 0);
}

static void every_citation_is_of_a_listed_clause(void **state)
{
    struct clauses *c = *state;
    const char *clause;
    json_t *by;
    size_t strange = 0;
    json_object_foreach(c->cited, clause, by)
    {
        if (json_object_get(c->listed, clause))
            continue;
        print_error("%s cites %s, which is not in " CLAUSES "\n",
                    json_string_value(by), clause);
        strange++;
    }
    assert_int_equal(strange, 0);
}

static void every_type_says_which_clauses_it_serves(void **state)
{
    struct clauses *c = *state;
    assert_int_equal(c->uncited, 0);
}

/* As many as there are paragraphs, functions and sentences in the texts. */
static void both_rules_are_listed_whole(void **state)
{
    struct clauses *c = *state;
    const char *clause;
    json_t *by;
    size_t maine = 0, mississippi = 0;
    json_object_foreach(c->listed, clause, by)
    {
        maine += !strncmp(clause, "ME-S", 4) || !strncmp(clause, "ME-I", 4);
        mississippi += !strncmp(clause, "MS-", 3);
    }
    assert_int_equal(maine, 10 + 4 + 13);
    assert_int_equal(mississippi, 9 + 5 + 3 + 1 + 5);
    for (int i = 1; i <= 13; i++) {
        char name[16];
        snprintf(name, sizeof name, "ME-II-%d", i);
        assert_non_null(json_object_get(c->listed, name));
    }
}

/* 18 Miss. Code R. 24-8.9: that it was seen is kept, and no copy. */
static void an_identity_document_is_seen_and_not_copied(void **state)
{
    (void)state;
    const char *name;
    json_t *field, *type = json_load_file("schema/document_seen.json", 0, NULL);
    assert_non_null(type);
    assert_true(json_object_size(json_object_get(type, "fields")) > 0);
    json_object_foreach(json_object_get(type, "fields"), name, field)
    {
        const char *kind = json_string_value(json_object_get(field, "kind"));
        if (!kind || !strcmp(kind, "attachment"))
            fail_msg("document_seen.%s could hold a copy", name);
    }
    json_decref(type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_clause_has_a_type_or_field_that_cites_it),
        cmocka_unit_test(every_citation_is_of_a_listed_clause),
        cmocka_unit_test(every_type_says_which_clauses_it_serves),
        cmocka_unit_test(both_rules_are_listed_whole),
        cmocka_unit_test(an_identity_document_is_seen_and_not_copied),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
