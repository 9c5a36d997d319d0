#include "shared/wire/frame.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include "shared/wire/deflate.h"
#include "shared/wire/zmemory.h"

#define STEP_BYTES 16384

struct frame_writer {
    struct buffer *out; /* borrowed */
    z_stream stream;
    size_t plain_bytes;
    enum err err; /* sticks */
    bool finished;
};

enum err frame_writer_new(struct frame_writer **out_writer, struct buffer *out,
                          int level, bool dictionary)
{
    assert(level >= 1 && level <= 9);
    *out_writer = NULL;
    struct frame_writer *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->out = out;
    zmemory_init(&w->stream);
    enum err err = zmemory_err(deflateInit(&w->stream, level));
    struct bytes words = dictionary_1();
    if (!err && dictionary)
        err = zmemory_err(
            deflateSetDictionary(&w->stream, words.at, (uInt)words.size));
    if (err) {
        frame_writer_free(w);
        return err;
    }
    *out_writer = w;
    return ERR_OK;
}

void frame_writer_free(struct frame_writer *w)
{
    if (w)
        deflateEnd(&w->stream);
    free(w);
}

/* Runs deflate until it has taken all input and, when finishing, has given all
 * output. */
static enum err writer_run(struct frame_writer *w, struct bytes plain,
                           int flush)
{
    z_stream *z = &w->stream;
    z->next_in = plain.at;
    z->avail_in = (uInt)plain.size;
    for (;;) {
        size_t left = w->out->ceiling - w->out->size;
        size_t step = left < STEP_BYTES ? left : STEP_BYTES;
        enum err err = buffer_reserve(w->out, step ? step : 1);
        if (err)
            return err;
        z->next_out = w->out->at + w->out->size;
        z->avail_out = (uInt)step;
        int code = deflate(z, flush);
        if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
            return ERR_CORRUPT;
        w->out->size += step - z->avail_out;
        w->out->at[w->out->size] = 0;
        if (flush == Z_FINISH ? code == Z_STREAM_END : z->avail_out > 0)
            return ERR_OK;
    }
}

enum err frame_line(struct frame_writer *w, struct bytes line)
{
    assert(!w->finished);
    if (w->err)
        return w->err;
    if (line.size && memchr(line.at, '\n', line.size))
        return w->err = ERR_INVALID;
    if (line.size > FRAME_LINE_BYTES_MAX ||
        line.size + 1 > FRAME_INFLATED_BYTES_MAX - w->plain_bytes)
        return w->err = ERR_TOO_BIG;
    w->err = writer_run(w, line, Z_NO_FLUSH);
    if (!w->err)
        w->err = writer_run(w, bytes_text("\n"), Z_NO_FLUSH);
    w->plain_bytes += line.size + 1;
    return w->err;
}

enum err frame_finish(struct frame_writer *w)
{
    assert(!w->finished);
    w->finished = true;
    if (!w->err)
        w->err = writer_run(w, bytes_of(NULL, 0), Z_FINISH);
    return w->err;
}

size_t frame_plain_bytes(const struct frame_writer *w)
{
    return w->plain_bytes;
}

struct frame_reader {
    frame_on_line *on_line;
    void *context; /* borrowed */
    z_stream stream;
    struct buffer rest; /* a line whose end has not come yet */
    size_t plain_bytes;
    enum err err; /* sticks */
    bool ended, dictionary;
};

enum err frame_reader_new(struct frame_reader **out, frame_on_line *on_line,
                          void *context)
{
    *out = NULL;
    struct frame_reader *r = calloc(1, sizeof *r);
    if (!r)
        return ERR_NOMEM;
    r->on_line = on_line;
    r->context = context;
    buffer_init(&r->rest, FRAME_LINE_BYTES_MAX);
    zmemory_init(&r->stream);
    enum err err = zmemory_err(inflateInit(&r->stream));
    if (err) {
        frame_reader_free(r);
        return err;
    }
    *out = r;
    return ERR_OK;
}

void frame_reader_free(struct frame_reader *r)
{
    if (!r)
        return;
    inflateEnd(&r->stream);
    buffer_fini(&r->rest);
    free(r);
}

/* Hands over every whole line of `plain` and keeps what is left. */
static enum err reader_split(struct frame_reader *r, struct bytes plain)
{
    while (plain.size) {
        const uint8_t *end = memchr(plain.at, '\n', plain.size);
        size_t size = end ? (size_t)(end - plain.at) : plain.size;
        struct bytes line = bytes_of(plain.at, size);
        if (!end || r->rest.size) {
            enum err err = buffer_add_bytes(&r->rest, line);
            if (err)
                return err;
            line = buffer_bytes(&r->rest);
        }
        if (!end)
            return ERR_OK;
        enum err err = r->on_line(r->context, line);
        if (err)
            return err;
        buffer_clear(&r->rest);
        plain = bytes_of(end + 1, plain.size - size - 1);
    }
    return ERR_OK;
}

static enum err reader_dictionary(struct frame_reader *r)
{
    struct bytes words = dictionary_1();
    /* zlib itself refuses a dictionary of another DICTID. */
    enum err err = zmemory_err(
        inflateSetDictionary(&r->stream, words.at, (uInt)words.size));
    r->dictionary = !err;
    return err;
}

/* One call of inflate; *more is false when it waits for input or is done. */
static enum err reader_step(struct frame_reader *r, bool *more)
{
    uint8_t plain[STEP_BYTES];
    z_stream *z = &r->stream;
    z->next_out = plain;
    z->avail_out = sizeof plain;
    int code = inflate(z, Z_NO_FLUSH);
    size_t made = sizeof plain - z->avail_out;
    *more = code == Z_NEED_DICT || (code == Z_OK && !z->avail_out);
    if (code == Z_NEED_DICT)
        return reader_dictionary(r);
    if (code == Z_MEM_ERROR)
        return ERR_NOMEM;
    bool bad = code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR;
    r->ended = code == Z_STREAM_END;
    if (made > FRAME_INFLATED_BYTES_MAX - r->plain_bytes)
        return ERR_TOO_BIG;
    r->plain_bytes += made;
    /* What stands before the damage is handed over first, so that the lines
     * do not depend on how the chunks were cut. */
    enum err err = reader_split(r, bytes_of(plain, made));
    return !err && bad ? ERR_CORRUPT : err;
}

enum err frame_feed(struct frame_reader *r, struct bytes chunk)
{
    if (r->err || !chunk.size)
        return r->err;
    if (r->ended)
        return r->err = ERR_CORRUPT;
    if (chunk.size > UINT32_MAX)
        return r->err = ERR_TOO_BIG;
    r->stream.next_in = chunk.at;
    r->stream.avail_in = (uInt)chunk.size;
    bool more = true;
    while (more && !r->err)
        r->err = reader_step(r, &more);
    if (!r->err && r->stream.avail_in)
        r->err = ERR_CORRUPT; /* bytes after the end of the stream */
    return r->err;
}

enum err frame_end(struct frame_reader *r)
{
    if (!r->err && (!r->ended || r->rest.size))
        r->err = ERR_CORRUPT;
    return r->err;
}

bool frame_used_dictionary(const struct frame_reader *r)
{
    return r->dictionary;
}
