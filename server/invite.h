/* Invitations: one-time codes by which a device joins as somebody's vault.  The
 * store keeps only a code's hash. */
#ifndef SERVER_INVITE_H
#define SERVER_INVITE_H

#include "server/office.h"
#include "shared/model/invite_code.h"

#define INVITE_EXPIRES_MS (INT64_C(7) * 24 * 60 * 60 * 1000)
#define INVITE_EXPIRES_MS_MAX (INT64_C(366) * 24 * 60 * 60 * 1000)

/* Makes a code for an account that is here and not disabled.  `sql` is in a
 * write transaction; `by` stands in the act.  ERR_NOT_FOUND: no such account;
 * ERR_DENIED: it is disabled; office->detail says which. */
MUST_CHECK enum err invite_make(struct office *office, struct sql *sql,
                                const char *account, int64_t expires_at,
                                const char *by,
                                char shown[INVITE_SHOWN_CHARS + 1]);

#endif
