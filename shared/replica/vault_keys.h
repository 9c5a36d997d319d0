/* The vault's own keys: from passphrase and device secret to everything else.
 *
 * The vault key is random; the database holds it sealed under Argon2id of the
 * passphrase mixed with the device secret.  Tokens of records and types need
 * the vault key; tokens of cases only the device secret, so that a locked
 * vault can obey a leave. */
#ifndef REPLICA_VAULT_KEYS_H
#define REPLICA_VAULT_KEYS_H

#include "shared/replica/device_secret.h"
#include "shared/replica/vault_inner.h"

void vault_keys_device(struct vault *vault,
                       const uint8_t secret[DEVICE_SECRET_BYTES]);
/* A new vault: makes and stores a key and unlocks.  ERR_EXISTS. */
MUST_CHECK enum err vault_keys_make(struct vault *vault,
                                    const struct vault_options *options);
/* ERR_NOT_FOUND: whoever made the file was stopped before it had keys. */
MUST_CHECK enum err vault_keys_there(struct vault *vault);
/* That the file is whole and was made with this device's secret. */
MUST_CHECK enum err vault_keys_check(struct vault *vault);

#endif
