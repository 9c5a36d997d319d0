#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/base/args.h"
#include "tests/fault.h"

static const struct args_option options[] = {
    {"--data", ARGS_TEXT, "DIR", "the data directory", true},
    {"--json", ARGS_FLAG, NULL, "machine-readable output", false},
    {"--keep", ARGS_LIST, "DOT", "values that stand", false},
    {"--help", ARGS_FLAG, NULL, "this text", false},
};
#define OPTION_COUNT (sizeof options / sizeof options[0])
#define WORDS(...)                                                             \
    (char *[]){__VA_ARGS__},                                                   \
        (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *))

static enum err parse(struct args *out, char *const *words, int count,
                      char *detail)
{
    return args_parse(out, options, OPTION_COUNT, count, words, detail);
}

static void options_stand_before_and_after(void **state)
{
    (void)state;
    struct args args;
    char detail[ARGS_DETAIL_CHARS];
    assert_int_equal(
        parse(&args, WORDS("--json", "case", "--data", "d", "list"), detail),
        ERR_OK);
    assert_int_equal(args.rest_count, 2);
    assert_string_equal(args.rest[0], "case");
    assert_string_equal(args.rest[1], "list");
    assert_true(args_flag(&args, "--json"));
    assert_string_equal(args_text(&args, "--data"), "d");
    assert_null(args_text(&args, "--keep"));
    args_fini(&args);
}

static void a_list_takes_values_up_to_the_next_option(void **state)
{
    (void)state;
    struct args args;
    char detail[ARGS_DETAIL_CHARS];
    assert_int_equal(
        parse(&args,
              WORDS("r", "--keep", "a", "-b", "--json", "x", "--keep=c", "y"),
              detail),
        ERR_OK);
    assert_int_equal(args_list_count(&args, "--keep"), 3);
    assert_string_equal(args_list_at(&args, "--keep", 1), "-b");
    assert_string_equal(args_list_at(&args, "--keep", 2), "c");
    assert_null(args_list_at(&args, "--keep", 3));
    assert_int_equal(args.rest_count, 3);
    args_fini(&args);
}

static void a_misspelt_option_is_not_a_value_of_a_list(void **state)
{
    (void)state;
    struct args args;
    char detail[ARGS_DETAIL_CHARS];
    assert_int_equal(parse(&args, WORDS("--keep", "a", "--jsom"), detail),
                     ERR_INVALID);
    assert_non_null(strstr(detail, "no option --jsom"));
    assert_int_equal(parse(&args, WORDS("--keep", "--jsom"), detail),
                     ERR_INVALID);
    assert_int_equal(parse(&args, WORDS("--keep=--a", "--data", "--d"), detail),
                     ERR_OK);
    assert_string_equal(args_text(&args, "--keep"), "--a");
    assert_string_equal(args_text(&args, "--data"), "--d");
    args_fini(&args);
}

static void everything_after_two_dashes_is_ordinary(void **state)
{
    (void)state;
    struct args args;
    char detail[ARGS_DETAIL_CHARS];
    assert_int_equal(parse(&args, WORDS("-", "--", "--json", "--"), detail),
                     ERR_OK);
    assert_int_equal(args.rest_count, 3);
    assert_false(args_flag(&args, "--json"));
    args_fini(&args);
}

static void misuse_is_named(void **state)
{
    (void)state;
    struct args args;
    char detail[ARGS_DETAIL_CHARS];
    assert_int_equal(parse(&args, WORDS("--dat", "x"), detail), ERR_INVALID);
    assert_non_null(strstr(detail, "--dat"));
    assert_int_equal(parse(&args, WORDS("--data"), detail), ERR_INVALID);
    assert_non_null(strstr(detail, "--data DIR"));
    assert_int_equal(parse(&args, WORDS("--data", "--json"), detail),
                     ERR_INVALID);
    assert_int_equal(parse(&args, WORDS("--json=1"), detail), ERR_INVALID);
    assert_null(args.given);
}

static void a_command_allows_only_its_own_options(void **state)
{
    (void)state;
    struct args args;
    char detail[ARGS_DETAIL_CHARS];
    assert_int_equal(parse(&args, WORDS("--keep", "a"), detail), ERR_OK);
    assert_int_equal(args_allow(&args, options, 2, detail), ERR_INVALID);
    assert_non_null(strstr(detail, "--keep"));
    assert_int_equal(args_allow(&args, options, 3, detail), ERR_INVALID);
    assert_non_null(strstr(detail, "--data"));
    args_fini(&args);
    assert_int_equal(parse(&args, WORDS("--data", "d", "-h"), detail), ERR_OK);
    assert_true(args_flag(&args, "--help"));
    assert_int_equal(args_allow(&args, options, OPTION_COUNT, detail), ERR_OK);
    args_fini(&args);
}

static void a_command_picks_the_common_options_and_its_own(void **state)
{
    (void)state;
    struct args_option own[OPTION_COUNT];
    assert_int_equal(
        args_pick(options, OPTION_COUNT, 1, "--help --jso", own, OPTION_COUNT),
        2);
    assert_string_equal(own[0].name, "--data");
    assert_string_equal(own[1].name, "--help");
    assert_int_equal(args_pick(options, OPTION_COUNT, 0, "", own, OPTION_COUNT),
                     0);
}

static void parsing_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        struct args args;
        char detail[ARGS_DETAIL_CHARS];
        fault_at(nth, false);
        enum err err = parse(&args, WORDS("a", "--json"), detail);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 1);
            args_fini(&args);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
        assert_null(args.given);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_and_after),
        cmocka_unit_test(a_list_takes_values_up_to_the_next_option),
        cmocka_unit_test(a_misspelt_option_is_not_a_value_of_a_list),
        cmocka_unit_test(everything_after_two_dashes_is_ordinary),
        cmocka_unit_test(misuse_is_named),
        cmocka_unit_test(a_command_allows_only_its_own_options),
        cmocka_unit_test(a_command_picks_the_common_options_and_its_own),
        cmocka_unit_test(parsing_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
