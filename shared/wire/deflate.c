#include "shared/wire/deflate.h"

#include <assert.h>
#include <stdlib.h>
#include "shared/wire/zmemory.h"

/* A window of 16 KiB holds the dictionary and any usual line; zlib clears and
 * primes half the memory that its default takes.  Any window is unpacked. */
#define PACK_WINDOW_BITS (-14)
#define PACK_MEMORY_LEVEL 7
#define UNPACK_WINDOW_BITS (-15)
#define UNPACK_STEP_BYTES 2048

struct deflate_line {
    z_stream pack;
    z_stream unpack;
};

enum err deflate_line_new(struct deflate_line **out, int level)
{
    assert(level >= 1 && level <= 9);
    *out = NULL;
    struct deflate_line *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    zmemory_init(&d->pack);
    zmemory_init(&d->unpack);
    enum err err =
        zmemory_err(deflateInit2(&d->pack, level, Z_DEFLATED, PACK_WINDOW_BITS,
                                 PACK_MEMORY_LEVEL, Z_DEFAULT_STRATEGY));
    if (err)
        goto fail;
    err = zmemory_err(inflateInit2(&d->unpack, UNPACK_WINDOW_BITS));
    if (err)
        goto fail;
    *out = d;
    return ERR_OK;
fail:
    deflate_line_free(d);
    return err;
}

void deflate_line_free(struct deflate_line *d)
{
    if (!d)
        return;
    deflateEnd(&d->pack); /* a stream that was never set up is refused */
    inflateEnd(&d->unpack);
    free(d);
}

enum err deflate_line_pack(struct deflate_line *d, struct bytes plain,
                           struct buffer *out)
{
    struct bytes words = dictionary_1();
    z_stream *z = &d->pack;
    if (plain.size > UINT32_MAX / 2)
        return ERR_TOO_BIG;
    enum err err = zmemory_err(deflateReset(z));
    if (!err)
        err = zmemory_err(deflateSetDictionary(z, words.at, (uInt)words.size));
    if (!err)
        err = buffer_reserve(out, deflateBound(z, (uLong)plain.size));
    if (err)
        return err;
    size_t room = out->room - out->size - 1;
    z->next_in = plain.at;
    z->avail_in = (uInt)plain.size;
    z->next_out = out->at + out->size;
    z->avail_out = (uInt)room;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return ERR_CORRUPT;
    out->size += room - z->avail_out;
    out->at[out->size] = 0;
    return ERR_OK;
}

/* Inflates into what the ceiling leaves; at the ceiling one spare byte tells a
 * stream that is just done from one that has more. */
static enum err unpack_all(z_stream *z, struct buffer *out)
{
    for (;;) {
        uint8_t spare;
        size_t left = out->ceiling - out->size;
        size_t step = left < UNPACK_STEP_BYTES ? left : UNPACK_STEP_BYTES;
        enum err err = buffer_reserve(out, step);
        if (err)
            return err;
        z->next_out = step ? out->at + out->size : &spare;
        z->avail_out = step ? (uInt)step : 1;
        int code = inflate(z, Z_NO_FLUSH);
        size_t made = (step ? step : 1) - z->avail_out;
        if (code == Z_MEM_ERROR)
            return ERR_NOMEM;
        if (code != Z_OK && code != Z_STREAM_END)
            return ERR_CORRUPT;
        if (made > 0 && !step)
            return ERR_TOO_BIG;
        out->size += made;
        if (code == Z_STREAM_END)
            return z->avail_in ? ERR_CORRUPT : ERR_OK;
    }
}

enum err deflate_line_unpack(struct deflate_line *d, struct bytes packed,
                             struct buffer *out)
{
    struct bytes words = dictionary_1();
    z_stream *z = &d->unpack;
    size_t before = out->size;
    if (packed.size > UINT32_MAX)
        return ERR_TOO_BIG;
    enum err err = buffer_reserve(out, 0);
    if (!err)
        err = zmemory_err(inflateReset(z));
    if (!err)
        err = zmemory_err(inflateSetDictionary(z, words.at, (uInt)words.size));
    if (err)
        return err;
    z->next_in = packed.at;
    z->avail_in = (uInt)packed.size;
    err = unpack_all(z, out);
    if (err)
        out->size = before;
    if (out->at)
        out->at[out->size] = 0;
    return err;
}
