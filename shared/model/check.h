/* What a person typed, held against the record type before it is stored, on a
 * device and at the office.
 *
 * Wrong values are refused with a text that names field, value and form;
 * incomplete ones are noted: nothing typed is refused for what is still
 * missing.  Pure. */
#ifndef MODEL_CHECK_H
#define MODEL_CHECK_H

#include "shared/base/arena.h"
#include "shared/base/buffer.h"
#include "shared/model/schema.h"

#define CHECK_DETAIL_CHARS 512

/* Is the record here, and of another type than `target`? */
typedef enum err check_other(void *context, struct bytes id,
                             struct bytes target, bool *other);

struct check {
    const struct schema_type *type; /* NULL: the schema does not know it */
    struct bytes type_name;
    const struct canon *state; /* of the record, parsed; NULL: a new one */
    bool lenient;           /* unknown fields and codes are kept, and noted */
    bool office;            /* what only the office writes takes effect */
    struct arena *arena;    /* the parts live in it */
    struct buffer *warning; /* receives a line for each doubt */
    char *detail;           /* CHECK_DETAIL_CHARS: why it was refused */
    check_other *is_other;
    void *context;
};

/* JSON objects in any spelling, or empty. */
struct check_given {
    struct bytes set, add, drop, keep;
    bool seal;
};

/* The same in canonical form. */
struct check_parts {
    struct bytes set, add, drop, keep;
    const struct canon *set_tree; /* NULL when empty */
};

/* ERR_INVALID, ERR_TOO_BIG with the detail; whatever `is_other` fails with. */
MUST_CHECK enum err check_parts(const struct check *check,
                                const struct check_given *given,
                                struct check_parts *out);

/* ERR_TOO_BIG, with the longest field of `set` named in the detail; when that
 * is NULL, with the size of all that was given. */
enum err check_long(char *detail, const struct canon *set, size_t bytes);

#endif
