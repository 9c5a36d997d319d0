/* Shutting a device out.
 *
 * A revocation is a record that every device gets, so that an office restored
 * from an older backup learns it again: from whoever brings it back, before or
 * after the revoked device does.  Such an office may not know who followed
 * whom, and a vault has the keys of all that it has been: each of its
 * identities has a record of its own. */
#ifndef SERVER_REVOKE_H
#define SERVER_REVOKE_H

#include "server/office.h"
#include "server/store_replica.h"

/* Revokes the device, all that it followed and all that have followed it, and
 * writes the records.  Who followed one of the former by another way, as the
 * copy of a vault does, is not touched.  `reason` may be NULL.  Inside a write
 * transaction. */
MUST_CHECK enum err revoke_write(struct office *office, struct sql *sql,
                                 const char *author,
                                 const struct replica_row *row,
                                 const char *reason);
/* Since when a record in effect has revoked that replica; ERR_NOT_FOUND: none
 * does. */
MUST_CHECK enum err revoke_find(struct sql *sql, const char *agency,
                                const char *replica, int64_t *at);

#endif
