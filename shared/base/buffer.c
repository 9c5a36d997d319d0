#include "shared/base/buffer.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 64

void buffer_init(struct buffer *b, size_t ceiling)
{
    *b = (struct buffer){.ceiling = ceiling};
}

void buffer_fini(struct buffer *b)
{
    free(b->at);
    buffer_init(b, b->ceiling);
}

void buffer_wipe(struct buffer *b)
{
    if (b->at)
        sodium_memzero(b->at, b->room);
    buffer_fini(b);
}

void buffer_clear(struct buffer *b)
{
    b->size = 0;
    b->err = ERR_OK;
    if (b->at)
        b->at[0] = 0;
}

enum err buffer_reserve(struct buffer *b, size_t size)
{
    if (b->err)
        return b->err;
    if (b->size > b->ceiling || size > b->ceiling - b->size)
        return b->err = ERR_TOO_BIG;
    size_t need = b->size + size;
    if (need >= SIZE_MAX / 2)
        return b->err = ERR_NOMEM;
    if (b->at && need < b->room)
        return ERR_OK;
    size_t room = b->room < ROOM_MIN ? ROOM_MIN : b->room * 2;
    if (room <= need)
        room = need + 1;
    uint8_t *at = realloc(b->at, room);
    if (!at)
        return b->err = ERR_NOMEM;
    b->at = at;
    b->room = room;
    b->at[b->size] = 0;
    return ERR_OK;
}

enum err buffer_add(struct buffer *b, const void *at, size_t size)
{
    if (!size)
        return b->err;
    enum err err = buffer_reserve(b, size);
    if (err)
        return err;
    memcpy(b->at + b->size, at, size);
    b->size += size;
    b->at[b->size] = 0;
    return ERR_OK;
}

enum err buffer_add_bytes(struct buffer *b, struct bytes bytes)
{
    return buffer_add(b, bytes.at, bytes.size);
}

enum err buffer_add_text(struct buffer *b, const char *text)
{
    return buffer_add(b, text, strlen(text));
}

enum err buffer_add_char(struct buffer *b, char c)
{
    return buffer_add(b, &c, 1);
}

enum err buffer_add_int(struct buffer *b, int64_t value)
{
    char text[20]; /* as many as the smallest int64 has */
    char *at = text + sizeof text;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0)
        *--at = '-';
    return buffer_add(b, at, (size_t)(text + sizeof text - at));
}

enum err buffer_add_base64(struct buffer *b, const void *at, size_t size)
{
    if (size > SIZE_MAX / 8)
        return b->err = b->err ? b->err : ERR_TOO_BIG;
    enum err err = buffer_reserve(b, BASE64_CHARS(size));
    if (err)
        return err;
    b->size += base64_encode((char *)b->at + b->size, at, size);
    return ERR_OK;
}

enum err buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list arguments;
    if (b->err)
        return b->err;
    va_start(arguments, format);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (size < 0)
        return b->err = ERR_INVALID;
    enum err err = buffer_reserve(b, (size_t)size);
    if (err)
        return err;
    va_start(arguments, format);
    vsnprintf((char *)b->at + b->size, (size_t)size + 1, format, arguments);
    va_end(arguments);
    b->size += (size_t)size;
    return ERR_OK;
}

void buffer_consume(struct buffer *b, size_t size)
{
    if (size > b->size)
        size = b->size;
    if (!size)
        return;
    memmove(b->at, b->at + size, b->size - size);
    b->size -= size;
    b->at[b->size] = 0;
}

/* A caller of buffer_reserve() moves `size` itself, so the final NUL is put in
 * place when the contents are looked at. */
static void terminate(const struct buffer *b)
{
    if (b->at)
        b->at[b->size] = 0;
}

struct bytes buffer_bytes(const struct buffer *b)
{
    terminate(b);
    return bytes_of(b->at, b->size);
}

const char *buffer_text(const struct buffer *b)
{
    terminate(b);
    return b->at ? (const char *)b->at : "";
}

enum err buffer_err(const struct buffer *b)
{
    return b->err;
}
