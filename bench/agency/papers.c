/* Family Contracts, and what confidentiality asks for. */
#include "bench/agency/year.h"

/* --- contracts ------------------------------------------------------------ */

static void sign(struct world *w, struct paper *p, bool department, int worker,
                 int day)
{
    struct signature *s = LIST_ADD(w->signatures);
    entry_begin(&s->e, p->e.person, worker, day);
    s->department = department;
    s->e.error = chance(w, 10);
    device_put(device_of(w, worker), "signature", case_of(w, p->e.person),
               &s->e.id,
               "\"of\":\"%s\",\"person\":\"%s\",\"text_hash\":\"abc\","
               "\"role\":\"%s\",\"mark\":\"drawn\",\"occurred_at\":"
               "\"%sT10:00-06:00\",\"entered_in_error\":%s",
               p->e.id.text, case_of(w, p->e.person)->text,
               department ? "department" : "participant", date_text(day),
               s->e.error ? "true" : "false");
    p->signed_by[department] |= !s->e.error;
}

static void oblige(struct world *w, int paper, bool department, int worker,
                   int day)
{
    struct obligation *o = LIST_ADD(w->obligations);
    struct paper *p = &w->papers.at[paper];
    entry_begin(&o->e, p->e.person, worker, day);
    o->department = department;
    o->due = day + 10 + dice(w, 120);
    o->status = "open";
    p->bound[department] = true;
    device_put(device_of(w, worker), "obligation", case_of(w, p->e.person),
               &o->e.id,
               "\"person\":\"%s\",\"amendment\":\"%s\",\"party\":\"%s\","
               "\"what\":\"%s\",\"due\":\"%s\",\"status\":\"open\"",
               case_of(w, p->e.person)->text, p->e.id.text,
               department ? "department" : "participant", note_text(w),
               date_text(o->due));
}

static int paper_add(struct world *w, int person, int contract, int worker,
                     int day)
{
    struct paper *p = LIST_ADD(w->papers);
    entry_begin(&p->e, person, worker, day);
    p->contract = contract;
    p->status = "draft";
    if (contract < 0)
        device_put(device_of(w, worker), "family_contract", case_of(w, person),
                   &p->e.id,
                   "\"person\":\"%s\",\"text\":\"%s\",\"status\":\"draft\"",
                   case_of(w, person)->text, note_text(w));
    else
        device_put(device_of(w, worker), "contract_amendment",
                   case_of(w, person), &p->e.id,
                   "\"person\":\"%s\",\"contract\":\"%s\",\"text\":\"%s\","
                   "\"status\":\"draft\"",
                   case_of(w, person)->text, w->papers.at[contract].e.id.text,
                   note_text(w));
    return (int)w->papers.count - 1;
}

static void move_paper(struct world *w, int paper, int worker, int day)
{
    struct paper *p = &w->papers.at[paper];
    bool drafted = strcmp(p->status, "draft") == 0;
    p->status = drafted ? "offered" : "in_force";
    p->e.by = worker;
    device_revise(device_of(w, worker), &p->e.id, "\"status\":\"%s\"",
                  p->status);
    for (int i = 0; i < 2 && drafted; i++)
        if (p->contract >= 0 && chance(w, 85))
            oblige(w, paper, i, worker, day);
    p = &w->papers.at[paper];
    for (int i = 0; i < 2 && !drafted; i++)
        if (chance(w, 90))
            sign(w, p, i, worker, day);
    if (!drafted && chance(w, 80)) {
        p->copy = true;
        device_add(device_of(w, worker), &p->e.id, "copy_given_on",
                   date_text(day));
    }
    if (!drafted && chance(w, 80)) {
        p->notice = true;
        device_add(device_of(w, worker), &p->e.id, "hearing_notice_on",
                   date_text(day));
    }
}

static void contracts_week(struct world *w, int worker, int day)
{
    for (size_t i = 0; i < w->papers.count; i++) {
        struct paper *p = &w->papers.at[i];
        if (!is_mine(w, &p->e, worker))
            continue;
        if (strcmp(p->status, "in_force") != 0 && chance(w, 25))
            move_paper(w, (int)i, worker, day);
        else if (p->contract < 0 && chance(w, 3))
            paper_add(w, p->e.person, (int)i, worker, day);
    }
    for (size_t i = 0; i < w->obligations.count; i++) {
        struct obligation *o = &w->obligations.at[i];
        if (!is_mine(w, &o->e, worker) || !strcmp(o->status, "done") ||
            !chance(w, 8))
            continue;
        o->status = strcmp(o->status, "open") ? "done" : "doing";
        device_revise(device_of(w, worker), &o->e.id, "\"status\":\"%s\"",
                      o->status);
    }
}

/* --- confidentiality ------------------------------------------------------ */

static void disclose(struct world *w, int person, int worker, int day)
{
    struct disclosure *d = LIST_ADD(w->disclosures);
    entry_begin(&d->e, person, worker, day);
    d->founded = chance(w, 85);
    d->e.error = chance(w, 5);
    device_put(
        device_of(w, worker), "disclosure_log", case_of(w, person), &d->e.id,
        "\"person\":\"%s\",\"at\":\"%sT09:30-06:00\",\"to_whom\":"
        "\"Job Center\",\"purpose\":\"service_coordination\","
        "\"data_classes\":[\"name\"],\"entered_in_error\":%s%s",
        case_of(w, person)->text, date_text(day), d->e.error ? "true" : "false",
        d->founded ? ",\"basis\":\"internal\"" : "");
}

static void revoke(struct world *w, struct consent *c, int worker)
{
    c->status = "revoked";
    device_revise(device_of(w, worker), &c->e.id, "\"status\":\"revoked\"");
}

static void report_incident(struct world *w, int worker, int day)
{
    struct incident *n = LIST_ADD(w->incidents);
    n->closed = chance(w, 50);
    device_put(device_of(w, worker), "incident", NULL, &n->id,
               "\"found_at\":\"%sT09:00-06:00\",\"kind\":\"paper_lost\","
               "\"text\":\"%s\",\"status\":\"%s\"",
               date_text(day), note_text(w), n->closed ? "closed" : "open");
}

void papers_week(struct world *w, int worker, int day)
{
    struct worker *me = &w->workers.at[worker];
    contracts_week(w, worker, day);
    for (size_t i = 0; i < me->cases.count; i++) {
        if (dice(w, 1000) < 8)
            paper_add(w, me->cases.at[i], -1, worker, day);
        if (dice(w, 1000) < 10)
            disclose(w, me->cases.at[i], worker, day);
    }
    for (size_t i = 0; i < w->consents.count; i++)
        if (is_mine(w, &w->consents.at[i].e, worker) &&
            !strcmp(w->consents.at[i].status, "given") && dice(w, 1000) < 3)
            revoke(w, &w->consents.at[i], worker);
    if (dice(w, 1000) < 5)
        report_incident(w, worker, day);
    if (!me->attested && chance(w, 4)) {
        struct id id;
        me->attested = true;
        device_put(device_of(w, worker), "attestation", NULL, &id,
                   "\"user\":\"%s\",\"signed_on\":\"%s\"",
                   worker_name(w, worker), date_text(day));
    }
}
