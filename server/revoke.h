/* Shutting a device out.
 *
 * A revocation is a record that every device gets, so that an office restored
 * from an older backup learns it again: from whoever brings it back, before or
 * after the revoked device does. */
#ifndef SERVER_REVOKE_H
#define SERVER_REVOKE_H

#include "server/office.h"
#include "server/store_replica.h"

/* Writes the record, and revokes the device and all that have followed it.
 * `reason` may be NULL.  Inside a write transaction. */
MUST_CHECK enum err revoke_write(struct office *office, struct sql *sql,
                                 const char *author,
                                 const struct replica_row *row,
                                 const char *reason);
/* Does any record in effect revoke that replica? */
MUST_CHECK enum err revoke_find(struct sql *sql, const char *agency,
                                const char *replica, bool *revoked);

#endif
