/* What the annual report asks: services, outcomes, characteristics; and the
 * planner's logic models. */
#include "bench/agency/year.h"

static const char *some_code(struct world *w, const struct code *of,
                             size_t count)
{
    return chance(w, 2) ? "XX 9z" : of[dice(w, (int)count)].code;
}

static struct coded *coded_begin(struct world *w, struct coded *c, int person,
                                 int worker, int day)
{
    entry_begin(&c->e, person, worker, day);
    c->on = day - dice(w, 4);
    c->e.error = chance(w, 3);
    c->e.keyed = chance(w, 60);
    if (c->e.keyed)
        device_with(device_of(w, worker), "external_entry", keyed_mark(w));
    return c;
}

static void serve(struct world *w, int person, int worker, int day)
{
    struct coded *c =
        coded_begin(w, LIST_ADD(w->services), person, worker, day);
    c->code = some_code(w, w->service_codes.at, w->service_codes.count);
    device_put(device_of(w, worker), "service_delivered", case_of(w, person),
               &c->e.id,
               "\"person\":\"%s\",\"codeset\":\"csbg-services\","
               "\"codeset_version\":\"2.1\",\"code\":\"%s\",\"on\":\"%s\","
               "\"entered_in_error\":%s",
               case_of(w, person)->text, c->code, date_text(c->on),
               c->e.error ? "true" : "false");
}

static void achieve(struct world *w, int person, int worker, int day)
{
    struct coded *c =
        coded_begin(w, LIST_ADD(w->outcomes), person, worker, day);
    c->code = some_code(w, w->indicators.at, w->indicators.count);
    device_put(device_of(w, worker), "outcome", case_of(w, person), &c->e.id,
               "\"person\":\"%s\",\"codeset\":\"csbg-fnpi\","
               "\"codeset_version\":\"2.1\",\"code\":\"%s\","
               "\"achieved_on\":\"%s\",\"verification\":\"claimed\","
               "\"entered_in_error\":%s",
               case_of(w, person)->text, c->code, date_text(c->on),
               c->e.error ? "true" : "false");
    if (chance(w, 50)) {
        c->verified = chance(w, 85);
        c->rejected = !c->verified;
        device_revise(device_of(w, worker), &c->e.id, "\"verification\":\"%s\"",
                      c->verified ? "verified" : "rejected");
    }
}

static void ask(struct world *w, int person, int worker, int day)
{
    const struct code *code = &w->items.at[dice(w, (int)w->items.count)];
    struct answer *a = LIST_ADD(w->characteristics);
    entry_begin(&a->e, person, worker, day);
    a->item = code->more;
    a->code = code->code;
    a->on = day;
    /* By the code, or by the item and the label. */
    bool by_label = chance(w, 30) && !strpbrk(code->label, "\"\\");
    device_put(device_of(w, worker), "characteristic", case_of(w, person),
               &a->e.id,
               "\"person\":\"%s\",\"codeset\":\"csbg-characteristics\","
               "\"codeset_version\":\"2.1\",\"code\":\"%s\",\"value\":\"%s\","
               "\"as_of\":\"%s\"",
               case_of(w, person)->text, by_label ? code->more : code->code,
               by_label ? code->label : "yes", date_text(day));
}

void annual_week(struct world *w, int worker, int day)
{
    const struct worker *me = &w->workers.at[worker];
    for (size_t i = 0; i < me->cases.count; i++) {
        if (dice(w, 1000) < 60)
            serve(w, me->cases.at[i], worker, day);
        if (dice(w, 1000) < 20)
            achieve(w, me->cases.at[i], worker, day);
        if (dice(w, 1000) < 60)
            ask(w, me->cases.at[i], worker, day);
    }
}

/* --- the planner ---------------------------------------------------------- */

static void plan_objective(struct world *w, struct device *device, int model,
                           int target)
{
    struct objective *o = LIST_ADD(w->objectives);
    char tie[80] = "";
    o->model = model;
    o->target = target;
    o->number = 5 + dice(w, 90);
    snprintf(o->measure, sizeof o->measure, "measure %zu", w->objectives.count);
    if (target >= 0)
        snprintf(tie, sizeof tie, ",\"target\":\"%s\"",
                 w->targets.at[target].id.text);
    device_put(device, "outcome_objective", NULL, &o->id,
               "\"model\":\"%s\",\"measure\":\"%s\",\"number\":%d,\"of\":100%s",
               w->models.at[model].id.text, o->measure, o->number, tie);
}

void planner_begin(struct world *w)
{
    static const char *const ranks[] = {"rank_1", "rank_2", "other"};
    struct device *device = device_of(w, 0);
    struct id id;
    device_put(device, "needs_assessment", NULL, &id,
               "\"entity\":\"North\",\"year\":2022,\"name\":\"needs\"");
    for (int i = 0; i < 4; i++) {
        struct target *t = LIST_ADD(w->targets);
        t->code = w->indicators.at[dice(w, (int)w->indicators.count)].code;
        t->number = 10 + dice(w, 50);
        device_put(device, "npi_target", NULL, &t->id,
                   "\"entity\":\"North\",\"year\":2022,\"codeset\":"
                   "\"csbg-fnpi\",\"codeset_version\":\"2.1\",\"code\":\"%s\","
                   "\"target\":%d",
                   t->code, t->number);
    }
    for (int i = 0; i < 4; i++) {
        struct model *m = LIST_ADD(w->models);
        m->rank = ranks[i % 3];
        m->withdrawn = i == 3;
        snprintf(m->name, sizeof m->name, "model %d", i + 1);
        device_put(device, "logic_model", NULL, &m->id,
                   "\"entity\":\"North\",\"year\":2022,\"level\":\"family\","
                   "\"name\":\"%s\",\"need_rank\":\"%s\",\"status\":\"%s\"",
                   m->name, m->rank, m->withdrawn ? "withdrawn" : "approved");
    }
    plan_objective(w, device, 0, 0);
    plan_objective(w, device, 0, 1);
    plan_objective(w, device, 1, -1);
    plan_objective(w, device, 3, 2);
}
