#include "shared/base/arena.h"

#include <sodium.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES_MIN 4096u
#define BLOCK_BYTES_MAX (256u * 1024)

struct arena_block {
    struct arena_block *next; /* owned, older */
    size_t used;
    size_t room;
    alignas(max_align_t) unsigned char at[];
};

void arena_init(struct arena *a, size_t ceiling)
{
    *a = (struct arena){.ceiling = ceiling};
}

static void blocks_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

void arena_fini(struct arena *a)
{
    blocks_free(a->blocks);
    arena_init(a, a->ceiling);
}

void arena_wipe(struct arena *a)
{
    for (struct arena_block *b = a->blocks; b; b = b->next)
        sodium_memzero(b->at, b->room);
    arena_fini(a);
}

void arena_clear(struct arena *a)
{
    struct arena_block *kept = a->blocks;
    a->used = 0;
    if (!kept)
        return;
    blocks_free(kept->next);
    kept->next = NULL;
    kept->used = 0;
}

static struct arena_block *block_add(struct arena *a, size_t size)
{
    size_t room = a->blocks ? a->blocks->room * 2 : BLOCK_BYTES_MIN;
    if (room > BLOCK_BYTES_MAX)
        room = BLOCK_BYTES_MAX;
    if (room < size)
        room = size;
    struct arena_block *block = malloc(sizeof *block + room);
    if (!block)
        return NULL;
    block->used = 0;
    block->room = room;
    block->next = a->blocks;
    a->blocks = block;
    return block;
}

void *arena_take(struct arena *a, size_t size)
{
    size_t align = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + (size == 0) + align - 1) / align * align;
    if (a->used > a->ceiling || size > a->ceiling - a->used)
        return NULL;
    struct arena_block *block = a->blocks;
    if (!block || size > block->room - block->used)
        block = block_add(a, size);
    if (!block)
        return NULL;
    void *at = block->at + block->used;
    block->used += size;
    a->used += size;
    return memset(at, 0, size);
}

char *arena_copy(struct arena *a, struct bytes bytes)
{
    if (bytes.size == SIZE_MAX)
        return NULL;
    char *copy = arena_take(a, bytes.size + 1);
    if (copy && bytes.size)
        memcpy(copy, bytes.at, bytes.size);
    return copy;
}
