/* Rows of the identity table, for the modules of this layer. */
#ifndef REPLICA_IDENTITY_ROW_H
#define REPLICA_IDENTITY_ROW_H

#include "shared/replica/identity.h"
#include "shared/replica/seal.h"
#include "shared/replica/vault_inner.h"

#define REASON_CHARS_MAX 15
#define SEALED_SECRET_BYTES (SECRET_BYTES + SEAL_OVERHEAD_BYTES)

enum identity_state { IDENTITY_PENDING, IDENTITY_CURRENT, IDENTITY_CLOSED };

struct identity_row {
    struct identity public; /* head is not filled in */
    int64_t id;
    int64_t log;      /* replica.id; 0 while pending */
    int64_t succeeds; /* identity.id; 0: none */
    uint8_t key[KEY_BYTES], transport_key[KEY_BYTES];
    uint8_t secret[SEALED_SECRET_BYTES], transport_secret[SEALED_SECRET_BYTES];
    char reason[REASON_CHARS_MAX + 1];
    struct bytes certificate; /* in the vault's arena */
    uint8_t certificate_sig[SIGNATURE_BYTES];
    int64_t revoked; /* when, by the office's clock; 1: not known; 0: never */
    int64_t generation; /* meta.generation when it began */
};

/* The pending or current one.  ERR_NOT_FOUND. */
MUST_CHECK enum err identity_row_find(struct vault *vault,
                                      enum identity_state state,
                                      struct identity_row *out);
MUST_CHECK enum err identity_row_get(struct vault *vault, int64_t id,
                                     struct identity_row *out);
/* Makes key pairs and a pending row, or finds the pending row that was made
 * for the same purpose.  Inside a write transaction. */
MUST_CHECK enum err identity_row_pend(struct vault *vault, int64_t succeeds,
                                      const char *reason,
                                      struct identity_row *out);
/* Opens the key pairs. */
MUST_CHECK enum err identity_row_writing(struct vault *vault,
                                         const struct identity_row *row,
                                         struct keypair *out);
MUST_CHECK enum err identity_row_transport(struct vault *vault,
                                           const struct identity_row *row,
                                           struct keypair *out);
/* Checks an enrolment reply against the pending row and makes that row the
 * current one; there must be no other.  Inside a write transaction. */
MUST_CHECK enum err identity_row_adopt(struct vault *vault,
                                       const struct identity_row *pending,
                                       const char *server, const char *ca_file,
                                       const struct enrol_reply *reply);
/* The office term of that reply, whose certificate the root has signed
 * (identity.c). */
MUST_CHECK enum err identity_term_take(struct vault *vault,
                                       const struct enrol_reply *reply);

#endif
