#include "shared/model/same.h"

#include <stdlib.h>
#include <string.h>

#include "shared/base/map.h"
#include "shared/model/view.h"

#define LINKS_BYTES_MAX (64u << 20)
#define STATE_ARENA_BYTES_MAX (256u << 20)

struct node {
    const char *id;
    const struct node *to; /* NULL: stands for itself */
};

struct same {
    struct arena arena; /* nodes and ids */
    struct map *nodes;  /* struct node by id */
};

enum err same_new(struct same **out)
{
    *out = NULL;
    struct same *same = calloc(1, sizeof *same);
    if (!same)
        return ERR_NOMEM;
    arena_init(&same->arena, LINKS_BYTES_MAX);
    enum err err = map_new(&same->nodes);
    if (err) {
        same_free(same);
        return err;
    }
    *out = same;
    return ERR_OK;
}

void same_free(struct same *same)
{
    if (!same)
        return;
    map_free(same->nodes);
    arena_fini(&same->arena);
    free(same);
}

static enum err node_of(struct same *same, struct bytes id, struct node **out)
{
    *out = map_get(same->nodes, id);
    if (*out)
        return ERR_OK;
    struct node *node = arena_take(&same->arena, sizeof *node);
    char *copy = arena_copy(&same->arena, id);
    if (!node || !copy)
        return ERR_NOMEM;
    *node = (struct node){.id = copy};
    *out = node;
    return map_put(same->nodes, id, node);
}

enum err same_link(struct same *same, struct bytes from, struct bytes to)
{
    struct node *node, *target;
    if (bytes_equal(from, to))
        return ERR_OK;
    enum err err = node_of(same, from, &node);
    if (!err)
        err = node_of(same, to, &target);
    if (!err)
        node->to = target;
    return err;
}

enum err same_take(struct same *same, const struct schema_type *type,
                   struct bytes state)
{
    const struct schema_field *merges = type_merges(type);
    const struct canon *root;
    struct arena arena;
    if (!merges)
        return ERR_OK;
    arena_init(&arena, STATE_ARENA_BYTES_MAX);
    enum err err = canon_parse(&arena, state, &root, NULL);
    const struct canon *fields = err ? NULL : canon_member(root, "fields");
    const struct canon *field = fields ? fields->first : NULL;
    while (field && !bytes_equal(field->name, field_name(merges)))
        field = field->next;
    struct bytes from, to;
    if (field && canon_text(root, "record", &from) &&
        canon_text(field, "value", &to) && id_valid(to))
        err = same_link(same, from, to);
    arena_fini(&arena);
    return err;
}

/* The end of the chain; in a circle, the least of those in it. */
static const struct node *root_of(const struct same *same,
                                  const struct node *node)
{
    for (size_t i = map_count(same->nodes); node->to && i > 0; i--)
        node = node->to;
    if (!node->to)
        return node;
    const struct node *least = node;
    for (const struct node *at = node->to; at != node; at = at->to)
        if (strcmp(at->id, least->id) < 0)
            least = at;
    return least;
}

const char *same_root(const struct same *same, const char *id)
{
    const struct node *node = map_get(same->nodes, bytes_text(id));
    return node ? root_of(same, node)->id : id;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum err same_others(const struct same *same, const char *id,
                     struct buffer *out)
{
    size_t count = 0, nodes = map_count(same->nodes);
    const struct node *node = map_get(same->nodes, bytes_text(id));
    const struct node *root = node ? root_of(same, node) : NULL;
    const char **ids = calloc(nodes + 1, sizeof *ids);
    if (!ids)
        return ERR_NOMEM;
    for (size_t i = 0; root && i < nodes; i++) {
        const struct node *other = map_value_at(same->nodes, i);
        if (other != node && root_of(same, other) == root)
            ids[count++] = other->id;
    }
    qsort(ids, count, sizeof *ids, compare_ids);
    buffer_add_char(out, '[');
    for (size_t i = 0; i < count; i++)
        buffer_printf(out, "%s\"%s\"", i ? "," : "", ids[i]);
    buffer_add_char(out, ']');
    free(ids);
    return buffer_err(out);
}

bool same_matches(const struct same *same, const struct canon *state,
                  const char *name, struct bytes value)
{
    if (view_matches(state, name, value))
        return true;
    const struct node *node = map_get(same->nodes, value);
    if (!node)
        return false;
    const struct node *root = root_of(same, node);
    for (size_t i = 0; i < map_count(same->nodes); i++) {
        const struct node *other = map_value_at(same->nodes, i);
        if (root_of(same, other) == root &&
            view_matches(state, name, bytes_text(other->id)))
            return true;
    }
    return false;
}
