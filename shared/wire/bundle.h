/* A bundle: a sync request, or the reply to one, as a file.
 *
 * sync-protocol.md section 19.  The first line says in plain for whom it is;
 * the rest is sealed, a request to the office's box key, a reply to the
 * replica's transport key.  A reply is signed by an office term, since no
 * connection vouches for it.  Encode and decode, nothing else. */
#ifndef WIRE_BUNDLE_H
#define WIRE_BUNDLE_H

#include "shared/wire/message.h"

#define BUNDLE_BYTES_MAX (64u << 20) /* of the file */
#define BUNDLE_VERSION 1

enum bundle_kind { BUNDLE_REQUEST, BUNDLE_REPLY };

struct bundle_label {
    enum bundle_kind kind;
    char agency[NAME_CHARS_MAX + 1];
    char replica[REPLICA_CHARS + 1]; /* whose request, or whose reply */
};

/* Appends the whole file. */
MUST_CHECK enum err bundle_seal(struct buffer *out,
                                const struct bundle_label *label,
                                const uint8_t box[KEY_BYTES],
                                struct bytes content);
/* *sealed borrows from `file`.  ERR_FOREIGN: no bundle; ERR_UNSUPPORTED: one of
 * a later version. */
MUST_CHECK enum err bundle_label_read(struct bytes file,
                                      struct bundle_label *out,
                                      struct bytes *sealed);
/* Appends the content.  ERR_CORRUPT when it was cut, altered or sealed to
 * another key. */
MUST_CHECK enum err bundle_open(struct buffer *out, struct bytes sealed,
                                const uint8_t box[KEY_BYTES],
                                const uint8_t box_secret[32]);

/* The X25519 key that replies are sealed to, from the transport key. */
MUST_CHECK enum err bundle_reply_key(uint8_t box[KEY_BYTES],
                                     const uint8_t transport[KEY_BYTES]);
MUST_CHECK enum err bundle_reply_secret(uint8_t box[KEY_BYTES],
                                        uint8_t box_secret[32],
                                        const struct keypair *transport);

/* What a reply holds: its first line, the signature over the line's hash, and
 * the body that the line names. */
struct bundle_reply {
    int64_t at, status;  /* HTTP's */
    struct bytes header; /* the request's first line, verbatim */
    struct bytes term;   /* the term's certificate */
    uint8_t term_signature[SIGNATURE_BYTES];
    struct bytes body;
};
MUST_CHECK enum err bundle_reply_write(struct buffer *out,
                                       const struct bundle_reply *reply,
                                       const struct keypair *term);
/* Borrows from content and arena.  The caller checks the term's certificate,
 * then the signature.  ERR_CORRUPT. */
struct bundle_signed {
    struct bytes line;
    uint8_t signature[SIGNATURE_BYTES];
};
MUST_CHECK enum err bundle_reply_read(struct arena *arena, struct bytes content,
                                      struct bundle_reply *out,
                                      struct bundle_signed *proof);
MUST_CHECK enum err bundle_reply_verify(const struct bundle_signed *proof,
                                        const uint8_t term_key[KEY_BYTES]);

#endif
