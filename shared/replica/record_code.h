/* What the published code sets (shared/model/coded.h) that are here say of the
 * codes just written.
 *
 * Only notes: an unknown code, or one of another year, is kept as written. */
#ifndef REPLICA_RECORD_CODE_H
#define REPLICA_RECORD_CODE_H

#include "shared/model/canon.h"
#include "shared/replica/vault_inner.h"

/* Adds a line to `warning` for each field that `set` writes, or gives another
 * set, version or day, whose code is not in effect.  `state` is the record's
 * before the write, NULL when it is new.  Where no code set is nothing is said.
 * Inside the transaction of the write. */
MUST_CHECK enum err record_code(struct vault *vault,
                                const struct schema_type *type,
                                const struct canon *set,
                                const struct canon *state,
                                struct buffer *warning);

#endif
