/* A device that the root has certified and that the store does not know: the
 * office was taken back to before it was enrolled (sync-protocol.md, section
 * 7).  Its certificate says who it was. */
#ifndef SERVER_FORGOTTEN_H
#define SERVER_FORGOTTEN_H

#include "server/office.h"
#include "server/store_replica.h"

/* Enters it again; *out is its row.  Revoked, where a record says so of it, or
 * of one that it followed afterwards.  The
 * certificate's signature is the caller's to check.  Inside a write
 * transaction. */
MUST_CHECK enum err forgotten_add(struct office *office, struct sql *sql,
                                  const struct certificate *who,
                                  struct bytes text,
                                  const uint8_t sig[SIGNATURE_BYTES],
                                  struct replica_row *out);
/* Of one that has a row again: revoked, where a record says so. */
MUST_CHECK enum err forgotten_shut(struct office *office, struct sql *sql,
                                   const char *replica);
/* Everybody else must hear of it: changes the lineage, unless that was done
 * since the device was certified, so that any number of such devices change it
 * once. */
MUST_CHECK enum err forgotten_tell(struct office *office, struct sql *sql,
                                   const struct replica_row *row);

#endif
