/* Making cases unreadable here: leaves and revocation.
 *
 * The vault's wrapping of the case key is destroyed and everything derived
 * goes; log rows stay until they are backed up (prune.h), and unsent own lines
 * are still pushed as envelopes under the office's wrapping.  Inside a write
 * transaction; works locked. */
#ifndef REPLICA_LEAVE_H
#define REPLICA_LEAVE_H

#include "shared/replica/case_key.h"

/* The case has left `scope`, or every scope when that is "*".  It goes when no
 * scope is left that has it; *gone says whether. */
MUST_CHECK enum err leave_case(struct vault *vault, const char *kase,
                               const char *scope, bool *gone);
/* The scope is no longer granted. */
MUST_CHECK enum err leave_scope(struct vault *vault, const char *scope,
                                bool *gone);
/* Everything. */
MUST_CHECK enum err leave_all(struct vault *vault);

#endif
