/* Bringing what can be read of a damaged vault, or of its mirror, into another
 * vault of the same worker, from where it reaches the office.
 *
 * What that vault has already, from the office or from an earlier salvage, is
 * left alone, so that no write becomes two.  Each other own line is carried
 * (sync-protocol.md section 4): word for word, under a new dot.  The source is
 * only read. */
#ifndef REPLICA_SALVAGE_H
#define REPLICA_SALVAGE_H

#include "shared/replica/vault.h"

struct salvage_report {
    int64_t intact;   /* own lines that open */
    int64_t carried;  /* of them: written into the vault */
    int64_t known;    /* of them: the vault had them */
    int64_t foreign;  /* of them: of another user than the vault's */
    int64_t others;   /* lines by others that open: the office has them */
    int64_t unopened; /* envelopes that do not open */
    int64_t unread;   /* bytes of the source that the disk did not give */
    int64_t missing;  /* places of the own logs that are nowhere */
};
/* One log's places first..last are missing. */
typedef void salvage_gap(void *context, const char *replica, int64_t first,
                         int64_t last);

/* All in one transaction.  `passphrase` is the source's.  ERR_LOCKED; the
 * vault's detail says what else is wrong. */
MUST_CHECK enum err salvage(struct vault *vault, const char *source,
                            const char *passphrase, salvage_gap *gap,
                            void *context, struct salvage_report *report);

#endif
