/* Random bytes in stock, since a system call for every nonce costs more than
 * sealing a line.
 *
 * Bytes are handed out once and wiped.  A process that was forked off starts
 * with an empty stock, so that no nonce is ever used twice. */
#ifndef REPLICA_RANDOM_POOL_H
#define REPLICA_RANDOM_POOL_H

#include "shared/base/random.h"

#define RANDOM_POOL_BYTES 1024

struct random_pool {
    struct random random;        /* draws from the stock */
    const struct random *source; /* borrowed */
    uint8_t stock[RANDOM_POOL_BYTES];
    size_t left; /* bytes not handed out, at the end of the stock */
    int64_t process;
};

/* `pool` must not move afterwards. */
void random_pool_init(struct random_pool *pool, const struct random *source);
void random_pool_fini(struct random_pool *pool); /* wipes */

#endif
