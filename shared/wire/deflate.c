#include "shared/wire/deflate.h"

#include <assert.h>
#include <stdlib.h>
#include "shared/wire/zmemory.h"

/* A window of 16 KiB holds the dictionary and any usual line, and takes half
 * the memory of zlib's default.  Any window is unpacked. */
#define PACK_WINDOW_BITS (-14)
#define PACK_MEMORY_LEVEL 7
#define UNPACK_WINDOW_BITS (-15)
#define UNPACK_STEP_BYTES 2048
#define BLOCKS_MAX 12 /* zlib takes five for a deflating stream */

/* Memory that zlib gives back is kept for the next line: a primed stream is
 * copied for each, which is half the cost of giving it the dictionary anew. */
struct block {
    void *at; /* owned */
    size_t size;
    bool used;
};

struct deflate_line {
    struct block blocks[BLOCKS_MAX];
    z_stream primed; /* has read the dictionary and nothing else */
    z_stream unpack;
};

static void *block_take(void *context, uInt items, uInt size)
{
    struct deflate_line *d = context;
    size_t bytes = (size_t)items * size;
    for (size_t i = 0; i < BLOCKS_MAX; i++) {
        struct block *block = &d->blocks[i];
        if (!block->at) {
            block->at = calloc(items, size);
            block->size = bytes;
        }
        if (!block->at)
            return NULL;
        if (block->used || block->size != bytes)
            continue;
        block->used = true;
        return block->at;
    }
    return NULL;
}

static void block_give(void *context, void *memory)
{
    struct deflate_line *d = context;
    for (size_t i = 0; i < BLOCKS_MAX; i++)
        if (d->blocks[i].at == memory)
            d->blocks[i].used = false;
}

static enum err prime(struct deflate_line *d, int level)
{
    struct bytes words = dictionary_1();
    zmemory_init(&d->primed);
    d->primed.zalloc = block_take;
    d->primed.zfree = block_give;
    d->primed.opaque = d;
    enum err err = zmemory_err(deflateInit2(&d->primed, level, Z_DEFLATED,
                                            PACK_WINDOW_BITS, PACK_MEMORY_LEVEL,
                                            Z_DEFAULT_STRATEGY));
    if (err)
        return err;
    return zmemory_err(
        deflateSetDictionary(&d->primed, words.at, (uInt)words.size));
}

enum err deflate_line_new(struct deflate_line **out, int level)
{
    assert(level >= 1 && level <= 9);
    *out = NULL;
    struct deflate_line *d = calloc(1, sizeof *d);
    if (!d)
        return ERR_NOMEM;
    zmemory_init(&d->unpack);
    enum err err = prime(d, level);
    if (!err)
        err = zmemory_err(inflateInit2(&d->unpack, UNPACK_WINDOW_BITS));
    if (err) {
        deflate_line_free(d);
        return err;
    }
    *out = d;
    return ERR_OK;
}

void deflate_line_free(struct deflate_line *d)
{
    if (!d)
        return;
    inflateEnd(&d->unpack); /* a stream that was never set up is refused */
    for (size_t i = 0; i < BLOCKS_MAX; i++)
        free(d->blocks[i].at);
    free(d);
}

static enum err pack(z_stream *z, struct bytes plain, struct buffer *out)
{
    enum err err = buffer_reserve(out, deflateBound(z, (uLong)plain.size));
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

enum err deflate_line_pack(struct deflate_line *d, struct bytes plain,
                           struct buffer *out)
{
    z_stream z;
    if (plain.size > UINT32_MAX / 2)
        return ERR_TOO_BIG;
    enum err err = zmemory_err(deflateCopy(&z, &d->primed));
    if (err)
        return err;
    err = pack(&z, plain, out);
    deflateEnd(&z);
    return err;
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
