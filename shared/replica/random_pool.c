#include "shared/replica/random_pool.h"

#include <sodium.h>
#include <string.h>
#include <unistd.h>

static void pool_fill(void *context, void *out, size_t size)
{
    struct random_pool *pool = context;
    if (size > RANDOM_POOL_BYTES) {
        random_fill(pool->source, out, size);
        return;
    }
    int64_t process = getpid();
    if (pool->left < size || pool->process != process) {
        random_fill(pool->source, pool->stock, RANDOM_POOL_BYTES);
        pool->left = RANDOM_POOL_BYTES;
        pool->process = process;
    }
    uint8_t *at = pool->stock + RANDOM_POOL_BYTES - pool->left;
    memcpy(out, at, size);
    memset(at, 0, size);
    pool->left -= size;
}

void random_pool_init(struct random_pool *pool, const struct random *source)
{
    memset(pool, 0, sizeof *pool);
    pool->source = source;
    pool->random = (struct random){pool_fill, pool};
}

void random_pool_fini(struct random_pool *pool)
{
    sodium_memzero(pool->stock, sizeof pool->stock);
    pool->left = 0;
}
