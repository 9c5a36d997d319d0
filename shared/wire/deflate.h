/* zlib, bounded: one-shot raw deflate of single lines, with dictionary 1.
 *
 * A struct deflate_line is reused, since setting a stream up costs more than a
 * line.  Not thread-safe. */
#ifndef WIRE_DEFLATE_H
#define WIRE_DEFLATE_H

#include "shared/base/buffer.h"

#define DICTIONARY_ID "deflate dictionary 1"

/* Dictionary 1 as it stands in tests/vectors/dictionary_1.bin; static. */
struct bytes dictionary_1(void);
/* Its DICTID (Adler-32) as eight lower-case hex digits; static. */
const char *dictionary_1_id(void);

struct deflate_line;
MUST_CHECK enum err deflate_line_new(struct deflate_line **out, int level);
void deflate_line_free(struct deflate_line *d);
/* Appends the raw deflate (RFC 1951) of `plain`. */
MUST_CHECK enum err deflate_line_pack(struct deflate_line *d,
                                      struct bytes plain, struct buffer *out);
/* Appends the inflated bytes; the ceiling of `out` bounds them.  ERR_CORRUPT,
 * ERR_TOO_BIG. */
MUST_CHECK enum err deflate_line_unpack(struct deflate_line *d,
                                        struct bytes packed,
                                        struct buffer *out);

#endif
