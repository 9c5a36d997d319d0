/* A journal on a full disk, under SIGKILL, without memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/fault.h"
#include "tests/unit/base/journal_scene.h"

/* The limit on a file's size stands for a full disk: writes come up short,
 * then fail. */
static void a_full_disk_loses_nothing_that_was_kept(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    struct content before = content_read(s->path);
    struct rlimit was, limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    for (size_t room = 0; room < 38; room++) {
        limit = was;
        limit.rlim_cur = before.size + room;
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        enum err err = journal_put(s->journal, 1, "fifth");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
        assert_int_equal(err, ERR_FULL);
        struct content after = content_read(s->path);
        assert_int_equal(after.size, before.size);
        assert_memory_equal(after.at, before.at, after.size);
        free(after.at);
    }
    free(before.at);
    assert_int_equal(journal_put(s->journal, 1, "fifth"), ERR_OK);
    scene_again(s);
    assert_non_null(strstr(s->told, "\n5 1 fifth\n"));
}

/* A writer is killed while it writes; what it had said was kept is kept. */
static void a_killed_writer_loses_nothing_that_was_kept(void **state)
{
    struct scene *s = *state;
    for (int round = 0; round < 20; round++) {
        journal_close(s->journal);
        s->journal = NULL;
        int said[2];
        assert_int_equal(pipe(said), 0);
        pid_t child = fork();
        if (child == 0) {
            struct journal *j;
            struct journal_of of = s->of;
            of.seen = NULL;
            if (journal_open(&j, &of))
                _exit(1);
            for (int i = 0; i < 100000; i++)
                if (journal_put(j, 1, "some work") ||
                    write(said[1], "x", 1) != 1)
                    _exit(1);
            _exit(0);
        }
        assert_true(child > 0);
        close(said[1]);
        char told[4096];
        size_t kept = 0;
        while (kept < (size_t)(3 * round + 1))
            kept += (size_t)read(said[0], told, 1);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        ssize_t more;
        while ((more = read(said[0], told, sizeof told)) > 0)
            kept += (size_t)more;
        close(said[0]);
        struct journal_reader *r;
        struct journal_record record;
        size_t found = 0;
        assert_int_equal(journal_reader_open(&r, s->path, journal_key), ERR_OK);
        while (!journal_reader_next(r, &record))
            found += record.kind == 1;
        assert_int_equal(journal_reader_lost(r), 0);
        journal_reader_close(r);
        assert_true(found >= kept && found <= kept + 1);
        assert_int_equal(unlink(s->path), 0);
        scene_again(s);
    }
}

static void writing_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    s->of.seen = NULL;
    for (int nth = 1;; nth++) {
        journal_close(s->journal);
        s->journal = NULL;
        if (nth % 2)
            unlink(s->path); /* made anew, and read through, in turn */
        fault_at(nth / 2 + 1, false);
        enum err err = journal_open(&s->journal, &s->of);
        if (!err)
            err = journal_put(s->journal, 1, "work");
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 4);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
        if (s->journal)
            assert_int_equal(journal_put(s->journal, 1, "work"), ERR_OK);
    }
}

static void reading_survives_every_allocation_failure(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    for (int nth = 1;; nth++) {
        struct journal_reader *r;
        struct journal_record record;
        fault_at(nth, false);
        enum err err = journal_reader_open(&r, s->path, journal_key);
        if (!err)
            err = journal_reader_next(r, &record);
        bool hit = fault_hit();
        fault_at(0, false);
        if (hit)
            assert_int_equal(err, ERR_NOMEM);
        else
            assert_int_equal(err, ERR_OK);
        if (hit && r) /* asked again, it goes on */
            assert_int_equal(journal_reader_next(r, &record), ERR_OK);
        journal_reader_close(r);
        if (!hit) {
            assert_true(nth > 2);
            return;
        }
    }
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scene_open, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_full_disk_loses_nothing_that_was_kept),
        TEST(a_killed_writer_loses_nothing_that_was_kept),
        TEST(writing_survives_every_allocation_failure),
        TEST(reading_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
