/* What the guards of a record type (shared/model/guard.h) say of a write.
 *
 * Only notes: whatever is missing, the write stands. */
#ifndef REPLICA_RECORD_GUARD_H
#define REPLICA_RECORD_GUARD_H

#include "shared/replica/state.h"

struct record_guarded {
    const struct schema_type *type;  /* NULL: nothing is guarded */
    const struct canon *set;         /* what was written; NULL: nothing */
    const struct revision *revision; /* the write */
    const struct state_row *row;     /* after it */
    const struct case_key *key;
};

/* Adds a line to `warning` for each guard of a field just written whose need is
 * not met by what this vault has of the case.  Inside the transaction of the
 * write. */
MUST_CHECK enum err record_guard(struct vault *vault,
                                 const struct record_guarded *written,
                                 struct buffer *warning);

#endif
