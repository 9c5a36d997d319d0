#include "shared/base/map.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/random.h"

#define SLOTS_MIN 16u

struct entry {
    uint8_t *key; /* owned; never NULL */
    size_t key_size;
    void *value; /* borrowed */
    uint64_t hash;
};

/* Entries stand in insertion order; slots hold entry index + 1, 0 when free,
 * probed linearly and at most half full. */
struct map {
    struct entry *entries; /* owned */
    uint32_t *slots;       /* owned */
    size_t count;
    size_t slot_count; /* a power of two, or 0 */
    uint8_t seed[crypto_shorthash_KEYBYTES];
};

enum err map_new(struct map **out)
{
    *out = NULL;
    struct map *m = calloc(1, sizeof *m);
    if (!m)
        return ERR_NOMEM;
    random_fill(random_system(), m->seed, sizeof m->seed);
    *out = m;
    return ERR_OK;
}

void map_free(struct map *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->count; i++)
        free(m->entries[i].key);
    free(m->entries);
    free(m->slots);
    free(m);
}

void map_clear(struct map *m)
{
    for (size_t i = 0; i < m->count; i++)
        free(m->entries[i].key);
    m->count = 0;
    if (m->slots)
        memset(m->slots, 0, m->slot_count * sizeof *m->slots);
}

static uint64_t map_hash(const struct map *m, struct bytes key)
{
    static const uint8_t none[1];
    uint8_t hash[crypto_shorthash_BYTES];
    crypto_shorthash(hash, key.size ? key.at : none, key.size, m->seed);
    return load_le64(hash);
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t map_slot(const struct map *m, struct bytes key, uint64_t hash)
{
    size_t mask = m->slot_count - 1;
    size_t slot = (size_t)hash & mask;
    for (; m->slots[slot]; slot = (slot + 1) & mask) {
        const struct entry *e = &m->entries[m->slots[slot] - 1];
        if (e->hash == hash && bytes_equal(bytes_of(e->key, e->key_size), key))
            break;
    }
    return slot;
}

static struct entry *map_find(const struct map *m, struct bytes key)
{
    if (!m->count)
        return NULL;
    size_t slot = map_slot(m, key, map_hash(m, key));
    return m->slots[slot] ? &m->entries[m->slots[slot] - 1] : NULL;
}

/* Fills the slots from the entries. */
static void map_index(struct map *m)
{
    size_t mask = m->slot_count - 1;
    memset(m->slots, 0, m->slot_count * sizeof *m->slots);
    for (size_t i = 0; i < m->count; i++) {
        size_t slot = (size_t)m->entries[i].hash & mask;
        while (m->slots[slot])
            slot = (slot + 1) & mask;
        m->slots[slot] = (uint32_t)i + 1;
    }
}

static enum err map_grow(struct map *m)
{
    size_t slots = m->slot_count ? m->slot_count * 2 : SLOTS_MIN;
    if (slots > UINT32_MAX)
        return ERR_TOO_BIG;
    struct entry *entries = realloc(m->entries, slots / 2 * sizeof *m->entries);
    if (!entries)
        return ERR_NOMEM;
    m->entries = entries;
    uint32_t *slot = realloc(m->slots, slots * sizeof *m->slots);
    if (!slot)
        return ERR_NOMEM;
    m->slots = slot;
    m->slot_count = slots;
    map_index(m);
    return ERR_OK;
}

enum err map_put(struct map *m, struct bytes key, void *value)
{
    struct entry *present = map_find(m, key);
    if (present) {
        present->value = value;
        return ERR_OK;
    }
    if (m->count == m->slot_count / 2) {
        enum err err = map_grow(m);
        if (err)
            return err;
    }
    uint8_t *copy = malloc(key.size + 1);
    if (!copy)
        return ERR_NOMEM;
    if (key.size)
        memcpy(copy, key.at, key.size);
    copy[key.size] = 0;
    uint64_t hash = map_hash(m, key);
    size_t slot = map_slot(m, key, hash);
    m->entries[m->count] = (struct entry){
        .key = copy,
        .key_size = key.size,
        .value = value,
        .hash = hash,
    };
    m->count++;
    m->slots[slot] = (uint32_t)m->count;
    return ERR_OK;
}

void *map_get(const struct map *m, struct bytes key)
{
    const struct entry *e = map_find(m, key);
    return e ? e->value : NULL;
}

bool map_has(const struct map *m, struct bytes key)
{
    return map_find(m, key) != NULL;
}

void map_remove(struct map *m, struct bytes key)
{
    struct entry *e = map_find(m, key);
    if (!e)
        return;
    size_t index = (size_t)(e - m->entries);
    free(e->key);
    m->count--;
    memmove(e, e + 1, (m->count - index) * sizeof *e);
    map_index(m);
}

size_t map_count(const struct map *m)
{
    return m->count;
}

struct bytes map_key_at(const struct map *m, size_t index)
{
    assert(index < m->count);
    return bytes_of(m->entries[index].key, m->entries[index].key_size);
}

void *map_value_at(const struct map *m, size_t index)
{
    assert(index < m->count);
    return m->entries[index].value;
}
