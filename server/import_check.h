/* Is a cell's text what its column asks for?  Pure. */
#ifndef SERVER_IMPORT_CHECK_H
#define SERVER_IMPORT_CHECK_H

#include "server/import_table.h"

#define IMPORT_CHECK_CHARS 256

/* Empty text is always right; whether it may be empty is another question.
 * ERR_INVALID with `what`: the row cannot be used.  ERR_OK with a `what` that
 * is not "": the value can be kept but is doubtful. */
MUST_CHECK enum err import_check(const struct import_column *column,
                                 struct bytes text,
                                 char what[IMPORT_CHECK_CHARS]);

#endif
