/* What to write of a record: the fields whose published value has changed.
 *
 * A pure comparison of what is published now with what was published last.  A
 * field that was not published before and is empty now is no change; a set
 * changes by members. */
#ifndef SERVER_IMPORT_DIFF_H
#define SERVER_IMPORT_DIFF_H

#include "server/import_map.h"
#include "server/import_published.h"
#include "shared/model/schema.h"

struct import_diff {
    struct buffer set, add, drop; /* owned: canonical objects, or empty */
    struct import_value *changes; /* in the arena: to be remembered */
    size_t count;                 /* of changed fields */
};

void import_diff_init(struct import_diff *diff);
void import_diff_fini(struct import_diff *diff);

/* Fills an empty or used diff.  Values that the record type does not take are
 * noted and left out.  ERR_TOO_BIG: more than one revision takes. */
MUST_CHECK enum err import_diff_make(struct import_diff *diff,
                                     struct import_rows *rows,
                                     struct arena *arena,
                                     const struct import_record *record,
                                     const struct import_published *published,
                                     const struct schema_type *type);

#endif
