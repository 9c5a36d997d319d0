/* Stages, plans, goals, scales. */
#include "bench/agency/tally.h"

static const char *responsible(const struct world *w, const struct entry *e)
{
    return worker_name(w, w->persons.at[e->person].primary);
}

static bool is_agreed(struct world *w, int enrollment)
{
    for (size_t i = 0; i < w->plans.count; i++)
        if (w->plans.at[i].enrollment == enrollment &&
            strcmp(w->plans.at[i].agreed, "yes") == 0 &&
            strcmp(w->plans.at[i].status, "declined") != 0)
            return true;
    return false;
}

static int choices_of(struct world *w, int person)
{
    int count = 0;
    for (size_t i = 0; i < w->choices.count; i++)
        count += w->choices.at[i].person == person && !w->choices.at[i].error;
    return count;
}

/* The sum of days of one program and stage, for the mean. */
static int64_t days_of(struct world *w, const struct enrollment *like,
                       int *count, int *most)
{
    int64_t sum = 0;
    *count = *most = 0;
    for (size_t i = 0; i < w->enrollments.count; i++) {
        const struct enrollment *n = &w->enrollments.at[i];
        int days = YEAR_LAST - n->stage_day;
        if (strcmp(n->program, like->program) || strcmp(n->stage, like->stage))
            continue;
        sum += days;
        *most = days > *most ? days : *most;
        ++*count;
    }
    return sum;
}

void tally_r04(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->enrollments.count; i++) {
        const struct enrollment *n = &w->enrollments.at[i];
        struct tally_row *row = tally_row(tally, n->program, n->stage, NULL);
        int count, most;
        tally_add(tally, row, "enrollments", 1);
        tally_once(tally, row, "persons", person_same(w, n->e.person));
        int64_t sum = days_of(w, n, &count, &most);
        tally_set(tally, row, "days_mean", sum / count);
        tally_set(tally, row, "days_most", most);
        tally_add(tally, row, "agreed", is_agreed(w, (int)i));
        tally_add(tally, row, "choices", choices_of(w, n->e.person));
        tally_id(row, &n->e.id);
    }
}

static bool is_carried_out(const struct plan *p)
{
    return !strcmp(p->status, "agreed") || !strcmp(p->status, "in_progress");
}

static bool has_work(struct world *w, int plan)
{
    for (size_t i = 0; i < w->goals.count; i++)
        if (w->goals.at[i].plan == plan &&
            !strcmp(w->goals.at[i].type, "employment") &&
            strcmp(w->goals.at[i].status, "dropped") != 0)
            return true;
    return false;
}

void tally_r04b(struct world *w, struct tally *tally)
{
    /* The type refuses a plan that is based on nothing. */
    TALLY_ROWS(tally, "plan without assessment",
               "plan that the client did not agree to",
               "plan made without the client, and no reason",
               "employment plan without a goal of employment",
               "assessment without strengths", "assessment without challenges",
               "assessment without a ranking of needs");
    for (size_t i = 0; i < w->plans.count; i++) {
        const struct plan *p = &w->plans.at[i];
        bool counts = is_carried_out(p);
        bool away = !p->present[0] || !strcmp(p->present, "no");
        tally_lacks(tally, "plan that the client did not agree to",
                    counts && strcmp(p->agreed, "yes") != 0, &p->e.id);
        tally_lacks(tally, "plan made without the client, and no reason",
                    counts && away && !p->excused, &p->e.id);
        tally_lacks(tally, "employment plan without a goal of employment",
                    counts && p->employment && !has_work(w, (int)i), &p->e.id);
    }
    for (size_t i = 0; i < w->assessments.count; i++) {
        const struct assessment *a = &w->assessments.at[i];
        tally_lacks(tally, "assessment without strengths",
                    a->done && !a->strengths, &a->e.id);
        tally_lacks(tally, "assessment without challenges",
                    a->done && !a->challenges, &a->e.id);
        tally_lacks(tally, "assessment without a ranking of needs",
                    a->done && !a->ranked, &a->e.id);
    }
}

/* --- what is due ---------------------------------------------------------- */

static int last_progress(struct world *w, int goal)
{
    int last = 0;
    for (size_t i = 0; i < w->progress.count; i++)
        if (w->progress.at[i].goal == goal && !w->progress.at[i].e.error &&
            w->progress.at[i].on > last)
            last = w->progress.at[i].on;
    return last;
}

/* By the last entry; of several of one day the first due counts. */
static bool is_due(const struct watched *of, size_t count, int plan)
{
    int last = 0, due = 0;
    for (size_t i = 0; i < count; i++) {
        if (of[i].plan != plan || of[i].e.error || of[i].on < last)
            continue;
        if (of[i].on > last)
            due = 0;
        last = of[i].on;
        if (of[i].next_due >= 0 && (!due || of[i].next_due < due))
            due = of[i].next_due;
    }
    return due && due < YEAR_LAST;
}

void tally_r05(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->goals.count; i++) {
        const struct goal *g = &w->goals.at[i];
        if (strcmp(g->status, "open") && strcmp(g->status, "in_progress"))
            continue;
        struct tally_row *row = tally_row(tally, responsible(w, &g->e), NULL);
        int last = last_progress(w, (int)i);
        bool due = !last || YEAR_LAST - last > 30;
        tally_add(tally, row, "goals", 1);
        tally_add(tally, row, "due", due);
        tally_add(tally, row, "never", !last);
        if (due)
            tally_id(row, &g->e.id);
    }
    for (size_t i = 0; i < w->plans.count; i++) {
        const struct plan *p = &w->plans.at[i];
        if (!is_carried_out(p))
            continue;
        struct tally_row *row = tally_row(tally, responsible(w, &p->e), NULL);
        bool watched = is_due(w->monitorings.at, w->monitorings.count, (int)i);
        bool judged = is_due(w->evaluations.at, w->evaluations.count, (int)i);
        tally_add(tally, row, "monitoring", watched);
        tally_add(tally, row, "evaluation", judged);
        if (watched || judged)
            tally_id(row, &p->e.id);
    }
}

/* Of a person and domain: the first and the latest score that count. */
static bool ends_of(struct world *w, const struct score *like,
                    const struct score **first, const struct score **latest)
{
    *first = *latest = like;
    for (size_t i = 0; i < w->scores.count; i++) {
        const struct score *s = &w->scores.at[i];
        if (s->e.person != like->e.person || s->domain != like->domain ||
            s->e.error)
            continue;
        if (s->e.day < (*first)->e.day)
            *first = s;
        if (s->e.day > (*latest)->e.day)
            *latest = s;
    }
    return (*first)->e.day < (*latest)->e.day;
}

void tally_r05b(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->scores.count; i++) {
        const struct score *s = &w->scores.at[i], *first, *latest;
        /* A pair is counted once, at its latest score. */
        if (s->e.error || !ends_of(w, s, &first, &latest) || latest != s)
            continue;
        struct tally_row *row =
            tally_row(tally, "self-sufficiency", "1", s->domain, NULL);
        tally_add(tally, row, "persons", 1);
        tally_add(tally, row,
                  latest->value > first->value   ? "better"
                  : latest->value < first->value ? "worse"
                                                 : "same",
                  1);
        tally_id(row, &latest->e.id);
    }
}
