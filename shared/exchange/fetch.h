/* One attachment from the office, asked for by a person.
 *
 * Kept as far as it comes, so that asking again goes on at the byte.  Waits;
 * needs an unlocked vault that has synced.  Beside a running sync it is
 * harmless. */
#ifndef EXCHANGE_FETCH_H
#define EXCHANGE_FETCH_H

#include "shared/exchange/session.h"
#include "shared/replica/blob.h"

/* Brings what `ref` of `record` names into the vault, unless it is there.
 * ERR_NOT_FOUND: the office has not received it either; ERR_DENIED: the office
 * does not give it to this vault. */
MUST_CHECK enum err fetch_blob(struct vault *vault, struct transport *transport,
                               const char *record, const struct blob_ref *ref,
                               char detail[SESSION_DETAIL_CHARS]);

#endif
