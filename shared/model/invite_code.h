/* The one-time codes by which a device joins as somebody's vault.
 *
 * A code is 16 characters of Crockford base32 (80 bits), shown in groups of
 * four; case, hyphens and spaces are ignored, O reads as 0, I and L as 1.
 * Pure, but for the randomness that is given. */
#ifndef MODEL_INVITE_CODE_H
#define MODEL_INVITE_CODE_H

#include "shared/base/random.h"
#include "shared/model/id.h"

#define INVITE_CHARS 16       /* as hashed: upper case, no hyphens */
#define INVITE_SHOWN_CHARS 19 /* XXXX-XXXX-XXXX-XXXX */

/* False when it cannot be a code.  `out` is what is hashed. */
bool invite_read(char out[INVITE_CHARS + 1], struct bytes text);
void invite_code(char out[INVITE_CHARS + 1], const struct random *random);
void invite_hash(uint8_t out[HASH_BYTES], const char code[INVITE_CHARS + 1]);

#endif
