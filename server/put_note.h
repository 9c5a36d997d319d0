/* What is remarked on a write of the office, as on one of a device: guards
 * whose need is not met, codes that are not in effect. */
#ifndef SERVER_PUT_NOTE_H
#define SERVER_PUT_NOTE_H

#include "server/record.h"
#include "shared/model/check.h"

struct put_noted {
    struct office *office;
    struct sql *sql;
    const struct schema_type *type; /* NULL: nothing is known of it */
    const struct canon *set;        /* what was written; NULL: nothing */
    const struct canon *before;     /* the state then; NULL: a new record */
    const struct record *now;
};

/* Adds a line to `warning` for each. */
MUST_CHECK enum err put_note(const struct put_noted *noted,
                             struct buffer *warning);

#endif
