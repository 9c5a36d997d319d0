#include "shared/replica/standing.h"

#include <stdlib.h>
#include <string.h>

#define SHARE_BYTES 8 /* a prefix of a hash is its share */

void standing_init(struct standing *standing)
{
    memset(standing, 0, sizeof *standing);
}

void standing_fini(struct standing *standing)
{
    free(standing->now);
    free(standing->before);
    standing_init(standing);
}

void standing_round(struct standing *standing)
{
    struct difference *spare = standing->before;
    size_t room = standing->before_room;
    standing->before = standing->now;
    standing->before_count = standing->now_count;
    standing->before_room = standing->now_room;
    standing->now = spare;
    standing->now_count = 0;
    standing->now_room = room;
    standing->moved = false;
}

static enum err room_make(struct standing *standing)
{
    if (standing->now_count < standing->now_room)
        return ERR_OK;
    size_t room = standing->now_room ? standing->now_room * 2 : 16;
    struct difference *grown =
        realloc(standing->now, room * sizeof *standing->now);
    if (!grown)
        return ERR_NOMEM;
    standing->now = grown;
    standing->now_room = room;
    return ERR_OK;
}

enum err standing_note(struct standing *standing, struct vault *vault,
                       int64_t key, struct bytes have)
{
    struct difference difference = {.key = key};
    bool counted;
    enum err err = room_make(standing);
    if (!err)
        err = sums_case(vault, key, &difference.own, &counted);
    if (!err)
        err = sums_excess_set(vault, key, 0);
    if (err)
        return err;
    for (size_t at = 0; at + SHARE_BYTES <= have.size; at += SHARE_BYTES)
        difference.office += load_le64(have.at + at);
    standing->now[standing->now_count++] = difference;
    return ERR_OK;
}

static bool same(const struct difference *a, const struct difference *b)
{
    return a->key == b->key && a->own == b->own && a->office == b->office;
}

/* A round that moved anything may have left the rest for want of room. */
static bool stands(const struct standing *standing)
{
    if (standing->moved || standing->now_count != standing->before_count ||
        standing->given < standing->asked)
        return false;
    for (size_t i = 0; i < standing->now_count; i++)
        if (!same(&standing->now[i], &standing->before[i]))
            return false;
    return true;
}

enum err standing_keep(struct standing *standing, struct vault *vault,
                       bool keep, size_t *count)
{
    *count = stands(standing) ? standing->now_count : 0;
    standing->asked = standing->given = 0;
    if (!*count || !keep)
        return ERR_OK;
    enum err err = vault_begin(vault);
    if (err)
        return err;
    for (size_t i = 0; !err && i < *count; i++) {
        const struct difference *d = &standing->now[i];
        err = sums_excess_set(vault, d->key, d->office - d->own);
    }
    return vault_end(vault, err);
}
