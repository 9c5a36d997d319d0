#include "shared/model/fold_acts.h"

#include <stdlib.h>
#include <string.h>

/* A carrier's word on one place where its write stood and stands no more. */
struct loss {
    struct dot dot;
    int64_t before;       /* the record's place before it in that log; 0 */
    const char *write;    /* write id */
    const struct dot *by; /* the carrier's */
};

struct losses {
    struct loss *at; /* by dot, then write */
    size_t count;
};

static int compare_losses(const void *a, const void *b)
{
    const struct loss *x = a, *y = b;
    int order = dot_compare(&x->dot, &y->dot);
    return order ? order : strcmp(x->write, y->write);
}

/* The write stands at that dot all the same. */
static bool stands(const struct acts *acts, const struct dot *dot,
                   const char *write)
{
    size_t low = 0, high = acts->line_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (dot_compare(&acts->lines[middle]->dot, dot) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < acts->line_count; low++) {
        if (dot_compare(&acts->lines[low]->dot, dot))
            return false;
        if (!strcmp(acts->lines[low]->write, write))
            return true;
    }
    return false;
}

static void losses_of(struct losses *losses, const struct acts *acts,
                      const struct revision *carrier)
{
    const struct canon *place = carrier->was ? carrier->was->first : NULL;
    for (; place; place = place->next) {
        struct loss *loss = &losses->at[losses->count];
        *loss = (struct loss){.before = place->integer,
                              .write = carrier->write,
                              .by = &carrier->dot};
        if (dot_parse(&loss->dot, place->name) && loss->before < loss->dot.n &&
            !stands(acts, &loss->dot, carrier->write))
            losses->count++;
    }
}

/* Held lines say so, too: what they were is none the less not there. */
static enum err losses_gather(struct losses *losses, const struct acts *acts)
{
    size_t room = 0;
    *losses = (struct losses){NULL, 0};
    for (size_t i = 0; i < acts->line_count; i++)
        room += acts->lines[i]->was ? acts->lines[i]->was->count : 0;
    if (!room)
        return ERR_OK;
    losses->at = arena_take(acts->arena, room * sizeof *losses->at);
    if (!losses->at)
        return ERR_NOMEM;
    for (size_t i = 0; i < acts->line_count; i++)
        if (acts->lines[i]->inner)
            losses_of(losses, acts, acts->lines[i]);
    if (losses->count > 1)
        qsort(losses->at, losses->count, sizeof *losses->at, compare_losses);
    return ERR_OK;
}

/* The first loss of that replica. */
static size_t losses_from(const struct losses *losses, const char *replica)
{
    size_t low = 0, high = losses->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(losses->at[middle].dot.replica, replica) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* How much of an entry counts for one that had seen `seen`. */
static int64_t entry_left(const struct losses *losses, const struct seen *seen,
                          const struct seen_entry *entry)
{
    int64_t left = entry->n;
    size_t i = losses_from(losses, entry->replica);
    while (i < losses->count &&
           !strcmp(losses->at[i].dot.replica, entry->replica) &&
           losses->at[i].dot.n <= entry->n) {
        const struct loss *first = &losses->at[i];
        int64_t before = entry->n;
        bool known = false;
        for (; i < losses->count && !compare_losses(&losses->at[i], first);
             i++) {
            known = known || seen_has(seen, losses->at[i].by);
            if (losses->at[i].before < before)
                before = losses->at[i].before;
        }
        if (!known && before < left)
            left = before;
    }
    return left;
}

static enum err seen_left(struct appearance *p, const struct acts *acts,
                          const struct losses *losses)
{
    const struct seen *seen = &p->line->seen;
    size_t i = 0;
    while (i < seen->count &&
           entry_left(losses, seen, &seen->entries[i]) == seen->entries[i].n)
        i++;
    if (i == seen->count)
        return ERR_OK; /* as nearly always */
    struct seen *left = arena_take(acts->arena, sizeof *left);
    struct seen_entry *entries =
        arena_take(acts->arena, seen->count * sizeof *entries);
    if (!left || !entries)
        return ERR_NOMEM;
    *left = (struct seen){.entries = entries};
    for (i = 0; i < seen->count; i++) {
        struct seen_entry *entry = &entries[left->count];
        *entry = seen->entries[i];
        entry->n = entry_left(losses, seen, &seen->entries[i]);
        left->count += entry->n > 0;
    }
    p->seen = left;
    return ERR_OK;
}

enum err acts_lost(struct acts *acts, struct appearance *all, size_t count)
{
    struct losses losses;
    enum err err = losses_gather(&losses, acts);
    for (size_t i = 0; !err && losses.count && i < count; i++)
        err = seen_left(&all[i], acts, &losses);
    return err;
}
