/* What a person typed, held against the record type (shared/model/check.h) and
 * what this vault has. */
#ifndef REPLICA_RECORD_CHECK_H
#define REPLICA_RECORD_CHECK_H

#include "shared/model/check.h"
#include "shared/replica/record.h"
#include "shared/replica/state.h"

struct record_parts {
    struct check_parts parts; /* in the vault's arena */
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

#endif
