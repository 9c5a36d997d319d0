#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/file.h"
#include "tests/dir.h"
#include "tests/fault.h"

static char dir[DIR_CHARS], path[2 * DIR_CHARS];

static int setup(void **state)
{
    (void)state;
    dir_make(dir);
    dir_file(path, dir, "thing");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dir_remove(dir);
    return 0;
}

static enum err reads(const char *from, size_t ceiling, const char *wanted)
{
    struct buffer got;
    buffer_init(&got, ceiling);
    enum err err = file_read(from, &got);
    if (!err)
        assert_string_equal(buffer_text(&got), wanted);
    buffer_fini(&got);
    return err;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "a", "one\ntwo\n"};
    for (size_t i = 0; i < 3; i++) {
        unlink(path);
        assert_int_equal(file_write_new(path, bytes_text(texts[i])), ERR_OK);
        assert_int_equal(reads(path, 100, texts[i]), ERR_OK);
    }
}

static void large_files_are_whole(void **state)
{
    (void)state;
    static char text[100001];
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(file_write_new(path, bytes_text(text)), ERR_OK);
    assert_int_equal(reads(path, 100000, text), ERR_OK);
    assert_int_equal(reads(path, 99999, text), ERR_TOO_BIG);
}

static void nothing_is_written_over(void **state)
{
    (void)state;
    assert_int_equal(file_write_new(path, bytes_text("first")), ERR_OK);
    assert_int_equal(file_write_new(path, bytes_text("second")), ERR_EXISTS);
    assert_int_equal(reads(path, 100, "first"), ERR_OK);
}

static void only_its_owner_reads_it_and_nothing_else_is_left(void **state)
{
    (void)state;
    struct stat status;
    char partial[2 * DIR_CHARS + 16];
    assert_int_equal(file_write_new(path, bytes_text("x")), ERR_OK);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    snprintf(partial, sizeof partial, "%s.partial", path);
    assert_int_not_equal(access(partial, F_OK), 0);
}

static void what_is_wrong_is_told_apart(void **state)
{
    (void)state;
    char inside[4 * DIR_CHARS];
    snprintf(inside, sizeof inside, "%s/none/thing", dir);
    assert_int_equal(reads(path, 100, ""), ERR_NOT_FOUND);
    assert_int_equal(reads(dir, 100, ""), ERR_FOREIGN);
    assert_int_equal(file_write_new(inside, bytes_text("x")), ERR_NOT_FOUND);
    assert_int_equal(file_write_new("/dev/full", bytes_text("x")), ERR_EXISTS);
}

static void output_that_did_not_arrive_is_told(void **state)
{
    (void)state;
    static const char text[9000];
    for (size_t bytes = 1; bytes <= sizeof text; bytes *= 3) {
        FILE *full = fopen("/dev/full", "we"), *file = fopen(path, "we");
        assert_non_null(full);
        assert_non_null(file);
        fwrite(text, 1, bytes, full);
        fwrite(text, 1, bytes, file);
        assert_int_equal(file_print_end(full), ERR_IO);
        assert_int_equal(file_print_end(file), ERR_OK);
    }
}

static void reading_survives_every_allocation_failure(void **state)
{
    (void)state;
    assert_int_equal(file_write_new(path, bytes_text("text")), ERR_OK);
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = reads(path, 100, "text");
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
        if (!hit) {
            assert_true(nth > 1);
            return;
        }
    }
}

#define FILE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FILE_TEST(what_is_written_is_read),
        FILE_TEST(large_files_are_whole),
        FILE_TEST(nothing_is_written_over),
        FILE_TEST(only_its_owner_reads_it_and_nothing_else_is_left),
        FILE_TEST(what_is_wrong_is_told_apart),
        FILE_TEST(output_that_did_not_arrive_is_told),
        FILE_TEST(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
