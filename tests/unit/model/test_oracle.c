#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/fault.h"
#include "tests/oracle.h"
#include "shared/base/random.h"

#define ROUNDS 20000

/* ---- random documents, loosely written ---- */

static uint32_t below(struct random_seeded *random, uint32_t limit)
{
    return (uint32_t)random_below(&random->random, limit);
}

static void put_space(struct random_seeded *random, struct buffer *out)
{
    static const char spaces[] = " \t\n\r";
    while (below(random, 4) == 0)
        buffer_add_char(out, spaces[below(random, 4)]);
}

/* Characters on both sides of every border of the encodings. */
static uint32_t random_character(struct random_seeded *random)
{
    static const uint32_t border[] = {1,      8,       9,       0xa,     0x1f,
                                      0x20,   '"',     '\\',    '/',     0x7f,
                                      0x80,   0x7ff,   0x800,   0xd7ff,  0xe000,
                                      0xffff, 0x10000, 0x1f600, 0x10ffff};
    if (below(random, 3) == 0)
        return border[below(random, sizeof border / sizeof *border)];
    return 'a' + below(random, 4);
}

static void put_escaped(struct random_seeded *random, struct buffer *out,
                        uint32_t c)
{
    bool small = below(random, 2);
    if (c >= 0x10000) {
        unsigned high = 0xd800 + ((c - 0x10000) >> 10);
        unsigned low = 0xdc00 + ((c - 0x10000) & 0x3ff);
        buffer_printf(out, small ? "\\u%04x" : "\\u%04X", high);
        buffer_printf(out, small ? "\\u%04x" : "\\u%04X", low);
    } else {
        buffer_printf(out, small ? "\\u%04x" : "\\u%04X", (unsigned)c);
    }
}

static void put_utf8(struct buffer *out, uint32_t c)
{
    char at[4];
    size_t size = 0;
    if (c < 0x80) {
        at[size++] = (char)c;
    } else if (c < 0x800) {
        at[size++] = (char)(0xc0 | c >> 6);
    } else if (c < 0x10000) {
        at[size++] = (char)(0xe0 | c >> 12);
        at[size++] = (char)(0x80 | (c >> 6 & 0x3f));
    } else {
        at[size++] = (char)(0xf0 | c >> 18);
        at[size++] = (char)(0x80 | (c >> 12 & 0x3f));
        at[size++] = (char)(0x80 | (c >> 6 & 0x3f));
    }
    if (c >= 0x80)
        at[size++] = (char)(0x80 | (c & 0x3f));
    buffer_add(out, at, size);
}

static void put_text(struct random_seeded *random, struct buffer *out)
{
    buffer_add_char(out, '"');
    for (uint32_t count = below(random, 12); count > 0; count--) {
        uint32_t c = random_character(random);
        if (c < 0x20 || c == '"' || c == '\\' || below(random, 4) == 0)
            put_escaped(random, out, c);
        else
            put_utf8(out, c);
    }
    buffer_add_char(out, '"');
}

static void put_int(struct random_seeded *random, struct buffer *out)
{
    int64_t value = CANON_INT_MAX >> below(random, 54);
    buffer_add_int(out, below(random, 2) ? value : -value);
}

static void put_any(struct random_seeded *random, struct buffer *out, int depth)
{
    static const char *const words[] = {"null", "true", "false"};
    uint32_t kind = below(random, depth < 4 ? 5 : 3);
    put_space(random, out);
    if (kind == 0) {
        buffer_add_text(out, words[below(random, 3)]);
    } else if (kind == 1) {
        put_int(random, out);
    } else if (kind == 2) {
        put_text(random, out);
    } else {
        bool object = kind == 4;
        uint32_t count = below(random, 8);
        buffer_add_char(out, object ? '{' : '[');
        put_space(random, out);
        for (uint32_t i = 0; i < count; i++) {
            if (i)
                buffer_add_char(out, ',');
            put_space(random, out);
            if (object) {
                put_text(random, out);
                put_space(random, out);
                buffer_add_char(out, ':');
            }
            put_any(random, out, depth + 1);
        }
        buffer_add_char(out, object ? '}' : ']');
    }
    put_space(random, out);
}

/* ---- what must hold of any text ---- */

static void check_canonical(struct bytes line, const json_t *json)
{
    struct arena arena;
    struct buffer again;
    const struct canon *root;
    arena_init(&arena, 1 << 20);
    buffer_init(&again, 1 << 20);
    assert_int_equal(canon_parse(&arena, line, &root, NULL), ERR_OK);
    assert_true(oracle_same(json, root));
    json_t *read = oracle_load(line);
    char *dump = oracle_dump(read);
    assert_non_null(dump);
    assert_true(bytes_is(line, dump));
    assert_int_equal(canon_normalise(&again, line, NULL), ERR_OK);
    assert_true(bytes_equal(buffer_bytes(&again), line));
    free(dump);
    json_decref(read);
    buffer_fini(&again);
    arena_fini(&arena);
}

static bool check_text(struct bytes text)
{
    struct buffer out;
    struct canon_fault fault;
    buffer_init(&out, 1 << 20);
    json_t *json = oracle_load(text);
    enum err err = canon_normalise(&out, text, &fault);
    if (err != (json ? ERR_OK : ERR_INVALID))
        fail_msg("%s: %s at %zu", (const char *)text.at, fault.what,
                 fault.offset);
    if (json)
        check_canonical(buffer_bytes(&out), json);
    bool read = json != NULL;
    json_decref(json);
    buffer_fini(&out);
    return read;
}

