#include "shared/model/scan.h"

#include <string.h>

#define EVERY_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* True when none of eight bytes is a quote, a backslash, a control character
 * or part of a longer UTF-8 sequence. */
static bool eight_plain(const uint8_t *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    uint64_t quote = word ^ EVERY_BYTE('"');
    uint64_t slash = word ^ EVERY_BYTE('\\');
    uint64_t special = word | (word - EVERY_BYTE(0x20)) |
                       ((quote - EVERY_BYTE(1)) & ~quote) |
                       ((slash - EVERY_BYTE(1)) & ~slash);
    return (special & EVERY_BYTE(0x80)) == 0;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The code unit of "\uXXXX" at `at`, or -1. */
static int32_t code_unit(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
        return -1;
    int32_t unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* Reads one escape of any spelling.  Returns its size in the text, or 0 with
 * *what telling why. */
static size_t escape_read(const uint8_t *at, const uint8_t *end,
                          uint32_t *character, const char **what)
{
    static const char names[] = "\"\\/bfnrt";
    static const char values[] = "\"\\/\b\f\n\r\t";
    *what = "the escape is not known";
    *character = 0;
    if (end - at < 2)
        return 0;
    const char *name = at[1] ? strchr(names, at[1]) : NULL;
    if (name) {
        *character = (uint8_t)values[name - names];
        return 2;
    }
    int32_t unit = code_unit(at, end);
    if (unit < 0)
        return 0;
    *character = (uint32_t)unit;
    if (unit == 0) {
        *what = "U+0000 is not allowed";
        return 0;
    }
    if (unit < 0xd800 || unit > 0xdfff)
        return 6;
    int32_t low = code_unit(at + 6, end);
    if (unit > 0xdbff || low < 0xdc00 || low > 0xdfff) {
        *what = "a surrogate stands alone";
        return 0;
    }
    *character =
        0x10000u + ((uint32_t)(unit - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
    return 12;
}

size_t scan_escape(char out[6], uint32_t character)
{
    static const char hex[] = "0123456789abcdef";
    static const char short_name[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    bool special = character == '"' || character == '\\';
    if (character >= 0x20 && !special)
        return 0;
    out[0] = '\\';
    if (special || short_name[character]) {
        out[1] = special ? (char)character : short_name[character];
        return 2;
    }
    memcpy(out + 1, "u00", 3);
    out[4] = hex[character >> 4];
    out[5] = hex[character & 15];
    return 6;
}

/* By far the most frequent: a definition of a record type, inside a text, has
 * one every ten bytes. */
static bool escape_plain(const uint8_t *at, const uint8_t *end)
{
    return end - at >= 2 && (at[1] == '"' || at[1] == '\\');
}

/* The size of the escape at `at`, or 0 with *what telling what is wrong. */
static size_t escape_check(const uint8_t *at, const uint8_t *end,
                           enum scan_mode mode, const char **what)
{
    uint32_t character;
    char shortest[6];
    if (escape_plain(at, end))
        return 2;
    size_t size = escape_read(at, end, &character, what);
    if (size == 0 || mode == SCAN_LOOSE)
        return size;
    if (scan_escape(shortest, character) == size &&
        memcmp(shortest, at, size) == 0)
        return size;
    *what = "the escape is not the shortest form";
    return 0;
}

const char *scan_text_end(const uint8_t *at, const uint8_t *end,
                          enum scan_mode mode, struct scan_text *found)
{
    const char *what;
    found->escaped = false;
    for (size_t size;; at += size) {
        while (end - at >= 8 && eight_plain(at))
            at += 8;
        while (at < end && *at >= 0x20 && *at < 0x80 && *at != '"' &&
               *at != '\\')
            at++;
        found->end = at;
        if (at == end)
            return "the text ends too early";
        if (*at == '"')
            return NULL;
        if (*at < 0x20)
            return "a control character is not escaped";
        if (*at == '\\') {
            found->escaped = true;
            size = escape_check(at, end, mode, &what);
        } else {
            what = "the bytes are not UTF-8";
            size = utf8_sequence(at, (size_t)(end - at));
        }
        if (size == 0)
            return what;
    }
}

static uint8_t *put_character(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (uint8_t)c;
    } else if (c < 0x800) {
        *out++ = (uint8_t)(0xc0 | c >> 6);
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        *out++ = (uint8_t)(0xe0 | c >> 12);
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    } else {
        *out++ = (uint8_t)(0xf0 | c >> 18);
        *out++ = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        *out++ = (uint8_t)(0x80 | (c & 0x3f));
    }
    return out;
}

bool scan_text_decode(struct arena *arena, struct bytes *text)
{
    uint8_t *start = arena_take(arena, text->size);
    if (!start)
        return false;
    uint8_t *out = start;
    const uint8_t *at = text->at, *end = text->at + text->size;
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
        } else if (escape_plain(at, end)) {
            *out++ = at[1];
            at += 2;
        } else {
            uint32_t character;
            const char *what;
            at += escape_read(at, end, &character, &what);
            out = put_character(out, character);
        }
    }
    *text = bytes_of(start, (size_t)(out - start));
    return true;
}
