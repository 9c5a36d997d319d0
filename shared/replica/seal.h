/* Sealing of bytes: nonce (24) || XChaCha20-Poly1305(key, plain, ad).
 *
 * Random nonces, so one key may seal any number of things.  Pure but for the
 * random source. */
#ifndef REPLICA_SEAL_H
#define REPLICA_SEAL_H

#include "shared/base/buffer.h"
#include "shared/base/random.h"

#define SEAL_OVERHEAD_BYTES 40 /* nonce and tag */

/* Replaces the contents of `out`. */
MUST_CHECK enum err seal_close(struct buffer *out, const struct random *random,
                               const uint8_t key[32], struct bytes ad,
                               struct bytes plain);
/* Appends the plain bytes.  ERR_CORRUPT when key, ad or bytes are not those
 * that were sealed. */
MUST_CHECK enum err seal_open(struct buffer *out, const uint8_t key[32],
                              struct bytes ad, struct bytes sealed);

#endif
