/* The annual report: services, outcomes, characteristics, closures
 * (R-15). */
#include "bench/agency/tally.h"

/* Its label, or that the set has none. */
static const char *label_of(const struct code *of, size_t count,
                            const char *code)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(of[i].code, code) == 0)
            return of[i].label;
    return "not in the code set";
}

void tally_r14(struct world *w, struct tally *tally)
{
    const struct code *of = w->service_codes.at;
    size_t count = w->service_codes.count;
    for (size_t i = 0; i < count; i++)
        tally_row(tally, of[i].code, of[i].label, NULL);
    for (size_t i = 0; i < w->services.count; i++) {
        const struct coded *c = &w->services.at[i];
        if (c->e.error)
            continue;
        struct tally_row *row =
            tally_row(tally, c->code, label_of(of, count, c->code), NULL);
        tally_once(tally, row, "count", person_same(w, c->e.person));
        tally_add(tally, row, "services", 1);
        tally_id(row, &c->e.id);
    }
}

/* --- outcomes ------------------------------------------------------------- */

/* Rows in which an indicator counts: its own unless it is a total, that of its
 * total, and 7a, which counts all. */
static int rows_of(struct world *w, const char *code, const char *rows[3])
{
    int count = 0;
    const struct code *of = w->indicators.at, *mine = NULL, *above = NULL;
    for (size_t i = 0; i < w->indicators.count; i++)
        if (strcmp(of[i].code, code) == 0)
            mine = &of[i];
    for (size_t i = 0; mine && i < w->indicators.count; i++)
        if (of[i].total && strcmp(of[i].code, mine->more) == 0)
            above = &of[i];
    if (!mine || !mine->total)
        rows[count++] = code;
    if (above)
        rows[count++] = above->code;
    if (strcmp(code, "FNPI 7a") == 0)
        count = 0;
    rows[count++] = "FNPI 7a";
    return count;
}

/* A total sums its parts, so that a person counts once a part. */
static int64_t thing(struct world *w, const char *row, const char *code,
                     int person)
{
    int64_t part = 0;
    if (strcmp(row, "FNPI 7a") != 0)
        for (size_t i = 0; i < w->indicators.count; i++)
            if (strcmp(w->indicators.at[i].code, code) == 0)
                part = (int64_t)i + 1;
    return part * 1000000 + person_same(w, person);
}

static void count_outcome(struct world *w, struct tally *tally,
                          const struct coded *c)
{
    const char *rows[3];
    for (int i = rows_of(w, c->code, rows); i-- > 0;) {
        struct tally_row *row = tally_row(
            tally, rows[i],
            label_of(w->indicators.at, w->indicators.count, rows[i]), NULL);
        int64_t who = thing(w, rows[i], c->code, c->e.person);
        tally_once(tally, row, "served", who);
        tally_once(tally, row, "actual", who);
        if (c->verified)
            tally_once(tally, row, "verified", who);
        tally_id(row, &c->e.id);
    }
}

static void count_goal(struct world *w, struct tally *tally,
                       const struct goal *g)
{
    const char *rows[3];
    for (int i = rows_of(w, g->code, rows); i-- > 0;) {
        struct tally_row *row = tally_row(
            tally, rows[i],
            label_of(w->indicators.at, w->indicators.count, rows[i]), NULL);
        tally_once(tally, row, "served",
                   thing(w, rows[i], g->code, g->e.person));
    }
}

void tally_r14b(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->indicators.count; i++)
        tally_row(tally, w->indicators.at[i].code, w->indicators.at[i].label,
                  NULL);
    for (size_t i = 0; i < w->outcomes.count; i++)
        if (!w->outcomes.at[i].e.error && !w->outcomes.at[i].rejected)
            count_outcome(w, tally, &w->outcomes.at[i]);
    for (size_t i = 0; i < w->goals.count; i++)
        if (w->goals.at[i].code && strcmp(w->goals.at[i].status, "dropped"))
            count_goal(w, tally, &w->goals.at[i]);
    for (size_t i = 0; i < w->targets.count; i++)
        tally_add(tally,
                  tally_row(tally, w->targets.at[i].code,
                            label_of(w->indicators.at, w->indicators.count,
                                     w->targets.at[i].code),
                            NULL),
                  "target", w->targets.at[i].number);
    tally_percent(tally, "of_served", "actual", "served");
    tally_percent(tally, "of_target", "actual", "target");
}

