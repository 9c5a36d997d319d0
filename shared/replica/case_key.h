/* Case keys: what seals the lines and states of one case.
 *
 * A key is wrapped to the vault key (readable while unlocked) and, with the
 * first own line, to the office's box key (for locked pushes).  Destroying the
 * vault's wrapping makes a case unreadable here for good.  Found keys live in a
 * cache that vault_forget() wipes: pointers are borrowed until the transaction
 * or the call ends.  The case "" holds the records that have no case. */
#ifndef REPLICA_CASE_KEY_H
#define REPLICA_CASE_KEY_H

#include "shared/replica/vault_inner.h"

#define CASE_REFERENCE_CHARS 64

struct case_key {
    int64_t id; /* case_key.id */
    char kase[ID_CHARS + 1];
    uint8_t key[SECRET_BYTES];
    bool office_wrapped;
};

MUST_CHECK enum err case_cache_new(struct case_cache **out);
void case_cache_free(struct case_cache *cache);  /* NULL is allowed */
void case_cache_clear(struct case_cache *cache); /* wipes */

/* The live key of a case.  ERR_NOT_FOUND, ERR_LOCKED. */
MUST_CHECK enum err case_key_find(struct vault *vault, struct bytes kase,
                                  const struct case_key **out);
/* Makes one when there is none.  Inside a write transaction. */
MUST_CHECK enum err case_key_obtain(struct vault *vault, struct bytes kase,
                                    const struct case_key **out);
/* By number.  ERR_NOT_FOUND when it is destroyed. */
MUST_CHECK enum err case_key_get(struct vault *vault, int64_t id,
                                 const struct case_key **out);
/* Wraps it to the office, unless that was done. */
MUST_CHECK enum err case_key_wrap(struct vault *vault,
                                  const struct case_key *key,
                                  const uint8_t box[KEY_BYTES]);

/* Opens a wrapping by any vault's key; fills in `key` and `kase`.  ERR_CORRUPT.
 */
MUST_CHECK enum err case_key_unwrap(const uint8_t vault_key[SECRET_BYTES],
                                    const uint8_t token[TOKEN_KEYED_BYTES],
                                    struct bytes wrap, struct case_key *out);

/* Works on a locked vault: 0 when the case has no live key. */
MUST_CHECK enum err case_key_number(struct vault *vault, struct bytes kase,
                                    int64_t *id);
/* The next live key's number after `id`, 0 at the end. */
MUST_CHECK enum err case_key_next(struct vault *vault, int64_t id,
                                  int64_t *next);

/* How a request refers to a case key (sync-protocol.md section 14). */
void case_key_reference(char out[CASE_REFERENCE_CHARS + 1],
                        const uint8_t token[TOKEN_KEYED_BYTES], int64_t id);

#endif
