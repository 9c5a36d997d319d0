/* Contracts and confidentiality. */
#include "bench/agency/tally.h"

/* Another of the same contract is in force as well. */
static bool is_doubled(struct world *w, const struct paper *p)
{
    for (size_t i = 0; i < w->papers.count; i++)
        if (&w->papers.at[i] != p && p->contract >= 0 &&
            w->papers.at[i].contract == p->contract &&
            !strcmp(w->papers.at[i].status, "in_force"))
            return true;
    return false;
}

void tally_r11(struct world *w, struct tally *tally)
{
    TALLY_ROWS(tally, "not signed by one party",
               "in force without obligations of one party",
               "in force, no copy given",
               "in force, no notice of a fair hearing",
               "in force without a number", "two amendments in force at once",
               "obligation of the Department overdue",
               "obligation of the participant overdue");
    for (size_t i = 0; i < w->papers.count; i++) {
        const struct paper *p = &w->papers.at[i];
        const struct id *id = &p->e.id;
        bool force = !strcmp(p->status, "in_force"), more = p->contract >= 0;
        tally_lacks(tally, "not signed by one party",
                    strcmp(p->status, "draft") &&
                        (!p->signed_by[0] || !p->signed_by[1]),
                    id);
        tally_lacks(tally, "in force without obligations of one party",
                    force && more && (!p->bound[0] || !p->bound[1]), id);
        tally_lacks(tally, "in force, no copy given", force && !p->copy, id);
        tally_lacks(tally, "in force, no notice of a fair hearing",
                    force && !p->notice, id);
        /* The office numbers them all. */
        tally_lacks(tally, "in force without a number", false, id);
        tally_lacks(tally, "two amendments in force at once",
                    force && is_doubled(w, p), id);
    }
    for (size_t i = 0; i < w->obligations.count; i++) {
        const struct obligation *o = &w->obligations.at[i];
        bool late = o->due < YEAR_LAST && strcmp(o->status, "done") != 0;
        tally_lacks(tally, "obligation of the Department overdue",
                    late && o->department, &o->e.id);
        tally_lacks(tally, "obligation of the participant overdue",
                    late && !o->department, &o->e.id);
    }
}

/* --- confidentiality ------------------------------------------------------ */

static bool went_out(const struct referral *r)
{
    return strcmp(r->status, "draft") && strcmp(r->status, "ready") &&
           strcmp(r->status, "entered_in_error") &&
           strcmp(r->status, "client_declined");
}

static void tell_referral(struct world *w, struct tally *tally,
                          const struct referral *r)
{
    static const char *const open[] = {"sent",      "received", "accepted",
                                       "scheduled", "attended", "in_service"};
    const struct consent *c =
        r->consented ? &w->consents.at[w->persons.at[r->e.person].consent]
                     : NULL;
    bool waits = false;
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        waits |= !strcmp(r->status, open[i]);
    tally_lacks(tally, "referral sent with neither consent nor other basis",
                went_out(r) && !c && !r->founded, &r->e.id);
    tally_lacks(tally, "open referral whose consent was revoked",
                waits && c && !strcmp(c->status, "revoked"), &r->e.id);
    tally_lacks(tally, "open referral whose consent has expired",
                waits && c && !strcmp(c->status, "given") &&
                    c->valid_to < YEAR_LAST,
                &r->e.id);
}

static void tell_user(struct tally *tally, const char *name)
{
    struct id id;
    snprintf(id.text, sizeof id.text, "%s", name);
    tally_lacks(tally, "user without a statement of confidentiality", true,
                &id);
}

void tally_r13(struct world *w, struct tally *tally)
{
    TALLY_ROWS(tally, "referral sent with neither consent nor other basis",
               "open referral whose consent was revoked",
               "open referral whose consent has expired",
               "a site goes on though consent was withdrawn",
               "device not revoked of a user who is disabled",
               "disclosure with neither consent nor other basis",
               "advocacy outside with neither consent nor basis",
               "user without a statement of confidentiality",
               "incident that is not closed", "export of data about persons");
    for (size_t i = 0; i < w->referrals.count; i++)
        tell_referral(w, tally, &w->referrals.at[i]);
    for (size_t i = 0; i < w->disclosures.count; i++)
        tally_lacks(tally, "disclosure with neither consent nor other basis",
                    !w->disclosures.at[i].founded &&
                        !w->disclosures.at[i].e.error,
                    &w->disclosures.at[i].e.id);
    for (size_t i = 0; i < w->advocacies.count; i++)
        tally_lacks(tally, "advocacy outside with neither consent nor basis",
                    !strcmp(w->advocacies.at[i].scope, "outside") &&
                        !w->advocacies.at[i].founded,
                    &w->advocacies.at[i].e.id);
    for (size_t i = 0; i < w->incidents.count; i++)
        tally_lacks(tally, "incident that is not closed",
                    !w->incidents.at[i].closed, &w->incidents.at[i].id);
    for (size_t i = 0; i < w->workers.count; i++) {
        const struct worker *k = &w->workers.at[i];
        struct id device;
        snprintf(device.text, sizeof device.text, "%s", k->device.replica);
        tally_lacks(tally, "device not revoked of a user who is disabled",
                    k->disabled, &device);
        if (!k->attested && !k->disabled)
            tell_user(tally, k->device.user);
    }
    tell_user(tally, "ruth");
    tell_user(tally, "fay");
}
