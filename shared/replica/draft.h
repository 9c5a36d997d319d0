/* Drafts: text that was refused as a record, kept until a person is done with
 * it.  A draft is never sent, and nothing but draft_drop() erases one.
 *
 * Drafts are sealed under the vault key, not under a case key, even when they
 * name a case: a case that leaves takes its key along, and a draft is unsent
 * work, which losing access must not destroy.  It keeps no access open either:
 * it holds what was typed here, nothing that came from the office.
 *
 * Everything but draft_count() needs an unlocked vault (ERR_LOCKED).  Inside a
 * batch, keeping and dropping join it; else each is a transaction. */
#ifndef REPLICA_DRAFT_H
#define REPLICA_DRAFT_H

#include "shared/replica/vault.h"

#define DRAFT_BYTES_MAX (64u << 20)
#define DRAFT_ABOUT_BYTES_MAX (4u << 20)

struct draft {
    int64_t id;
    int64_t at_ms;      /* when it was kept, by the device's clock */
    size_t text_bytes;  /* any bytes, as they were given */
    struct bytes about; /* borrowed: canonical JSON object, the writer's own */
};

/* ERR_TOO_BIG above the limits; ERR_INVALID when `about` (JSON in any spelling)
 * is not an object; ERR_FULL. */
MUST_CHECK enum err draft_keep(struct vault *vault, struct bytes about,
                               struct bytes text, int64_t *id);
/* Calls `each` for every draft, oldest first; stops on its error.  `draft` is
 * borrowed for the call.  A damaged one is {}; reading it is ERR_CORRUPT. */
typedef enum err draft_each_call(void *context, const struct draft *draft);
MUST_CHECK enum err draft_each(struct vault *vault, draft_each_call *each,
                               void *context);
/* Appends `about` and the text to the caller's buffers; out->about borrows from
 * the first.  ERR_NOT_FOUND. */
MUST_CHECK enum err draft_read(struct vault *vault, int64_t id,
                               struct draft *out, struct buffer *about,
                               struct buffer *text);
/* Appends {"about","at","bytes","draft"}; "at" in milliseconds since 1970. */
MUST_CHECK enum err draft_show(struct buffer *out, const struct draft *draft);
/* ERR_NOT_FOUND. */
MUST_CHECK enum err draft_drop(struct vault *vault, int64_t id);
/* Works on a locked vault. */
MUST_CHECK enum err draft_count(struct vault *vault, int64_t *count);

#endif
