/* A replica's log as a hash chain, signed by its key.
 *
 * link(0) = BLAKE2b-256("satchel/log/1" NUL agency NUL public key)
 * link(n) = BLAKE2b-256(link(n-1) || BLAKE2b-256(line n)).
 * Signatures are Ed25519 over a domain text, a NUL and the signed bytes, so
 * that no signature can stand for another kind of statement.  Pure. */
#ifndef MODEL_CHAIN_H
#define MODEL_CHAIN_H

#include "shared/model/id.h"

#define LINK_BYTES HASH_BYTES
#define SIGN_EVERY 64 /* a sign line at least every so many lines */
#define SIGN_BYTES_MAX (64u * 1024u) /* longest message that is signed */

#define DOMAIN_LINK "satchel/link/1"           /* writing key over link(n) */
#define DOMAIN_REQUEST "satchel/request/1"     /* transport or writing key */
#define DOMAIN_RECEIPT "satchel/receipt/1"     /* office term key */
#define DOMAIN_BACKED "satchel/backed/1"       /* office term key */
#define DOMAIN_LEAVE "satchel/leave/1"         /* office term key */
#define DOMAIN_CERT "satchel/certificate/1"    /* agency root key */
#define DOMAIN_TERM "satchel/term/1"           /* agency root key over a term */
#define DOMAIN_ENROL "satchel/enrol/1"         /* new writing key: possession */
#define DOMAIN_SUCCESSOR "satchel/successor/1" /* old writing key over new */
#define DOMAIN_STATEMENT "satchel/statement/1" /* office: revoke, ... */
#define DOMAIN_BUNDLE "satchel/bundle/1" /* office term: a reply by file */
#define DOMAIN_BLOB "satchel/blob/1"     /* transport or writing key */
#define DOMAIN_KEPT "satchel/kept/1"     /* office term: it has a blob */

struct keypair {
    uint8_t public_key[KEY_BYTES];
    uint8_t secret_key[64]; /* libsodium's form: seed and public key */
};

void keypair_from_seed(struct keypair *out, const uint8_t seed[32]);

void link_zero(uint8_t out[LINK_BYTES], const char *agency,
               const uint8_t key[KEY_BYTES]);
/* In place: link(n-1) becomes link(n). */
void link_next(uint8_t link[LINK_BYTES], const uint8_t line_hash[HASH_BYTES]);

/* `message` is at most SIGN_BYTES_MAX. */
void chain_sign(uint8_t out[SIGNATURE_BYTES], const struct keypair *keys,
                const char *domain, struct bytes message);
/* ERR_SIGNATURE when it does not verify, ERR_TOO_BIG. */
MUST_CHECK enum err chain_verify(const uint8_t signature[SIGNATURE_BYTES],
                                 const uint8_t key[KEY_BYTES],
                                 const char *domain, struct bytes message);

#endif
