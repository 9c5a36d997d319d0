#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "shared/base/random.h"
#include "shared/wire/deflate.h"
#include "tests/fault.h"

static const char contact[] =
    "{\"at\":1764000000000,\"author\":\"dana\",\"case\":"
    "\"01936f2a-7c11-7a52-9b0e-5f2a3c4d5e6f\",\"n\":12,\"record\":"
    "\"01936f2a-7d22-7b63-8c1f-6a3b4c5d6e7f\",\"replica\":\"wAbCdEfGhIjKl\","
    "\"schema\":1,\"set\":{\"county\":\"23019\",\"follow_up_on\":"
    "\"2026-12-04\",\"kind\":\"home_visit\",\"narrative\":\"Roof leaks again; "
    "the landlord was called twice and promised to come on Friday. The "
    "grandmother takes the children to school while the mother works the "
    "early shift at the nursing home. Heating bill is two months behind, "
    "shut-off notice dated the 14th. Explained the assistance program and "
    "filled in the application together; she still has to send the last pay "
    "stub. Wants to finish her certificate in spring.\",\"needs\":[\"energy\","
    "\"housing\"],\"occurred_at\":\"2026-11-21T15:20-06:00\",\"person\":"
    "\"01936f2a-7c11-7a52-9b0e-5f2a3c4d5e6f\"},\"type\":\"contact\"}";

static void the_dictionary_is_the_file_of_the_vectors(void **state)
{
    (void)state;
    static uint8_t file[16384];
    FILE *f = fopen("tests/vectors/dictionary_1.bin", "rb");
    assert_non_null(f);
    size_t size = fread(file, 1, sizeof file, f);
    fclose(f);
    assert_true(bytes_equal(dictionary_1(), bytes_of(file, size)));
    assert_true(size <= 8192);
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < size; i++) {
        a = (a + file[i]) % 65521;
        b = (b + a) % 65521;
    }
    char id[9];
    snprintf(id, sizeof id, "%08x", b << 16 | a);
    assert_string_equal(dictionary_1_id(), id);
}

static void every_level_gives_the_line_back(void **state)
{
    (void)state;
    for (int level = 1; level <= 9; level++) {
        struct deflate_line *d;
        struct buffer packed, plain;
        buffer_init(&packed, 1 << 20);
        buffer_init(&plain, 1 << 20);
        assert_int_equal(deflate_line_new(&d, level), ERR_OK);
        for (int round = 0; round < 3; round++) {
            buffer_clear(&packed);
            buffer_clear(&plain);
            struct bytes line = bytes_text(round == 1 ? "" : contact);
            assert_int_equal(deflate_line_pack(d, line, &packed), ERR_OK);
            assert_int_equal(
                deflate_line_unpack(d, buffer_bytes(&packed), &plain), ERR_OK);
            assert_true(bytes_equal(buffer_bytes(&plain), line));
        }
        deflate_line_free(d);
        buffer_fini(&packed);
        buffer_fini(&plain);
    }
}

static void one_contact_takes_less_than_half_of_itself(void **state)
{
    (void)state;
    struct deflate_line *d;
    struct buffer packed;
    buffer_init(&packed, 1 << 20);
    assert_int_equal(deflate_line_new(&d, 6), ERR_OK);
    assert_int_equal(deflate_line_pack(d, bytes_text(contact), &packed),
                     ERR_OK);
    print_message("%zu of %zu bytes\n", packed.size, strlen(contact));
    assert_true(packed.size <= 380);
    deflate_line_free(d);
    buffer_fini(&packed);
}

static void a_long_line_of_noise_survives(void **state)
{
    (void)state;
    struct random_seeded random;
    random_seeded_init(&random, 7);
    size_t size = 300000;
    uint8_t *noise = malloc(size);
    random_fill(&random.random, noise, size);
    struct deflate_line *d;
    struct buffer packed, plain;
    buffer_init(&packed, 1 << 20);
    buffer_init(&plain, size);
    assert_int_equal(deflate_line_new(&d, 1), ERR_OK);
    assert_int_equal(deflate_line_pack(d, bytes_of(noise, size), &packed),
                     ERR_OK);
    assert_int_equal(deflate_line_unpack(d, buffer_bytes(&packed), &plain),
                     ERR_OK); /* exactly up to the ceiling */
    assert_true(bytes_equal(buffer_bytes(&plain), bytes_of(noise, size)));
    buffer_fini(&plain);
    buffer_init(&plain, size - 1);
    assert_int_equal(deflate_line_unpack(d, buffer_bytes(&packed), &plain),
                     ERR_TOO_BIG);
    assert_int_equal(plain.size, 0);
    deflate_line_free(d);
    buffer_fini(&packed);
    buffer_fini(&plain);
    free(noise);
}

static void damage_is_told_and_leaves_what_was_there(void **state)
{
    (void)state;
    struct deflate_line *d;
    struct buffer packed, plain;
    buffer_init(&packed, 1 << 20);
    buffer_init(&plain, 1 << 20);
    assert_int_equal(deflate_line_new(&d, 6), ERR_OK);
    assert_int_equal(deflate_line_pack(d, bytes_text(contact), &packed),
                     ERR_OK);
    buffer_add_text(&plain, "before");
    struct bytes whole = buffer_bytes(&packed);
    for (size_t cut = 0; cut < whole.size; cut++) {
        struct bytes part = bytes_of(whole.at, cut);
        assert_int_equal(deflate_line_unpack(d, part, &plain), ERR_CORRUPT);
        assert_string_equal(buffer_text(&plain), "before");
    }
    buffer_add_char(&packed, 'x');
    assert_int_equal(deflate_line_unpack(d, buffer_bytes(&packed), &plain),
                     ERR_CORRUPT);
    assert_int_equal(
        deflate_line_unpack(d, bytes_text("\xff\xff\xff\xff"), &plain),
        ERR_CORRUPT);
    assert_string_equal(buffer_text(&plain), "before");
    deflate_line_free(d);
    buffer_fini(&packed);
    buffer_fini(&plain);
}

static enum err both_ways(void)
{
    struct deflate_line *d = NULL;
    struct buffer packed, plain;
    buffer_init(&packed, 1 << 20);
    buffer_init(&plain, 1 << 20);
    enum err err = deflate_line_new(&d, 6);
    if (!err)
        err = deflate_line_pack(d, bytes_text(contact), &packed);
    if (!err)
        err = deflate_line_unpack(d, buffer_bytes(&packed), &plain);
    deflate_line_free(d);
    buffer_fini(&packed);
    buffer_fini(&plain);
    return err;
}

static void both_ways_survive_every_allocation_failure(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        fault_at(nth, false);
        enum err err = both_ways();
        bool hit = fault_hit();
        fault_at(0, false);
        if (!hit) {
            assert_int_equal(err, ERR_OK);
            assert_true(nth > 5);
            return;
        }
        assert_int_equal(err, ERR_NOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_dictionary_is_the_file_of_the_vectors),
        cmocka_unit_test(every_level_gives_the_line_back),
        cmocka_unit_test(one_contact_takes_less_than_half_of_itself),
        cmocka_unit_test(a_long_line_of_noise_survives),
        cmocka_unit_test(damage_is_told_and_leaves_what_was_there),
        cmocka_unit_test(both_ways_survive_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
