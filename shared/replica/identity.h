/* Who the vault writes as: key pairs, certificate, predecessors.
 *
 * A vault has one current identity and any number of closed ones, whose logs
 * stay in it.  See sync-protocol.md sections 7 and 13. */
#ifndef REPLICA_IDENTITY_H
#define REPLICA_IDENTITY_H

#include "shared/replica/vault.h"

struct identity {
    char replica[REPLICA_CHARS + 1];
    char agency[NAME_CHARS_MAX + 1];
    char user[NAME_CHARS_MAX + 1];
    char role[NAME_CHARS_MAX + 1];
    char server[256];  /* URL of the office */
    char ca_file[512]; /* "" : the system's trust store */
    char lineage[LINEAGE_CHARS + 1];
    char token[TOKEN_CHARS + 1];
    char term[REPLICA_CHARS + 1]; /* latest office term known */
    bool dictionary;              /* the office advertised dictionary 1 */
    int64_t head;                 /* own last n */
    int64_t received;             /* last n with a receipt */
    uint8_t received_link[LINK_BYTES];
    uint8_t root[KEY_BYTES], box[KEY_BYTES];
};

/* Enrolment, step 1: fresh keys, kept in the vault as "pending" (so that a
 * repeated enrolment uses the same), and the signed request.  Unlocked only. */
MUST_CHECK enum err identity_begin(struct vault *vault, const char *code,
                                   struct enrol_request *out);
/* Step 2: checks the reply (certificate, root, keys) and makes it current. */
MUST_CHECK enum err identity_finish(struct vault *vault, const char *server,
                                    const char *ca_file,
                                    const struct enrol_reply *reply);

/* The current identity; ERR_NOT_FOUND before enrolment. */
MUST_CHECK enum err identity_load(struct vault *vault, struct identity *out);

/* Succession: step 1 as above with the old identity's signatures; `reason` is
 * fork, stale or lineage.  The request borrows from the vault until its next
 * call. */
MUST_CHECK enum err identity_succeed_begin(struct vault *vault,
                                           const char *reason,
                                           struct enrol_request *out);
/* Step 2, one transaction: closes the old identity, starts the new log,
 * carries every line of the old log that has no receipt (or that stands above
 * the last common link), queues the rest for contribution, resets cursors. */
MUST_CHECK enum err identity_succeed_finish(struct vault *vault,
                                            const struct enrol_reply *reply);

/* Signs a request header line: writing key when unlocked, transport key when
 * `locked`. */
MUST_CHECK enum err identity_auth(struct vault *vault, bool locked,
                                  struct bytes header, uint8_t sig[64]);
/* The same of a request about an attachment. */
MUST_CHECK enum err identity_auth_blob(struct vault *vault, bool locked,
                                       struct bytes header, uint8_t sig[64]);

/* The key pair that replies by file are sealed to (shared/wire/bundle.h). Works
 * on a locked vault; the caller wipes the secret. */
MUST_CHECK enum err identity_reply_keys(struct vault *vault,
                                        uint8_t box[KEY_BYTES],
                                        uint8_t box_secret[32]);

/* Office terms whose certificate was checked against the root. */
MUST_CHECK enum err identity_add_term(struct vault *vault, struct bytes text,
                                      const uint8_t sig[SIGNATURE_BYTES]);
MUST_CHECK enum err identity_term_key(struct vault *vault, const char *term,
                                      uint8_t key[KEY_BYTES]);
/* Takes over what a verified reply header says (lineage is set once, later a
 * change is ERR_LINEAGE). */
MUST_CHECK enum err identity_reply(struct vault *vault,
                                   const struct reply_header *header);
/* The office's signed word that this device is revoked: destroys the vault's
 * wrappings of every case key at once, keeps the office's. */
MUST_CHECK enum err identity_revoked(struct vault *vault,
                                     const struct reply_header *header);

#endif
