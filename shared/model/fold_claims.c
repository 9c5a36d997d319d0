#include "shared/model/fold_field.h"

#include <stdlib.h>
#include <string.h>

/* Live claims of `found` into `alive`, which has room for all of them.  Only
 * forged contexts go round in a circle and cover one another: then all live. */
static void live_into(struct folding *f, struct claims found,
                      struct claims *alive)
{
    cover_clear(&f->cover);
    for (size_t i = 0; i < found.count; i++)
        cover_add(&f->cover, found.at[i].act);
    alive->count = 0;
    for (size_t i = 0; i < found.count; i++)
        if (!cover_has(&f->cover, found.at[i].act))
            alive->at[alive->count++] = found.at[i];
    if (alive->count || !found.count)
        return;
    memcpy(alive->at, found.at, found.count * sizeof *alive->at);
    alive->count = found.count;
}

enum err claims_live(struct folding *f, struct claims found, struct claims *out)
{
    *out =
        (struct claims){arena_take(f->arena, found.count * sizeof *out->at), 0};
    if (!out->at)
        return ERR_NOMEM;
    live_into(f, found, out);
    return ERR_OK;
}

const struct claim *claims_best(struct claims claims)
{
    const struct claim *best = claims.at;
    for (size_t i = 1; i < claims.count; i++)
        if (act_rank(claims.at[i].value, best->value) > 0)
            best = &claims.at[i];
    return best;
}

bool claims_differ(struct claims claims)
{
    for (size_t i = 1; i < claims.count; i++)
        if (!bytes_equal(claims.at[i].node->raw, claims.at[0].node->raw))
            return true;
    return false;
}

static void unmark_values(struct folding *f, struct claims claims)
{
    for (size_t i = 0; i < claims.count; i++)
        f->marked[claims.at[i].value->index] = false;
}

bool claims_agreed(struct folding *f, struct claims alive)
{
    size_t values = 0;
    for (size_t i = 0; i < alive.count; i++) {
        bool *marked = &f->marked[alive.at[i].value->index];
        values += !*marked;
        *marked = true;
    }
    unmark_values(f, alive);
    for (size_t i = 0; i < alive.count;) {
        const struct act *act = alive.at[i].act;
        size_t kept = 0;
        for (; i < alive.count && alive.at[i].act == act; i++)
            kept += alive.at[i].value != act;
        if (kept == values)
            return true;
    }
    return false;
}

/* Per replica the greatest n that all of `alive` had seen. */
static void common_seen(const struct acts *acts, struct claims alive,
                        int64_t *common)
{
    for (size_t r = 0; r < acts->replica_count; r++) {
        struct bytes replica = bytes_text(acts->replicas[r]);
        common[r] = INT64_MAX;
        for (size_t i = 0; i < alive.count && common[r]; i++) {
            int64_t n = 0;
            const struct appearance *p = alive.at[i].act->first;
            for (; p; p = p->next) {
                int64_t seen = seen_get(p->seen, replica);
                n = seen > n ? seen : n;
            }
            common[r] = n < common[r] ? n : common[r];
        }
    }
}

static bool is_common(const struct act *act, struct claims alive,
                      const int64_t *common)
{
    for (const struct appearance *p = act->first; p; p = p->next)
        if (common[p->column] >= p->line->dot.n)
            return true;
    const struct appearance *only = act->first;
    if (only && !only->next && !only->released)
        return false;
    /* A write with several dots: each may have seen it under another. */
    for (size_t i = 0; i < alive.count; i++)
        if (!act_has_seen(alive.at[i].act, act))
            return false;
    return true;
}

static void mark_acts(struct folding *f, struct claims claims, bool as)
{
    for (size_t i = 0; i < claims.count; i++)
        f->marked[claims.at[i].act->index] = as;
}

/* What all of `alive` had seen, and is none of them. */
static struct claims past_of(struct folding *f, struct claims found,
                             struct claims alive, const int64_t *common)
{
    struct claims past = {found.at, 0};
    mark_acts(f, alive, true);
    for (size_t i = 0; i < found.count; i++)
        if (!f->marked[found.at[i].act->index] &&
            is_common(found.at[i].act, alive, common))
            past.at[past.count++] = found.at[i];
    mark_acts(f, alive, false);
    return past;
}

enum err claims_base(struct folding *f, struct claims found,
                     struct claims alive, struct bytes *out)
{
    int64_t *common =
        arena_take(f->arena, f->acts->replica_count * sizeof *common);
    struct claims past = {arena_take(f->arena, found.count * sizeof *past.at),
                          found.count};
    struct claims top = {arena_take(f->arena, found.count * sizeof *top.at), 0};
    if (!common || !past.at || !top.at)
        return ERR_NOMEM;
    memcpy(past.at, found.at, found.count * sizeof *past.at);
    *out = bytes_text("null");
    while (claims_differ(alive)) {
        common_seen(f->acts, alive, common);
        past = past_of(f, past, alive, common);
        if (!past.count)
            return ERR_OK;
        live_into(f, past, &top);
        alive = top;
    }
    *out = claims_best(alive)->node->raw;
    return ERR_OK;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->act->index > y->act->index ? 1 : -1;
}

enum err claims_list(struct folding *f, struct claims claims,
                     struct entries *out)
{
    *out = (struct entries){
        arena_take(f->arena, claims.count * sizeof *out->at), 0};
    if (!out->at)
        return ERR_NOMEM;
    for (size_t i = 0; i < claims.count; i++) {
        const struct claim *claim = &claims.at[i];
        if (f->marked[claim->value->index])
            continue;
        f->marked[claim->value->index] = true;
        out->at[out->count++] =
            (struct entry){.act = claim->value, .raw = claim->node->raw};
    }
    unmark_values(f, claims);
    if (out->count > 1)
        qsort(out->at, out->count, sizeof *out->at, compare_entries);
    return ERR_OK;
}
