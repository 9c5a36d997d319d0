/* Attachments on the device (sync-protocol.md section 20).
 *
 * Content is kept in chunks sealed under the case key, in the form in which it
 * is sent, so that a locked vault can upload and a leave destroys it.  An own
 * attachment and the revision that names it are one transaction; nothing is
 * ever in memory but a chunk. */
#ifndef REPLICA_BLOB_H
#define REPLICA_BLOB_H

#include "shared/model/blob.h"
#include "shared/replica/record.h"

#define BLOB_VAULT_BYTES_MAX (4ll << 30) /* all attachments of one vault */

/* Gives up to `room` bytes; *got is 0 at the end. */
typedef enum err blob_source(void *context, uint8_t *at, size_t room,
                             size_t *got);
typedef enum err blob_sink(void *context, struct bytes piece);

/* What to attach; all borrowed. */
struct blob_write {
    const char *record, *context, *field; /* required, as of a record_write */
    const char *name;                     /* file name that people see */
    const char *type;                     /* media type */
};
/* Reads the source to its end and writes the revision that names it; of a list
 * field the value is the present one and this.  ERR_TOO_BIG above
 * BLOB_BYTES_MAX, ERR_FULL above BLOB_VAULT_BYTES_MAX, else as
 * record_write(); nothing is stored then. */
MUST_CHECK enum err blob_attach(struct vault *vault,
                                const struct blob_write *write,
                                blob_source *source, void *source_context,
                                struct record_written *out,
                                uint8_t blob[HASH_BYTES]);

struct blob_held {
    int64_t id; /* blob.id; 0: nothing of it is here */
    int64_t key, bytes, held;
    bool whole;
    char kept[LINEAGE_CHARS + 1]; /* the office has it, in this lineage; "" */
};
/* Works on a locked vault. */
MUST_CHECK enum err blob_find(struct vault *vault,
                              const uint8_t blob[HASH_BYTES],
                              struct blob_held *out);
/* Gives the content in pieces and checks it against its name at the end.
 * ERR_NOT_FOUND when it is not whole here, ERR_CORRUPT. */
MUST_CHECK enum err blob_read(struct vault *vault, const struct blob_ref *ref,
                              blob_sink *sink, void *context);

/* --- to the office; works on a locked vault --- */

struct blob_outgoing {
    int64_t id; /* 0: there is none */
    uint8_t blob[HASH_BYTES];
    int64_t sealed_bytes;
    uint8_t wrap[BLOB_WRAP_BYTES_MAX]; /* of the case key, to the office */
    size_t wrap_bytes;
};
/* The next after `after` that has no receipt of this lineage. */
MUST_CHECK enum err blob_unsent(struct vault *vault, int64_t after,
                                const char *lineage, struct blob_outgoing *out);
/* Appends up to `most` bytes of the sealed form from `offset` on. */
MUST_CHECK enum err blob_sealed(struct vault *vault, int64_t id, int64_t offset,
                                size_t most, struct buffer *out);
/* Takes the office's receipt.  ERR_SIGNATURE. */
MUST_CHECK enum err blob_kept(struct vault *vault, int64_t id,
                              const struct blob_receipt *receipt);
/* How many wait, and their bytes. */
MUST_CHECK enum err blob_waiting(struct vault *vault, int64_t *count,
                                 int64_t *bytes);

/* --- making room: content may go once it is in two backups --- */

#define BLOB_ASK_MS INT64_C(86400000) /* between asking after the same */

/* Lets every attachment go; *count says how many are here yet.  Those of cases
 * that leave go by themselves. */
MUST_CHECK enum err blob_let_go(struct vault *vault, int64_t *count);
/* One that may go, that the office of this lineage has and that it was not
 * asked about lately.  Works on a locked vault, like the next two. */
MUST_CHECK enum err blob_going(struct vault *vault, const char *lineage,
                               struct blob_outgoing *out);
MUST_CHECK enum err blob_asked(struct vault *vault, int64_t id);
/* Takes the office's word that it is backed up, and erases it. ERR_SIGNATURE.
 */
MUST_CHECK enum err blob_backed(struct vault *vault, int64_t id,
                                const struct blob_receipt *receipt);

/* --- from the office --- */

/* Where to go on: bytes of the content that are here.  `record` names it. */
MUST_CHECK enum err blob_fetch_begin(struct vault *vault, const char *record,
                                     const struct blob_ref *ref,
                                     int64_t *offset);
/* The bytes that follow, durably; after the last of them the content is
 * checked: ERR_CORRUPT drops it. */
MUST_CHECK enum err blob_fetch_add(struct vault *vault,
                                   const struct blob_ref *ref,
                                   struct bytes piece);

#endif
