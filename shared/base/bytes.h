/* Borrowed byte ranges, fixed-size codecs (hex, base64url, little endian).
 *
 * A struct bytes never owns what it points to.  Pure; safe in any thread. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "shared/base/err.h"

struct bytes {
    const uint8_t *at; /* borrowed; may be NULL when size is 0 */
    size_t size;
};

struct bytes bytes_of(const void *at, size_t size);
struct bytes bytes_text(const char *text); /* without the final NUL */
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_is(struct bytes a, const char *text);
/* memcmp order, the shorter first when one is a prefix of the other. */
int bytes_compare(struct bytes a, struct bytes b);

/* Characters that `size` bytes take in base64url without padding, no NUL. */
#define BASE64_CHARS(size) ((4 * (size) + 2) / 3)

/* Writes base64url (RFC 4648 section 5, no padding) and a final NUL into
 * `out`, which holds BASE64_CHARS(size) + 1.  Returns the characters. */
size_t base64_encode(char *out, const void *at, size_t size);

/* Decodes strictly: exact length, no padding, no stray bits.  `size` is the
 * expected number of bytes; ERR_INVALID otherwise. */
MUST_CHECK enum err base64_decode(void *out, size_t size, struct bytes text);
/* Decodes any length; *size receives the bytes.  ERR_TOO_BIG when they are
 * more than `ceiling`. */
MUST_CHECK enum err base64_decode_any(void *out, size_t ceiling,
                                      struct bytes text, size_t *size);

/* Lower case only, both ways, so that a value has one spelling. */
void hex_encode(char *out, const void *at, size_t size); /* 2*size+1 chars */
MUST_CHECK enum err hex_decode(void *out, size_t size, struct bytes text);

uint64_t load_le64(const void *at);
void store_le64(void *at, uint64_t value);

/* The size of the well-formed UTF-8 sequence at `at`, of which `left` bytes are
 * there, or 0 (Unicode 15, table 3-7). */
size_t utf8_sequence(const uint8_t *at, size_t left);
/* True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no
 * overlong forms); *offset is the first bad byte otherwise.  `offset` may be
 * NULL. */
bool utf8_valid(struct bytes text, size_t *offset);

/* Parses a decimal int64 without sign tricks; the whole text must be used. */
MUST_CHECK enum err int64_parse(struct bytes text, int64_t *out);

#endif
