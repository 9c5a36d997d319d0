#include "shared/model/chain.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#define LOG_DOMAIN "satchel/log/1"
#define DOMAIN_CHARS_MAX 63

static_assert(sizeof(((struct keypair *)0)->secret_key) ==
                  crypto_sign_SECRETKEYBYTES,
              "the secret key is in libsodium's form");
static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519");

/* Ed25519 reads its message twice, so that it must stand in one piece. */
struct statement {
    uint8_t at[DOMAIN_CHARS_MAX + 1 + SIGN_BYTES_MAX];
    size_t size;
};

static void statement_set(struct statement *s, const char *domain,
                          struct bytes message)
{
    size_t domain_size = strlen(domain) + 1; /* its NUL is signed too */
    assert(domain_size <= DOMAIN_CHARS_MAX + 1);
    assert(message.size <= SIGN_BYTES_MAX);
    memcpy(s->at, domain, domain_size);
    if (message.size)
        memcpy(s->at + domain_size, message.at, message.size);
    s->size = domain_size + message.size;
}

void keypair_from_seed(struct keypair *out, const uint8_t seed[32])
{
    crypto_sign_seed_keypair(out->public_key, out->secret_key, seed);
}

void link_zero(uint8_t out[LINK_BYTES], const char *agency,
               const uint8_t key[KEY_BYTES])
{
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, LINK_BYTES);
    crypto_generichash_update(&hash, (const uint8_t *)LOG_DOMAIN,
                              sizeof LOG_DOMAIN);
    crypto_generichash_update(&hash, (const uint8_t *)agency,
                              strlen(agency) + 1);
    crypto_generichash_update(&hash, key, KEY_BYTES);
    crypto_generichash_final(&hash, out, LINK_BYTES);
}

void link_next(uint8_t link[LINK_BYTES], const uint8_t line_hash[HASH_BYTES])
{
    uint8_t both[LINK_BYTES + HASH_BYTES];
    memcpy(both, link, LINK_BYTES);
    memcpy(both + LINK_BYTES, line_hash, HASH_BYTES);
    hash_bytes(link, bytes_of(both, sizeof both));
}

void chain_sign(uint8_t out[SIGNATURE_BYTES], const struct keypair *keys,
                const char *domain, struct bytes message)
{
    struct statement statement;
    statement_set(&statement, domain, message);
    crypto_sign_detached(out, NULL, statement.at, statement.size,
                         keys->secret_key);
}

enum err chain_verify(const uint8_t signature[SIGNATURE_BYTES],
                      const uint8_t key[KEY_BYTES], const char *domain,
                      struct bytes message)
{
    if (message.size > SIGN_BYTES_MAX)
        return ERR_TOO_BIG;
    struct statement statement;
    statement_set(&statement, domain, message);
    bool good = crypto_sign_verify_detached(signature, statement.at,
                                            statement.size, key) == 0;
    return good ? ERR_OK : ERR_SIGNATURE;
}
