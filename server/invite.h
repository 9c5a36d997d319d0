/* Invitations: one-time codes by which a device joins as somebody's vault.
 *
 * A code is 16 characters of Crockford base32 (80 bits), shown in groups of
 * four; case, hyphens and spaces are ignored, O reads as 0, I and L as 1.  The
 * store keeps only its hash. */
#ifndef SERVER_INVITE_H
#define SERVER_INVITE_H

#include "server/office.h"
#include "shared/base/random.h"

#define INVITE_CHARS 16       /* as hashed: upper case, no hyphens */
#define INVITE_SHOWN_CHARS 19 /* XXXX-XXXX-XXXX-XXXX */
#define INVITE_EXPIRES_MS (INT64_C(7) * 24 * 60 * 60 * 1000)
#define INVITE_EXPIRES_MS_MAX (INT64_C(366) * 24 * 60 * 60 * 1000)

/* False when it cannot be a code.  `out` is what is hashed. */
bool invite_read(char out[INVITE_CHARS + 1], struct bytes text);
void invite_code(char out[INVITE_CHARS + 1], const struct random *random);
void invite_hash(uint8_t out[HASH_BYTES], const char code[INVITE_CHARS + 1]);

/* Makes a code for an account that is here and not disabled.  `sql` is in a
 * write transaction; `by` stands in the act.  ERR_NOT_FOUND: no such account;
 * ERR_DENIED: it is disabled; office->detail says which. */
MUST_CHECK enum err invite_make(struct office *office, struct sql *sql,
                                const char *account, int64_t expires_at,
                                const char *by,
                                char shown[INVITE_SHOWN_CHARS + 1]);

#endif
