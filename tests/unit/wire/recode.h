/* Reads a message of a named kind and writes it again. */
#ifndef TESTS_WIRE_RECODE_H
#define TESTS_WIRE_RECODE_H

#include "shared/base/arena.h"
#include "shared/base/buffer.h"

/* Kinds are "request", "reply", "certificate", "term", "enrol", "enrolled",
 * "error" and the control lines' names.  ERR_NOT_FOUND for any other. */
MUST_CHECK enum err recode(struct arena *arena, struct bytes kind,
                           struct bytes line, struct buffer *out);

#endif
