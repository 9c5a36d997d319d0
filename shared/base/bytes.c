#include "shared/base/bytes.h"

#include <string.h>

struct bytes bytes_of(const void *at, size_t size)
{
    return (struct bytes){.at = at, .size = size};
}

struct bytes bytes_text(const char *text)
{
    return bytes_of(text, strlen(text));
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.size == b.size && (a.size == 0 || !memcmp(a.at, b.at, a.size));
}

bool bytes_is(struct bytes a, const char *text)
{
    return bytes_equal(a, bytes_text(text));
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common ? memcmp(a.at, b.at, common) : 0;
    if (order)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64_encode(char *out, const void *at, size_t size)
{
    const uint8_t *in = at;
    size_t chars = 0;
    uint32_t pending = 0;
    unsigned int bits = 0;
    for (size_t i = 0; i < size; i++) {
        pending = (pending << 8 | in[i]) & 0xffff;
        for (bits += 8; bits >= 6; bits -= 6)
            out[chars++] = base64_digits[pending >> (bits - 6) & 63];
    }
    if (bits)
        out[chars++] = base64_digits[pending << (6 - bits) & 63];
    out[chars] = '\0';
    return chars;
}

/* The value of a base64url digit, or 64. */
static uint32_t base64_digit(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0' + 52);
    return c == '-' ? 62 : c == '_' ? 63 : 64;
}

/* Text of 4n+1 characters, and bits set behind the last whole byte, would give
 * one value several spellings; both are refused. */
static enum err base64_decode_all(uint8_t *out, struct bytes text)
{
    uint32_t pending = 0;
    unsigned int bits = 0;
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint32_t digit = base64_digit(text.at[i]);
        if (digit > 63)
            return ERR_INVALID;
        pending = (pending << 6 | digit) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[size++] = (uint8_t)(pending >> bits);
        }
    }
    return pending & ((1u << bits) - 1) ? ERR_INVALID : ERR_OK;
}

enum err base64_decode(void *out, size_t size, struct bytes text)
{
    if (text.size != size / 3 * 4 + BASE64_CHARS(size % 3))
        return ERR_INVALID;
    return base64_decode_all(out, text);
}

enum err base64_decode_any(void *out, size_t ceiling, struct bytes text,
                           size_t *size)
{
    *size = 0;
    if (text.size % 4 == 1)
        return ERR_INVALID;
    size_t bytes = text.size / 4 * 3 + text.size % 4 * 3 / 4;
    if (bytes > ceiling)
        return ERR_TOO_BIG;
    enum err err = base64_decode_all(out, text);
    if (!err)
        *size = bytes;
    return err;
}

void hex_encode(char *out, const void *at, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = at;
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * size] = '\0';
}

/* The value of a lower-case hex digit, or 16. */
static unsigned int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return (unsigned int)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned int)(c - 'a' + 10);
    return 16;
}

enum err hex_decode(void *out, size_t size, struct bytes text)
{
    uint8_t *bytes = out;
    if (text.size / 2 != size || text.size % 2)
        return ERR_INVALID;
    for (size_t i = 0; i < size; i++) {
        unsigned int high = hex_digit(text.at[2 * i]);
        unsigned int low = hex_digit(text.at[2 * i + 1]);
        if (high > 15 || low > 15)
            return ERR_INVALID;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return ERR_OK;
}

uint64_t load_le64(const void *at)
{
    const uint8_t *in = at;
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | in[i];
    return value;
}

void store_le64(void *at, uint64_t value)
{
    uint8_t *out = at;
    for (int i = 0; i < 8; i++, value >>= 8)
        out[i] = (uint8_t)value;
}

size_t utf8_sequence(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    if (lead < 0x80)
        return 1;
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < size)
        return 0;
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

bool utf8_valid(struct bytes text, size_t *offset)
{
    size_t i = 0;
    while (i < text.size) {
        size_t size = utf8_sequence(text.at + i, text.size - i);
        if (!size)
            break;
        i += size;
    }
    if (offset)
        *offset = i;
    return i == text.size;
}

enum err int64_parse(struct bytes text, int64_t *out)
{
    *out = 0;
    bool negative = text.size && text.at[0] == '-';
    size_t first = negative ? 1 : 0;
    if (text.size == first)
        return ERR_INVALID;
    /* One spelling a number: no leading zeros, no minus zero. */
    if (text.at[first] == '0' && (negative || text.size > 1))
        return ERR_INVALID;
    int64_t value = 0; /* kept negative, whose range is the wider */
    for (size_t i = first; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return ERR_INVALID;
        int digit = text.at[i] - '0';
        if (value < (INT64_MIN + digit) / 10)
            return ERR_INVALID;
        value = value * 10 - digit;
    }
    if (!negative && value == INT64_MIN)
        return ERR_INVALID;
    *out = negative ? value : -value;
    return ERR_OK;
}
