/* Closures and what was asked of those who left. */
#include "bench/agency/year.h"

static void close_case(struct world *w, const struct enrollment *n, int worker,
                       int day)
{
    static const char *const reasons[] = {"goals_met", "employed", "moved",
                                          "lost_contact"};
    struct closure *c = LIST_ADD(w->closures);
    char over[64] = "";
    entry_begin(&c->e, n->e.person, worker, day);
    c->enrollment = n->e.id;
    c->kind = strcmp(n->stage, "closed_transition") == 0 ? "transition"
                                                         : "terminated";
    c->reason = PICK(w, reasons);
    c->on = day;
    c->withdrawn = chance(w, 10);
    c->overridden = chance(w, 25);
    if (c->overridden)
        snprintf(over, sizeof over, ",\"override_by\":\"ruth\"");
    device_put(device_of(w, worker), "closure", case_of(w, c->e.person),
               &c->e.id,
               "\"person\":\"%s\",\"enrollment\":\"%s\",\"kind\":\"%s\","
               "\"reason\":\"%s\",\"closed_on\":\"%s\",\"status\":\"%s\"%s",
               case_of(w, c->e.person)->text, n->e.id.text, c->kind, c->reason,
               date_text(day), c->withdrawn ? "withdrawn" : "closed", over);
}

/* An employer may say what somebody does who was not reached. */
static void ask_after(struct world *w, struct closure *c, int mark, int worker,
                      int day)
{
    struct id id;
    bool reached = chance(w, 65), works = chance(w, 50);
    c->asked[mark] = true;
    c->reached[mark] = reached;
    c->works[mark] = reached && works;
    device_put(device_of(w, worker), "transition_followup",
               case_of(w, c->e.person), &id,
               "\"person\":\"%s\",\"closure\":\"%s\",\"mark\":\"%s\","
               "\"on\":\"%s\",\"reached\":\"%s\",\"employed\":\"%s\"",
               case_of(w, c->e.person)->text, c->e.id.text,
               mark ? "day_180" : "day_90", date_text(day),
               reached ? "yes" : "no", works ? "yes" : "no");
}

void closings_week(struct world *w, int worker, int day)
{
    for (size_t i = 0; i < w->enrollments.count; i++) {
        const struct enrollment *n = &w->enrollments.at[i];
        if (is_mine(w, &n->e, worker) && n->stage_day == day &&
            strncmp(n->stage, "closed_", 7) == 0)
            close_case(w, n, worker, day);
    }
    for (size_t i = 0; i < w->closures.count; i++) {
        struct closure *c = &w->closures.at[i];
        for (int mark = 0; mark < 2; mark++)
            if (is_mine(w, &c->e, worker) && !c->asked[mark] &&
                day >= c->on + 90 * (mark + 1) && chance(w, 30))
                ask_after(w, c, mark, worker, day);
    }
}
