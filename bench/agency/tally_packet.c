/* All that was written in one case, line by line. */
#include "bench/agency/tally.h"

#define WHAT_CHARS 160

struct packet {
    struct world *w;
    struct tally *tally;
    int person;
};

/* One line, if it is of the case; day 0: without a day. */
__attribute__((format(printf, 6, 7))) static void
tell(const struct packet *p, const struct entry *e, int day, const char *type,
     const char *mark, const char *format, ...)
{
    char what[WHAT_CHARS];
    va_list list;
    if (e->person != p->person)
        return;
    va_start(list, format);
    vsnprintf(what, sizeof what, format, list);
    va_end(list);
    tally_row(p->tally, day > 0 ? date_text(day) : "", type, what,
              worker_name(p->w, e->by), e->error ? "entered in error" : mark,
              e->id.text, NULL);
}

#define EACH(list, type, name)                                                 \
    for (type *name = (list).at;                                               \
         (list).count && name < (list).at + (list).count; name++)

static const char *in_conflict(bool is_so)
{
    return is_so ? "in conflict" : "";
}

static void tell_contacts(const struct packet *p)
{
    struct world *w = p->w;
    char to[64];
    EACH(w->contacts, struct contact, c)
    tell(p, &c->e, c->occurred, "contact", "", "%s%s%s", c->kind,
         c->outcome[0] ? ": " : "", c->outcome);
    EACH(w->addenda, struct addendum, a)
    {
        snprintf(to, sizeof to, "to %s", a->of.text);
        tell(p, &a->e, 0, "addendum", to, "%s", a->reason);
    }
    EACH(w->tasks, struct task, t)
    tell(p, &t->e, t->due, "task", "", "%s: %s", t->kind, t->status);
    EACH(w->advocacies, struct advocacy, a)
    tell(p, &a->e, a->on, "advocacy_action", "", "%s%s%s", a->provider,
         a->result[0] ? ": " : "", a->result);
    EACH(w->disclosures, struct disclosure, d)
    tell(p, &d->e, d->e.day, "disclosure_log", "",
         "Job Center: service_coordination");
}

static void tell_referrals(const struct packet *p)
{
    struct world *w = p->w;
    EACH(w->needs, struct need, n)
    tell(p, &n->e, 0, "need", in_conflict(n->contested), "%s: %s", n->domain,
         n->status);
    EACH(w->consents, struct consent, c)
    tell(p, &c->e, c->e.day, "consent", "", "arf_001_release: %s", c->status);
    EACH(w->referrals, struct referral, r)
    tell(p, &r->e, r->sent, "referral", in_conflict(r->contested), "%s%s%s",
         r->status, r->named ? ": " : "", r->named ? r->resource : "");
    EACH(w->follow_ups, struct follow_up, f)
    tell(p, &f->e, f->on, "referral_followup", "", "no status seen%s%s",
         f->helped ? "; helped: " : "", f->helped ? f->helped : "");
}

static void tell_enrollments(const struct packet *p)
{
    struct world *w = p->w;
    EACH(w->enrollments, struct enrollment, n)
    tell(p, &n->e, n->e.day, "enrollment", "", "%s: %s", n->program, n->stage);
    EACH(w->handovers, struct handover, h)
    tell(p, &h->e, 0, "handover", "", "%s to %s", worker_name(w, h->from),
         worker_name(w, h->to));
    EACH(w->closures, struct closure, c)
    tell(p, &c->e, c->on, "closure", "", "%s: %s", c->kind, c->reason);
    EACH(w->services, struct coded, c)
    tell(p, &c->e, c->on, "service_delivered", "", "%s (2.1)", c->code);
    EACH(w->outcomes, struct coded, c)
    tell(p, &c->e, c->on, "outcome", "", "%s (2.1): %s", c->code,
         c->verified   ? "verified"
         : c->rejected ? "rejected"
                       : "claimed");
}

