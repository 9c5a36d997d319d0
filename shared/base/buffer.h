/* A growable byte buffer with a ceiling.
 *
 * Errors stick: after the first failed append every later one returns the same
 * error, so a writer may append many times and check once with buffer_err().
 * Contents are always followed by a NUL that is not counted. */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stdarg.h>
#include "shared/base/bytes.h"

struct buffer {
    uint8_t *at;    /* owned; NULL until the first append */
    size_t size;    /* bytes used */
    size_t room;    /* bytes allocated */
    size_t ceiling; /* size never exceeds this */
    enum err err;   /* first failure: ERR_NOMEM or ERR_TOO_BIG */
};

void buffer_init(struct buffer *b, size_t ceiling);
void buffer_fini(struct buffer *b);  /* wipes nothing; see buffer_wipe */
void buffer_wipe(struct buffer *b);  /* overwrites the contents, then fini */
void buffer_clear(struct buffer *b); /* size 0, error forgotten, room kept */

enum err buffer_add(struct buffer *b, const void *at, size_t size);
enum err buffer_add_bytes(struct buffer *b, struct bytes bytes);
enum err buffer_add_text(struct buffer *b, const char *text);
enum err buffer_add_char(struct buffer *b, char c);
enum err buffer_add_int(struct buffer *b, int64_t value); /* decimal */
enum err buffer_add_base64(struct buffer *b, const void *at, size_t size);
enum err buffer_printf(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Makes room for `size` more bytes; the caller writes at at+size and adds to
 * size itself. */
MUST_CHECK enum err buffer_reserve(struct buffer *b, size_t size);
/* Drops the first `size` bytes, moving the rest down. */
void buffer_consume(struct buffer *b, size_t size);

struct bytes buffer_bytes(const struct buffer *b); /* borrowed until append */
const char *buffer_text(const struct buffer *b);   /* "" when empty */
MUST_CHECK enum err buffer_err(const struct buffer *b);

#endif
