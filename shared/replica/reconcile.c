#include "shared/replica/inbox_inner.h"

#include <stdlib.h>

struct reconcile {
    int unused;
};

enum err reconcile_new(struct reconcile **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? ERR_OK : ERR_NOMEM;
}

void reconcile_free(struct reconcile *reconcile)
{
    free(reconcile);
}

enum err inbox_scope_sum(struct vault *vault, const char *scope, uint64_t *sum)
{
    return sums_scope(vault, scope, sum);
}
