/* Canonical JSON (RFC 8785, restricted): the form of every signed line.
 *
 * UTF-8, members sorted by UTF-16 code units and unique, no white space,
 * shortest escapes, integers within +-2^53 only (no floats, no -0, no leading
 * zeros), no U+0000 and no lone surrogates, nesting to CANON_DEPTH_MAX.  The
 * bytes are the identity: canon_parse() refuses whatever is not byte for byte
 * canonical, and nothing ever re-encodes a line.  canon_normalise() turns any
 * JSON of the same value domain into canonical form, for what people type. */
#ifndef MODEL_CANON_H
#define MODEL_CANON_H

#include "shared/base/arena.h"
#include "shared/base/buffer.h"

#define CANON_DEPTH_MAX 32
#define CANON_INT_MAX (INT64_C(1) << 53)

enum canon_kind {
    CANON_NULL,
    CANON_FALSE,
    CANON_TRUE,
    CANON_INT,
    CANON_TEXT,
    CANON_ARRAY,
    CANON_OBJECT
};

struct canon {
    enum canon_kind kind;
    uint32_t count;            /* members or elements */
    int64_t integer;           /* CANON_INT */
    struct bytes text;         /* CANON_TEXT, decoded; borrows line or arena */
    struct bytes raw;          /* exact bytes of this value in the line */
    struct bytes name;         /* decoded member name, inside an object */
    const struct canon *first; /* first member or element, NULL when none */
    const struct canon *next;  /* next sibling */
};

struct canon_fault {
    size_t offset;    /* of the first byte that is wrong */
    const char *what; /* static text, "members are not sorted" */
};

/* Parses strictly.  Nodes live in `arena` and borrow from `line`.  `fault`
 * may be NULL.  ERR_INVALID, ERR_NOMEM. */
MUST_CHECK enum err canon_parse(struct arena *arena, struct bytes line,
                                const struct canon **root,
                                struct canon_fault *fault);

/* Appends the canonical form of loosely written JSON (any member order, white
 * space, long escapes).  Floats, duplicates and bad UTF-8 are ERR_INVALID. */
MUST_CHECK enum err canon_normalise(struct buffer *out, struct bytes json,
                                    struct canon_fault *fault);

/* The member called `name`, or NULL. */
const struct canon *canon_member(const struct canon *object, const char *name);
const struct canon *canon_member_bytes(const struct canon *object,
                                       struct bytes name);
/* Typed access to a member: false when absent or of another kind. */
bool canon_text(const struct canon *object, const char *name,
                struct bytes *out);
bool canon_int(const struct canon *object, const char *name, int64_t *out);
bool canon_true(const struct canon *object, const char *name);

/* Order of member names in canonical form (UTF-16 code units). */
int canon_compare_names(struct bytes a, struct bytes b);

/* Building: the caller writes punctuation and keeps members sorted. */
enum err canon_put_text(struct buffer *out, struct bytes text); /* quoted */
enum err canon_put_name(struct buffer *out, const char *name);  /* "name": */

#endif
