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
#include "tests/unit/base/journal_scene.h"

static const uint8_t other_key[JOURNAL_KEY_BYTES] = "another";

/* What a reader finds, in the form of tell(). */
static void read_all(struct scene *s, uint64_t *lost, uint64_t *skipped)
{
    struct journal_reader *r;
    struct journal_record record;
    enum err err;
    *s->told = 0;
    assert_int_equal(journal_reader_open(&r, s->path, journal_key), ERR_OK);
    while (!(err = journal_reader_next(r, &record)))
        tell(s, &record);
    assert_int_equal(err, ERR_NOT_FOUND);
    *lost = journal_reader_lost(r);
    *skipped = journal_reader_skipped(r);
    journal_reader_close(r);
}

static void what_was_committed_is_read_back(void **state)
{
    struct scene *s = *state;
    uint64_t lost, skipped;
    journal_three(s);
    assert_string_equal(s->told, ""); /* its own records are not told */
    read_all(s, &lost, &skipped);
    assert_string_equal(s->told, "1 0 t\n2 1 one\n3 2 two\n4 3 \n");
    assert_true(lost == 0 && skipped == 0);
    scene_again(s);
    assert_string_equal(s->told, "1 0 t\n2 1 one\n3 2 two\n4 3 \n");
    assert_int_equal(journal_put(s->journal, 1, "five"), ERR_OK);
    read_all(s, &lost, &skipped);
    assert_non_null(strstr(s->told, "\n5 1 five\n"));
    struct stat status;
    assert_int_equal(stat(s->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_cancelled_group_leaves_nothing(void **state)
{
    struct scene *s = *state;
    uint64_t lost, skipped;
    assert_int_equal(journal_begin(s->journal), ERR_OK);
    assert_int_equal(journal_add(s->journal, 1, bytes_text("no")), ERR_OK);
    journal_cancel(s->journal);
    assert_int_equal(journal_begin(s->journal), ERR_OK);
    assert_int_equal(journal_commit(s->journal), ERR_OK); /* empty group */
    assert_int_equal(journal_put(s->journal, 1, "yes"), ERR_OK);
    read_all(s, &lost, &skipped);
    assert_string_equal(s->told, "1 0 t\n2 1 yes\n");
}

static void two_writers_take_turns_and_tell_each_other(void **state)
{
    struct scene *s = *state;
    struct scene *second = calloc(1, sizeof *second);
    second->of = s->of;
    second->of.context = second;
    assert_int_equal(journal_open(&second->journal, &second->of), ERR_OK);
    assert_int_equal(journal_put(s->journal, 1, "a"), ERR_OK);
    assert_int_equal(journal_put(second->journal, 1, "b"), ERR_OK);
    assert_int_equal(journal_put(s->journal, 1, "c"), ERR_OK);
    assert_string_equal(second->told, "1 0 t\n2 1 a\n");
    assert_string_equal(s->told, "3 1 b\n");
    journal_close(second->journal);
    free(second);
    uint64_t lost, skipped;
    read_all(s, &lost, &skipped);
    assert_string_equal(s->told, "1 0 t\n2 1 a\n3 1 b\n4 1 c\n");
}

static void an_end_torn_at_any_byte_is_cut_off(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    struct content whole = content_read(s->path);
    static const size_t ends[] = {34, 34 + 36, 34 + 72, 34 + 72 + 33};
    assert_int_equal(whole.size, ends[3]);
    for (size_t size = 0; size <= whole.size; size++) {
        journal_close(s->journal);
        s->journal = NULL;
        content_write(s->path, (struct content){whole.at, size});
        scene_again(s);
        size_t intact = 0;
        for (size_t i = 0; i < 4; i++)
            intact += ends[i] <= size;
        size_t told = 0;
        for (const char *at = s->told; (at = strchr(at, '\n')); at++)
            told++;
        assert_int_equal(told, intact);
        assert_int_equal(journal_put(s->journal, 9, "after"), ERR_OK);
        uint64_t lost, skipped;
        read_all(s, &lost, &skipped);
        assert_true(lost == 0 && skipped == 0);
        assert_non_null(strstr(s->told, " 9 after\n"));
    }
    free(whole.at);
}

/* A torn group of another process is cut off by the next writer, too. */
static void a_torn_end_of_another_writer_is_cut_off(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    int fd = open(s->path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "\xffSJ\x01\x05", 5), 5);
    close(fd);
    assert_int_equal(journal_put(s->journal, 1, "next"), ERR_OK);
    uint64_t lost, skipped;
    read_all(s, &lost, &skipped);
    assert_true(lost == 0 && skipped == 0);
    assert_non_null(strstr(s->told, "\n5 1 next\n"));
}

static void a_flipped_bit_loses_only_its_record(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    assert_int_equal(journal_put(s->journal, 4, "last"), ERR_OK);
    struct content whole = content_read(s->path);
    static const char *const lines[] = {"1 0 t\n", "2 1 one\n", "3 2 two\n",
                                        "4 3 \n", "5 4 last\n"};
    static const size_t ends[] = {34, 70, 106, 139, 176};
    assert_int_equal(whole.size, ends[4]);
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        size_t hit = 0;
        while (ends[hit] <= bit / 8)
            hit++;
        whole.at[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        content_write(s->path, whole);
        whole.at[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        char expected[256] = "";
        for (size_t i = 0; i < 5; i++)
            if (i != hit)
                strcat(expected, lines[i]);
        uint64_t lost, skipped;
        read_all(s, &lost, &skipped);
        assert_string_equal(s->told, expected);
        assert_int_equal(lost, hit < 4); /* nothing after the last tells */
        assert_int_equal(skipped, ends[hit] - (hit ? ends[hit - 1] : 0));
    }
    free(whole.at);
}

static void damage_in_the_middle_stays_when_writing_goes_on(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    struct content whole = content_read(s->path);
    memset(whole.at + 34, 0xff, 30);
    content_write(s->path, whole);
    free(whole.at);
    scene_again(s);
    assert_string_equal(s->told, "1 0 t\n3 2 two\n4 3 \n");
    assert_int_equal(journal_put(s->journal, 1, "on"), ERR_OK);
    uint64_t lost, skipped;
    read_all(s, &lost, &skipped);
    assert_string_equal(s->told, "1 0 t\n3 2 two\n4 3 \n5 1 on\n");
    assert_true(lost == 1 && skipped == 36);
}

/* A record inside a payload is no record without the key. */
static void a_payload_cannot_pass_for_a_record(void **state)
{
    struct scene *s = *state;
    char path[2 * DIR_CHARS];
    struct journal *forger;
    struct journal_of of = {.path = dir_file(path, s->dir, "forged"),
                            .name = "t",
                            .key = other_key};
    assert_int_equal(journal_open(&forger, &of), ERR_OK);
    assert_int_equal(journal_put(forger, 7, "forged"), ERR_OK);
    journal_close(forger);
    struct content forged = content_read(path);
    assert_int_equal(journal_begin(s->journal), ERR_OK);
    assert_int_equal(
        journal_add(s->journal, 1, bytes_of(forged.at, forged.size)), ERR_OK);
    assert_int_equal(journal_commit(s->journal), ERR_OK);
    free(forged.at);
    journal_three(s);
    struct content whole = content_read(s->path);
    whole.at[34] ^= 1; /* the outer record is lost, the inner comes to light */
    content_write(s->path, whole);
    free(whole.at);
    uint64_t lost, skipped;
    read_all(s, &lost, &skipped);
    assert_string_equal(s->told, "1 0 t\n3 1 one\n4 2 two\n5 3 \n");
}

static void what_is_not_this_journal_is_refused_untouched(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    struct content before = content_read(s->path);
    struct journal *j;
    struct journal_of of = s->of;
    of.key = other_key;
    assert_int_equal(journal_open(&j, &of), ERR_FOREIGN);
    assert_null(j);
    of = s->of;
    of.name = "someone else's";
    assert_int_equal(journal_open(&j, &of), ERR_FOREIGN);
    struct content after = content_read(s->path);
    assert_int_equal(after.size, before.size);
    assert_memory_equal(after.at, before.at, after.size);
    free(before.at);
    free(after.at);
    char path[2 * DIR_CHARS];
    of = s->of;
    of.path = dir_file(path, s->dir, "letter");
    char text[] = "Dear Sir, this is a letter and by no means a journal.";
    content_write(path, (struct content){(uint8_t *)text, sizeof text});
    assert_int_equal(journal_open(&j, &of), ERR_FOREIGN);
    of.path = s->dir;
    assert_int_equal(journal_open(&j, &of), ERR_FOREIGN);
    of.path = dir_file(path, s->dir, "no/such");
    assert_int_equal(journal_open(&j, &of), ERR_NOT_FOUND);
    of.path = "/dev/null";
    assert_int_equal(journal_open(&j, &of), ERR_FOREIGN);
    struct journal_reader *r;
    assert_int_equal(journal_reader_open(&r, path, NULL), ERR_NOT_FOUND);
    assert_null(r);
}

static void a_file_put_aside_or_cut_is_noticed(void **state)
{
    struct scene *s = *state;
    char aside[2 * DIR_CHARS];
    journal_three(s);
    assert_int_equal(rename(s->path, dir_file(aside, s->dir, "aside")), 0);
    assert_int_equal(journal_begin(s->journal), ERR_NOT_FOUND);
    int fd = open(s->path, O_WRONLY | O_CREAT, 0600);
    close(fd);
    assert_int_equal(journal_begin(s->journal), ERR_NOT_FOUND);
    scene_again(s);
    assert_int_equal(journal_put(s->journal, 1, "new file"), ERR_OK);
    assert_int_equal(truncate(s->path, 40), 0);
    assert_int_equal(journal_begin(s->journal), ERR_CORRUPT);
    scene_again(s);
    assert_string_equal(s->told, "1 0 t\n");
}

static void limits_hold_exactly(void **state)
{
    struct scene *s = *state;
    uint8_t *large = calloc(1, JOURNAL_PAYLOAD_BYTES_MAX + 1);
    struct bytes most = bytes_of(large, JOURNAL_PAYLOAD_BYTES_MAX);
    assert_int_equal(journal_begin(s->journal), ERR_OK);
    assert_int_equal(
        journal_add(s->journal, 1,
                    bytes_of(large, JOURNAL_PAYLOAD_BYTES_MAX + 1)),
        ERR_TOO_BIG);
    /* A long group is written while it grows, and is one group still. */
    for (int i = 0; i < 10; i++)
        assert_int_equal(journal_add(s->journal, 1, most), ERR_OK);
    journal_cancel(s->journal);
    struct stat status;
    assert_int_equal(stat(s->path, &status), 0);
    assert_int_equal(status.st_size, JOURNAL_HEAD_BYTES + 1);
    assert_int_equal(journal_begin(s->journal), ERR_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(journal_add(s->journal, 1, most), ERR_OK);
    assert_int_equal(journal_add(s->journal, 2, bytes_text("small")), ERR_OK);
    assert_int_equal(journal_commit(s->journal), ERR_OK);
    free(large);
    struct journal_reader *r;
    struct journal_record record;
    assert_int_equal(journal_reader_open(&r, s->path, journal_key), ERR_OK);
    for (int i = 0; i < 12; i++)
        assert_int_equal(journal_reader_next(r, &record), ERR_OK);
    assert_true(bytes_is(record.payload, "small"));
    assert_int_equal(journal_reader_next(r, &record), ERR_NOT_FOUND);
    journal_reader_close(r);
}

static void reading_begins_where_the_caller_left_off(void **state)
{
    struct scene *s = *state;
    journal_three(s);
    s->of.at = journal_end(s->journal, &s->of.number);
    scene_again(s);
    assert_string_equal(s->told, "");
    assert_int_equal(journal_put(s->journal, 1, "five"), ERR_OK);
    scene_again(s);
    assert_string_equal(s->told, "5 1 five\n");
    /* A place that is none, or in another file, is not believed. */
    s->of.at--;
    scene_again(s);
    assert_non_null(strstr(s->told, "1 0 t\n2 1 one\n"));
    s->of.at++;
    s->of.number--;
    scene_again(s);
    assert_non_null(strstr(s->told, "1 0 t\n2 1 one\n"));
    s->of.at = 1u << 20;
    scene_again(s);
    assert_non_null(strstr(s->told, "1 0 t\n2 1 one\n"));
    s->of.name = "other";
    struct journal *j;
    assert_int_equal(journal_open(&j, &s->of), ERR_FOREIGN);
}

#define TEST(name)                                                             \
    cmocka_unit_test_setup_teardown(name, scene_open, scene_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_committed_is_read_back),
        TEST(a_cancelled_group_leaves_nothing),
        TEST(two_writers_take_turns_and_tell_each_other),
        TEST(an_end_torn_at_any_byte_is_cut_off),
        TEST(a_torn_end_of_another_writer_is_cut_off),
        TEST(a_flipped_bit_loses_only_its_record),
        TEST(damage_in_the_middle_stays_when_writing_goes_on),
        TEST(a_payload_cannot_pass_for_a_record),
        TEST(what_is_not_this_journal_is_refused_untouched),
        TEST(a_file_put_aside_or_cut_is_noticed),
        TEST(limits_hold_exactly),
        TEST(reading_begins_where_the_caller_left_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
