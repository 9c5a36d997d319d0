/* A hash map from byte strings to pointers, insertion order kept.
 *
 * Keys are copied.  Values are borrowed: the map never frees them.  Seeded per
 * process so that a hostile peer cannot choose colliding keys. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "shared/base/bytes.h"

struct map;

MUST_CHECK enum err map_new(struct map **out);
void map_free(struct map *m); /* NULL is allowed */
/* Removes every entry; cannot fail. */
void map_clear(struct map *m);
/* Adds or replaces. */
MUST_CHECK enum err map_put(struct map *m, struct bytes key, void *value);
void *map_get(const struct map *m, struct bytes key); /* NULL: absent */
bool map_has(const struct map *m, struct bytes key);
/* Takes time in proportion to the count. */
void map_remove(struct map *m, struct bytes key);
size_t map_count(const struct map *m);
/* Entry `index` of map_count() in insertion order (removal keeps order). */
struct bytes map_key_at(const struct map *m, size_t index);
void *map_value_at(const struct map *m, size_t index);

#endif
