/* The device secret: 32 random bytes in a file outside every vault.
 *
 * It is mixed into the passphrase key, so that a vault file alone cannot be
 * attacked by guessing, and seals what a locked vault must read. */
#ifndef REPLICA_DEVICE_SECRET_H
#define REPLICA_DEVICE_SECRET_H

#include "shared/base/random.h"
#include "shared/base/bytes.h"

#define DEVICE_SECRET_BYTES 32

/* Reads the file `path`, or the user's default when NULL (vault.h says which).
 * When it is absent, makes it (mode 0600, durable, folders included) if
 * `create`, else ERR_NOT_FOUND.  `detail` always receives a text on failure. */
MUST_CHECK enum err device_secret_load(uint8_t secret[DEVICE_SECRET_BYTES],
                                       const char *path, bool create,
                                       const struct random *random,
                                       char *detail, size_t detail_room);

#endif
