/* What this vault has to push: its own log past the last receipt.
 *
 * There is no "dirty" flag; what is unsent is what lies above.  Works on a
 * locked vault: lines then come as sealed envelopes. */
#ifndef REPLICA_OUTBOX_H
#define REPLICA_OUTBOX_H

#include "shared/replica/identity.h"

struct outbox_line {
    char replica[REPLICA_CHARS + 1]; /* current or a predecessor */
    int64_t n;
    bool sealed;              /* no vault key: envelope instead of line */
    struct bytes line;        /* plain line, when not sealed */
    struct bytes envelope;    /* nonce and ciphertext, when sealed */
    char case_token[65];      /* when sealed */
    struct bytes office_wrap; /* the case key's wrapping to the office */
    bool erased;              /* neither: only its hash is known */
    uint8_t hash[HASH_BYTES]; /* when erased */
    bool has_signature;       /* stored over link(n) */
    uint8_t signature[SIGNATURE_BYTES];
};
typedef enum err outbox_each(void *context, const struct outbox_line *line);

/* The current log from `from` on, at most `count` lines and about `bytes` of
 * them, always ending at a signed line. */
MUST_CHECK enum err outbox_read(struct vault *vault, int64_t from, size_t count,
                                size_t bytes, outbox_each *each, void *context);
/* Link of the own log at n (0 too). */
MUST_CHECK enum err outbox_link(struct vault *vault, int64_t n,
                                uint8_t link[LINK_BYTES]);

/* Predecessors' lines that wait to be contributed (after a rollback): same
 * form, one log after the other; `key` is that log's public key. */
typedef enum err outbox_each_old(void *context, const uint8_t key[KEY_BYTES],
                                 const struct outbox_line *line);
/* Are there any?  Costs one statement. */
MUST_CHECK enum err outbox_old_waits(struct vault *vault, bool *waits);
MUST_CHECK enum err outbox_read_old(struct vault *vault, size_t count,
                                    outbox_each_old *each, void *context);
/* The office has them: marks that log as contributed up to n. */
MUST_CHECK enum err outbox_old_done(struct vault *vault, const char *replica,
                                    int64_t n);

/* The office has that log only up to n, so that it takes nothing above n + 1:
 * goes on from there.  *earlier is false when that is not earlier than what is
 * being contributed. */
MUST_CHECK enum err outbox_old_earlier(struct vault *vault, const char *replica,
                                       int64_t n, bool *earlier);

/* The link of that predecessor's log at n. */
MUST_CHECK enum err outbox_old_link(struct vault *vault, const char *replica,
                                    int64_t n, uint8_t link[LINK_BYTES]);

/* The office's log of that replica goes another way, from below what is being
 * contributed: all of it is, so that the office finds where.  *whole is false
 * when it was already, or when lines of it were erased. */
MUST_CHECK enum err outbox_old_whole(struct vault *vault, const char *replica,
                                     bool *whole);

/* The office's log of that replica goes another way, so that it takes nothing
 * of this one: what was to be contributed is let be, and counts for no more
 * than it did.  *stopped is false when nothing was. */
MUST_CHECK enum err outbox_old_stop(struct vault *vault, const char *replica,
                                    bool *stopped);
/* The same where a difference has shown that the office lacks those lines: that
 * there is a receipt for them is no longer true, and they are carried, as what
 * stands in their places need not come here.  Unlocked. */
MUST_CHECK enum err outbox_old_lost(struct vault *vault, const char *replica,
                                    bool *stopped);

/* Takes a receipt after checking link, lineage and signature.  ERR_SIGNATURE,
 * ERR_FORK when its link is not our own at that n. */
MUST_CHECK enum err outbox_receipt(struct vault *vault,
                                   const struct receipt *receipt);
/* The same for one that says backed up, which says received, too. */
MUST_CHECK enum err outbox_backed(struct vault *vault,
                                  const struct receipt *receipt);
/* Office terms of histories before the present one, the last heard first, and
 * how far they said to have written; at most LOG_MARKS_MAX. */
MUST_CHECK enum err outbox_terms(struct vault *vault,
                                 struct log_mark out[LOG_MARKS_MAX],
                                 size_t *count);

/* Predecessors' logs of which the office has more than is backed up, at most
 * LOG_MARKS_MAX. */
MUST_CHECK enum err outbox_older(struct vault *vault,
                                 struct log_mark out[LOG_MARKS_MAX],
                                 size_t *count);
/* Takes a `backed` receipt for one of them, of the present lineage.  One whose
 * link is not our own at that n says nothing of our lines, and is noted, so
 * that outbox_older() counts it as told. */
MUST_CHECK enum err outbox_older_backed(struct vault *vault,
                                        const struct receipt *receipt);
/* The office holds these of our lines. */
MUST_CHECK enum err outbox_held(struct vault *vault,
                                const struct held_note *notes, size_t count);

#endif
