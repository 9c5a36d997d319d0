/* Contacts, what they were for, what is keyed. */
#include "bench/agency/tally.h"

struct kept {
    int last, days, tasks, late, attempts;
    bool told;
};

static bool came_about(const struct contact *c)
{
    return strcmp(c->kind, "attempted") != 0 &&
           (!c->outcome[0] || strcmp(c->outcome, "completed") == 0);
}

static bool was_attempt(const struct contact *c)
{
    return strcmp(c->kind, "attempted") == 0 ||
           strcmp(c->outcome, "no_answer") == 0 ||
           strcmp(c->outcome, "left_message") == 0 ||
           strcmp(c->outcome, "wrong_number") == 0;
}

static int cadence_of(const struct enrollment *n)
{
    if (n->every_days)
        return n->every_days;
    return strcmp(n->intensity, "intensive") == 0 ? 14
           : strcmp(n->intensity, "light") == 0   ? 60
                                                  : 30;
}

static void keep_contact(struct kept *k, const struct contact *c)
{
    if (c->e.error)
        return;
    if (came_about(c) && (!k->told || c->occurred > k->last)) {
        k->last = c->occurred;
        k->told = true;
    }
    k->attempts += was_attempt(c);
    k->late += c->e.day > working_days_after(c->occurred, 2);
}

static struct kept *kept_all(struct world *w)
{
    static const char *const due[] = {"visit", "call", "follow_up"};
    struct kept *kept = calloc(w->persons.count + 1, sizeof *kept);
    if (!kept)
        die("out of memory");
    for (size_t i = 0; i < w->contacts.count; i++)
        keep_contact(&kept[w->contacts.at[i].e.person], &w->contacts.at[i]);
    for (size_t i = 0; i < w->enrollments.count; i++) {
        struct kept *k = &kept[w->enrollments.at[i].e.person];
        int days = cadence_of(&w->enrollments.at[i]);
        if (!k->days || days < k->days)
            k->days = days;
    }
    for (size_t i = 0; i < w->tasks.count; i++) {
        const struct task *t = &w->tasks.at[i];
        bool waits = !strcmp(t->status, "open") || !strcmp(t->status, "doing");
        for (size_t j = 0; j < 3 && waits; j++)
            kept[t->e.person].tasks +=
                t->due < YEAR_LAST && !strcmp(t->kind, due[j]);
    }
    return kept;
}

void tally_r03(struct world *w, struct tally *tally)
{
    struct kept *kept = kept_all(w);
    for (size_t i = 0; i < w->persons.count; i++) {
        const struct person *p = &w->persons.at[i];
        const struct kept *k = &kept[i];
        if (!person_is_open(p))
            continue;
        struct tally_row *row =
            tally_row(tally, worker_name(w, p->primary), NULL);
        bool gap = !k->told || YEAR_LAST - k->last > (k->days ? k->days : 30);
        tally_add(tally, row, "cases", 1);
        tally_add(tally, row, "gap", gap);
        tally_add(tally, row, "never", !k->told);
        tally_add(tally, row, "tasks", k->tasks);
        tally_add(tally, row, "late", k->late);
        tally_add(tally, row, "attempts", k->attempts);
        if (gap)
            tally_id(row, &p->id);
    }
    free(kept);
}

static void tell_purpose(struct world *w, struct tally *tally,
                         const struct contact *c, const char *purpose)
{
    struct tally_row *row = tally_row(tally, purpose, NULL);
    tally_add(tally, row, "contacts", 1);
    tally_add(tally, row, "attempts", was_attempt(c));
    tally_once(tally, row, "persons", person_same(w, c->e.person));
    tally_id(row, &c->e.id);
}

void tally_r03b(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->contacts.count; i++) {
        const struct contact *c = &w->contacts.at[i];
        if (c->e.error)
            continue;
        if (c->purposes == 0)
            tell_purpose(w, tally, c, "not said");
        for (int j = 0; j < c->purposes; j++)
            tell_purpose(w, tally, c, c->purpose[j]);
    }
}

/* --- the system of record ------------------------------------------------- */

static void capture(struct world *w, struct tally *tally, const struct entry *e,
                    int day)
{
    if (e->error)
        return;
    struct tally_row *row = tally_row(tally, worker_name(w, e->by), NULL);
    tally_add(tally, row, "captured", 1);
    tally_add(tally, row, e->keyed ? "keyed" : "pending", 1);
    if (!e->keyed && working_days_after(day, 2) < YEAR_LAST)
        tally_add(tally, row, "overdue", 1);
    if (!e->keyed)
        tally_id(row, &e->id);
}

void tally_r17(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->contacts.count; i++)
        capture(w, tally, &w->contacts.at[i].e, w->contacts.at[i].e.day);
    for (size_t i = 0; i < w->addenda.count; i++)
        capture(w, tally, &w->addenda.at[i].e, w->addenda.at[i].e.day);
    for (size_t i = 0; i < w->attempts.count; i++)
        capture(w, tally, &w->attempts.at[i], w->attempts.at[i].day);
    for (size_t i = 0; i < w->services.count; i++)
        capture(w, tally, &w->services.at[i].e, w->services.at[i].e.day);
    for (size_t i = 0; i < w->outcomes.count; i++)
        capture(w, tally, &w->outcomes.at[i].e, w->outcomes.at[i].e.day);
    for (size_t i = 0; i < w->monitorings.count; i++)
        capture(w, tally, &w->monitorings.at[i].e, w->monitorings.at[i].e.day);
    for (size_t i = 0; i < w->follow_ups.count; i++)
        capture(w, tally, &w->follow_ups.at[i].e, w->follow_ups.at[i].e.day);
    for (size_t i = 0; i < w->referrals.count; i++) {
        const struct referral *r = &w->referrals.at[i];
        if (strcmp(r->status, "draft") && strcmp(r->status, "ready") &&
            strcmp(r->status, "entered_in_error"))
            capture(w, tally, &r->e, r->sent >= 0 ? r->sent : r->e.day);
    }
}
