/* Who at the office may write which records with `put`: schema/rights.txt, by
 * the role of the account.  What a device may write is not its business. */
#ifndef SERVER_RIGHT_H
#define SERVER_RIGHT_H

#include "shared/base/bytes.h"
#include "shared/model/schema.h"

#define RIGHT_DETAIL_CHARS 512

/* May this role write records of the type?  ERR_DENIED, with a `detail`
 * (RIGHT_DETAIL_CHARS) that says who may, or with what else it is written.
 * `type` is NULL for one that the schema does not know. */
MUST_CHECK enum err right_type(const char *role, struct bytes name,
                               const struct schema_type *type, char *detail);
/* The same of a field, when the type may be written. */
MUST_CHECK enum err right_field(const char *role, struct bytes name,
                                const struct schema_type *type,
                                struct bytes field, char *detail);

#endif
