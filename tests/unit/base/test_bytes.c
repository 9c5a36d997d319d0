#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "shared/base/bytes.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void order_is_by_byte_then_length(void **state)
{
    (void)state;
    static const char *const sorted[] = {"", "a", "aa", "ab", "b", "\xff"};
    for (size_t i = 0; i < COUNT(sorted); i++)
        for (size_t j = 0; j < COUNT(sorted); j++) {
            int order =
                bytes_compare(bytes_text(sorted[i]), bytes_text(sorted[j]));
            assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
            assert_true(bytes_is(bytes_text(sorted[i]), sorted[j]) == (i == j));
        }
    assert_true(bytes_equal(bytes_of(NULL, 0), bytes_text("")));
}

/* RFC 4648, section 10, without padding. */
static void base64_has_the_vectors_of_the_rfc(void **state)
{
    (void)state;
    static const char *const vectors[][2] = {
        {"", ""},
        {"f", "Zg"},
        {"fo", "Zm8"},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg"},
        {"fooba", "Zm9vYmE"},
        {"\xfb\xff", "-_8"},
    };
    for (size_t i = 0; i < COUNT(vectors); i++) {
        char out[16];
        char back[16];
        size_t size = strlen(vectors[i][0]);
        size_t got;
        assert_int_equal(base64_encode(out, vectors[i][0], size),
                         strlen(vectors[i][1]));
        assert_int_equal(BASE64_CHARS(size), strlen(vectors[i][1]));
        assert_string_equal(out, vectors[i][1]);
        assert_int_equal(base64_decode(back, size, bytes_text(out)), ERR_OK);
        if (size)
            assert_memory_equal(back, vectors[i][0], size);
        assert_int_equal(
            base64_decode_any(back, sizeof back, bytes_text(out), &got),
            ERR_OK);
        assert_int_equal(got, size);
    }
}

static void base64_of_another_spelling_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"Zh", "Zm9",  "Zg==", "Z",
                                      "Z+", "Zg\n", "Z ",   "Zm9vY"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        char out[16];
        size_t size;
        assert_int_equal(base64_decode(out, 1, bytes_text(bad[i])),
                         ERR_INVALID);
        assert_int_equal(
            base64_decode_any(out, sizeof out, bytes_text(bad[i]), &size),
            ERR_INVALID);
        assert_int_equal(size, 0);
    }
    char out[3];
    size_t size;
    assert_int_equal(base64_decode_any(out, 2, bytes_text("Zm9v"), &size),
                     ERR_TOO_BIG);
}

static void hex_is_lower_case_both_ways(void **state)
{
    (void)state;
    char out[9];
    uint8_t back[4];
    hex_encode(out, "\x00\xff\xa5\x10", 4);
    assert_string_equal(out, "00ffa510");
    assert_int_equal(hex_decode(back, 4, bytes_text(out)), ERR_OK);
    assert_memory_equal(back, "\x00\xff\xa5\x10", 4);
    assert_int_equal(hex_decode(back, 4, bytes_text("00FFA510")), ERR_INVALID);
    assert_int_equal(hex_decode(back, 4, bytes_text("00ffa51")), ERR_INVALID);
    assert_int_equal(hex_decode(back, 3, bytes_text("00ffa510")), ERR_INVALID);
    assert_int_equal(hex_decode(back, 1, bytes_text("0g")), ERR_INVALID);
}

static void integers_are_stored_little_end_first(void **state)
{
    (void)state;
    uint8_t at[9] = {0};
    store_le64(at + 1, UINT64_C(0xfedcba9876543210));
    assert_int_equal(at[1], 0x10);
    assert_int_equal(at[8], 0xfe);
    assert_true(load_le64(at + 1) == UINT64_C(0xfedcba9876543210));
}

/* `offset` is the first bad byte. */
static void utf8_is_checked_as_rfc_3629_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int bad; /* -1: none */
    } cases[] = {
        {"", -1},
        {"na\xc3\xafve", -1},
        {"\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf", -1},
        {"a\x80", 1},            /* a stray continuation */
        {"ab\xc3", 2},           /* cut off */
        {"\xc0\xaf", 0},         /* overlong, 2 */
        {"\xe0\x9f\xbf", 0},     /* overlong, 3 */
        {"\xf0\x8f\xbf\xbf", 0}, /* overlong, 4 */
        {"x\xed\xa0\x80", 1},    /* a surrogate */
        {"\xf4\x90\x80\x80", 0}, /* past U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xe2\x82", 0},
        {"\xe2\x28\xa1", 0},
        {"\xf0\x9f\x99\x28", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t offset = 99;
        struct bytes text = bytes_text(cases[i].text);
        assert_true(utf8_valid(text, &offset) == (cases[i].bad < 0));
        assert_int_equal(offset,
                         cases[i].bad < 0 ? (int)text.size : cases[i].bad);
        assert_true(utf8_valid(text, NULL) == (cases[i].bad < 0));
    }
}

static void integers_have_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "-",
                                      "-0",
                                      "00",
                                      "01",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "0x1",
                                      "1.0",
                                      "1e3",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999"};
    int64_t value;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(int64_parse(bytes_text(bad[i]), &value), ERR_INVALID);
    assert_int_equal(int64_parse(bytes_text("0"), &value), ERR_OK);
    assert_true(value == 0);
    assert_int_equal(int64_parse(bytes_text("9223372036854775807"), &value),
                     ERR_OK);
    assert_true(value == INT64_MAX);
    assert_int_equal(int64_parse(bytes_text("-9223372036854775808"), &value),
                     ERR_OK);
    assert_true(value == INT64_MIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_by_byte_then_length),
        cmocka_unit_test(base64_has_the_vectors_of_the_rfc),
        cmocka_unit_test(base64_of_another_spelling_is_refused),
        cmocka_unit_test(hex_is_lower_case_both_ways),
        cmocka_unit_test(integers_are_stored_little_end_first),
        cmocka_unit_test(utf8_is_checked_as_rfc_3629_says),
        cmocka_unit_test(integers_have_one_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
