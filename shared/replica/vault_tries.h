/* Wrong tries at the passphrase, counted in the vault.
 *
 * A try is made only once its mark is durable there, so that killing the
 * program gives no free ones.  The same try again is no further one: a program
 * with an outdated passphrase file, started over and over, locks nobody out,
 * and neither does one with the right passphrase that is killed each time.  A
 * mark has so few bits that it tells next to nothing of what was typed.  The
 * mark of the last right try is kept, so that the right passphrase costs no
 * write, and opens where nothing can be written. */
#ifndef REPLICA_VAULT_TRIES_H
#define REPLICA_VAULT_TRIES_H

#include "shared/replica/vault_keys.h"

/* Before a try.  ERR_DESTROYED: there had been too many, and the key is gone
 * now.  Anything else: it could not be counted and must not be made. */
MUST_CHECK enum err vault_tries_begin(struct vault *vault,
                                      const uint8_t mark[TRY_MARK_BYTES]);
/* It was right: the others are forgotten, as far as that can be written. */
void vault_tries_right(struct vault *vault, const uint8_t mark[TRY_MARK_BYTES]);
/* It was wrong: ERR_PASSPHRASE, and the detail says how many are left; after
 * the last one ERR_DESTROYED. */
MUST_CHECK enum err vault_tries_wrong(struct vault *vault);
/* The detail of a vault without its key, and ERR_DESTROYED. */
MUST_CHECK enum err vault_tries_over(struct vault *vault);

#endif
