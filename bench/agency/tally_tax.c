/* Free tax help by county. */
#include "bench/agency/tally.h"

static const char *county_of(const struct world *w, const struct referral *r)
{
    const char *county = w->persons.at[r->e.person].county;
    return county ? county : "unknown";
}

static const char *name_of(const struct world *w, const char *county)
{
    for (size_t i = 0; i < w->counties.count; i++)
        if (strcmp(w->counties.at[i].geoid, county) == 0)
            return w->counties.at[i].name;
    return "";
}

static bool told(const struct referral *r)
{
    return r->tax && strcmp(r->status, "draft") != 0 &&
           strcmp(r->status, "entered_in_error") != 0;
}

static void count_referral(struct world *w, struct tally *tally,
                           struct tally_row *row, const struct referral *r)
{
    static const char *const open[] = {"ready",      "sent",      "received",
                                       "accepted",   "scheduled", "attended",
                                       "in_service", "waitlisted"};
    const char *basis = r->basis;
    tally_add(tally, row, "referred", 1);
    tally_add(tally, row,
              !strcmp(basis, "sponsored_site")         ? "sponsored"
              : !strcmp(basis, "other_site_in_county") ? "in_county"
              : !strcmp(basis, "no_site_in_county")    ? "no_site"
              : basis[0]                               ? "remote"
                                                       : "no_basis",
              1);
    tally_add(tally, row, "known",
              r->outcome && strcmp(r->outcome, "unknown") != 0 &&
                  strcmp(r->outcome, "appointment_made") != 0);
    tally_add(tally, row,
              !r->eitc || !r->eitc[0]   ? "eitc_unknown"
              : !strcmp(r->eitc, "yes") ? "eitc_yes"
                                        : "eitc_no",
              1);
    bool waits = false;
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        waits |= !strcmp(r->status, open[i]);
    tally_add(tally, row, "expired",
              waits && r->site >= 0 && w->sites.at[r->site].to[0] &&
                  date_day(w->sites.at[r->site].to) < YEAR_LAST);
    tally_id(row, &r->e.id);
}

static void offered(struct world *w, struct tally *tally, int person)
{
    const char *county = w->persons.at[person].county;
    county = county ? county : "unknown";
    tally_once(tally, tally_row(tally, county, name_of(w, county), NULL),
               "offered", person_same(w, person));
}

void tally_r18(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->counties.count; i++)
        tally_row(tally, w->counties.at[i].geoid, w->counties.at[i].name, NULL);
    for (size_t i = 0; i < w->sites.count; i++)
        if (!w->sites.at[i].closed)
            tally_add(tally,
                      tally_row(tally, w->sites.at[i].county,
                                name_of(w, w->sites.at[i].county), NULL),
                      "sites", 1);
    for (size_t i = 0; i < w->contacts.count; i++)
        if (w->contacts.at[i].eitc && !w->contacts.at[i].e.error)
            offered(w, tally, w->contacts.at[i].e.person);
    for (size_t i = 0; i < w->credits.count; i++)
        if (!w->credits.at[i].e.error)
            offered(w, tally, w->credits.at[i].e.person);
    for (size_t i = 0; i < w->referrals.count; i++) {
        const struct referral *r = &w->referrals.at[i];
        if (told(r))
            count_referral(w, tally,
                           tally_row(tally, county_of(w, r),
                                     name_of(w, county_of(w, r)), NULL),
                           r);
    }
}

void tally_r18b(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->sites.count; i++) {
        const struct site *s = &w->sites.at[i];
        struct tally_row *row =
            tally_row(tally, s->name, s->entity, s->county, NULL);
        bool season = (!s->from[0] || date_day(s->from) <= YEAR_FIRST + 59) &&
                      (!s->to[0] || date_day(s->to) >= YEAR_FIRST + 59);
        tally_add(tally, row, "sites", !s->closed);
        tally_add(tally, row, "in_season", !s->closed && season);
        tally_add(tally, row, "closed", s->closed);
        tally_id(row, &s->id);
    }
}

void tally_r18c(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->referrals.count; i++) {
        const struct referral *r = &w->referrals.at[i];
        if (!told(r))
            continue;
        struct tally_row *row = tally_row(
            tally, county_of(w, r), r->outcome ? r->outcome : "unknown", NULL);
        tally_add(tally, row, "referrals", 1);
        tally_add(tally, row, "eitc_yes", r->eitc && !strcmp(r->eitc, "yes"));
        tally_id(row, &r->e.id);
    }
}

/* No place of the published directory takes applications. */
void tally_r18d(struct world *w, struct tally *tally)
{
    for (size_t i = 0; i < w->counties.count; i++) {
        const struct county *county = &w->counties.at[i];
        if (county->entity[0])
            tally_set(tally,
                      tally_row(tally, county->geoid, county->name,
                                county->entity, NULL),
                      "sites", 0);
    }
}
