#include "shared/replica/seal.h"

#include <sodium.h>

#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES

enum err seal_close(struct buffer *out, const struct random *random,
                    const uint8_t key[32], struct bytes ad, struct bytes plain)
{
    buffer_clear(out);
    enum err err = buffer_reserve(out, plain.size + SEAL_OVERHEAD_BYTES);
    if (err)
        return err;
    unsigned long long size = 0;
    random_fill(random, out->at, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt(out->at + NONCE_BYTES, &size,
                                               plain.at, plain.size, ad.at,
                                               ad.size, NULL, out->at, key);
    out->size = NONCE_BYTES + (size_t)size;
    return ERR_OK;
}

enum err seal_open(struct buffer *out, const uint8_t key[32], struct bytes ad,
                   struct bytes sealed)
{
    if (sealed.size < SEAL_OVERHEAD_BYTES)
        return ERR_CORRUPT;
    enum err err = buffer_reserve(out, sealed.size - SEAL_OVERHEAD_BYTES);
    if (err)
        return err;
    unsigned long long size = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            out->at + out->size, &size, NULL, sealed.at + NONCE_BYTES,
            sealed.size - NONCE_BYTES, ad.at, ad.size, sealed.at, key))
        return ERR_CORRUPT;
    out->size += (size_t)size;
    return ERR_OK;
}
