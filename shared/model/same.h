/* Which records are one and the same, as the office has merged them.
 *
 * A type whose definition has a field with `merges` (schema.h) links a record
 * to the one that it is the same as.  Links chain.  Where they go round, as two
 * terms of the office may have it after a rollback, the least id stands for
 * all.  Nothing is moved by a merge: every line stays in the record it was
 * written to, so that taking the link back parts them again.  Pure. */
#ifndef MODEL_SAME_H
#define MODEL_SAME_H

#include "shared/base/buffer.h"
#include "shared/model/schema.h"

struct same;

MUST_CHECK enum err same_new(struct same **out);
void same_free(struct same *same); /* NULL is allowed */

/* Takes the link of a record of that type, if its state has one. */
MUST_CHECK enum err same_take(struct same *same, const struct schema_type *type,
                              struct bytes state);
/* One link; the ids are copied. */
MUST_CHECK enum err same_link(struct same *same, struct bytes from,
                              struct bytes to);

/* The id that stands for all that are the same as `id`: `id` itself when it
 * was never merged.  Borrowed from `same` or from `id`. */
const char *same_root(const struct same *same, const char *id);
/* Appends the ids that are the same as `id`, without it: a JSON array, sorted.
 */
MUST_CHECK enum err same_others(const struct same *same, const char *id,
                                struct buffer *out);
/* view_matches(); a value that is a record's id matches any that is the same.
 */
bool same_matches(const struct same *same, const struct canon *state,
                  const char *name, struct bytes value);

#endif
