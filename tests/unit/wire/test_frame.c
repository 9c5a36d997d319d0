#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <zlib.h>

#include "shared/base/random.h"
#include "shared/wire/frame.h"
#include "tests/fault.h"

/* Lines as they were handed over, each followed by a newline. */
static enum err collect(void *context, struct bytes line)
{
    struct buffer *all = context;
    buffer_add_bytes(all, line);
    return buffer_add_char(all, '\n');
}

static enum err write_lines(struct buffer *out, int level, bool dictionary,
                            const struct bytes *lines, size_t count)
{
    struct frame_writer *w = NULL;
    enum err err = frame_writer_new(&w, out, level, dictionary);
    for (size_t i = 0; i < count && !err; i++)
        err = frame_line(w, lines[i]);
    if (!err)
        err = frame_finish(w);
    frame_writer_free(w);
    return err;
}

/* Feeds `body` in chunks of `chunk` bytes. */
static enum err read_lines(struct bytes body, size_t chunk, struct buffer *all,
                           bool *dictionary)
{
    struct frame_reader *r = NULL;
    enum err err = frame_reader_new(&r, collect, all);
    for (size_t at = 0; at < body.size && !err; at += chunk) {
        size_t size = body.size - at < chunk ? body.size - at : chunk;
        err = frame_feed(r, bytes_of(body.at + at, size));
    }
    if (!err)
        err = frame_end(r);
    if (r && dictionary)
        *dictionary = frame_used_dictionary(r);
    frame_reader_free(r);
    return err;
}

static const char head[] = "{\"agency\":\"a\",\"head\":1,\"protocol\":1}";

static void lines_come_back_at_every_level_and_chunk(void **state)
{
    (void)state;
    struct bytes lines[] = {bytes_text(head), bytes_text(""),
                            bytes_text("{\"at\":1}"), bytes_text("x")};
    static const char expected[] =
        "{\"agency\":\"a\",\"head\":1,\"protocol\":1}\n\n{\"at\":1}\nx\n";
    for (int level = 1; level <= 9; level++)
        for (int words = 0; words < 2; words++) {
            struct buffer body;
            buffer_init(&body, 1 << 20);
            assert_int_equal(write_lines(&body, level, words, lines, 4),
                             ERR_OK);
            for (size_t chunk = 1; chunk <= body.size; chunk++) {
                struct buffer all;
                bool used = !words;
                buffer_init(&all, 1 << 20);
                assert_int_equal(
                    read_lines(buffer_bytes(&body), chunk, &all, &used),
                    ERR_OK);
                assert_string_equal(buffer_text(&all), expected);
                assert_int_equal(used, words);
                buffer_fini(&all);
            }
            buffer_fini(&body);
        }
}

static void many_lines_come_back_in_ragged_chunks(void **state)
{
    (void)state;
    struct random_seeded random;
    random_seeded_init(&random, 3);
    struct buffer plain, body, all;
    buffer_init(&plain, 8 << 20);
    buffer_init(&body, 8 << 20);
    buffer_init(&all, 8 << 20);
    struct frame_writer *w;
    assert_int_equal(frame_writer_new(&w, &body, 1, true), ERR_OK);
    for (int i = 0; i < 500; i++) {
        size_t start = plain.size;
        size_t size = random_below(&random.random, i % 50 ? 900 : 90000);
        while (plain.size < start + size)
            buffer_add_char(&plain,
                            (char)(' ' + random_below(&random.random, 90)));
        assert_int_equal(
            frame_line(w, bytes_of(plain.at + start, plain.size - start)),
            ERR_OK);
        buffer_add_char(&plain, '\n');
    }
    assert_int_equal(frame_finish(w), ERR_OK);
    assert_int_equal(frame_plain_bytes(w), plain.size);
    frame_writer_free(w);

    struct frame_reader *r;
    assert_int_equal(frame_reader_new(&r, collect, &all), ERR_OK);
    for (size_t at = 0; at < body.size;) {
        size_t size = 1 + random_below(&random.random, 5000);
        if (size > body.size - at)
            size = body.size - at;
        assert_int_equal(frame_feed(r, bytes_of(body.at + at, size)), ERR_OK);
        at += size;
    }
    assert_int_equal(frame_end(r), ERR_OK);
    frame_reader_free(r);
    assert_true(bytes_equal(buffer_bytes(&all), buffer_bytes(&plain)));
    buffer_fini(&plain);
    buffer_fini(&body);
    buffer_fini(&all);
}

static void a_cut_stream_is_corrupt_wherever_it_is_cut(void **state)
{
    (void)state;
    struct bytes lines[] = {bytes_text(head), bytes_text("second")};
    struct buffer body;
    buffer_init(&body, 1 << 20);
    assert_int_equal(write_lines(&body, 6, true, lines, 2), ERR_OK);
    for (size_t cut = 0; cut < body.size; cut++) {
        struct buffer all;
        buffer_init(&all, 1 << 20);
        assert_int_equal(read_lines(bytes_of(body.at, cut), 7, &all, NULL),
                         ERR_CORRUPT);
        buffer_fini(&all);
    }
    buffer_fini(&body);
}

