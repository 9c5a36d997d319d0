#include "shared/model/fold_acts.h"

#include <stdlib.h>
#include <string.h>

struct clamp {
    struct dot dot;
    int64_t ms;
};

struct statements {
    struct dot *held; /* sorted */
    size_t held_count;
    struct clamp *clamps; /* sorted by dot, then ms */
    size_t clamp_count;
};

static int compare_lines(const void *a, const void *b)
{
    const struct revision *x = *(const struct revision *const *)a;
    const struct revision *y = *(const struct revision *const *)b;
    int order = dot_compare(&x->dot, &y->dot);
    return order ? order : memcmp(x->hash, y->hash, HASH_BYTES);
}

static int compare_dots(const void *a, const void *b)
{
    return dot_compare(a, b);
}

static int compare_clamps(const void *a, const void *b)
{
    const struct clamp *x = a, *y = b;
    int order = dot_compare(&x->dot, &y->dot);
    return order ? order : (x->ms > y->ms) - (x->ms < y->ms);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Order of originals: dot, then write id (two branches of a fork). */
static int compare_originals(const struct revision *x, const struct revision *y)
{
    int order = dot_compare(&x->dot, &y->dot);
    return order ? order : strcmp(x->write, y->write);
}

/* An appearance is sorted beside the others of its act. */
static int compare_appearances(const void *a, const void *b)
{
    const struct revision *x = ((const struct appearance *)a)->line;
    const struct revision *y = ((const struct appearance *)b)->line;
    int order = compare_originals(revision_original(x), revision_original(y));
    return order ? order : compare_lines(&x, &y);
}

static void sort(void *at, size_t count, size_t size,
                 int (*compare)(const void *, const void *))
{
    if (count > 1)
        qsort(at, count, size, compare);
}

static enum err lines_gather(struct acts *acts,
                             const struct revision *const *revisions,
                             size_t count)
{
    acts->lines = arena_take(acts->arena, count * sizeof(*acts->lines));
    if (!acts->lines)
        return ERR_NOMEM;
    memcpy(acts->lines, revisions, count * sizeof *acts->lines);
    sort(acts->lines, count, sizeof *acts->lines, compare_lines);
    for (size_t i = 0; i < count; i++)
        if (!i || compare_lines(&acts->lines[i], &acts->lines[i - 1]))
            acts->lines[acts->line_count++] = acts->lines[i];
    return ERR_OK;
}

static bool is_office(const struct revision *line)
{
    return line->dot.replica[0] == 'o';
}

static enum err statements_gather(struct statements *s, const struct acts *acts)
{
    size_t holds = 0, clocks = 0;
    *s = (struct statements){0};
    for (size_t i = 0; i < acts->line_count; i++) {
        const struct revision *line = acts->lines[i];
        holds += is_office(line) && line->hold ? line->hold->count : 0;
        clocks += is_office(line) && line->clock ? line->clock->count : 0;
    }
    if (!holds && !clocks)
        return ERR_OK;
    s->held = arena_take(acts->arena, holds * sizeof *s->held);
    s->clamps = arena_take(acts->arena, clocks * sizeof *s->clamps);
    if (!s->held || !s->clamps)
        return ERR_NOMEM;
    for (size_t i = 0; i < acts->line_count; i++) {
        const struct revision *line = acts->lines[i];
        if (!is_office(line))
            continue;
        const struct canon *node = line->hold ? line->hold->first : NULL;
        for (; node; node = node->next)
            s->held_count += dot_parse(&s->held[s->held_count], node->name);
        node = line->clock ? line->clock->first : NULL;
        for (; node; node = node->next) {
            struct clamp *clamp = &s->clamps[s->clamp_count];
            clamp->ms = node->integer;
            s->clamp_count +=
                node->kind == CANON_INT && dot_parse(&clamp->dot, node->name);
        }
    }
    sort(s->held, s->held_count, sizeof *s->held, compare_dots);
    sort(s->clamps, s->clamp_count, sizeof *s->clamps, compare_clamps);
    return ERR_OK;
}

static bool is_held(const struct statements *s, const struct dot *dot)
{
    return s->held_count &&
           bsearch(dot, s->held, s->held_count, sizeof *s->held, compare_dots);
}

static int64_t clamped(const struct statements *s, const struct dot *dot,
                       int64_t at)
{
    size_t low = 0, high = s->clamp_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dot_compare(&s->clamps[middle].dot, dot) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == s->clamp_count || dot_compare(&s->clamps[low].dot, dot))
        return at;
    return s->clamps[low].ms < at ? s->clamps[low].ms : at;
}

static bool appearance_of(struct appearance *out, const struct revision *line)
{
    *out = (struct appearance){
        .line = line, .counts_as = line->dot, .seen = &line->seen};
    if (line->carries.size && !line->inner)
        return false; /* what cannot be read has no effect */
    out->released = is_office(line) && line->inner && line->release.size &&
                    dot_parse(&out->counts_as, line->release);
    if (!out->released)
        out->counts_as = line->dot;
    return true;
}

