/* The scanner behind canon.h: one grammar, read strictly or loosely.
 *
 * Strict reading accepts canonical bytes only.  Loose reading accepts any JSON
 * of the same value domain (white space, any member order, any escapes) and
 * sorts members; in a loose tree `raw` is meaningless.  Not for other layers:
 * they use canon.h. */
#ifndef MODEL_SCAN_H
#define MODEL_SCAN_H

#include "shared/model/canon.h"

enum scan_mode { SCAN_STRICT, SCAN_LOOSE };

/* The whole of `text` is one value.  `fault` is filled on ERR_INVALID. */
MUST_CHECK enum err scan_value(struct arena *arena, struct bytes text,
                               enum scan_mode mode, const struct canon **root,
                               struct canon_fault *fault);

struct scan_text {
    const uint8_t *end; /* the closing quote, or the first wrong byte */
    bool escaped;       /* there are escapes to decode */
};

/* Checks the text behind an opening quote.  NULL, or what is wrong. */
const char *scan_text_end(const uint8_t *at, const uint8_t *end,
                          enum scan_mode mode, struct scan_text *found);
/* Decodes the escapes of checked text into `arena`, where *text then stands;
 * false when memory is exhausted. */
MUST_CHECK bool scan_text_decode(struct arena *arena, struct bytes *text);

/* The shortest escape of a character below U+0020, a quote or a backslash:
 * 2 or 6 characters written to `out`, or 0 for a character that has none. */
size_t scan_escape(char out[6], uint32_t character);

#endif
