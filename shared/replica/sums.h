/* Sums over what is held of a case: the shares of its lines modulo 2^64, own
 * lines only once they have a receipt (sync-protocol.md section 11).
 *
 * A set of pending additions is gathered in memory and written once a
 * transaction. */
#ifndef REPLICA_SUMS_H
#define REPLICA_SUMS_H

#include "shared/replica/vault_inner.h"

struct sums; /* additions by case key */
MUST_CHECK enum err sums_new(struct sums **out);
void sums_free(struct sums *sums); /* NULL is allowed */
void sums_clear(struct sums *sums);
MUST_CHECK enum err sums_add(struct sums *sums, int64_t key, uint64_t share);
MUST_CHECK enum err sums_store(struct vault *vault, const struct sums *sums);

/* The sum held for a case key; *counted says whether any line is. */
MUST_CHECK enum err sums_case(struct vault *vault, int64_t key, uint64_t *sum,
                              bool *counted);
/* The same with what stands beside it (standing.h): what the office is told. */
MUST_CHECK enum err sums_told(struct vault *vault, int64_t key, uint64_t *sum,
                              bool *counted);
MUST_CHECK enum err sums_excess_set(struct vault *vault, int64_t key,
                                    uint64_t excess);
uint64_t sums_get(const struct sums *sums, int64_t key);
/* Of all cases known to be in the scope, as the office is told. */
MUST_CHECK enum err sums_scope(struct vault *vault, const char *scope,
                               uint64_t *sum);
/* The same by sums in memory. */
MUST_CHECK enum err sums_scope_of(struct vault *vault, const char *scope,
                                  const struct sums *sums, uint64_t *sum);
/* Own lines above `from` up to `to` now have a receipt.  The sum of a scope
 * that has one of them is exact again once a cursor ends after this. */
MUST_CHECK enum err sums_receipt(struct vault *vault, int64_t log, int64_t from,
                                 int64_t to);

#endif
