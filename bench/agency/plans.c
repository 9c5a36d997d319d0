/* Assessments, plans, goals, and what became of them. */
#include "bench/agency/year.h"

static const char *const domains[] = {"employment", "education", "income",
                                      "housing", "transportation"};

/* --- assessments ---------------------------------------------------------- */

static void item(struct world *w, struct assessment *a, int worker,
                 const char *type, bool *said)
{
    struct id id;
    bool error = chance(w, 10);
    device_put(device_of(w, worker), type, case_of(w, a->e.person), &id,
               "\"person\":\"%s\",\"assessment\":\"%s\",\"text\":\"%s\","
               "\"entered_in_error\":%s",
               case_of(w, a->e.person)->text, a->e.id.text, note_text(w),
               error ? "true" : "false");
    *said |= !error;
}

static void assess(struct world *w, int person, int worker, int day)
{
    struct assessment *a = LIST_ADD(w->assessments);
    const struct id *kase = case_of(w, person);
    struct id id;
    entry_begin(&a->e, person, worker, day);
    a->strengths = chance(w, 10);
    a->ranked = chance(w, 10);
    device_put(device_of(w, worker), "assessment", kase, &a->e.id,
               "\"person\":\"%s\",\"tool\":\"intake\",\"done_on\":\"%s\","
               "\"purpose\":\"baseline\",\"status\":\"open\","
               "\"none_stated\":[%s%s%s]",
               kase->text, date_text(day), a->strengths ? "\"strengths\"" : "",
               a->strengths && a->ranked ? "," : "",
               a->ranked ? "\"priorities\"" : "");
    if (chance(w, 85))
        item(w, a, worker, "strength_item", &a->strengths);
    if (chance(w, 85))
        item(w, a, worker, "challenge_item", &a->challenges);
    if (chance(w, 80)) {
        a->ranked = true;
        device_put(device_of(w, worker), "need_priority", kase, &id,
                   "\"person\":\"%s\",\"assessment\":\"%s\","
                   "\"decided_with\":\"participant\"",
                   kase->text, a->e.id.text);
    }
}

static void finish_assessments(struct world *w, int worker)
{
    for (size_t i = 0; i < w->assessments.count; i++) {
        struct assessment *a = &w->assessments.at[i];
        if (a->done || !is_mine(w, &a->e, worker) || !chance(w, 40))
            continue;
        a->done = true;
        device_revise(device_of(w, worker), &a->e.id, "\"status\":\"done\"");
    }
}

static void score(struct world *w, int person, int worker, int day)
{
    struct score *s = LIST_ADD(w->scores);
    entry_begin(&s->e, person, worker, day);
    s->domain = PICK(w, domains);
    s->value = 1 + dice(w, 5);
    s->e.error = chance(w, 4);
    device_put(device_of(w, worker), "scale_score", case_of(w, person),
               &s->e.id,
               "\"person\":\"%s\",\"scale\":\"self-sufficiency\","
               "\"scale_version\":\"1\",\"domain\":\"%s\",\"score\":%d,"
               "\"as_of\":\"%s\",\"entered_in_error\":%s",
               case_of(w, person)->text, s->domain, s->value, date_text(day),
               s->e.error ? "true" : "false");
}

static void offer_choice(struct world *w, int person, int worker, int day)
{
    struct entry *e = entry_begin(LIST_ADD(w->choices), person, worker, day);
    e->error = chance(w, 5);
    device_put(
        device_of(w, worker), "choice_offered", case_of(w, person), &e->id,
        "\"person\":\"%s\",\"on\":\"%s\",\"options\":[\"class\","
        "\"training\"],\"answer\":\"chose_one\","
        "\"entered_in_error\":%s",
        case_of(w, person)->text, date_text(day), e->error ? "true" : "false");
}

/* --- plans ---------------------------------------------------------------- */

