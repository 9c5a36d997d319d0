/* Disposal: a case whose time is over goes, when two persons say so.
 *
 * The texts of its lines go from the store, with all that was derived from
 * them, and the files of its attachments; that there were lines, their hashes,
 * links and signatures stay, so that every log still verifies.  What tells
 * sites of the case goes with it.  Devices are told that the case has left
 * them.  The decision stands in the store and in the ledger, which no restore
 * takes back (disposal_ledger.h); whoever opens the office first does what the
 * ledger says and the store does not know. */
#ifndef SERVER_DISPOSAL_H
#define SERVER_DISPOSAL_H

#include "server/disposal_ledger.h"

/* Inside a write transaction.  All fail with office->detail: ERR_NOT_FOUND (no
 * such case, nothing proposed), ERR_DENIED (the same person twice, retention,
 * legal hold, recovery), ERR_EXISTS (nothing is left of it). */
MUST_CHECK enum err disposal_propose(struct office *office, struct sql *sql,
                                     const char *by, const char *kase,
                                     const char *reason);
MUST_CHECK enum err disposal_withdraw(struct office *office, struct sql *sql,
                                      const char *by, const char *kase);
/* Does it.  The ledger has the decision when this returns: it stands even if
 * the transaction fails. */
MUST_CHECK enum err disposal_approve(struct office *office, struct sql *sql,
                                     const char *by, const char *kase,
                                     struct disposal_row *out);

/* What the ledger says and the store does not know is done, inside the write
 * transaction; *bytes is how far the ledger was read, for office->ledger_bytes
 * once it has committed.  Cheap when there is nothing new. */
MUST_CHECK enum err disposal_catch_up(struct office *office, struct sql *sql,
                                      uint64_t *bytes);
/* The same as a transaction of its own; and what the store knows and the ledger
 * does not is written there. */
MUST_CHECK enum err disposal_settle(struct office *office, struct sql *sql);

/* Removes the files of attachments that are gone and rewrites the store's file,
 * so that nothing remains in its free space.  Outside a transaction; takes time
 * in proportion to the store, keeps writers waiting.  ERR_BUSY: others read. */
MUST_CHECK enum err disposal_clean(struct office *office, struct sql *sql);
/* The files alone, in the office's folder or beside a backup. */
MUST_CHECK enum err disposal_clean_blobs(struct office *office, struct sql *sql,
                                         char *folder);

#endif
