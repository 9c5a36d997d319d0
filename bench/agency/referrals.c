/* Needs, referrals through their lives, follow-ups, advocacy. */
#include "bench/agency/year.h"

static const char *const domains[] = {
    "employment",     "education",  "income", "housing", "food",
    "transportation", "child_care", "health", "legal",   "budgeting"};
static const char *const providers[] = {
    "Delta Legal Aid",  "First Street Pantry", "County Health Department",
    "Job Center",       "Head Start",          "Housing Authority",
    "Community College"};
static const char *const forward[] = {"draft",    "ready",     "sent",
                                      "received", "accepted",  "scheduled",
                                      "attended", "in_service"};
#define FORWARD (sizeof forward / sizeof *forward)
static const char *const ends[] = {"met", "met", "partly_met", "not_met",
                                   "ineligible"};
static const char *const breaks[] = {"declined", "client_withdrew", "cancelled",
                                     "no_response", "entered_in_error"};
static const char *const helped[] = {"yes", "yes", "partly", "no", "too_early"};

/* --- needs ---------------------------------------------------------------- */

static int need_add(struct world *w, int person, int worker, int day)
{
    static const char *const can[] = {"yes", "yes", "partly", "no"};
    struct need *n = LIST_ADD(w->needs);
    entry_begin(&n->e, person, worker, day);
    n->domain = PICK(w, domains);
    n->can_meet = PICK(w, can);
    n->status = "open";
    device_put(device_of(w, worker), "need", case_of(w, person), &n->e.id,
               "\"person\":\"%s\",\"domain\":\"%s\",\"csbg_can_meet\":\"%s\","
               "\"status\":\"open\",\"severity\":%d",
               case_of(w, person)->text, n->domain, n->can_meet,
               1 + dice(w, 5));
    return (int)w->needs.count - 1;
}

static void settle_need(struct world *w, struct need *n, int worker)
{
    static const char *const after[] = {"in_progress", "met",
                                        "partly_met",  "declined",
                                        "withdrawn",   "no_resource"};
    /* From where a need stands, no step back. */
    n->e.by = worker;
    n->status = strcmp(n->status, "open") == 0 ? PICK(w, after)
                : chance(w, 50)                ? "met"
                                               : "partly_met";
    device_revise(device_of(w, worker), &n->e.id, "\"status\":\"%s\"",
                  n->status);
}

/* --- referrals ------------------------------------------------------------ */

static const char *place_in(struct world *w, char out[160])
{
    const struct site *site = &w->sites.at[dice(w, (int)w->sites.count)];
    if (chance(w, 10)) {
        out[0] = '\0';
        return "not named";
    }
    if (chance(w, 25)) {
        snprintf(out, 160, ",\"organization\":\"%s\"", site->organization.text);
        return site->name;
    }
    const char *provider = PICK(w, providers);
    snprintf(out, 160, ",\"provider\":\"%s\"", provider);
    return provider;
}

static void refer(struct world *w, int person, int need, int worker, int day)
{
    static const char *const urgencies[] = {
        "", "routine", "routine", "routine", "crisis", "life_threatening"};
    struct referral *r = LIST_ADD(w->referrals);
    char place[160], more[320] = "";
    size_t size = 0;
    entry_begin(&r->e, person, worker, day);
    r->need = need;
    r->sent = r->site = -1;
    r->status = "draft";
    r->urgency = PICK(w, urgencies);
    r->resource = place_in(w, place);
    r->named = strncmp(place, ",\"provider", 10) == 0;
    r->consented = w->persons.at[person].consent >= 0 && chance(w, 95);
    r->founded = !r->consented && chance(w, 50);
    if (r->urgency[0])
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"urgency\":\"%s\"", r->urgency);
    if (need >= 0)
        size +=
            (size_t)snprintf(more + size, sizeof more - size,
                             ",\"need\":\"%s\"", w->needs.at[need].e.id.text);
    if (r->consented)
        size += (size_t)snprintf(
            more + size, sizeof more - size, ",\"consent\":\"%s\"",
            w->consents.at[w->persons.at[person].consent].e.id.text);
    if (r->founded)
        snprintf(more + size, sizeof more - size, ",\"basis\":\"internal\"");
    device_put(device_of(w, worker), "referral", case_of(w, person), &r->e.id,
               "\"person\":\"%s\",\"status\":\"draft\",\"scope\":\"local\","
               "\"note\":\"%s\"%s%s",
               case_of(w, person)->text, note_text(w), place, more);
}

