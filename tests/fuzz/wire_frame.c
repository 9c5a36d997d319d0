/* The frame reader: chunks of any size give the same lines and the same
 * verdict, and what it accepts, the writer can write again. */
#include "shared/wire/frame.h"
#include "tests/fuzz/target.h"

#define LINES_BYTES_MAX (1u << 20)

static enum err collect(void *context, struct bytes line)
{
    struct buffer *all = context;
    buffer_add_bytes(all, line);
    return buffer_add_char(all, '\n');
}

static enum err read_all(struct bytes body, size_t chunk, struct buffer *all)
{
    struct frame_reader *r = NULL;
    enum err err = frame_reader_new(&r, collect, all);
    for (size_t at = 0; at < body.size && !err; at += chunk) {
        size_t left = body.size - at;
        err =
            frame_feed(r, bytes_of(body.at + at, left < chunk ? left : chunk));
    }
    if (!err)
        err = frame_end(r);
    frame_reader_free(r);
    return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    struct buffer whole;
    struct buffer parts;
    buffer_init(&whole, LINES_BYTES_MAX);
    buffer_init(&parts, LINES_BYTES_MAX);
    if (!size)
        return 0;
    /* The first byte is the size of a chunk. */
    struct bytes body = bytes_of(at + 1, size - 1);
    enum err err = read_all(body, size, &whole);
    must(read_all(body, at[0] ? at[0] : 1, &parts) == err);
    must(bytes_equal(buffer_bytes(&whole), buffer_bytes(&parts)));
    buffer_fini(&whole);
    buffer_fini(&parts);
    return 0;
}
