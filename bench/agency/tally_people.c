/* Who is responsible, what changed hands, what was offered. */
#include "bench/agency/tally.h"

static bool ended(const char *stage)
{
    return strncmp(stage, "closed_", 7) == 0;
}

/* Of one person's enrollments: how many, how many still ask for a manager, and
 * the first program by name. */
struct enrolled {
    int all, asking;
    const char *program;
};

static struct enrolled *enrolled_all(struct world *w)
{
    struct enrolled *of = calloc(w->persons.count + 1, sizeof *of);
    for (size_t i = 0; of && i < w->enrollments.count; i++) {
        const struct enrollment *n = &w->enrollments.at[i];
        struct enrolled *mine = &of[n->e.person];
        mine->all++;
        mine->asking += !ended(n->stage) && strcmp(n->cm_required, "no") != 0;
        if (!mine->program || strcmp(n->program, mine->program) < 0)
            mine->program = n->program;
    }
    return of;
}

void tally_r01(struct world *w, struct tally *tally)
{
    struct enrolled *of = enrolled_all(w);
    for (size_t i = 0; i < w->persons.count; i++) {
        const struct person *p = &w->persons.at[i];
        char team[16];
        if (!person_is_open(p) || (of[i].all && !of[i].asking))
            continue;
        const char *why = p->contested     ? "two at once"
                          : p->primary < 0 ? "nobody named"
                          : w->workers.at[p->primary].disabled
                              ? "works here no longer"
                              : NULL;
        snprintf(team, sizeof team, "team%d", w->workers.at[p->by].team);
        if (why)
            tally_row(tally, p->id.text, p->id.text,
                      of[i].program ? of[i].program : "not enrolled", why,
                      p->primary < 0 ? "" : worker_name(w, p->primary), team,
                      NULL);
    }
    free(of);
}

void tally_r01b(struct world *w, struct tally *tally)
{
    /* A case handed over twice stands once, under the last. */
    for (size_t i = 0; i < w->handovers.count; i++) {
        const struct handover *last = &w->handovers.at[i];
        int changes = 0, not_told = 0;
        bool later = false;
        for (size_t j = 0; j < w->handovers.count; j++) {
            const struct handover *h = &w->handovers.at[j];
            if (h->e.person != last->e.person || !h->done)
                continue;
            changes++;
            not_told += !h->told;
            later |= j > i;
        }
        if (!last->done || later)
            continue;
        struct tally_row *row = tally_row(
            tally, w->persons.at[last->e.person].id.text,
            worker_name(w, last->from), worker_name(w, last->to), NULL);
        tally_add(tally, row, "changes", changes);
        tally_add(tally, row, "not_told", not_told);
        tally_add(tally, row, "no_note", 0);
    }
}

void tally_r10(struct world *w, struct tally *tally)
{
    int *last = calloc(w->persons.count + 1, sizeof *last);
    for (size_t i = 0; last && i < w->contacts.count; i++) {
        const struct contact *c = &w->contacts.at[i];
        if (c->budgeting && !c->e.error && c->occurred > last[c->e.person])
            last[c->e.person] = c->occurred;
    }
    for (size_t i = 0; last && i < w->budgetings.count; i++) {
        const struct offer *o = &w->budgetings.at[i];
        if (!o->e.error && o->on > last[o->e.person])
            last[o->e.person] = o->on;
    }
    for (size_t i = 0; last && i < w->persons.count; i++) {
        const struct person *p = &w->persons.at[i];
        if (!person_is_open(p))
            continue;
        struct tally_row *row =
            tally_row(tally, worker_name(w, p->primary), NULL);
        tally_add(tally, row, "cases", 1);
        tally_add(tally, row,
                  !last[i]                    ? "never"
                  : YEAR_LAST - last[i] > 365 ? "long_ago"
                                              : "offered",
                  1);
        if (!last[i] || YEAR_LAST - last[i] > 365)
            tally_id(row, &p->id);
    }
    free(last);
}
