#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "server/code_set.h"
#include "tests/fault.h"

#define HEAD                                                                   \
    "# set: s\n# version: 1\n# title: t\n# standing: official\n# source: u\n"

struct reading {
    struct arena arena;
    struct code_set set;
    char detail[IMPORT_DETAIL_CHARS];
};

static enum err read_text(struct reading *r, const char *text)
{
    struct import_file file = {"f.csv", bytes_text(text)};
    arena_init(&r->arena, 16u << 20);
    return code_set_read(&r->set, &r->arena, &file, r->detail);
}

static void is_text(struct bytes got, const char *wanted)
{
    if (!bytes_is(got, wanted))
        fail_msg("got %.*s, wanted %s", (int)got.size, (const char *)got.at,
                 wanted);
}

static void a_set_becomes_one_canonical_list(void **state)
{
    (void)state;
    struct reading r;
    const char *text = "\xef\xbb\xbf# set: csbg-fnpi\r\n# note: \"one\"\r\n"
                       "# version:3.0\n# title: T\n# standing: secondary\n"
                       "# effective_from: 2025-10-01\n# source: a: b\n"
                       "# note: two\nlabel,code,domain\n"
                       "\"Youth, \"\"un\"\"\",FNPI 1a,\nB\xc3\xa9,FNPI 1b,x\n";
    assert_int_equal(read_text(&r, text), ERR_OK);
    is_text(r.set.head[CODE_SET_SET], "csbg-fnpi");
    is_text(r.set.head[CODE_SET_VERSION], "3.0");
    is_text(r.set.head[CODE_SET_SOURCE], "a: b");
    is_text(r.set.head[CODE_SET_FROM], "2025-10-01");
    assert_int_equal(r.set.head[CODE_SET_TO].size, 0);
    is_text(r.set.notes, "[\"\\\"one\\\"\",\"two\"]");
    is_text(r.set.codes,
            "[{\"code\":\"FNPI 1a\",\"label\":\"Youth, \\\"un\\\"\"},"
            "{\"code\":\"FNPI 1b\",\"domain\":\"x\",\"label\":\"B\xc3\xa9\"}]");
    assert_int_equal(r.set.count, 2);
    arena_fini(&r.arena);
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"", "f.csv:1:1: the line \"# set: ...\" is missing"},
        {"# set\n", "f.csv:1:1: a line of the form \"# KEY: TEXT\" is "
                    "expected"},
        {"# set:\n", "f.csv:1:1: there is nothing behind the colon"},
        {"# set: s\n# set: t\n", "f.csv:2:1: set stands twice"},
        {HEAD, "f.csv:6:1: there is no table below the head"},
        {HEAD "code,label\n", "f.csv:6:1: there are no codes"},
        {HEAD "code,label,code\n", "f.csv:6:12: the column \"code\" stands "
                                   "twice"},
        {HEAD "code,Label\n", "f.csv:6:6: the column \"Label\" is not a name"},
        {HEAD "code,label\nA,\"x\ny\",z\n", "f.csv:7:1: 3 cells, the header "
                                            "has 2"},
        {HEAD "code,label\nA,x\n\nA,x\n", "f.csv:9:1: the code \"A\" stands "
                                          "twice"},
        {HEAD "code,label\nA,5\"\n", "f.csv:7:4: a quote stands inside plain "
                                     "text"},
        {HEAD "# effective_from: 2025-02-01\n# effective_to: 2025-01-31\n"
              "code,label\nA,x\n",
         "f.csv:7:17: effective_to lies before effective_from"},
        {"# set: A B\n# version: 1\n# title: t\n# standing: official\n"
         "# source: u\n",
         "f.csv:1:8: set: small letters, digits and _ . - are expected"},
        {"# set: s\n# version: 1\n# title: t\n# standing: good\n# source: u\n",
         "f.csv:4:13: standing is one of official, secondary, unverified"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct reading r;
        assert_int_equal(read_text(&r, wrong[i].text), ERR_INVALID);
        assert_string_equal(r.detail, wrong[i].says);
        arena_fini(&r.arena);
    }
}

static void what_no_record_could_carry_is_refused(void **state)
{
    (void)state;
    static char text[CODE_SET_BYTES_MAX + 1024];
    struct reading r;
    char *at = stpcpy(text, HEAD "code,label\n");
    for (int row = 0; row < 4; row++) {
        *at++ = (char)('A' + row);
        *at++ = ',';
        memset(at, 'x', CODE_SET_BYTES_MAX / 4);
        at += CODE_SET_BYTES_MAX / 4;
        *at++ = '\n';
    }
    assert_int_equal(read_text(&r, text), ERR_TOO_BIG);
    assert_string_equal(r.detail, "f.csv: more than 192 KiB; split the set");
    arena_fini(&r.arena);
}

static void two_versions_are_compared_code_by_code(void **state)
{
    (void)state;
    struct code_set_change change;
    const char *before = "[{\"code\":\"A\",\"label\":\"a\"},"
                         "{\"code\":\"B\",\"label\":\"b\"},"
                         "{\"code\":\"C\",\"label\":\"c\"}]";
    const char *after = "[{\"code\":\"D\",\"label\":\"d\"},"
                        "{\"code\":\"B\",\"label\":\"b2\"},"
                        "{\"code\":\"A\",\"label\":\"a\"}]";
    assert_int_equal(
        code_set_compare(&change, bytes_text(before), bytes_text(after)),
        ERR_OK);
    assert_int_equal(change.added, 1);
    assert_int_equal(change.changed, 1);
    assert_int_equal(change.gone, 1);
    assert_string_equal(change.first_gone, "C");
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    enum err err = ERR_NOMEM;
    for (int nth = 1; err == ERR_NOMEM; nth++) {
        struct reading r;
        assert_true(nth < 1000);
        fault_at(nth, false);
        err = read_text(&r, HEAD "# note: n\ncode,label\nA,x\nB,\"y\"\"\"\n");
        fault_at(0, false);
        if (!err)
            assert_int_equal(r.set.count, 2);
        arena_fini(&r.arena);
    }
    assert_int_equal(err, ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_becomes_one_canonical_list),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(what_no_record_could_carry_is_refused),
        cmocka_unit_test(two_versions_are_compared_code_by_code),
        cmocka_unit_test(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