void referrals_begin(struct world *w, int person, int worker, int day)
{
    for (int i = dice(w, 4); i > 0; i--) {
        int need = need_add(w, person, worker, day);
        if (chance(w, 55))
            refer(w, person, chance(w, 90) ? need : -1, worker, day);
    }
}

static void send_it(struct world *w, struct referral *r, int worker, int day)
{
    r->sent = chance(w, 90) ? day - dice(w, 2) : -1;
    r->status = "sent";
    if (r->sent >= 0)
        device_revise(device_of(w, worker), &r->e.id,
                      "\"status\":\"sent\",\"sent_at\":\"%sT11:00-06:00\"",
                      date_text(r->sent));
    else
        device_revise(device_of(w, worker), &r->e.id, "\"status\":\"sent\"");
}

static size_t place_of(const char *status)
{
    size_t i = 0;
    while (i < FORWARD && strcmp(status, forward[i]) != 0)
        i++;
    return i;
}

static void move(struct world *w, struct referral *r, int worker, int day)
{
    size_t place = place_of(r->status);
    r->e.by = worker;
    r->e.day = day;
    if (place == 1) {
        send_it(w, r, worker, day);
        return;
    }
    if (place > 1 && chance(w, 10))
        r->status = PICK(w, breaks);
    else if (place == FORWARD - 1)
        r->status = PICK(w, ends);
    else
        r->status = forward[place + 1];
    device_revise(device_of(w, worker), &r->e.id, "\"status\":\"%s\"",
                  r->status);
}

static void follow_up(struct world *w, int referral, int worker, int day)
{
    struct follow_up *f = LIST_ADD(w->follow_ups);
    struct referral *r = &w->referrals.at[referral];
    char more[120] = "";
    size_t size = 0;
    entry_begin(&f->e, r->e.person, worker, day);
    f->referral = referral;
    f->on = day - dice(w, 3);
    f->next_due = chance(w, 70) ? day + 7 + dice(w, 40) : -1;
    f->helped = chance(w, 60) ? PICK(w, helped) : NULL;
    f->e.keyed = chance(w, 60);
    if (f->next_due >= 0)
        size +=
            (size_t)snprintf(more + size, sizeof more - size,
                             ",\"next_due\":\"%s\"", date_text(f->next_due));
    if (f->helped)
        snprintf(more + size, sizeof more - size, ",\"effectiveness\":\"%s\"",
                 f->helped);
    const struct id *kase = case_of(w, r->e.person);
    if (f->e.keyed)
        device_with(device_of(w, worker), "external_entry", keyed_mark(w));
    device_put(device_of(w, worker), "referral_followup", kase, &f->e.id,
               "\"referral\":\"%s\",\"person\":\"%s\",\"on\":\"%s\","
               "\"method\":\"phone\",\"finding\":\"%s\"%s",
               r->e.id.text, kase->text, date_text(f->on), note_text(w), more);
    if (chance(w, 2)) {
        f->e.error = true;
        device_revise(device_of(w, worker), &f->e.id,
                      "\"entered_in_error\":true");
    }
}

static void attempt(struct world *w, int referral, int worker, int day)
{
    static const char *const results[] = {"reached", "no_answer", "scheduled",
                                          "no_show", "attended"};
    struct referral *r = &w->referrals.at[referral];
    struct entry *e =
        entry_begin(LIST_ADD(w->attempts), r->e.person, worker, day);
    device_put(device_of(w, worker), "referral_attempt",
               case_of(w, r->e.person), &e->id,
               "\"referral\":\"%s\",\"person\":\"%s\",\"no\":1,"
               "\"method\":\"phone\",\"result\":\"%s\"",
               r->e.id.text, case_of(w, r->e.person)->text, PICK(w, results));
}