/* --- characteristics ------------------------------------------------------ */

/* All who had a contact, a service or an outcome. */
static bool *people_all(struct world *w)
{
    bool *people = calloc(w->persons.count + 1, sizeof *people);
    if (!people)
        die("out of memory");
    for (size_t i = 0; i < w->contacts.count; i++)
        if (!w->contacts.at[i].e.error)
            people[person_same(w, w->contacts.at[i].e.person)] = true;
    for (size_t i = 0; i < w->services.count; i++)
        if (!w->services.at[i].e.error)
            people[person_same(w, w->services.at[i].e.person)] = true;
    for (size_t i = 0; i < w->outcomes.count; i++)
        if (!w->outcomes.at[i].e.error)
            people[person_same(w, w->outcomes.at[i].e.person)] = true;
    return people;
}

static bool is_latest(struct world *w, const struct answer *a)
{
    for (size_t i = 0; i < w->characteristics.count; i++) {
        const struct answer *b = &w->characteristics.at[i];
        if (b->on > a->on && !strcmp(b->item, a->item) &&
            person_same(w, b->e.person) == person_same(w, a->e.person))
            return false;
    }
    return true;
}

static void count_unknown(struct world *w, struct tally *tally,
                          const bool *people, const char *item)
{
    bool *known = calloc(w->persons.count + 1, sizeof *known);
    struct tally_row *row =
        tally_row(tally, item, "", "Unknown or not reported", NULL);
    for (size_t i = 0; known && i < w->characteristics.count; i++)
        if (!strcmp(w->characteristics.at[i].item, item))
            known[person_same(w, w->characteristics.at[i].e.person)] = true;
    for (size_t i = 0; known && i < w->persons.count; i++)
        if (people[i] && !known[i]) {
            tally_add(tally, row, "count", 1);
            tally_id(row, &w->persons.at[i].id);
        }
    free(known);
}

void tally_r14c(struct world *w, struct tally *tally)
{
    bool *people = people_all(w);
    const struct code *of = w->items.at;
    for (size_t i = 0; i < w->items.count; i++) {
        tally_row(tally, of[i].more, of[i].code, of[i].label, NULL);
        if (i == 0 || strcmp(of[i - 1].more, of[i].more) != 0)
            count_unknown(w, tally, people, of[i].more);
    }
    for (size_t i = 0; i < w->characteristics.count; i++) {
        const struct answer *a = &w->characteristics.at[i];
        int person = person_same(w, a->e.person);
        if (!people[person] || !is_latest(w, a))
            continue;
        struct tally_row *row =
            tally_row(tally, a->item, a->code,
                      label_of(of, w->items.count, a->code), NULL);
        tally_once(tally, row, "count", person);
        tally_id(row, &w->persons.at[person].id);
    }
    struct tally_row *all = tally_row(tally, "all", "", "All persons", NULL);
    for (size_t i = 0; i < w->persons.count; i++)
        if (people[i]) {
            tally_add(tally, all, "count", 1);
            tally_id(all, &w->persons.at[i].id);
        }
    free(people);
}

/* --- closures ------------------------------------------------------------- */

void tally_r15(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->closures.count; i++) {
        const struct closure *c = &w->closures.at[i];
        if (c->withdrawn)
            continue;
        struct tally_row *row = tally_row(tally, c->kind, c->reason, NULL);
        tally_add(tally, row, "closures", 1);
        tally_add(tally, row, "overridden", c->overridden);
        tally_add(tally, row, "due_90", YEAR_LAST - c->on >= 90);
        tally_add(tally, row, "due_180", YEAR_LAST - c->on >= 180);
        tally_add(tally, row, "reached_90", c->reached[0]);
        tally_add(tally, row, "work_90", c->works[0]);
        tally_add(tally, row, "reached_180", c->reached[1]);
        tally_add(tally, row, "work_180", c->works[1]);
        tally_id(row, &c->e.id);
    }
}

