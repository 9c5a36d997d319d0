#include "shared/model/invite_code.h"

#include <sodium.h>
#include <string.h>

#define CODE_BYTES 10 /* 16 characters of five bits */

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static char symbol(char c)
{
    if (c >= 'a' && c <= 'z')
        c = (char)(c - 'a' + 'A');
    if (c == 'O')
        return '0';
    return c == 'I' || c == 'L' ? '1' : c;
}

bool invite_read(char out[INVITE_CHARS + 1], struct bytes text)
{
    size_t count = 0;
    memset(out, 0, INVITE_CHARS + 1);
    for (size_t i = 0; i < text.size; i++) {
        char c = symbol((char)text.at[i]);
        if (c == '-' || c == ' ')
            continue;
        if (c == '\0' || !strchr(alphabet, c) || count == INVITE_CHARS)
            return false;
        out[count++] = c;
    }
    return count == INVITE_CHARS;
}

void invite_hash(uint8_t out[HASH_BYTES], const char code[INVITE_CHARS + 1])
{
    hash_bytes(out, bytes_of(code, INVITE_CHARS));
}

void invite_code(char code[INVITE_CHARS + 1], const struct random *random)
{
    uint8_t bits[CODE_BYTES];
    random_fill(random, bits, sizeof bits);
    for (size_t i = 0; i < INVITE_CHARS; i++) {
        unsigned value = 0;
        for (size_t b = i * 5; b < i * 5 + 5; b++)
            value = value * 2 + ((unsigned)bits[b / 8] >> (7 - b % 8) & 1u);
        code[i] = alphabet[value];
    }
    code[INVITE_CHARS] = '\0';
    sodium_memzero(bits, sizeof bits);
}
