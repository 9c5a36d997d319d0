#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include "shared/base/err.h"

static void every_error_has_its_own_name_and_text(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_COUNT; i++) {
        assert_non_null(err_name((enum err)i));
        assert_non_null(err_text((enum err)i));
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(err_name((enum err)i),
                                    err_name((enum err)j));
            assert_string_not_equal(err_text((enum err)i),
                                    err_text((enum err)j));
        }
    }
}

static void numbers_outside_the_list_are_unknown(void **state)
{
    (void)state;
    assert_string_equal(err_name(ERR_COUNT), "unknown");
    assert_string_equal(err_text((enum err) - 1), "an unknown error");
}

/* The numbers are part of the library's ABI. */
static void numbers_never_change(void **state)
{
    (void)state;
    assert_int_equal(ERR_OK, 0);
    assert_int_equal(ERR_NOMEM, 1);
    assert_int_equal(ERR_BUSY, 5);
    assert_int_equal(ERR_NEWER, 13);
    assert_int_equal(ERR_REVOKED, 23);
    assert_int_equal(ERR_UNSUPPORTED, 27);
    assert_int_equal(ERR_DESTROYED, 28);
}

static void the_system_s_numbers_have_their_errors(void **state)
{
    static const struct {
        int number;
        enum err err;
    } all[] = {
        {ENOENT, ERR_NOT_FOUND}, {ENOTDIR, ERR_NOT_FOUND},
        {EACCES, ERR_DENIED},    {EROFS, ERR_READ_ONLY},
        {ENOSPC, ERR_FULL},      {EDQUOT, ERR_FULL},
        {EEXIST, ERR_EXISTS},    {ENOMEM, ERR_NOMEM},
        {EISDIR, ERR_FOREIGN},   {EIO, ERR_IO},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(err_of_errno(all[i].number), all[i].err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_its_own_name_and_text),
        cmocka_unit_test(numbers_outside_the_list_are_unknown),
        cmocka_unit_test(numbers_never_change),
        cmocka_unit_test(the_system_s_numbers_have_their_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
