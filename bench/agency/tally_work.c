/* Hours by person and month. */
#include "bench/agency/tally.h"

/* One activity of one person in one week, of one kind. */
struct once {
    int person, week;
    const char *activity, *kind;
    int rows, minutes;
    bool verified;
};

struct month {
    int core, other, verified, core_verified, excused, conflicts;
};

static bool is_core(const char *activity)
{
    return strcmp(activity, "job_skills") &&
           strcmp(activity, "education_employment") &&
           strcmp(activity, "secondary_school");
}

static int hours_order(const void *a, const void *b)
{
    const struct once *x = a, *y = b;
    int order = x->person != y->person ? x->person - y->person
                : x->week != y->week   ? x->week - y->week
                                       : strcmp(x->activity, y->activity);
    return order ? order : strcmp(x->kind, y->kind);
}

/* Rows that say the same twice are one, in conflict. */
static size_t once_all(struct world *w, struct once **out)
{
    struct once *all = calloc(w->hours.count + 1, sizeof *all);
    size_t count = 0, kept = 0;
    if (!all)
        die("out of memory");
    for (size_t i = 0; i < w->hours.count; i++) {
        const struct hours *h = &w->hours.at[i];
        if (!h->e.error && strcmp(h->kind, "projected") != 0)
            all[count++] = (struct once){
                person_same(w, h->e.person), h->week,    h->activity, h->kind,
                h->contested ? 2 : 1,        h->minutes, h->verified};
    }
    qsort(all, count, sizeof *all, hours_order);
    for (size_t i = 0; i < count; i++)
        if (kept > 0 && hours_order(&all[kept - 1], &all[i]) == 0)
            all[kept - 1].rows++;
        else
            all[kept++] = all[i];
    *out = all;
    return kept;
}

static void add_hours(struct month *m, const struct once *o)
{
    bool core = is_core(o->activity), actual = !strcmp(o->kind, "actual");
    if (o->rows > 1) {
        m->conflicts++;
    } else if (!actual) {
        m->excused += o->minutes;
    } else {
        m->core += core ? o->minutes : 0;
        m->other += core ? 0 : o->minutes;
        m->verified += o->verified ? o->minutes : 0;
        m->core_verified += o->verified && core ? o->minutes : 0;
    }
}

/* An average of so many hours a week, when a month has 13/3 weeks. */
static bool reaches(int minutes, int hours)
{
    return minutes * 3 >= hours * 60 * 13;
}

static const char *result_of(const struct month *m, bool exempt)
{
    return exempt             ? "exempt"
           : m->conflicts > 0 ? "in conflict"
           : reaches(m->core_verified, 20) && reaches(m->verified, 30) ? "meets"
           : reaches(m->core, 20) && reaches(m->core + m->other, 30)
               ? "meets if verified"
               : "short";
}

static bool is_exempt(struct world *w, int person)
{
    for (size_t i = 0; i < w->enrollments.count; i++)
        if (person_same(w, w->enrollments.at[i].e.person) == person &&
            !w->enrollments.at[i].work_eligible)
            return true;
    return false;
}

static void tell_month(struct world *w, struct tally *tally, int person,
                       const char *month, const struct month *m)
{
    bool exempt = is_exempt(w, person);
    struct tally_row *row = tally_row(
        tally, month, w->persons.at[person].id.text, result_of(m, exempt),
        exempt ? "10-144 ch. 607 s. 3" : "45 CFR 261.31, 261.60", NULL);
    tally_add(tally, row, "core", m->core / 60);
    tally_add(tally, row, "other", m->other / 60);
    tally_add(tally, row, "verified", m->verified / 60);
    tally_add(tally, row, "excused", m->excused / 60);
    tally_add(tally, row, "in_conflict", m->conflicts);
}

void tally_r08(struct world *w, struct tally *tally)
{
    struct once *all;
    struct month m = {0};
    size_t count = once_all(w, &all);
    for (size_t i = 0; i < count; i++) {
        char month[8], next[8] = "";
        add_hours(&m, &all[i]);
        snprintf(month, sizeof month, "%.7s", date_text(all[i].week));
        if (i + 1 < count && all[i + 1].person == all[i].person)
            snprintf(next, sizeof next, "%.7s", date_text(all[i + 1].week));
        if (strcmp(month, next) == 0)
            continue;
        tell_month(w, tally, all[i].person, month, &m);
        m = (struct month){0};
    }
    free(all);
}

void tally_r08b(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->projections.count; i++) {
        const struct projection *p = &w->projections.at[i];
        int left = p->to - YEAR_LAST;
        bool too_long = p->to - p->from > 184;
        if (p->ended || (left > 30 && !too_long))
            continue;
        struct tally_row *row = tally_row(
            tally, worker_name(w, w->persons.at[p->e.person].primary), NULL);
        tally_add(tally, row, "ended", left < 0);
        tally_add(tally, row, "ending", left >= 0 && left <= 30);
        tally_add(tally, row, "too_long", too_long);
        tally_id(row, &p->e.id);
    }
}
