/* What rebuild and verify compute from the log. */
#ifndef REPLICA_VAULT_REBUILD_H
#define REPLICA_VAULT_REBUILD_H

#include "shared/replica/own_logs.h"
#include "shared/replica/sums.h"

/* The sum of every case, afresh from the lines that stand in records. */
MUST_CHECK enum err vault_sums_compute(struct vault *vault,
                                       const struct own_logs *own,
                                       struct sums *sums);

#endif
