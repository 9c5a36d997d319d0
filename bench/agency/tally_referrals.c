/* Needs, referrals, follow-ups, advocacy, what helped.
 */
#include "bench/agency/tally.h"

/* A conflict is over what ended it, so that it has not ended. */
static bool outstanding(const struct referral *r)
{
    static const char *const waits[] = {"sent",      "received", "accepted",
                                        "scheduled", "attended", "in_service",
                                        "waitlisted"};
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        if (strcmp(r->status, waits[i]) == 0)
            return true;
    return r->contested;
}

static const char *responsible(const struct world *w, const struct entry *e)
{
    return worker_name(w, w->persons.at[e->person].primary);
}

void tally_r02(struct world *w, struct tally *tally)
{
    bool *followed = calloc(w->referrals.count + 1, sizeof *followed);
    for (size_t i = 0; followed && i < w->follow_ups.count; i++)
        if (!w->follow_ups.at[i].e.error)
            followed[w->follow_ups.at[i].referral] = true;
    for (size_t i = 0; followed && i < w->referrals.count; i++) {
        const struct referral *r = &w->referrals.at[i];
        int day = r->sent >= 0 ? r->sent : r->e.day;
        bool crisis = !strcmp(r->urgency, "crisis") ||
                      !strcmp(r->urgency, "life_threatening");
        if (followed[i] || !outstanding(r) ||
            working_days_after(day, crisis ? 1 : 3) >= YEAR_LAST)
            continue;
        struct tally_row *row =
            tally_row(tally, responsible(w, &r->e), r->resource, NULL);
        int age = YEAR_LAST - day;
        tally_add(tally, row,
                  age <= 14   ? "d0_14"
                  : age <= 30 ? "d15_30"
                  : age <= 60 ? "d31_60"
                              : "d61",
                  1);
        tally_add(tally, row, "total", 1);
        tally_id(row, &r->e.id);
    }
    free(followed);
}

static bool is_open(const struct need *n)
{
    return !strcmp(n->status, "open") || !strcmp(n->status, "referred") ||
           !strcmp(n->status, "in_progress");
}

void tally_r02b(struct world *w, struct tally *tally)
{
    bool *referred = calloc(w->needs.count + 1, sizeof *referred);
    for (size_t i = 0; referred && i < w->referrals.count; i++)
        if (w->referrals.at[i].need >= 0 &&
            strcmp(w->referrals.at[i].status, "entered_in_error") != 0)
            referred[w->referrals.at[i].need] = true;
    for (size_t i = 0; referred && i < w->needs.count; i++) {
        const struct need *n = &w->needs.at[i];
        if (referred[i] || !is_open(n) || !strcmp(n->can_meet, "yes"))
            continue;
        struct tally_row *row =
            tally_row(tally, responsible(w, &n->e), n->domain, NULL);
        tally_add(tally, row, n->can_meet, 1);
        tally_add(tally, row, "total", 1);
        tally_id(row, &n->e.id);
    }
    free(referred);
}

/* When the next is due by the last follow-up; of several of one day the first
 * due counts. */
static int *due_all(struct world *w)
{
    int *last = calloc(w->referrals.count + 1, sizeof *last);
    int *due = calloc(w->referrals.count + 1, sizeof *due);
    if (!last || !due)
        die("out of memory");
    for (size_t i = 0; i < w->follow_ups.count; i++) {
        const struct follow_up *f = &w->follow_ups.at[i];
        int at = f->referral;
        if (f->e.error || f->on < last[at])
            continue;
        if (f->on > last[at])
            due[at] = 0;
        last[at] = f->on;
        if (f->next_due >= 0 && (!due[at] || f->next_due < due[at]))
            due[at] = f->next_due;
    }
    free(last);
    return due;
}

void tally_r02c(struct world *w, struct tally *tally)
{
    int *due = due_all(w);
    for (size_t i = 0; i < w->referrals.count; i++) {
        const struct referral *r = &w->referrals.at[i];
        int days = YEAR_LAST - due[i];
        if (!due[i] || days <= 0 || !outstanding(r))
            continue;
        struct tally_row *row = tally_row(tally, responsible(w, &r->e), NULL);
        tally_add(tally, row,
                  days <= 7    ? "week"
                  : days <= 30 ? "month"
                               : "more",
                  1);
        tally_add(tally, row, "total", 1);
        tally_id(row, &r->e.id);
    }
    free(due);
}

void tally_r06(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->needs.count; i++) {
        const struct need *n = &w->needs.at[i];
        const char *county = w->persons.at[n->e.person].county;
        const char *state = is_open(n) ? "open" : n->status;
        if (strcmp(state, "open") && strcmp(state, "no_resource") &&
            strcmp(state, "declined"))
            continue;
        struct tally_row *row =
            tally_row(tally, n->domain, county ? county : "unknown", NULL);
        tally_add(tally, row, state, 1);
        tally_add(tally, row, "total", 1);
        tally_id(row, &n->e.id);
    }
}

void tally_r07(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->advocacies.count; i++) {
        const struct advocacy *a = &w->advocacies.at[i];
        struct tally_row *row = tally_row(tally, a->provider, a->scope, NULL);
        const char *result = a->contested || !a->result[0]          ? "pending"
                             : !strcmp(a->result, "partly_granted") ? "partly"
                                                                    : a->result;
        tally_add(tally, row, "actions", 1);
        tally_add(tally, row, result, 1);
        tally_once(tally, row, "persons", person_same(w, a->e.person));
        tally_id(row, &a->e.id);
    }
}

static void answer(struct world *w, struct tally *tally,
                   const struct follow_up *f)
{
    const char *resource = w->referrals.at[f->referral].resource;
    if (f->e.error || !f->helped || f->on > YEAR_LAST)
        return;
    struct tally_row *row = tally_row(tally, resource, NULL);
    tally_add(tally, row, "answers", 1);
    tally_add(tally, row, f->helped, 1);
    tally_id(row, &f->e.id);
}

void tally_r12(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->follow_ups.count; i++)
        answer(w, tally, &w->follow_ups.at[i]);
    for (size_t i = 0; i < w->answers.count; i++)
        answer(w, tally, &w->answers.at[i]);
    tally_drop_below(tally, "answers", 5);
}
