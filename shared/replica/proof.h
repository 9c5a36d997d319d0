/* The office's receipts for this vault's logs, with the certificates that prove
 * them (shared/wire/proof.h).  Works on a locked vault. */
#ifndef REPLICA_PROOF_H
#define REPLICA_PROOF_H

#include "shared/replica/vault.h"

/* Appends the proof, as one line; ERR_NOT_FOUND when there is no receipt yet.
 * One whose term's certificate was not kept is left out. */
MUST_CHECK enum err proof_write(struct vault *vault, struct buffer *out);

#endif