static void tell_plans(const struct packet *p)
{
    struct world *w = p->w;
    EACH(w->assessments, struct assessment, a)
    tell(p, &a->e, a->e.day, "assessment", "", "baseline: %s",
         a->done ? "done" : "open");
    EACH(w->plans, struct plan, n)
    tell(p, &n->e, 0, "plan", "", "%s: %s",
         n->employment ? "employment_plan" : "service_delivery_plan",
         n->status);
    EACH(w->goals, struct goal, g)
    tell(p, &g->e, 0, "goal", "", "%s: %s", g->type, g->status);
    EACH(w->progress, struct progress, n)
    tell(p, &n->e, n->on, "progress_entry", "", "some");
    EACH(w->monitorings, struct watched, m)
    tell(p, &m->e, m->on, "monitoring_entry", "", "not said");
    EACH(w->evaluations, struct watched, m)
    tell(p, &m->e, m->on, "evaluation", "", "not said");
}

/* The office numbers amendments within their contract as they arrive, which is
 * as they were written: all sync at the end of a week, in the same order. */
static const char *number_text(const struct world *w, const struct paper *n)
{
    static char text[32];
    int number = 1;
    if (n->contract < 0)
        return "no number";
    for (const struct paper *at = w->papers.at; at < n; at++)
        number += at->contract == n->contract;
    snprintf(text, sizeof text, "%d", number);
    return text;
}

static void tell_papers(const struct packet *p)
{
    struct world *w = p->w;
    EACH(w->papers, struct paper, n)
    tell(p, &n->e, 0,
         n->contract < 0 ? "family_contract" : "contract_amendment", "",
         "%s: %s", number_text(w, n), n->status);
    EACH(w->obligations, struct obligation, o)
    tell(p, &o->e, o->due, "obligation", "", "%s: %s",
         o->department ? "department" : "participant", o->status);
    EACH(w->signatures, struct signature, s)
    tell(p, &s->e, s->e.day, "signature", "", "%s, drawn; text abc",
         s->department ? "department" : "participant");
}

static const char *cents_text(const char *category, int cents)
{
    static char text[64];
    snprintf(text, sizeof text, "%s: %d cents", category, cents);
    return text;
}

static const char *of_text(const struct id *id)
{
    static char text[64];
    snprintf(text, sizeof text, "of %s", id->text);
    return text;
}

static void tell_money(const struct packet *p)
{
    struct world *w = p->w;
    EACH(w->requests, struct request, r)
    {
        struct entry shown = {r->shown, r->e.person, r->shown_by, 0, 0, 0};
        tell(p, &r->e, 0, "expenditure_request",
             r->withdrawn ? "withdrawn" : "", "%s: %d cents", r->category,
             r->cents);
        if (r->receipt)
            tell(p, &shown, r->receipted, "receipt", "", "%d cents",
                 r->receipt);
        if (r->granted && r->e.person == p->person)
            tally_row(p->tally, r->paid >= 0 ? date_text(r->paid) : "",
                      "expenditure_authorization",
                      cents_text(r->category, r->granted), "fay", "",
                      r->authorization.text, NULL);
        if (r->voided && r->e.person == p->person)
            tally_row(p->tally, "", "expenditure_void", "changed", "fay",
                      of_text(&r->authorization), r->the_void.text, NULL);
    }
    EACH(w->vouchers, struct voucher, v)
    {
        struct entry spent = {v->spent, v->person, v->worker, 0, 0, 0};
        struct entry shown = {v->shown, v->person, v->worker, 0, 0, 0};
        if (v->day)
            tell(p, &spent, v->day, "voucher_spend", "", "emergency: %d cents",
                 v->spent_cents);
        if (v->receipt)
            tell(p, &shown, v->day, "receipt", "", "%d cents", v->spent_cents);
    }
}

/* The case of which most is to be told. */
int packet_person(struct world *w)
{
    int best = 0, most = -1;
    for (size_t i = 0; i < w->persons.count; i++) {
        int count = 0;
        EACH(w->contacts, struct contact, c)
        count += c->e.person == (int)i;
        EACH(w->requests, struct request, r)
        count += 10 * (r->e.person == (int)i);
        EACH(w->papers, struct paper, n)
        count += 10 * (n->e.person == (int)i);
        if (count > most) {
            most = count;
            best = (int)i;
        }
    }
    return best;
}

void tally_r20(struct world *w, struct tally *tally)
{
    struct packet p = {w, tally, packet_person(w)};
    tell_contacts(&p);
    tell_referrals(&p);
    tell_enrollments(&p);
    tell_plans(&p);
    tell_papers(&p);
    tell_money(&p);
}