static void bytes_after_the_stream_are_refused(void **state)
{
    (void)state;
    struct bytes line = bytes_text(head);
    struct buffer body, all;
    buffer_init(&body, 1 << 20);
    assert_int_equal(write_lines(&body, 6, false, &line, 1), ERR_OK);
    buffer_add_char(&body, '\0');
    for (size_t chunk = 1; chunk <= body.size; chunk++) {
        buffer_init(&all, 1 << 20);
        assert_int_equal(read_lines(buffer_bytes(&body), chunk, &all, NULL),
                         ERR_CORRUPT);
        buffer_fini(&all);
    }
    buffer_fini(&body);
}

/* One zlib stream around `plain`, by zlib itself. */
static void wrap(struct buffer *body, struct bytes plain)
{
    uLongf size = compressBound((uLong)plain.size);
    buffer_init(body, 2 << 20);
    assert_int_equal(buffer_reserve(body, size), ERR_OK);
    assert_int_equal(compress(body->at, &size, plain.at, (uLong)plain.size),
                     Z_OK);
    body->size = size;
}

static void what_is_not_lines_in_zlib_is_corrupt(void **state)
{
    (void)state;
    struct buffer body, all;
    buffer_init(&all, 1 << 20);
    assert_int_equal(read_lines(bytes_text("{\"agency\":1}\n"), 5, &all, NULL),
                     ERR_CORRUPT);
    assert_int_equal(
        read_lines(bytes_of("\x1f\x8b\x08\0\0\0\0\0\0\3", 10), 5, &all, NULL),
        ERR_CORRUPT); /* gzip */
    wrap(&body, bytes_text("a line\nand one that never ends"));
    assert_int_equal(read_lines(buffer_bytes(&body), 5, &all, NULL),
                     ERR_CORRUPT);
    assert_string_equal(buffer_text(&all), "a line\n");
    body.at[body.size - 1] ^= 1; /* the checksum */
    assert_int_equal(read_lines(buffer_bytes(&body), 500, &all, NULL),
                     ERR_CORRUPT);
    buffer_fini(&body);
    buffer_fini(&all);
}

static void an_unknown_dictionary_is_corrupt(void **state)
{
    (void)state;
    static const Bytef words[] = "words of a stranger";
    uint8_t body[256];
    z_stream z = {0};
    assert_int_equal(deflateInit(&z, 6), Z_OK);
    assert_int_equal(deflateSetDictionary(&z, words, sizeof words), Z_OK);
    z.next_in = (Bytef *)(uintptr_t) "words\n";
    z.avail_in = 6;
    z.next_out = body;
    z.avail_out = sizeof body;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t size = sizeof body - z.avail_out;
    deflateEnd(&z);
    struct buffer all;
    buffer_init(&all, 1 << 20);
    assert_int_equal(read_lines(bytes_of(body, size), 256, &all, NULL),
                     ERR_CORRUPT);
    buffer_fini(&all);
}

static void ceilings_hold_on_both_sides(void **state)
{
    (void)state;
    size_t size = FRAME_LINE_BYTES_MAX;
    char *line = malloc(size + 1);
    memset(line, 'x', size + 1);
    struct buffer body, all;
    buffer_init(&body, 1 << 20);
    struct bytes longest = bytes_of(line, size);
    struct bytes longer = bytes_of(line, size + 1);
    assert_int_equal(write_lines(&body, 1, false, &longest, 1), ERR_OK);
    buffer_init(&all, 4 << 20);
    assert_int_equal(read_lines(buffer_bytes(&body), 999, &all, NULL), ERR_OK);
    buffer_fini(&all);
    buffer_clear(&body);
    assert_int_equal(write_lines(&body, 1, false, &longer, 1), ERR_TOO_BIG);
    buffer_fini(&body);

    wrap(&body, longer);
    buffer_init(&all, 4 << 20);
    assert_int_equal(read_lines(buffer_bytes(&body), 999, &all, NULL),
                     ERR_TOO_BIG);
    buffer_fini(&all);
    buffer_fini(&body);
    free(line);
}

static enum err count_line(void *context, struct bytes line)
{
    size_t *bytes = context;
    *bytes += line.size + 1;
    return ERR_OK;
}

