#include "bench/agency/year.h"

/* The persons of whom `part` of `parts` have been met by the end of the week:
 * most in January, the rest one by one. */
static int met_until(int persons, int week)
{
    int early = persons * 6 / 10;
    if (week < 4)
        return early * (week + 1) / 4;
    return week >= 44 ? persons : early + (persons - early) * (week - 3) / 41;
}

static void list_cases(struct world *w)
{
    for (int k = 0; k < w->worker_count; k++)
        w->workers.at[k].cases.count = 0;
    for (size_t i = 0; i < w->persons.count; i++) {
        struct person *p = &w->persons.at[i];
        if (p->primary >= 0 && !p->contested)
            p->writer = p->primary;
        if (p->closed < 0 && !p->closing && p->same_as < 0)
            *LIST_ADD(w->workers.at[p->writer].cases) = (int)i;
    }
}

static void play_day(struct world *w, int worker, int day, int met, int told)
{
    struct worker *me = &w->workers.at[worker];
    device_clock(day, 14 * 60);
    for (int i = 0; i < met; i++) {
        people_meet(w, worker, day);
        *LIST_ADD(me->cases) = (int)w->persons.count - 1;
    }
    for (int i = 0; i < told && me->cases.count; i++)
        contacts_add(w, worker, me->cases.at[dice(w, (int)me->cases.count)],
                     day);
}

/* The share of one of `parts` in so many, so that all shares add up. */
static int share(int of, int part, int parts)
{
    return of * (part + 1) / parts - of * part / parts;
}

static void play_worker(struct world *w, int worker, int week, int met)
{
    int monday = YEAR_MONDAY + 7 * week;
    int told = share(share(w->contact_count, week, YEAR_WEEKS), worker,
                     w->worker_count);
    device_begin(device_of(w, worker));
    for (int i = 0; i < 5; i++)
        play_day(w, worker, monday + i, share(met, i, 5), share(told, i, 5));
    device_clock(monday + 4, 20 * 60);
    people_week(w, worker, monday + 4);
    contacts_week(w, worker, monday + 4);
    referrals_week(w, worker, monday + 4);
    tax_week(w, worker, monday + 4);
    plans_week(w, worker, monday + 4);
    work_week(w, worker, monday + 4);
    annual_week(w, worker, monday + 4);
    closings_week(w, worker, monday + 4);
    money_week(w, worker, monday + 4);
    papers_week(w, worker, monday + 4);
    if (chance(w, 3))
        directory_correct(w, worker, monday + 4);
    device_commit(device_of(w, worker));
}

static void sync_all(struct world *w)
{
    for (int k = 0; k < w->worker_count; k++)
        device_sync(device_of(w, k));
}

/* The last one hired leaves; nobody takes the cases over. */
static void leave_one(struct world *w, struct office *office)
{
    int last = w->worker_count - 1;
    w->workers.at[last].disabled = true;
    office_tell(office, "user disable %s --as ruth", worker_name(w, last));
}

void year_play(struct world *w, struct office *office)
{
    int met = 0;
    device_clock(YEAR_FIRST, 15 * 60);
    planner_begin(w);
    money_begin(office);
    sync_all(w);
    for (int week = 0; week < YEAR_WEEKS; week++) {
        int saturday = YEAR_MONDAY + 7 * week + 5;
        int until = met_until(w->person_count, week);
        list_cases(w);
        for (int k = 0; k < w->worker_count; k++)
            play_worker(w, k, week, share(until - met, k, w->worker_count));
        met = until;
        device_clock(saturday, 9 * 60);
        sync_all(w);
        money_office(w, office, saturday);
        people_office(w, office, saturday);
        sync_all(w);
        clashes_week(w, saturday);
    }
    sync_all(w);
    leave_one(w, office);
}
