/* Bump allocation for short-lived trees: one free for all of it.
 *
 * Not thread-safe.  Memory is zeroed and aligned for any object. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "shared/base/bytes.h"

struct arena_block;
struct arena {
    struct arena_block *blocks; /* owned, newest first */
    size_t used;                /* bytes handed out, all blocks */
    size_t ceiling;
};

void arena_init(struct arena *a, size_t ceiling);
void arena_fini(struct arena *a);
void arena_clear(struct arena *a); /* keeps one block for reuse */
void arena_wipe(struct arena *a);  /* overwrites all of it, then fini */

/* NULL when memory or the ceiling is exhausted (treat both as ERR_NOMEM). */
void *arena_take(struct arena *a, size_t size);
/* A NUL-terminated copy. */
char *arena_copy(struct arena *a, struct bytes bytes);

#endif
