/* A proof of custody: receipts with what it takes to verify them.
 *
 * A third person who has the agency's root public key checks, without office,
 * vault or network: the root certified the term and the writer, and the term
 * signed that the office has the writer's log up to n, link included.
 * {"agency","proof":1,"receipts":[{"kind","link","lineage","n","replica","sig",
 * "taken_at","term":{"sig","text"},"writer":{"sig","text"}},...],"root"}; the
 * signatures are those of sync-protocol.md sections 7 and 10.  Pure. */
#ifndef WIRE_PROOF_H
#define WIRE_PROOF_H

#include "shared/wire/message.h"

#define PROOF_BYTES_MAX (4u << 20)
#define PROOF_RECEIPTS_MAX 1024

struct proof_receipt {
    bool backed; /* backed up, and so received; else received */
    struct receipt receipt;
    int64_t taken_at;  /* by the device's clock; not signed */
    struct bytes term; /* certificate texts */
    uint8_t term_sig[SIGNATURE_BYTES];
    struct bytes writer;
    uint8_t writer_sig[SIGNATURE_BYTES];
};

/* Writing: begin, each, end; the buffer keeps the error. */
void proof_begin(struct buffer *out, const char *agency);
void proof_add(struct buffer *out, const struct proof_receipt *receipt,
               bool first);
MUST_CHECK enum err proof_end(struct buffer *out,
                              const uint8_t root[KEY_BYTES]);

/* Called for every receipt, which is good by then. */
typedef enum err proof_each(void *context, const struct proof_receipt *receipt,
                            const struct certificate *writer);
/* Checks all of it against `root` (not the one in it); ERR_SIGNATURE when
 * anything does not verify, ERR_INVALID when it is no proof or an empty one. */
MUST_CHECK enum err proof_check(struct arena *arena, struct bytes json,
                                const uint8_t root[KEY_BYTES], proof_each *each,
                                void *context);

#endif
