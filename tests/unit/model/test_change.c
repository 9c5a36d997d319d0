/* What `put` is told, on a device and at the office. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "shared/model/change.h"
#include "tests/fault.h"

#define OPERANDS_MAX 4

static enum err as_text(void *context, const char *field, const char *text,
                        json_t **out)
{
    (void)context;
    (void)field;
    *out = json_string(text);
    return *out ? ERR_OK : ERR_NOMEM;
}

static const char shown[] =
    "{\"fields\":{\"team\":{\"value\":[\"dana\",\"site:a\",\"site:a:b\"]}}}";

static const struct {
    const char *operands[OPERANDS_MAX];
    const char *set, *add, *drop; /* NULL: nothing */
    const char *fault;            /* a part of it; NULL: none */
    bool misuse;
} told[] = {
    {{"a=1", "b=x=y"}, "{\"a\":\"1\",\"b\":\"x=y\"}", NULL, NULL, NULL, false},
    {{"a="}, "{\"a\":\"\"}", NULL, NULL, NULL, false},
    {{"t+=x", "t+=y"}, NULL, "{\"t\":[\"x\",\"y\"]}", NULL, NULL, false},
    {{"team-=dana:left"},
     NULL,
     NULL,
     "{\"team\":{\"dana\":\"left\"}}",
     NULL,
     false},
    {{"team-=site:a:b:gone"},
     NULL,
     NULL,
     "{\"team\":{\"site:a:b\":\"gone\"}}",
     NULL,
     false},
    {{"team-=dana:x", "team-=site:a:c"},
     NULL,
     NULL,
     "{\"team\":{\"dana\":\"x\",\"site:a\":\"c\"}}",
     NULL,
     false},
    {{"a=1", "a=2"}, NULL, NULL, NULL, "a is given twice", true},
    {{"a"}, NULL, NULL, NULL, "write FIELD=VALUE", true},
    {{"=a"}, NULL, NULL, NULL, "write FIELD=VALUE", true},
    {{"team-=dana"}, NULL, NULL, NULL, "say why", true},
    {{"team-=dana:"}, NULL, NULL, NULL, "say why", true},
    {{"team-=lee:left"},
     NULL,
     NULL,
     NULL,
     "members in force: [\"dana\", \"site:a\", \"site:a:b\"]",
     false},
    {{"other-=lee:left"}, NULL, NULL, NULL, "members in force: none", false},
    {{"a=\xff"}, NULL, NULL, NULL, "a: the text is not UTF-8", false},
};

static const struct {
    const char *json, *set, *add, *drop, *fault;
} spelt[] = {
    {"{\"a\":[1],\"t+\":[\"x\"],\"t-\":{\"y\":\"z\"}}", "{\"a\":[1]}",
     "{\"t\":[\"x\"]}", "{\"t\":{\"y\":\"z\"}}", NULL},
    {"{\"+\":1}", "{\"+\":1}", NULL, NULL, NULL},
    {" \n", NULL, NULL, NULL, "here is empty; give one JSON object"},
    {"[1]", NULL, NULL, NULL, "here:1:1: not an object"},
    {"{\"a\":1,\n\"a\":2}", NULL, NULL, NULL, "here:2:"},
    {"{\"t+\":\"x\"}", NULL, NULL, NULL, "\"t+\": give a list of members"},
    {"{\"t+\":[1]}", NULL, NULL, NULL, "\"t+\": give a list of texts"},
    {"{\"t-\":[\"x\"]}", NULL, NULL, NULL,
     "\"t-\": give an object of member and reason"},
};

static void check_part(const json_t *object, const char *wanted)
{
    char *text = change_text(object);
    if (wanted)
        assert_string_equal(text, wanted);
    else
        assert_null(text);
    free(text);
}

static void operands_are_read_as_they_are_meant(void **state)
{
    json_t *state_shown = json_loads(shown, 0, NULL);
    (void)state;
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        struct change change;
        enum err err = change_init(&change, state_shown, as_text, NULL);
        for (size_t j = 0; !err && j < OPERANDS_MAX && told[i].operands[j]; j++)
            err = change_operand(&change, told[i].operands[j]);
        assert_int_equal(err, told[i].fault ? ERR_INVALID : ERR_OK);
        if (told[i].fault) {
            assert_non_null(strstr(change.fault, told[i].fault));
            assert_int_equal(change.misuse, told[i].misuse);
        } else {
            check_part(change.set, told[i].set);
            check_part(change.add, told[i].add);
            check_part(change.drop, told[i].drop);
        }
        change_fini(&change);
    }
    json_decref(state_shown);
}

static void json_says_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof spelt / sizeof *spelt; i++) {
        struct change change;
        assert_int_equal(change_init(&change, NULL, as_text, NULL), ERR_OK);
        enum err err = change_json(&change, spelt[i].json, "here");
        assert_int_equal(err, spelt[i].fault ? ERR_INVALID : ERR_OK);
        if (spelt[i].fault) {
            assert_non_null(strstr(change.fault, spelt[i].fault));
        } else {
            check_part(change.set, spelt[i].set);
            check_part(change.add, spelt[i].add);
            check_part(change.drop, spelt[i].drop);
        }
        change_fini(&change);
    }
}

static void who_corrects_a_draft_may_give_a_field_again(void **state)
{
    struct change change;
    (void)state;
    assert_int_equal(change_init(&change, NULL, as_text, NULL), ERR_OK);
    assert_int_equal(change_json(&change, "{\"a\":\"old\"}", "the draft"),
                     ERR_OK);
    change.corrects = true;
    assert_int_equal(change_operand(&change, "a=new"), ERR_OK);
    check_part(change.set, "{\"a\":\"new\"}");
    change_fini(&change);
}

static enum err read_all(const json_t *state_shown)
{
    struct change change;
    enum err err = change_init(&change, state_shown, as_text, NULL);
    if (!err)
        err = change_operand(&change, "a=1");
    if (!err)
        err = change_operand(&change, "t+=x");
    if (!err)
        err = change_operand(&change, "team-=dana:left");
    if (!err)
        err = change_json(&change, "{\"b\":1,\"t+\":[\"y\"],\"u-\":{}}", "x");
    change_fini(&change);
    return err;
}

static void reading_survives_every_allocation_failure(void **state)
{
    json_t *state_shown = json_loads(shown, 0, NULL);
    (void)state;
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = read_all(state_shown);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 10);
            break;
        }
        assert_true(err == ERR_NOMEM || err == ERR_INVALID);
    }
    json_decref(state_shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operands_are_read_as_they_are_meant),
        cmocka_unit_test(json_says_the_same),
        cmocka_unit_test(who_corrects_a_draft_may_give_a_field_again),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    fault_jansson();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
