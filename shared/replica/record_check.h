/* What a person typed, held against the record type before it is stored.
 *
 * Wrong values are refused with a text that names field, value and form;
 * incomplete ones are stored with a warning: nothing typed is refused for what
 * is still missing. */
#ifndef REPLICA_RECORD_CHECK_H
#define REPLICA_RECORD_CHECK_H

#include "shared/replica/record.h"
#include "shared/replica/state.h"

/* The parts of a write in canonical form; empty ones have no tree.  In the
 * vault's arena. */
struct record_parts {
    struct bytes set, add, drop, keep;
    const struct canon *set_tree; /* NULL when empty */
    struct state_row named; /* the last record referred to, without its fold */
};

/* `type` is NULL when the schema does not know `type_name`; `state` is the
 * record's parsed state, NULL when creating.  `warning` receives one line for
 * each doubt.  ERR_INVALID with the vault's detail. */
MUST_CHECK enum err
record_check(struct vault *vault, const struct schema_type *type,
             struct bytes type_name, const struct record_write *write,
             const struct canon *state, struct record_parts *out,
             struct buffer *warning);

/* ERR_TOO_BIG, with the longest field of `set` named; when that is NULL, with
 * the size of all that was given. */
enum err record_check_long(struct vault *vault, const struct canon *set,
                           size_t bytes);

#endif
