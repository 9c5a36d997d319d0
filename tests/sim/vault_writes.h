/* Which writes a vault holds, those too that it can no longer read. */
#ifndef SIM_VAULT_WRITES_H
#define SIM_VAULT_WRITES_H

#include "shared/base/map.h"
#include "shared/replica/vault.h"

/* Adds the id of each to `ids`, with some value.  Needs an unlocked vault. */
MUST_CHECK enum err vault_writes_add(struct vault *vault, struct map *ids);

#endif
