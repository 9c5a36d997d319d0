/* The vault's own keys: from passphrase and device secret to everything else.
 *
 * The vault key is random; the database holds it sealed under Argon2id of the
 * passphrase mixed with the device secret.  Tokens of records and types need
 * the vault key; tokens of cases only the device secret, so that a locked
 * vault can obey a leave. */
#ifndef REPLICA_VAULT_KEYS_H
#define REPLICA_VAULT_KEYS_H

#include "shared/replica/device_secret.h"
#include "shared/replica/seal.h"
#include "shared/replica/vault_inner.h"

#define KEY_SALT_BYTES 16 /* crypto_pwhash_SALTBYTES */
#define KEY_CHECK_BYTES 16
#define TRY_MARK_BYTES 2 /* vault_tries.h */

/* The vault key as it stands in the file, and how to come by it. */
struct key_row {
    int64_t ops, bytes; /* of Argon2id */
    uint8_t salt[KEY_SALT_BYTES];
    uint8_t sealed[SECRET_BYTES + SEAL_OVERHEAD_BYTES];
    uint8_t check[KEY_CHECK_BYTES]; /* tells device secrets apart */
    uint8_t name[KEY_SALT_BYTES];   /* of this vault, when loaded from it */
};

void vault_keys_device(struct vault *vault,
                       const uint8_t secret[DEVICE_SECRET_BYTES]);
/* A new vault: makes and stores a key and unlocks.  ERR_EXISTS. */
MUST_CHECK enum err vault_keys_make(struct vault *vault,
                                    const struct vault_options *options);
/* ERR_NOT_FOUND: whoever made the file was stopped before it had keys. */
MUST_CHECK enum err vault_keys_there(struct vault *vault);
MUST_CHECK enum err vault_keys_load(struct vault *vault, struct key_row *row);
/* Too many wrong tries have left a row without its key. */
bool vault_keys_destroyed(const struct key_row *row);
/* The vault key, of this vault's row or another's.  ERR_PASSPHRASE. */
MUST_CHECK enum err vault_keys_open(const struct key_row *row,
                                    const uint8_t device_key[SECRET_BYTES],
                                    const char *passphrase,
                                    uint8_t out[SECRET_BYTES]);
/* The same in two steps: what the passphrase comes to, which takes its time,
 * and the mark of that (vault_tries.h). */
MUST_CHECK enum err vault_keys_stretch(const struct key_row *row,
                                       const uint8_t device_key[SECRET_BYTES],
                                       const char *passphrase,
                                       uint8_t wrapping[SECRET_BYTES]);
void vault_keys_mark(const uint8_t wrapping[SECRET_BYTES],
                     uint8_t out[TRY_MARK_BYTES]);
MUST_CHECK enum err vault_keys_unseal(const struct key_row *row,
                                      const uint8_t wrapping[SECRET_BYTES],
                                      uint8_t out[SECRET_BYTES]);
/* Seals a vault key under a passphrase with the row's cost and a new salt. */
MUST_CHECK enum err vault_keys_seal(struct vault *vault, struct key_row *row,
                                    const char *passphrase,
                                    const uint8_t key[SECRET_BYTES],
                                    uint8_t mark[TRY_MARK_BYTES]);
/* Unlocks with it. */
void vault_keys_take(struct vault *vault, const uint8_t key[SECRET_BYTES]);
/* Is this the check of a vault that was made on this device?  ERR_DENIED. */
MUST_CHECK enum err vault_keys_of_device(const struct vault *vault,
                                         const uint8_t check[KEY_CHECK_BYTES]);
/* That the file is whole and was made with this device's secret. */
MUST_CHECK enum err vault_keys_check(struct vault *vault);

#endif