/* A small body may not become an endless one. */
static void a_bomb_is_stopped_at_the_ceiling(void **state)
{
    (void)state;
    static char line[1 << 16];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\n';
    struct buffer body;
    buffer_init(&body, 1 << 20);
    assert_int_equal(buffer_reserve(&body, 1 << 19), ERR_OK);
    z_stream z = {0};
    assert_int_equal(deflateInit(&z, 9), Z_OK);
    z.next_out = body.at;
    z.avail_out = 1 << 19;
    for (int i = 0; i < 1025; i++) {
        z.next_in = (Bytef *)line;
        z.avail_in = sizeof line;
        assert_int_equal(deflate(&z, i < 1024 ? Z_NO_FLUSH : Z_FINISH),
                         i < 1024 ? Z_OK : Z_STREAM_END);
    }
    body.size = z.total_out;
    deflateEnd(&z);
    size_t bytes = 0;
    struct frame_reader *r;
    assert_int_equal(frame_reader_new(&r, count_line, &bytes), ERR_OK);
    assert_int_equal(frame_feed(r, buffer_bytes(&body)), ERR_TOO_BIG);
    assert_int_equal(frame_end(r), ERR_TOO_BIG);
    assert_true(bytes <= FRAME_INFLATED_BYTES_MAX);
    frame_reader_free(r);
    buffer_fini(&body);
}

static void a_line_with_a_newline_is_refused_by_the_writer(void **state)
{
    (void)state;
    struct bytes line = bytes_text("a\nb");
    struct buffer body;
    buffer_init(&body, 1 << 20);
    assert_int_equal(write_lines(&body, 6, false, &line, 1), ERR_INVALID);
    buffer_fini(&body);
}

static void a_full_buffer_stops_the_writer(void **state)
{
    (void)state;
    struct bytes line = bytes_text(head);
    for (size_t ceiling = 0; ceiling < 200; ceiling++) {
        struct buffer body;
        buffer_init(&body, ceiling);
        enum err err = write_lines(&body, 6, false, &line, 1);
        bool fits = body.size < ceiling;
        assert_int_equal(err, fits ? ERR_OK : err ? ERR_TOO_BIG : ERR_OK);
        buffer_fini(&body);
        if (fits)
            return;
    }
    fail();
}

static enum err third_refused(void *context, struct bytes line)
{
    int *count = context;
    (void)line;
    return ++*count == 3 ? ERR_DENIED : ERR_OK;
}

static void an_error_of_the_receiver_stops_the_reader(void **state)
{
    (void)state;
    struct bytes lines[] = {bytes_text("1"), bytes_text("2"), bytes_text("3"),
                            bytes_text("4")};
    struct buffer body;
    buffer_init(&body, 1 << 20);
    assert_int_equal(write_lines(&body, 6, true, lines, 4), ERR_OK);
    int count = 0;
    struct frame_reader *r;
    assert_int_equal(frame_reader_new(&r, third_refused, &count), ERR_OK);
    assert_int_equal(frame_feed(r, buffer_bytes(&body)), ERR_DENIED);
    assert_int_equal(frame_feed(r, buffer_bytes(&body)), ERR_DENIED);
    assert_int_equal(frame_end(r), ERR_DENIED);
    assert_int_equal(count, 3);
    frame_reader_free(r);
    buffer_fini(&body);
}

static enum err there_and_back(void)
{
    struct bytes lines[] = {bytes_text(head), bytes_text("second")};
    struct buffer body, all;
    buffer_init(&body, 1 << 20);
    buffer_init(&all, 1 << 20);
    enum err err = write_lines(&body, 6, true, lines, 2);
    if (!err)
        err = read_lines(buffer_bytes(&body), 11, &all, NULL);
    buffer_fini(&body);
    buffer_fini(&all);
    return err;
}

static void a_frame_survives_every_allocation_failure(void **state)
{
    (void)state;
    for (int persistent = 0; persistent < 2; persistent++)
        for (int nth = 1;; nth++) {
            fault_at(nth, persistent);
            enum err err = there_and_back();
            bool hit = fault_hit();
            fault_at(0, false);
            if (!hit) {
                assert_int_equal(err, ERR_OK);
                assert_true(nth > 8);
                break;
            }
            assert_int_equal(err, ERR_NOMEM);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_back_at_every_level_and_chunk),
        cmocka_unit_test(many_lines_come_back_in_ragged_chunks),
        cmocka_unit_test(a_cut_stream_is_corrupt_wherever_it_is_cut),
        cmocka_unit_test(bytes_after_the_stream_are_refused),
        cmocka_unit_test(what_is_not_lines_in_zlib_is_corrupt),
        cmocka_unit_test(an_unknown_dictionary_is_corrupt),
        cmocka_unit_test(ceilings_hold_on_both_sides),
        cmocka_unit_test(a_bomb_is_stopped_at_the_ceiling),
        cmocka_unit_test(a_line_with_a_newline_is_refused_by_the_writer),
        cmocka_unit_test(a_full_buffer_stops_the_writer),
        cmocka_unit_test(an_error_of_the_receiver_stops_the_reader),
        cmocka_unit_test(a_frame_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
