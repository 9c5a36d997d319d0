/* The record types that this build ships (folder schema/), deflated in its
 * image.  Safe in any thread. */
#ifndef REPLICA_SHIPPED_H
#define REPLICA_SHIPPED_H

#include "shared/model/schema.h"

/* Adds them all to an empty schema.  ERR_NOMEM, ERR_CORRUPT. */
MUST_CHECK enum err shipped_types_add(struct schema *schema);

/* Another hash when another build ships other types. */
void shipped_types_hash(uint8_t out[HASH_BYTES]);

#endif
