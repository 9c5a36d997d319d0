/* Everything that can still be read of a vault: its lines, opened.
 *
 * Reads the file, its write-ahead log and its key file, whichever are there, or
 * a mirror, damaged or not.  A line counts when its seal opens under a key of
 * that vault and it says that it stands where it stood. */
#ifndef REPLICA_SALVAGE_FIND_H
#define REPLICA_SALVAGE_FIND_H

#include "shared/replica/case_key.h"

struct found_line {
    char replica[REPLICA_CHARS + 1];
    int64_t n;
    int64_t log; /* order of the logs: predecessors come first */
    bool own;    /* written by that vault */
    const struct revision *revision; /* in the arena */
    char kase[ID_CHARS + 1];         /* "": it has none */
};

struct found {
    struct arena arena;       /* texts and trees */
    struct found_line *lines; /* owned; by log and n, each place once */
    size_t count, room;
    int64_t unopened; /* envelopes that stood there and did not open */
    int64_t unread;   /* bytes that the disk did not give */
};

/* `vault` lends its device key and scratch.  ERR_NOT_FOUND: no keys, or none of
 * them this device's; ERR_PASSPHRASE; the vault's detail says more.  Release
 * with found_fini() whatever is returned. */
MUST_CHECK enum err salvage_find(struct vault *vault, const char *source,
                                 const char *passphrase, struct found *out);
void found_fini(struct found *found);

#endif
