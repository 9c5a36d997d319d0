/* The work requirement: hours, what proves them, projections. */
#include "bench/agency/year.h"

static const char *const activities[] = {"unsubsidized_employment",
                                         "work_experience",
                                         "job_search",
                                         "vocational",
                                         "job_skills",
                                         "education_employment"};

static void work(struct world *w, int person, int worker, int day)
{
    struct hours *h = LIST_ADD(w->hours);
    entry_begin(&h->e, person, worker, day);
    h->week = day - weekday(day);
    h->activity = PICK(w, activities);
    h->kind = chance(w, 80)   ? "actual"
              : chance(w, 50) ? "excused"
              : chance(w, 50) ? "holiday"
                              : "projected";
    h->minutes = 300 + 15 * dice(w, 120);
    h->e.error = chance(w, 3);
    device_put(device_of(w, worker), "work_hours", case_of(w, person), &h->e.id,
               "\"person\":\"%s\",\"activity\":\"%s\",\"week_of\":\"%s\","
               "\"minutes\":%d,\"kind\":\"%s\",\"source\":\"time_sheet\","
               "\"entered_in_error\":%s",
               case_of(w, person)->text, h->activity, date_text(h->week),
               h->minutes, h->kind, h->e.error ? "true" : "false");
}

/* A document that is seen covers what was worked lately. */
static void verify(struct world *w, int person, int worker, int day)
{
    char covers[SATCHEL_ID_BYTES * 9] = "";
    size_t size = 0;
    struct id id;
    bool counts = chance(w, 85);
    int count = 0;
    for (size_t i = w->hours.count; i-- > 0 && count < 8;) {
        struct hours *h = &w->hours.at[i];
        if (h->e.person != person || h->e.day + 35 < day)
            continue;
        size += (size_t)snprintf(covers + size, sizeof covers - size,
                                 "%s\"%s\"", count++ ? "," : "", h->e.id.text);
        h->verified |= counts;
    }
    if (count == 0)
        return;
    device_put(device_of(w, worker), "hours_verification", case_of(w, person),
               &id,
               "\"person\":\"%s\",\"covers\":[%s],\"document\":\"pay_stub\","
               "\"result\":\"%s\",\"seen_on\":\"%s\"",
               case_of(w, person)->text, covers,
               counts ? "confirmed" : "not_accepted", date_text(day));
}

static void project(struct world *w, int person, int worker, int day)
{
    struct projection *p = LIST_ADD(w->projections);
    entry_begin(&p->e, person, worker, day);
    p->from = day;
    p->to = day + 30 + dice(w, 220);
    p->ended = chance(w, 30);
    device_put(device_of(w, worker), "hours_projection", case_of(w, person),
               &p->e.id,
               "\"person\":\"%s\",\"from\":\"%s\",\"to\":\"%s\","
               "\"week_min\":1200,\"status\":\"%s\"",
               case_of(w, person)->text, date_text(p->from), date_text(p->to),
               p->ended ? "ended" : "in_force");
}

void work_week(struct world *w, int worker, int day)
{
    for (size_t i = 0; i < w->enrollments.count; i++) {
        const struct enrollment *n = &w->enrollments.at[i];
        if (!is_mine(w, &n->e, worker) || strcmp(n->program, "aspire") != 0 ||
            n->e.person % 3 == 0)
            continue;
        for (int j = dice(w, 3); j > 0; j--)
            work(w, n->e.person, worker, day);
        if (chance(w, 15))
            verify(w, n->e.person, worker, day);
        if (dice(w, 1000) < 15)
            project(w, n->e.person, worker, day);
    }
}
