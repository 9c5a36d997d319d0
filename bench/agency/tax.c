/* The season of free tax help: offers, and referrals by the rule of counties.
 */
#include "bench/agency/year.h"

#define SEASON_LAST (YEAR_FIRST + 107)

static void offer(struct world *w, int person, int worker, int day)
{
    static const char *const answers[] = {"accepted", "declined", "deferred",
                                          "already_filed"};
    struct offer *o = LIST_ADD(w->credits);
    entry_begin(&o->e, person, worker, day);
    o->on = day;
    o->e.error = chance(w, 4);
    device_put(device_of(w, worker), "eitc_offer", case_of(w, person), &o->e.id,
               "\"person\":\"%s\",\"tax_year\":%d,\"on\":\"%s\","
               "\"answer\":\"%s\",\"entered_in_error\":%s",
               case_of(w, person)->text, TAX_YEAR, date_text(day),
               PICK(w, answers), o->e.error ? "true" : "false");
}

/* 18 Miss. Code R. 28-6.8 C: a site in the county; where there is none, another
 * or none, and the reason why. */
static void choose_site(struct world *w, struct referral *r)
{
    int found[8], count = 0;
    for (size_t i = 0; i < w->sites.count && count < 8; i++)
        if (r->county && strcmp(w->sites.at[i].county, r->county) == 0)
            found[count++] = (int)i;
    if (chance(w, 3))
        r->basis = "";
    else if (count > 0)
        r->basis = chance(w, 50) ? "sponsored_site" : "other_site_in_county";
    else
        r->basis = chance(w, 60)   ? "no_site_in_county"
                   : chance(w, 70) ? "virtual"
                                   : "hotline";
    if (count > 0)
        r->site = found[dice(w, count)];
    else if (strcmp(r->basis, "no_site_in_county") == 0)
        r->site = dice(w, (int)w->sites.count);
}

static void refer(struct world *w, int person, int worker, int day)
{
    const struct person *p = &w->persons.at[person];
    struct referral *r = LIST_ADD(w->referrals);
    char more[400] = "";
    size_t size = 0;
    entry_begin(&r->e, person, worker, day);
    r->tax = true;
    r->need = -1;
    r->urgency = "";
    r->county = p->county;
    choose_site(w, r);
    r->sent = day;
    r->status = "sent";
    r->resource = "not named";
    r->consented = p->consent >= 0;
    r->founded = false;
    if (r->basis[0])
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"site_choice_basis\":\"%s\"", r->basis);
    if (r->site >= 0)
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"location\":\"%s\"",
                                 w->sites.at[r->site].id.text);
    if (r->site >= 0 && chance(w, 50)) {
        r->resource = w->sites.at[r->site].name;
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"organization\":\"%s\"",
                                 w->sites.at[r->site].organization.text);
    }
    if (r->county && chance(w, 70))
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"county\":\"%s\"", r->county);
    if (r->consented)
        snprintf(more + size, sizeof more - size, ",\"consent\":\"%s\"",
                 w->consents.at[p->consent].e.id.text);
    device_put(device_of(w, worker), "referral", &p->id, &r->e.id,
               "\"person\":\"%s\",\"status\":\"sent\",\"tax_year\":%d,"
               "\"scope\":\"local\",\"sent_at\":\"%sT12:00-06:00\"%s",
               p->id.text, TAX_YEAR, date_text(day), more);
}

/* What the client said came of it. */
static void hear(struct world *w, int worker)
{
    static const char *const outcomes[] = {"appointment_made",
                                           "went_return_efiled",
                                           "went_return_efiled",
                                           "paper_filed",
                                           "no_show",
                                           "turned_away_income",
                                           "self_prepared",
                                           "filed_elsewhere_paid",
                                           "unknown"};
    for (size_t i = 0; i < w->referrals.count; i++) {
        struct referral *r = &w->referrals.at[i];
        const struct person *p = &w->persons.at[r->e.person];
        if (!r->tax || r->outcome || p->writer != worker || p->closed >= 0 ||
            p->closing || !chance(w, 8))
            continue;
        char eitc[40] = "";
        r->outcome = PICK(w, outcomes);
        r->eitc = chance(w, 40) ? "yes" : chance(w, 50) ? "no" : "";
        if (r->eitc[0])
            snprintf(eitc, sizeof eitc, ",\"eitc_claimed\":\"%s\"", r->eitc);
        device_revise(device_of(w, worker), &r->e.id,
                      "\"vita_outcome\":\"%s\"%s", r->outcome, eitc);
    }
}

void tax_week(struct world *w, int worker, int day)
{
    const struct worker *me = &w->workers.at[worker];
    hear(w, worker);
    for (size_t i = 0; i < me->cases.count && day <= SEASON_LAST; i++) {
        if (dice(w, 100) < 4)
            offer(w, me->cases.at[i], worker, day);
        if (dice(w, 1000) < 25)
            refer(w, me->cases.at[i], worker, day);
    }
}
