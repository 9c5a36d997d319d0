/* One field of a shipped type with values to write into it, read from the
 * definition's own JSON.  Functions assert. */
#ifndef TESTS_TYPE_SUBJECT_H
#define TESTS_TYPE_SUBJECT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define VALUES_MAX 80
#define VALUE_CHARS 160

struct cast; /* who may write it */

struct subject {
    json_t *definition; /* borrowed */
    json_t *field;      /* borrowed */
    const char *type, *name;
    const struct cast *cast; /* who may write it */
    char values[VALUES_MAX][VALUE_CHARS];
    size_t count;
    /* [a][b]: a lies below b */
    bool below[VALUES_MAX][VALUES_MAX];
};

/* Its values and what lies below what; the rest is there. */
void subject_fill(struct subject *s);
/* A member that is a text, else "". */
const char *text_of(const json_t *object, const char *name);

#endif