/* What it did for them, asked by itself. */
static void ask_if_it_helped(struct world *w, int referral, int worker, int day)
{
    struct referral *r = &w->referrals.at[referral];
    struct follow_up *f = LIST_ADD(w->answers);
    entry_begin(&f->e, r->e.person, worker, day);
    f->referral = referral;
    f->on = day;
    f->helped = PICK(w, helped);
    device_put(device_of(w, worker), "resource_effectiveness",
               case_of(w, r->e.person), &f->e.id,
               "\"person\":\"%s\",\"referral\":\"%s\",\"on\":\"%s\","
               "\"helped\":\"%s\",\"said_by\":\"client\"",
               case_of(w, r->e.person)->text, r->e.id.text, date_text(day),
               f->helped);
}

static void advocate(struct world *w, int person, int worker, int day)
{
    static const char *const results[] = {
        "granted", "partly_granted", "denied", "referred_on", "pending", ""};
    struct advocacy *a = LIST_ADD(w->advocacies);
    char more[160] = "";
    size_t size = 0;
    entry_begin(&a->e, person, worker, day);
    a->on = day - dice(w, 3);
    a->provider = chance(w, 90) ? PICK(w, providers) : "not named";
    a->scope = chance(w, 5) ? "not said" : chance(w, 40) ? "within" : "outside";
    a->result = PICK(w, results);
    a->founded = chance(w, 90);
    if (a->founded)
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"basis\":\"internal\"");
    if (strcmp(a->provider, "not named") != 0)
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"provider\":\"%s\"", a->provider);
    if (strcmp(a->scope, "not said") != 0)
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"scope\":\"%s\"", a->scope);
    if (a->result[0])
        snprintf(more + size, sizeof more - size, ",\"result\":\"%s\"",
                 a->result);
    device_put(device_of(w, worker), "advocacy_action", case_of(w, person),
               &a->e.id,
               "\"person\":\"%s\",\"on\":\"%s\",\"issue\":\"%s\","
               "\"action\":\"called\"%s",
               case_of(w, person)->text, date_text(a->on), note_text(w), more);
}

/* --- a week --------------------------------------------------------------- */

static void work_on_referrals(struct world *w, int worker, int day)
{
    for (size_t i = 0; i < w->referrals.count; i++) {
        struct referral *r = &w->referrals.at[i];
        size_t place = place_of(r->status);
        if (!is_mine(w, &r->e, worker) || r->contested)
            continue;
        if (place < FORWARD && chance(w, 15))
            move(w, r, worker, day);
        if (place > 1 && place < FORWARD && chance(w, 6))
            follow_up(w, (int)i, worker, day);
        if (place > 1 && place < FORWARD && chance(w, 3))
            attempt(w, (int)i, worker, day);
        if (place > 3 && dice(w, 1000) < 5)
            ask_if_it_helped(w, (int)i, worker, day);
    }
}

void referrals_week(struct world *w, int worker, int day)
{
    const struct worker *me = &w->workers.at[worker];
    work_on_referrals(w, worker, day);
    for (size_t i = 0; i < w->needs.count; i++) {
        struct need *n = &w->needs.at[i];
        if (is_mine(w, &n->e, worker) && !n->contested &&
            (strcmp(n->status, "open") == 0 ||
             strcmp(n->status, "in_progress") == 0) &&
            chance(w, 2))
            settle_need(w, n, worker);
    }
    for (size_t i = 0; i < me->cases.count; i++) {
        if (dice(w, 1000) < 12)
            advocate(w, me->cases.at[i], worker, day);
        if (dice(w, 1000) < 10)
            referrals_begin(w, me->cases.at[i], worker, day);
    }
}
