/* A voucher: money that the agency has signed for in advance (sync-protocol.md,
 * Vouchers).
 *
 * What it may be spent on stands in a canonical text under the agency's root
 * key, so that a device with no network, and anybody who knows that key, can
 * tell a voucher from what somebody wrote down.  Pure. */
#ifndef MODEL_VOUCHER_H
#define MODEL_VOUCHER_H

#include "shared/model/canon.h"
#include "shared/model/chain.h"

#define DOMAIN_VOUCHER "satchel/voucher/1" /* agency root key */
#define VOUCHER_TYPE "voucher"
#define VOUCHER_SPEND_TYPE "voucher_spend"
/* What voids it has an id that follows from its own. */
#define VOID_TYPE "expenditure_void"

struct voucher { /* all borrowed */
    struct bytes record, number, category, assigned_to, expires_on;
    struct bytes person, pool; /* one of them is empty */
    struct bytes signature;    /* base64url */
    int64_t amount_cents;
};

/* Reads a record's state (fold.h); the result borrows from it.  ERR_INVALID
 * when a value is missing or waits for a person. */
MUST_CHECK enum err voucher_of_state(const struct canon *state,
                                     struct voucher *out);
/* Appends the text that is signed. */
MUST_CHECK enum err voucher_text(struct buffer *out, const char *agency,
                                 const struct voucher *voucher);
/* ERR_SIGNATURE, ERR_NOMEM. */
MUST_CHECK enum err voucher_verify(const struct voucher *voucher,
                                   const char *agency,
                                   const uint8_t root[KEY_BYTES]);

#endif
