/* Codes that somebody else publishes in versions (records of type `code_set`):
 * of which set a field's code is, and whether that has it on a day.  Pure. */
#ifndef MODEL_CODED_H
#define MODEL_CODED_H

#include "shared/model/canon.h"
#include "shared/model/id.h"
#include "shared/model/schema.h"

#define CODE_SET_TYPE "code_set"
#define CODED_DETAIL_CHARS 512

/* The record of a set and version is the same at every office. ERR_TOO_BIG. */
MUST_CHECK enum err code_set_id(char out[ID_CHARS + 1], struct bytes set,
                                struct bytes version);

/* What a record says where it names a code; `on` is empty when it says no day.
 */
struct coded {
    struct bytes set, version, code, on;
};

/* False, with `detail` (CODED_DETAIL_CHARS), when `state`, that of the set's
 * record, does not have the code, or was not in effect on the day; NULL: there
 * is no such set. */
bool coded_stands(const struct coded *coded, const struct canon *state,
                  char *detail);

#endif