/* The act of `line`, the last one or a new one: originals come in order. */
static struct act *act_of(struct acts *acts, const struct revision *line)
{
    size_t count = acts->count;
    if (count && !compare_originals(acts->at[count - 1].line, line))
        return &acts->at[count - 1];
    acts->at[count] =
        (struct act){.line = line, .at = line->at, .index = count};
    acts->count++;
    return &acts->at[count];
}

static void act_take(struct acts *acts, struct appearance *appearance,
                     const struct statements *s)
{
    struct act *act = act_of(acts, revision_original(appearance->line));
    appearance->next = act->first;
    act->first = appearance;
    if (s->clamp_count) {
        act->at = clamped(s, &appearance->line->dot, act->at);
        act->at = clamped(s, &appearance->counts_as, act->at);
    }
}

size_t acts_column(const struct acts *acts, const char *replica)
{
    size_t low = 0, high = acts->replica_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(acts->replicas[middle], replica) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < acts->replica_count && !strcmp(acts->replicas[low], replica))
        return low;
    return SIZE_MAX;
}

static enum err columns_make(struct acts *acts, struct appearance *all,
                             size_t count)
{
    acts->replicas = arena_take(acts->arena, count * sizeof(*acts->replicas));
    if (!acts->replicas)
        return ERR_NOMEM;
    for (size_t i = 0; i < count; i++)
        acts->replicas[i] = all[i].line->dot.replica;
    sort(acts->replicas, count, sizeof *acts->replicas, compare_names);
    for (size_t i = 0; i < count; i++)
        if (!i ||
            strcmp(acts->replicas[i], acts->replicas[acts->replica_count - 1]))
            acts->replicas[acts->replica_count++] = acts->replicas[i];
    for (size_t i = 0; i < count; i++)
        all[i].column = acts_column(acts, all[i].line->dot.replica);
    return ERR_OK;
}

enum err acts_gather(struct acts *out, struct arena *arena,
                     const struct revision *const *revisions, size_t count)
{
    struct statements s;
    *out = (struct acts){.arena = arena};
    enum err err = lines_gather(out, revisions, count);
    if (!err)
        err = statements_gather(&s, out);
    if (err)
        return err;
    struct appearance *all = arena_take(arena, out->line_count * sizeof *all);
    out->at = arena_take(arena, out->line_count * sizeof *out->at);
    if (!all || !out->at)
        return ERR_NOMEM;
    size_t shown = 0;
    for (size_t i = 0; i < out->line_count; i++)
        if (!is_held(&s, &out->lines[i]->dot))
            shown += appearance_of(&all[shown], out->lines[i]);
    sort(all, shown, sizeof *all, compare_appearances);
    err = columns_make(out, all, shown);
    for (size_t i = 0; !err && i < shown; i++)
        act_take(out, &all[i], &s);
    return err ? err : acts_lost(out, all, shown);
}

const struct act *acts_creator(const struct acts *acts)
{
    for (size_t i = 0; i < acts->count; i++)
        if (acts->at[i].line->creates)
            return &acts->at[i];
    return NULL;
}

static bool has_dot(const struct act *act, const struct dot *dot)
{
    for (const struct appearance *p = act->first; p; p = p->next)
        if (!dot_compare(&p->line->dot, dot))
            return true;
    return false;
}

/* The held dot of a release counts for the replica that wrote it, also where a
 * successor carries what it wrote, and for nobody else: theirs may only have
 * seen what it wrote later. */
static bool own_later(const struct appearance *p, const struct appearance *q)
{
#ifndef MUTANT_RELEASE_UNDER_ORIGINAL_DOT
    const char *held = q->counts_as.replica;
    if (strcmp(p->counts_as.replica, held) != 0 &&
        strcmp(revision_original(p->line)->dot.replica, held) != 0)
        return false;
#endif
    return seen_has(p->seen, &q->counts_as);
}

bool act_has_seen(const struct act *a, const struct act *b)
{
    for (const struct appearance *q = b->first; q; q = q->next)
        for (const struct appearance *p = a->first; p; p = p->next) {
            if (seen_has(p->seen, &q->line->dot))
                return true;
            if (q->released && own_later(p, q) && !has_dot(b, &p->counts_as))
                return true;
        }
    return false;
}

bool act_covers(const struct act *a, const struct act *b)
{
    return a != b && act_has_seen(a, b) && !act_has_seen(b, a);
}

int act_rank(const struct act *a, const struct act *b)
{
    if (a->at != b->at)
        return a->at > b->at ? 1 : -1;
    return compare_originals(a->line, b->line);
}

bool act_by_device(const struct act *act)
{
    return !is_office(act->line);
}
