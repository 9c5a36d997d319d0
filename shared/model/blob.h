/* Attachments as revisions name them (sync-protocol.md section 20).
 *
 * A reference is a value {"blob","bytes","name","salt","type"} of any field, or
 * an element of a list that is one.  `blob` is the content's BLAKE2b-256 keyed
 * with the random salt, so that whoever sees the name alone cannot tell whether
 * it is of a document that he knows.  Pure. */
#ifndef MODEL_BLOB_H
#define MODEL_BLOB_H

#include "shared/model/canon.h"
#include "shared/model/id.h"

#define BLOB_BYTES_MAX (512ll << 20) /* one attachment */
#define BLOB_CHUNK_BYTES 65536       /* sealed together */
#define BLOB_SEAL_BYTES 40           /* what sealing adds to a chunk */
#define BLOB_SALT_BYTES 16
#define BLOB_NAME_CHARS (2 * HASH_BYTES) /* as text: lower-case hex */
#define BLOB_FILE_CHARS_MAX 255 /* bytes of the file name that people see */
#define BLOB_TYPE_CHARS_MAX 127 /* RFC 6838: type/subtype */

struct blob_ref {
    uint8_t blob[HASH_BYTES];
    uint8_t salt[BLOB_SALT_BYTES];
    int64_t bytes;           /* of the content, 1 and more */
    struct bytes name, type; /* borrowed */
};

/* False for any other value. */
bool blob_ref_read(const struct canon *value, struct blob_ref *out);
enum err blob_ref_write(struct buffer *out, const struct blob_ref *ref);

typedef enum err blob_ref_each(void *context, const struct blob_ref *ref,
                               const struct canon *value);
/* All references in an object of fields, such as a revision's `set`; NULL has
 * none. */
MUST_CHECK enum err blob_refs(const struct canon *fields, blob_ref_each *each,
                              void *context);

/* The content's name, computed piece by piece. */
struct blob_hasher;
MUST_CHECK enum err blob_hasher_new(struct blob_hasher **out,
                                    const uint8_t salt[BLOB_SALT_BYTES]);
void blob_hasher_add(struct blob_hasher *hasher, struct bytes piece);
void blob_hasher_end(struct blob_hasher *hasher, uint8_t blob[HASH_BYTES]);
void blob_hasher_free(struct blob_hasher *hasher); /* NULL is allowed */

/* The sealed form: each chunk is nonce, ciphertext and tag. */
int64_t blob_chunks(int64_t bytes);
int64_t blob_sealed_bytes(int64_t bytes);
/* What a chunk is bound to: "blob" NUL salt index. */
#define BLOB_AD_BYTES (5 + BLOB_SALT_BYTES + 8)
void blob_ad(uint8_t out[BLOB_AD_BYTES], const uint8_t salt[BLOB_SALT_BYTES],
             int64_t index);

#endif