static void random_documents_mean_the_same_to_jansson(void **state)
{
    (void)state;
    struct random_seeded random;
    struct buffer text;
    int read = 0;
    random_seeded_init(&random, 2026);
    buffer_init(&text, 1 << 20);
    for (int i = 0; i < ROUNDS; i++) {
        buffer_clear(&text);
        put_any(&random, &text, 0);
        assert_int_equal(buffer_err(&text), ERR_OK);
        read += check_text(buffer_bytes(&text));
    }
    assert_true(read > ROUNDS / 2); /* the rest has doubled members */
    buffer_fini(&text);
}

/* Damage of one byte: both refuse, or both read the same. */
static void damaged_documents_are_refused_by_both(void **state)
{
    (void)state;
    static const char bytes[] = "{}[]\",:\\ u0ad\x01\x7f\x80\xc3\xed\xf0";
    struct random_seeded random;
    struct buffer text;
    int refused = 0;
    random_seeded_init(&random, 2027);
    buffer_init(&text, 1 << 20);
    for (int i = 0; i < ROUNDS; i++) {
        buffer_clear(&text);
        put_any(&random, &text, 0);
        size_t where = below(&random, (uint32_t)text.size);
        text.at[where] = (uint8_t)bytes[below(&random, sizeof bytes)];
        json_t *json = oracle_load(buffer_bytes(&text));
        bool in_domain = !json || oracle_in_domain(json, 0);
        json_decref(json);
        if (in_domain && !oracle_minus_zero(buffer_bytes(&text)))
            refused += !check_text(buffer_bytes(&text));
    }
    assert_true(refused > ROUNDS / 4);
    buffer_fini(&text);
}

/* ---- order of names ---- */

static int compare_utf16(const uint16_t *a, const uint16_t *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (*a > *b) - (*a < *b);
}

static void names_sort_by_their_utf16_code_units(void **state)
{
    (void)state;
    static const uint32_t characters[] = {
        1,      'A',    'z',    0x7f,   0x80,   0x7ff,   0x800,   0xcfff,
        0xd7ff, 0xe000, 0xefff, 0xfb33, 0xffff, 0x10000, 0x1f600, 0x10ffff};
    size_t count = sizeof characters / sizeof *characters;
    for (size_t pair = 0; pair < count * count; pair++) {
        struct buffer name[2];
        uint16_t units[2][4] = {{'a'}, {'a'}};
        for (int i = 0; i < 2; i++) {
            uint32_t c = characters[i ? pair / count : pair % count];
            buffer_init(&name[i], 16);
            buffer_add_char(&name[i], 'a');
            put_utf8(&name[i], c);
            if (c >= 0x10000) {
                units[i][1] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
                units[i][2] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
            } else {
                units[i][1] = (uint16_t)c;
            }
        }
        int order =
            canon_compare_names(buffer_bytes(&name[0]), buffer_bytes(&name[1]));
        int expected = compare_utf16(units[0], units[1]);
        assert_int_equal((order > 0) - (order < 0), expected);
        buffer_fini(&name[0]);
        buffer_fini(&name[1]);
    }
}

/* ---- memory ---- */

#define DOCUMENT                                                               \
    "{\"c\":[1,2,{\"x\":\"\\n\",\"a\":null}],\"b\":\"\\u00e9\",\"a\":true,"    \
    "\"d\":[[[[]]]]}"

static void every_allocation_failure_is_reported(void **state)
{
    (void)state;
    for (int nth = 1;; nth++) {
        struct buffer out;
        struct arena arena;
        const struct canon *root = NULL;
        buffer_init(&out, 4096);
        arena_init(&arena, 1 << 16);
        fault_at(nth, false);
        enum err err = canon_normalise(&out, bytes_text(DOCUMENT), NULL);
        if (!err)
            err = canon_parse(&arena, buffer_bytes(&out), &root, NULL);
        bool hit = fault_hit();
        fault_at(0, false);
        assert_int_equal(err, hit ? ERR_NOMEM : ERR_OK);
        assert_int_equal(root != NULL, !hit);
        arena_fini(&arena);
        buffer_fini(&out);
        if (!hit) {
            assert_true(nth > 2);
            return;
        }
    }
}

static void every_ceiling_is_enough_or_reported(void **state)
{
    (void)state;
    static const char line[] = "{\"a\":[1,[2],\"\\n\",\"x\"],\"b\\n\":{}}";
    const struct canon *root;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    assert_int_equal(canon_parse(&arena, bytes_text(line), &root, NULL), 0);
    size_t enough = arena.used;
    arena_fini(&arena);
    for (size_t ceiling = 0; ceiling <= enough; ceiling += 8) {
        arena_init(&arena, ceiling);
        enum err err = canon_parse(&arena, bytes_text(line), &root, NULL);
        assert_int_equal(err, ceiling < enough ? ERR_NOMEM : ERR_OK);
        assert_int_equal(root == NULL, ceiling < enough);
        arena_fini(&arena);
    }
}

static void a_full_buffer_takes_nothing_canonical(void **state)
{
    (void)state;
    struct buffer out;
    buffer_init(&out, 10);
    assert_int_equal(canon_normalise(&out, bytes_text(DOCUMENT), NULL),
                     ERR_TOO_BIG);
    buffer_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_documents_mean_the_same_to_jansson),
        cmocka_unit_test(damaged_documents_are_refused_by_both),
        cmocka_unit_test(names_sort_by_their_utf16_code_units),
        cmocka_unit_test(every_allocation_failure_is_reported),
        cmocka_unit_test(every_ceiling_is_enough_or_reported),
        cmocka_unit_test(a_full_buffer_takes_nothing_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