/* --- logic models (R-16) -------------------------------------------------- */

static int achieved(struct world *w, const char *code)
{
    bool *people = calloc(w->persons.count + 1, sizeof *people);
    int count = 0;
    for (size_t i = 0; people && i < w->outcomes.count; i++) {
        const struct coded *c = &w->outcomes.at[i];
        int person = person_same(w, c->e.person);
        if (c->e.error || c->rejected || people[person] ||
            strcmp(c->code, code) != 0)
            continue;
        people[person] = true;
        count++;
    }
    free(people);
    return count;
}

static void tell_objective(struct world *w, struct tally *tally,
                           const struct model *m, const struct objective *o)
{
    const struct target *t =
        o && o->target >= 0 ? &w->targets.at[o->target] : NULL;
    struct tally_row *row =
        tally_row(tally, "North", m->name, "family", m->rank,
                  o ? o->measure : "no objective", t ? t->code : "", NULL);
    tally_set(tally, row, "year", 2022);
    tally_set(tally, row, "number", o ? o->number : TALLY_NULL);
    tally_set(tally, row, "of", o ? 100 : TALLY_NULL);
    tally_set(tally, row, "target", t ? t->number : TALLY_NULL);
    tally_set(tally, row, "actual", t ? achieved(w, t->code) : TALLY_NULL);
    tally_id(row, o ? &o->id : &m->id);
}

void tally_r16(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->models.count; i++) {
        bool any = false;
        for (size_t j = 0; j < w->objectives.count; j++)
            if (w->objectives.at[j].model == (int)i) {
                any = true;
                if (!w->models.at[i].withdrawn)
                    tell_objective(w, tally, &w->models.at[i],
                                   &w->objectives.at[j]);
            }
        if (!any && !w->models.at[i].withdrawn)
            tell_objective(w, tally, &w->models.at[i], NULL);
    }
}

static void lacks(struct tally *tally, const char *what, const struct id *id)
{
    struct tally_row *row = tally_row(tally, "North", what, NULL);
    tally_set(tally, row, "year", 2022);
    tally_add(tally, row, "count", 1);
    tally_id(row, id);
}

void tally_r16b(struct world *w, struct tally *tally)
{
    static const char *const ranks[] = {"rank_1", "rank_2", "rank_3"};
    for (size_t r = 0; r < 3; r++) {
        bool found = false;
        struct id id;
        snprintf(id.text, sizeof id.text, "%s", ranks[r]);
        for (size_t i = 0; i < w->models.count; i++)
            found |= !w->models.at[i].withdrawn &&
                     !strcmp(w->models.at[i].rank, ranks[r]);
        if (!found)
            lacks(tally, "need of the top three without a model", &id);
    }
    for (size_t i = 0; i < w->models.count; i++)
        if (!w->models.at[i].withdrawn &&
            !strcmp(w->models.at[i].rank, "other"))
            lacks(tally, "model tied to none of the top three",
                  &w->models.at[i].id);
    for (size_t i = 0; i < w->objectives.count; i++)
        if (!w->models.at[w->objectives.at[i].model].withdrawn &&
            w->objectives.at[i].target < 0)
            lacks(tally, "objective without a submitted target",
                  &w->objectives.at[i].id);
    for (size_t i = 0; i < w->targets.count; i++) {
        bool used = false;
        for (size_t j = 0; j < w->objectives.count; j++)
            used |= w->objectives.at[j].target == (int)i &&
                    !w->models.at[w->objectives.at[j].model].withdrawn;
        if (!used)
            lacks(tally, "target without an objective", &w->targets.at[i].id);
    }
}
