#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/config.h"
#include "tests/dir.h"
#include "tests/fault.h"

struct fixture {
    char dir[DIR_CHARS];
    char path[2 * DIR_CHARS];
    char detail[CONFIG_DETAIL_CHARS];
    struct config *config;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    dir_make(f->dir);
    dir_file(f->path, f->dir, "satcheld.conf");
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    config_free(f->config);
    dir_remove(f->dir);
    free(f);
    return 0;
}

static void write_bytes(struct fixture *f, const char *text, size_t size)
{
    FILE *file = fopen(f->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static enum err load(struct fixture *f, const char *text)
{
    write_bytes(f, text, strlen(text));
    return config_load(&f->config, f->path, f->detail);
}

static void the_last_value_of_a_key_counts(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, "; who\n[office]\nurl = https://a.example ; old\n"
                             "url=https://b.example\n"
                             "[vaults]\npath = /one\n[office]\nca =\n"),
                     ERR_OK);
    assert_string_equal(config_get(f->config, "office", "url"),
                        "https://b.example");
    assert_string_equal(config_get(f->config, "office", "ca"), "");
    assert_null(config_get(f->config, "office", "path"));
    assert_null(config_get(f->config, "", "url"));
    assert_int_equal(config_count(f->config), 4);
    const char *section;
    const char *key;
    const char *value;
    config_entry(f->config, 0, &section, &key, &value);
    assert_string_equal(section, "office");
    assert_string_equal(key, "url");
    assert_string_equal(value, "https://a.example");
}

static void a_bad_line_is_named_and_nothing_is_given(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, "[a]\nb = c\nnonsense\n"), ERR_INVALID);
    assert_null(f->config);
    assert_non_null(strstr(f->detail, "satcheld.conf:3: "));
}

static void a_long_line_is_refused_rather_than_cut(void **state)
{
    struct fixture *f = *state;
    char text[1024];
    char value[512];
    for (int chars = 185; chars < 300; chars++) {
        memset(value, 'v', sizeof value);
        /* What would be left over looks like a line of its own. */
        value[190] = '=';
        value[chars] = '\0';
        snprintf(text, sizeof text, "[s]\nk = %s\r\n", value);
        enum err err = load(f, text);
        if (err) {
            assert_int_equal(err, ERR_TOO_BIG);
            assert_true(chars > 190);
            assert_non_null(strstr(f->detail, ":2: "));
        } else {
            assert_string_equal(config_get(f->config, "s", "k"), value);
            config_free(f->config);
            f->config = NULL;
        }
    }
}

static void sections_are_told_even_when_they_hold_nothing(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *name;
        size_t line;
    } wanted[] = {{"empty", 1}, {"indented", 3}, {"full", 4}, {"last", 8}};
    const char *section;
    size_t line, count = sizeof wanted / sizeof *wanted;
    assert_int_equal(load(f, "\xef\xbb\xbf[empty]\n; [not one]\n  [indented]\n"
                             "[full]\nkey = value\n  [no header]\n\n[last]"),
                     ERR_OK);
    for (size_t i = 0; i < count; i++) {
        assert_true(config_section(f->config, i, &section, &line));
        assert_string_equal(section, wanted[i].name);
        assert_int_equal(line, wanted[i].line);
    }
    assert_false(config_section(f->config, count, &section, &line));
}

static void a_long_section_is_refused_rather_than_cut(void **state)
{
    struct fixture *f = *state;
    char text[128];
    for (int chars = 40; chars < 60; chars++) {
        snprintf(
            text, sizeof text, "\n[%.*s]\nk = v\n", chars,
            "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss");
        enum err err = load(f, text);
        assert_int_equal(err, chars > CONFIG_SECTION_CHARS_MAX ? ERR_TOO_BIG
                                                               : ERR_OK);
        if (err) {
            assert_non_null(strstr(f->detail, ":2: "));
            continue;
        }
        const char *section, *key, *value;
        config_entry(f->config, 0, &section, &key, &value);
        assert_int_equal(strlen(section), chars);
        config_free(f->config);
        f->config = NULL;
    }
}

static void limits_and_zero_bytes_are_refused(void **state)
{
    struct fixture *f = *state;
    write_bytes(f, "[a]\nb = \0c\n", 11);
    assert_int_equal(config_load(&f->config, f->path, f->detail), ERR_INVALID);
    static char text[400000] = "[a]\n";
    char *at = text + 4;
    for (int i = 0; i <= CONFIG_ENTRIES_MAX; i++)
        at += snprintf(at, 16, "k%d = 1\n", i);
    assert_int_equal(load(f, text), ERR_TOO_BIG);
    assert_non_null(strstr(f->detail, ":1026: "));
    memset(text, '\n', sizeof text - 1);
    assert_int_equal(load(f, text), ERR_TOO_BIG);
}

static void a_missing_file_is_not_found(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(config_load(&f->config, f->path, f->detail),
                     ERR_NOT_FOUND);
    assert_string_not_equal(f->detail, "");
    assert_int_equal(config_load(&f->config, f->dir, f->detail), ERR_IO);
}

static void loading_survives_every_allocation_failure(void **state)
{
    struct fixture *f = *state;
    static char text[40000] = "[a]\n";
    char *at = text + 4;
    for (int i = 0; i < 1000; i++)
        at += snprintf(at, 32, "key%d = value%d\n", i, i);
    write_bytes(f, text, strlen(text));
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = config_load(&f->config, f->path, f->detail);
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 3);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
        assert_null(f->config);
    }
}

int main(void)
{
#define FACT(fact) cmocka_unit_test_setup_teardown(fact, setup, teardown)
    const struct CMUnitTest tests[] = {
        FACT(the_last_value_of_a_key_counts),
        FACT(a_bad_line_is_named_and_nothing_is_given),
        FACT(a_long_line_is_refused_rather_than_cut),
        FACT(sections_are_told_even_when_they_hold_nothing),
        FACT(a_long_section_is_refused_rather_than_cut),
        FACT(limits_and_zero_bytes_are_refused),
        FACT(a_missing_file_is_not_found),
        FACT(loading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