static void plan(struct world *w, const struct assessment *a, int enrollment,
                 int worker, int day)
{
    static const char *const agreed[] = {"yes", "yes",    "yes",
                                         "no",  "partly", ""};
    static const char *const present[] = {"yes", "yes", "remote", "no", ""};
    struct plan *p = LIST_ADD(w->plans);
    char more[240] = "";
    size_t size = 0;
    entry_begin(&p->e, a->e.person, worker, day);
    p->enrollment = enrollment;
    p->employment = chance(w, 40);
    p->agreed = PICK(w, agreed);
    p->present = PICK(w, present);
    p->excused = chance(w, 30);
    p->status = "draft";
    if (enrollment >= 0)
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"enrollment\":\"%s\"",
                                 w->enrollments.at[enrollment].e.id.text);
    if (p->agreed[0])
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"client_agreed\":\"%s\"", p->agreed);
    if (p->present[0])
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"participant_present\":\"%s\"", p->present);
    if (p->excused)
        snprintf(more + size, sizeof more - size,
                 ",\"absent_reason\":\"was ill\"");
    device_put(device_of(w, worker), "plan", case_of(w, a->e.person), &p->e.id,
               "\"person\":\"%s\",\"kind\":\"%s\","
               "\"based_on_assessment\":\"%s\",\"status\":\"draft\"%s",
               case_of(w, a->e.person)->text,
               p->employment ? "employment_plan" : "service_delivery_plan",
               a->e.id.text, more);
}

static void set_goal(struct world *w, int plan, int worker, int day)
{
    static const char *const types[] = {"employment", "skill", "income",
                                        "family"};
    struct goal *g = LIST_ADD(w->goals);
    const struct plan *p = &w->plans.at[plan];
    char coded[120] = "";
    entry_begin(&g->e, p->e.person, worker, day);
    g->plan = plan;
    g->type = PICK(w, types);
    g->status = "open";
    if (w->indicators.count && chance(w, 60)) {
        g->code = w->indicators.at[dice(w, (int)w->indicators.count)].code;
        snprintf(coded, sizeof coded,
                 ",\"codeset\":\"csbg-fnpi\",\"codeset_version\":\"2.1\","
                 "\"code\":\"%s\"",
                 g->code);
    }
    device_put(device_of(w, worker), "goal", case_of(w, p->e.person), &g->e.id,
               "\"person\":\"%s\",\"plan\":\"%s\",\"type\":\"%s\","
               "\"words\":\"%s\",\"status\":\"open\"%s",
               case_of(w, p->e.person)->text, p->e.id.text, g->type,
               note_text(w), coded);
}

static void move_plan(struct world *w, struct plan *p, int worker)
{
    static const char *const steps[] = {"draft", "proposed", "agreed",
                                        "in_progress", "completed"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(p->status, steps[i]) != 0)
            continue;
        p->status = i == 1 && chance(w, 10)   ? "declined"
                    : i == 3 && chance(w, 80) ? p->status
                                              : steps[i + 1];
        if (strcmp(p->status, steps[i]) != 0)
            device_revise(device_of(w, worker), &p->e.id, "\"status\":\"%s\"",
                          p->status);
        return;
    }
}

/* A monitoring entry or an evaluation: when the next is due. */
static void watch(struct world *w, int plan, int worker, int day, bool judged)
{
    struct watched *m =
        judged ? LIST_ADD(w->evaluations) : LIST_ADD(w->monitorings);
    const struct plan *p = &w->plans.at[plan];
    char due[48] = "";
    entry_begin(&m->e, p->e.person, worker, day);
    m->plan = plan;
    m->on = day - dice(w, 3);
    m->next_due = chance(w, 80) ? day + 5 + dice(w, 60) : -1;
    m->e.error = chance(w, 5);
    if (m->next_due >= 0)
        snprintf(due, sizeof due, ",\"next_due\":\"%s\"",
                 date_text(m->next_due));
    device_put(device_of(w, worker), judged ? "evaluation" : "monitoring_entry",
               case_of(w, p->e.person), &m->e.id,
               "\"person\":\"%s\",\"plan\":\"%s\",\"on\":\"%s\","
               "\"%s\":\"%s\",\"entered_in_error\":%s%s",
               case_of(w, p->e.person)->text, p->e.id.text, date_text(m->on),
               judged ? "text" : "finding", note_text(w),
               m->e.error ? "true" : "false", due);
}

