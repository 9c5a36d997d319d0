/* The frame: newline-terminated lines inside one zlib stream.
 *
 * sync-protocol.md section 8.  A writer appends lines and yields the deflated
 * body; a reader takes chunks as they arrive and hands over whole lines, with
 * ceilings on a line and on all inflated bytes.  Not thread-safe. */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "shared/base/buffer.h"

#define FRAME_LINE_BYTES_MAX (1u << 20) /* headers may be 1 MiB */
#define FRAME_INFLATED_BYTES_MAX (64u << 20)

struct frame_writer;
/* `out` receives the body and must outlive the writer. */
MUST_CHECK enum err frame_writer_new(struct frame_writer **out_writer,
                                     struct buffer *out, int level,
                                     bool dictionary);
void frame_writer_free(struct frame_writer *w);
/* A line without its newline. */
MUST_CHECK enum err frame_line(struct frame_writer *w, struct bytes line);
MUST_CHECK enum err frame_finish(struct frame_writer *w);
size_t frame_plain_bytes(const struct frame_writer *w); /* taken so far */

/* Called for each whole line, without its newline; borrowed for the call.  Any
 * error stops the reader and is returned by frame_feed(). */
typedef enum err frame_on_line(void *context, struct bytes line);

struct frame_reader;
MUST_CHECK enum err frame_reader_new(struct frame_reader **out,
                                     frame_on_line *on_line, void *context);
void frame_reader_free(struct frame_reader *r);
/* ERR_CORRUPT: not zlib or unknown dictionary; ERR_TOO_BIG: a ceiling. */
MUST_CHECK enum err frame_feed(struct frame_reader *r, struct bytes chunk);
/* After the last chunk: ERR_CORRUPT when the stream or a line is cut short. */
MUST_CHECK enum err frame_end(struct frame_reader *r);
bool frame_used_dictionary(const struct frame_reader *r);

#endif
