#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/fault.h"
#include "tests/unit/wire/recode.h"

#define FIXTURES "tests/unit/wire/fixtures"
#define FILE_BYTES_MAX (1u << 18)
#define PATH_CHARS 512

static char file[FILE_BYTES_MAX];

static struct bytes load(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        fail_msg("%s cannot be read", path);
    size_t size = fread(file, 1, sizeof file, f);
    fclose(f);
    assert_true(size < sizeof file);
    return bytes_of(file, size);
}

/* "cursor" of "cursor-least.json". */
static struct bytes kind_of(const char *name)
{
    return bytes_of(name, strcspn(name, "-"));
}

typedef void check(const char *name);

static int each(const char *folder, check *run)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, alphasort), seen = 0;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        if (names[i]->d_name[0] != '.') {
            run(names[i]->d_name);
            seen++;
        }
        free(names[i]);
    }
    free(names);
    return seen;
}

static struct bytes load_valid(const char *name)
{
    char path[PATH_CHARS];
    snprintf(path, sizeof path, FIXTURES "/valid/%s", name);
    struct bytes line = load(path);
    assert_true(line.size && line.at[line.size - 1] == '\n');
    line.size--;
    return line;
}

static enum err recode_once(struct bytes kind, struct bytes line,
                            struct buffer *out)
{
    struct arena arena;
    arena_init(&arena, 1 << 22);
    enum err err = recode(&arena, kind, line, out);
    arena_fini(&arena);
    return err;
}

static void check_valid(const char *name)
{
    struct bytes line = load_valid(name);
    struct buffer out;
    buffer_init(&out, 1 << 20);
    enum err err = recode_once(kind_of(name), line, &out);
    if (err || !bytes_equal(buffer_bytes(&out), line))
        fail_msg("%s: %s\n%s", name, err_text(err), buffer_text(&out));
    buffer_fini(&out);
}

static void valid_messages_are_written_as_they_were_read(void **state)
{
    (void)state;
    assert_true(each(FIXTURES "/valid", check_valid) > 30);
}

static void check_failing(const char *name)
{
    struct bytes line = load_valid(name);
    for (int nth = 1;; nth++) {
        struct buffer out;
        buffer_init(&out, 1 << 20);
        fault_at(nth, false);
        enum err err = recode_once(kind_of(name), line, &out);
        bool hit = fault_hit();
        fault_at(0, false);
        buffer_fini(&out);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 1);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}

static void messages_survive_every_allocation_failure(void **state)
{
    (void)state;
    (void)each(FIXTURES "/valid", check_failing);
}

static void check_invalid(const char *name)
{
    char path[PATH_CHARS], wanted[64];
    snprintf(path, sizeof path, FIXTURES "/invalid/%s/error", name);
    struct bytes error = load(path);
    snprintf(wanted, sizeof wanted, "%.*s", (int)error.size - 1, error.at);
    snprintf(path, sizeof path, FIXTURES "/invalid/%s/input", name);
    struct bytes line = load(path);
    struct buffer out;
    buffer_init(&out, 1 << 20);
    enum err err = recode_once(kind_of(name), line, &out);
    if (strcmp(err_name(err), wanted))
        fail_msg("%s: %s, not %s", name, err_name(err), wanted);
    buffer_fini(&out);
}

static void invalid_messages_are_refused_for_what_is_wrong(void **state)
{
    (void)state;
    assert_true(each(FIXTURES "/invalid", check_invalid) > 90);
}

/* Whatever is cut off a message, the rest is none. */
static void check_cuts(const char *name)
{
    struct bytes line = load_valid(name);
    size_t step = line.size > 2000 ? 97 : 1;
    for (size_t cut = 0; cut < line.size; cut += step) {
        struct buffer out;
        buffer_init(&out, 1 << 20);
        assert_int_equal(
            recode_once(kind_of(name), bytes_of(line.at, cut), &out),
            ERR_INVALID);
        buffer_fini(&out);
    }
}

static void a_message_cut_short_is_invalid(void **state)
{
    (void)state;
    (void)each(FIXTURES "/valid", check_cuts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_messages_are_written_as_they_were_read),
        cmocka_unit_test(messages_survive_every_allocation_failure),
        cmocka_unit_test(invalid_messages_are_refused_for_what_is_wrong),
        cmocka_unit_test(a_message_cut_short_is_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