static void work_on_plans(struct world *w, int worker, int day)
{
    for (size_t i = 0; i < w->plans.count; i++) {
        struct plan *p = &w->plans.at[i];
        if (!is_mine(w, &p->e, worker))
            continue;
        if (chance(w, 15))
            move_plan(w, p, worker);
        if (dice(w, 1000) < 40)
            set_goal(w, (int)i, worker, day);
        if (strcmp(p->status, "in_progress") == 0 && chance(w, 6))
            watch(w, (int)i, worker, day, false);
        if (strcmp(p->status, "in_progress") == 0 && chance(w, 3))
            watch(w, (int)i, worker, day, true);
    }
}

/* --- goals ---------------------------------------------------------------- */

static void note_progress(struct world *w, int goal, int worker, int day)
{
    struct progress *p = LIST_ADD(w->progress);
    const struct goal *g = &w->goals.at[goal];
    entry_begin(&p->e, g->e.person, worker, day);
    p->goal = goal;
    p->on = day - dice(w, 3);
    p->e.error = chance(w, 5);
    device_put(device_of(w, worker), "progress_entry", case_of(w, g->e.person),
               &p->e.id,
               "\"person\":\"%s\",\"goal\":\"%s\",\"on\":\"%s\","
               "\"progress\":\"some\",\"text\":\"%s\",\"entered_in_error\":%s",
               case_of(w, g->e.person)->text, g->e.id.text, date_text(p->on),
               note_text(w), p->e.error ? "true" : "false");
}

static void work_on_goals(struct world *w, int worker, int day)
{
    static const char *const after[] = {"met", "partly_met", "not_met",
                                        "dropped"};
    for (size_t i = 0; i < w->goals.count; i++) {
        struct goal *g = &w->goals.at[i];
        if (!is_mine(w, &g->e, worker) ||
            (strcmp(g->status, "open") && strcmp(g->status, "in_progress")))
            continue;
        if (chance(w, 10))
            note_progress(w, (int)i, worker, day);
        if (!chance(w, 3))
            continue;
        g->status = PICK(w, after);
        g->decided = chance(w, 70) ? day : -1;
        if (g->decided >= 0)
            device_revise(device_of(w, worker), &g->e.id,
                          "\"status\":\"%s\",\"decided_on\":\"%s\"", g->status,
                          date_text(day));
        else
            device_revise(device_of(w, worker), &g->e.id, "\"status\":\"%s\"",
                          g->status);
    }
}

/* --- a week --------------------------------------------------------------- */

static void begin_plans(struct world *w, int worker, int day)
{
    for (size_t i = 0; i < w->enrollments.count; i++) {
        const struct enrollment *n = &w->enrollments.at[i];
        if (!is_mine(w, &n->e, worker) || dice(w, 1000) >= 25)
            continue;
        assess(w, n->e.person, worker, day);
        if (chance(w, 75))
            plan(w, &w->assessments.at[w->assessments.count - 1],
                 chance(w, 90) ? (int)i : -1, worker, day);
    }
}

void plans_week(struct world *w, int worker, int day)
{
    const struct worker *me = &w->workers.at[worker];
    finish_assessments(w, worker);
    work_on_plans(w, worker, day);
    work_on_goals(w, worker, day);
    begin_plans(w, worker, day);
    for (size_t i = 0; i < me->cases.count; i++) {
        if (dice(w, 1000) < 20)
            score(w, me->cases.at[i], worker, day);
        if (dice(w, 1000) < 15)
            offer_choice(w, me->cases.at[i], worker, day);
    }
}
