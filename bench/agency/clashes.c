/* The same field written by two who have not seen each other's. */
#include "bench/agency/year.h"

/* Both know the record; afterwards both, and the office, know of both. */
static void meet(struct world *w, int one, int other)
{
    device_sync(device_of(w, one));
    device_sync(device_of(w, other));
    device_sync(device_of(w, one));
}

static void both(struct world *w, int worker, const struct id *record,
                 const char *type, const char *field, const char *mine,
                 const char *theirs)
{
    int other = partner_of(w, worker);
    device_revise(device_of(w, worker), record, "\"%s\":\"%s\"", field, mine);
    device_revise(device_of(w, other), record, "\"%s\":\"%s\"", field, theirs);
    clash_add(w, record, type, field);
    meet(w, worker, other);
}

/* Two managers at once: whom both had seen stays responsible. */
static void clash_manager(struct world *w, struct person *p)
{
    int other = partner_of(w, p->writer);
    if (p->primary < 0 || p->contested || p->primary != p->writer)
        return;
    p->contested = true;
    both(w, p->writer, &p->assignment, "assignment", "primary", "ruth",
         worker_name(w, other));
}

/* What both had seen is shown: the county does not change. */
static void clash_county(struct world *w, struct person *p)
{
    if (p->by_two || !p->county)
        return;
    p->by_two = true;
    both(w, p->writer, &p->id, "person", "county", "28001", "28003");
}

/* Whose value is listed first counts as who wrote: the lesser replica's. */
static int first_of(struct world *w, int one, int other)
{
    return strcmp(device_of(w, one)->replica, device_of(w, other)->replica) < 0
               ? one
               : other;
}

static void clash_need(struct world *w, struct need *n, int writer)
{
    if (n->contested || strcmp(n->status, "open") != 0)
        return;
    n->contested = true;
    n->e.by = first_of(w, writer, partner_of(w, writer));
    both(w, writer, &n->e.id, "need", "status", "met", "declined");
}

static void clash_end(struct world *w, struct referral *r, int writer, int day)
{
    if (r->contested || strcmp(r->status, "in_service") != 0)
        return;
    r->contested = true;
    r->e.by = first_of(w, writer, partner_of(w, writer));
    r->e.day = day;
    both(w, writer, &r->e.id, "referral", "status", "met", "not_met");
}

static void clash_result(struct world *w, struct advocacy *a, int writer)
{
    if (a->contested)
        return;
    a->contested = true;
    both(w, writer, &a->e.id, "advocacy_action", "result", "granted", "denied");
}

/* 20 or 25 hours of one week: neither counts. */
static void clash_hours(struct world *w, struct hours *h, int writer)
{
    int other = partner_of(w, writer);
    if (h->contested)
        return;
    h->contested = true;
    device_revise(device_of(w, writer), &h->e.id, "\"minutes\":1200");
    device_revise(device_of(w, other), &h->e.id, "\"minutes\":1500");
    clash_add(w, &h->e.id, "work_hours", "minutes");
    meet(w, writer, other);
}

static bool is_open(const struct person *p)
{
    return p->closed < 0 && !p->closing && p->same_as < 0;
}

/* One of `count` things whose case is open and has two workers; or none. */
#define FIND(w, list) ((list).count ? dice(w, (int)(list).count) : -1)

void clashes_week(struct world *w, int day)
{
    device_clock(day, 17 * 60);
    for (int kind = 0; kind < 6; kind++) {
        int i = kind < 2    ? FIND(w, w->persons)
                : kind == 2 ? FIND(w, w->needs)
                : kind == 3 ? FIND(w, w->referrals)
                : kind == 4 ? FIND(w, w->advocacies)
                            : FIND(w, w->hours);
        /* In a small agency not in each week. */
        if (i < 0 || !chance(w, 5 + w->person_count / 10))
            continue;
        struct person *p =
            &w->persons.at[kind < 2    ? i
                           : kind == 2 ? w->needs.at[i].e.person
                           : kind == 3 ? w->referrals.at[i].e.person
                           : kind == 4 ? w->advocacies.at[i].e.person
                                       : w->hours.at[i].e.person];
        if (!is_open(p) || partner_of(w, p->writer) == p->writer)
            continue;
        if (kind == 0)
            clash_manager(w, p);
        else if (kind == 1)
            clash_county(w, p);
        else if (kind == 2)
            clash_need(w, &w->needs.at[i], p->writer);
        else if (kind == 3)
            clash_end(w, &w->referrals.at[i], p->writer, day);
        else if (kind == 4)
            clash_result(w, &w->advocacies.at[i], p->writer);
        else
            clash_hours(w, &w->hours.at[i], p->writer);
    }
}
