#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shared/base/process.h"

/* In a child, as it cannot be taken back. */
static int in_child(int (*ask)(void))
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        process_keep_secrets();
        _exit(ask());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int core_limit(void)
{
    struct rlimit limit = {1, 1};
    return getrlimit(RLIMIT_CORE, &limit) || limit.rlim_cur || limit.rlim_max;
}

static void the_size_of_an_image_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(in_child(core_limit), 0);
}

#ifndef __SANITIZE_ADDRESS__
static int dumpable(void)
{
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
}

static void nothing_is_written_and_nobody_reads(void **state)
{
    (void)state;
    assert_int_equal(in_child(dumpable), 0);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_of_an_image_is_nothing),
#ifndef __SANITIZE_ADDRESS__
        cmocka_unit_test(nothing_is_written_and_nobody_reads),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
