/* Rule `fixed` once a record has a seal: a seal makes the `latest` of its own
 * past final, a later one never covers an earlier one. */
#include "shared/model/fold_field.h"

#include <stdlib.h>
#include <string.h>

struct sealing {
    struct claims found;
    struct claims candidates; /* what each seal fixed */
    struct claims settled;    /* keeps among what seals fixed */
    struct claims standing;
    bool *in_past; /* one a claim of `found`: of some seal */
    bool *fixed;   /* one an act: a candidate's value */
};

static enum err sealing_init(struct folding *f, struct claims found,
                             struct sealing *s)
{
    size_t room = found.count + f->seal_count;
    *s = (struct sealing){.found = found};
    s->candidates.at = arena_take(f->arena, room * sizeof *found.at);
    s->settled.at = arena_take(f->arena, room * sizeof *found.at);
    s->standing.at = arena_take(f->arena, room * sizeof *found.at);
    s->in_past = arena_take(f->arena, found.count * sizeof *s->in_past);
    s->fixed = arena_take(f->arena, f->acts->count * sizeof *s->fixed);
    if (!s->candidates.at || !s->settled.at || !s->standing.at || !s->in_past ||
        !s->fixed)
        return ERR_NOMEM;
    return ERR_OK;
}

static bool is_own(const struct claim *claim)
{
    return claim->act == claim->value;
}

static enum err candidates_make(struct folding *f, struct sealing *s)
{
    struct claims past = {
        arena_take(f->arena, s->found.count * sizeof *past.at), 0};
    if (!past.at)
        return ERR_NOMEM;
    for (size_t i = 0; i < f->seal_count; i++) {
        const struct act *seal = f->seals[i];
        struct claims inside;
        past.count = 0;
        for (size_t j = 0; j < s->found.count; j++) {
            const struct claim *claim = &s->found.at[j];
            if (claim->act != seal && !act_has_seen(seal, claim->act))
                continue;
            past.at[past.count++] = *claim;
            s->in_past[j] = true;
        }
        if (!past.count)
            continue;
        enum err err = claims_live(f, past, &inside);
        if (err)
            return err;
        const struct claim *best = claims_best(inside);
        s->fixed[best->value->index] = true;
        s->candidates.at[s->candidates.count++] =
            (struct claim){seal, best->value, best->node};
    }
    return ERR_OK;
}

static bool has_seen_a_seal(const struct folding *f, const struct act *act)
{
    for (size_t i = 0; i < f->seal_count; i++)
        if (act_has_seen(act, f->seals[i]))
            return true;
    return false;
}

/* A keep chooses among what seals fixed, and nothing else: a write after the
 * seal never takes effect, by whatever way. */
static void settled_make(const struct folding *f, struct sealing *s)
{
    for (size_t i = 0; i < s->found.count; i++) {
        const struct claim *claim = &s->found.at[i];
        if (!is_own(claim) && s->fixed[claim->value->index] &&
            has_seen_a_seal(f, claim->act))
            s->settled.at[s->settled.count++] = *claim;
    }
}

static int compare_claims(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    if (x->act->index != y->act->index)
        return x->act->index > y->act->index ? 1 : -1;
    return (x->value->index > y->value->index) -
           (x->value->index < y->value->index);
}

/* By act, each claim once: a seal may also keep what it fixed. */
static void standing_sort(struct claims *standing)
{
    size_t count = 0;
    if (standing->count > 1)
        qsort(standing->at, standing->count, sizeof *standing->at,
              compare_claims);
    for (size_t i = 0; i < standing->count; i++)
        if (!i || compare_claims(&standing->at[i], &standing->at[count - 1]))
            standing->at[count++] = standing->at[i];
    standing->count = count;
}

static enum err standing_make(struct folding *f, struct sealing *s)
{
    struct claims kept;
    enum err err = claims_live(f, s->settled, &kept);
    if (err)
        return err;
    cover_clear(&f->cover);
    for (size_t i = 0; i < s->settled.count; i++)
        cover_add(&f->cover, s->settled.at[i].act);
    for (size_t i = 0; i < s->candidates.count; i++)
        if (!cover_has(&f->cover, s->candidates.at[i].act))
            s->standing.at[s->standing.count++] = s->candidates.at[i];
    for (size_t i = 0; i < kept.count; i++)
        s->standing.at[s->standing.count++] = kept.at[i];
    standing_sort(&s->standing);
    return ERR_OK;
}

static size_t seals_seen(const struct folding *f, const struct act *act)
{
    size_t count = 0;
    for (size_t i = 0; i < f->seal_count; i++)
        count += f->seals[i] != act && act_has_seen(act, f->seals[i]);
    return count;
}

/* The causally first: a seal before a keep, then by seals seen, then the one
 * that `latest` would show last. */
static const struct claim *first_of(const struct folding *f,
                                    const struct claims *standing)
{
    const struct claim *first = NULL;
    size_t first_seen = 0;
    for (size_t i = 0; i < standing->count; i++) {
        const struct claim *claim = &standing->at[i];
        size_t seen = seals_seen(f, claim->act);
        if (first) {
            int order = first->act->line->seal - claim->act->line->seal;
            if (!order && first_seen != seen)
                order = first_seen < seen ? 1 : -1;
            if (!order)
                order = -act_rank(first->value, claim->value);
            if (order >= 0)
                continue;
        }
        first = claim;
        first_seen = seen;
    }
    return first;
}

static enum err after_list(struct folding *f, const struct sealing *s,
                           struct outcome *out)
{
    struct claims after = {
        arena_take(f->arena, s->found.count * sizeof *after.at), 0};
    if (!after.at)
        return ERR_NOMEM;
    for (size_t i = 0; i < s->found.count; i++)
        if (is_own(&s->found.at[i]) && !s->in_past[i])
            after.at[after.count++] = s->found.at[i];
    return claims_list(f, after, &out->after);
}

enum err fixed_fold(struct folding *f, struct claims found, struct outcome *out)
{
    struct sealing s;
    out->sealed = true;
    enum err err = sealing_init(f, found, &s);
    if (!err)
        err = candidates_make(f, &s);
    if (err)
        return err;
    settled_make(f, &s);
    err = standing_make(f, &s);
    if (!err)
        err = after_list(f, &s, out);
    if (!err)
        err = claims_list(f, s.standing, &out->live);
    if (err || !s.standing.count)
        return err;
    out->value = first_of(f, &s.standing)->node->raw;
    if (!claims_differ(s.standing))
        return ERR_OK;
    out->open = !claims_agreed(f, s.standing);
    return claims_base(f, found, s.standing, &out->base);
}
