/* Any JSON (RFC 8259) as a tree whose values know where they stand.
 *
 * Unlike canonical JSON it has floats, which stay text: what a publisher wrote
 * is never rounded.  Of members with one name the first counts.  Depth, and
 * through the arena's ceiling size, are limited.  Pure. */
#ifndef SERVER_IMPORT_JSON_H
#define SERVER_IMPORT_JSON_H

#include "shared/base/arena.h"

#define IMPORT_JSON_DEPTH_MAX 64

enum import_json_kind {
    IMPORT_JSON_NULL,
    IMPORT_JSON_FALSE,
    IMPORT_JSON_TRUE,
    IMPORT_JSON_NUMBER,
    IMPORT_JSON_TEXT,
    IMPORT_JSON_ARRAY,
    IMPORT_JSON_OBJECT
};

struct import_json {
    enum import_json_kind kind;
    struct bytes text; /* decoded text; a number as written */
    struct bytes name; /* decoded member name, inside an object */
    size_t offset;     /* of the value's first byte */
    size_t count;      /* members or elements */
    struct import_json *first, *next;
};

struct import_json_fault {
    size_t offset;
    const char *what; /* static text */
};

/* Parses the whole text; a byte order mark is passed over.  Nodes live in
 * `arena` and borrow from `text`.  ERR_INVALID with `fault`, ERR_NOMEM. */
MUST_CHECK enum err import_json_parse(struct arena *arena, struct bytes text,
                                      const struct import_json **root,
                                      struct import_json_fault *fault);

/* The member, or NULL; `object` may be of any kind. */
const struct import_json *import_json_member(const struct import_json *object,
                                             const char *name);

#endif
