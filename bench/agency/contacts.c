/* Contacts, what was to be done and what was added later. */
#include "bench/agency/year.h"

static const char *const kinds[] = {
    "home_visit", "home_visit", "office",     "phone",     "phone", "phone",
    "text",       "letter",     "collateral", "attempted", "chance"};
static const char *const outcomes[] = {
    "completed", "completed",    "completed",    "completed",   "",
    "no_answer", "left_message", "wrong_number", "rescheduled", "refused"};
static const char *const purposes[] = {
    "engagement", "assessment",        "plan",
    "monitoring", "evaluation",        "employability_counseling",
    "budgeting",  "referral_followup", "crisis",
    "compliance", "advocacy",          "other"};
static const char *const answers[] = {"accepted", "declined", "deferred"};

/* Days between a contact and its note; most are written on the day. */
static int lag(struct world *w)
{
    int side = dice(w, 100);
    return side < 75 ? 0 : side < 85 ? 1 : side < 90 ? 2 : 3 + dice(w, 8);
}

static void list_purposes(struct world *w, struct contact *c, char out[160])
{
    size_t size = (size_t)snprintf(out, 160, "[");
    int first = dice(w, 12), step = 1 + dice(w, 3);
    c->purposes = chance(w, 15) ? 0 : 1 + dice(w, 3);
    for (int i = 0; i < c->purposes; i++) {
        c->purpose[i] = purposes[(first + i * step) % 12];
        size += (size_t)snprintf(out + size, 160 - size, "%s\"%s\"",
                                 i ? "," : "", c->purpose[i]);
    }
    snprintf(out + size, 160 - size, "]");
}

static void write_contact(struct world *w, struct contact *c)
{
    char aims[160], more[200] = "";
    size_t size = 0;
    struct device *device = device_of(w, c->e.by);
    const struct id *kase = case_of(w, c->e.person);
    list_purposes(w, c, aims);
    if (c->outcome[0])
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"outcome\":\"%s\"", c->outcome);
    if (c->budgeting)
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"budgeting_offered\":\"%s\"", c->budgeting);
    if (c->eitc)
        snprintf(more + size, sizeof more - size, ",\"eitc_offered\":\"%s\"",
                 c->eitc);
    const char *date = date_text(c->occurred);
    int hour = 8 + dice(w, 9), minute = dice(w, 60);
    if (c->e.keyed)
        device_with(device, "external_entry", keyed_mark(w));
    device_put(device, "contact", kase, &c->e.id,
               "\"person\":\"%s\",\"kind\":\"%s\",\"occurred_at\":"
               "\"%sT%02d:%02d-06:00\",\"purpose\":%s,\"narrative\":\"%s\"%s",
               kase->text, c->kind, date, hour, minute, aims, note_text(w),
               more);
}

void contacts_add(struct world *w, int worker, int person, int day)
{
    const struct person *p = &w->persons.at[person];
    struct contact *c = LIST_ADD(w->contacts);
    entry_begin(&c->e, person, worker, day);
    c->occurred = day - lag(w);
    if (c->occurred < p->since)
        c->occurred = p->since;
    c->kind = PICK(w, kinds);
    c->outcome = PICK(w, outcomes);
    if (chance(w, 3))
        c->budgeting = PICK(w, answers);
    if (day < YEAR_FIRST + 110 && chance(w, 10))
        c->eitc = PICK(w, answers);
    c->e.keyed = chance(w, 60);
    write_contact(w, c);
}

/* --- what follows --------------------------------------------------------- */

static void add_task(struct world *w, int worker, int person, int day)
{
    static const char *const of[] = {"visit", "call", "follow_up", "paperwork",
                                     "keying"};
    struct task *t = LIST_ADD(w->tasks);
    entry_begin(&t->e, person, worker, day);
    t->kind = PICK(w, of);
    t->status = chance(w, 80) ? "open" : "doing";
    t->due = day + 1 + dice(w, 20);
    device_put(device_of(w, worker), "task", case_of(w, person), &t->e.id,
               "\"person\":\"%s\",\"what\":\"%s\",\"kind\":\"%s\","
               "\"status\":\"%s\",\"due_on\":\"%s\"",
               case_of(w, person)->text, note_text(w), t->kind, t->status,
               date_text(t->due));
}

static void finish_tasks(struct world *w, int worker)
{
    for (size_t i = 0; i < w->tasks.count; i++) {
        struct task *t = &w->tasks.at[i];
        if (t->e.by != worker || strcmp(t->status, "done") == 0 ||
            strcmp(t->status, "dropped") == 0 || !chance(w, 25))
            continue;
        if (strcmp(t->status, "open") == 0 && chance(w, 60)) {
            t->status = "doing";
        } else {
            t->status = strcmp(t->status, "open") == 0 ? "dropped" : "done";
        }
        device_revise(device_of(w, worker), &t->e.id, "\"status\":\"%s\"",
                      t->status);
    }
}

static void amend(struct world *w, struct contact *c, int worker, int day)
{
    static const char *const reasons[] = {"correction", "late_information",
                                          "clarification"};
    struct addendum *a = LIST_ADD(w->addenda);
    struct entry *e = entry_begin(&a->e, c->e.person, worker, day);
    a->of = c->e.id;
    a->reason = PICK(w, reasons);
    device_put(
        device_of(w, worker), "addendum", case_of(w, c->e.person), &e->id,
        "\"of\":\"%s\",\"person\":\"%s\",\"reason\":\"%s\","
        "\"text\":\"%s\"",
        c->e.id.text, case_of(w, c->e.person)->text, a->reason, note_text(w));
}

/* What was written lately is keyed, was a mistake, or is added to. */
static void look_back(struct world *w, int worker, int day)
{
    size_t from = w->contacts.count > 4000 ? w->contacts.count - 4000 : 0;
    for (size_t i = from; i < w->contacts.count; i++) {
        struct contact *c = &w->contacts.at[i];
        if (c->e.by != worker || c->e.day + 14 < day || c->e.error)
            continue;
        if (!c->e.keyed && chance(w, 15)) {
            device_add(device_of(w, worker), &c->e.id, "external_entry",
                       keyed_mark(w));
            c->e.keyed = true;
        } else if (dice(w, 1000) < 5) {
            device_revise(device_of(w, worker), &c->e.id,
                          "\"entered_in_error\":true");
            c->e.error = true;
        } else if (dice(w, 1000) < 5) {
            amend(w, c, worker, day);
        }
    }
}

void contacts_week(struct world *w, int worker, int day)
{
    const struct worker *me = &w->workers.at[worker];
    look_back(w, worker, day);
    finish_tasks(w, worker);
    for (size_t i = 0; i < me->cases.count; i++) {
        if (dice(w, 100) < 4)
            add_task(w, worker, me->cases.at[i], day);
        if (dice(w, 1000) < 15) {
            struct offer *o = LIST_ADD(w->budgetings);
            entry_begin(&o->e, me->cases.at[i], worker, day);
            o->on = day - dice(w, 4);
            o->e.error = chance(w, 5);
            device_put(device_of(w, worker), "budgeting_offer",
                       case_of(w, o->e.person), &o->e.id,
                       "\"person\":\"%s\",\"on\":\"%s\",\"answer\":\"%s\","
                       "\"entered_in_error\":%s",
                       case_of(w, o->e.person)->text, date_text(o->on),
                       PICK(w, answers), o->e.error ? "true" : "false");
        }
    }
}
