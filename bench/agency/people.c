/* Persons: met, enrolled, handed over, their files closed, records merged. */
#include "bench/agency/year.h"

static const char *const first_names[] = {
    "Ada",   "Amos",  "Bea",    "Carl",   "Cora",  "Dee",   "Earl",   "Etta",
    "Floyd", "Gus",   "Hattie", "Ida",    "James", "Jolie", "Keisha", "Leon",
    "Lula",  "Maeve", "Mateo",  "Nadine", "Odell", "Opal",  "Percy",  "Quinn",
    "Ramon", "Rosa",  "Silas",  "Tamika", "Ulric", "Vera",  "Willa",  "Zeke"};
static const char *const last_names[] = {
    "Ames",     "Barnes",  "Bouchard", "Carter", "Cyr",     "Dubois",
    "Ellis",    "Fields",  "Gagnon",   "Harris", "Jackson", "King",
    "Levesque", "Michaud", "Moore",    "Nelson", "Ouellet", "Pelletier",
    "Reed",     "Sanders", "Thibault", "Voisin", "Walker",  "Young"};
static const char *const intensities[] = {"", "light", "standard", "intensive"};

struct entry *entry_begin(struct entry *entry, int person, int worker, int day)
{
    entry->person = person;
    entry->by = worker;
    entry->day = day;
    return entry;
}

struct device *device_of(struct world *w, int worker)
{
    return &w->workers.at[worker].device;
}

const struct id *case_of(const struct world *w, int person)
{
    return &w->persons.at[person].id;
}

const char *keyed_mark(struct world *w)
{
    static char text[40];
    snprintf(text, sizeof text, "Virtual ROMA %06d", dice(w, 1000000));
    return text;
}

const char *note_text(struct world *w)
{
    static char text[161];
    workload_text(&w->dice, text, sizeof text);
    return text;
}

static const char *some_county(struct world *w)
{
    return chance(w, 3) ? NULL
                        : w->counties.at[dice(w, (int)w->counties.count)].geoid;
}

static int person_add(struct world *w, int worker, int day, const char *name,
                      const char *county)
{
    struct person *p = LIST_ADD(w->persons);
    p->by = p->writer = worker;
    p->since = day;
    p->county = county;
    p->primary = p->closed = p->same_as = p->consent = -1;
    device_put(device_of(w, worker), "person", NULL, &p->id,
               "\"legal_name\":\"%s\",\"dob\":\"%s\"%s%s%s", name,
               date_text(YEAR_FIRST - 6000 - dice(w, 20000)),
               county ? ",\"county\":\"" : "", county ? county : "",
               county ? "\"" : "");
    return (int)w->persons.count - 1;
}

static void enroll(struct world *w, int person, int worker, int day)
{
    struct enrollment *n = LIST_ADD(w->enrollments);
    char more[128] = "";
    size_t size = 0;
    entry_begin(&n->e, person, worker, day);
    n->program = chance(w, 60) ? "csbg" : "aspire";
    n->stage = "engaged";
    n->stage_day = day;
    n->intensity = PICK(w, intensities);
    n->every_days = chance(w, 10) ? 7 + dice(w, 40) : 0;
    n->cm_required = chance(w, 6) ? "no" : chance(w, 50) ? "yes" : "";
    n->work_eligible = !chance(w, 10);
    if (n->intensity[0])
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"intensity\":\"%s\"", n->intensity);
    if (n->every_days)
        size += (size_t)snprintf(more + size, sizeof more - size,
                                 ",\"contact_every_days\":%d", n->every_days);
    if (n->cm_required[0])
        snprintf(more + size, sizeof more - size, ",\"cm_required\":\"%s\"",
                 n->cm_required);
    device_put(device_of(w, worker), "enrollment", case_of(w, person), &n->e.id,
               "\"person\":\"%s\",\"program\":\"%s\",\"asked_on\":\"%s\","
               "\"roma_stage\":\"engaged\",\"work_eligible\":\"%s\"%s",
               case_of(w, person)->text, n->program, date_text(day),
               n->work_eligible ? "yes" : "no", more);
}

static void ask_consent(struct world *w, int person, int worker, int day)
{
    struct consent *c = LIST_ADD(w->consents);
    entry_begin(&c->e, person, worker, day);
    c->status = "given";
    c->valid_to = day + (chance(w, 20) ? 90 : 365);
    device_put(device_of(w, worker), "consent", case_of(w, person), &c->e.id,
               "\"person\":\"%s\",\"kind\":\"arf_001_release\","
               "\"status\":\"given\",\"valid_to\":\"%s\","
               "\"signed_on\":\"%s\",\"mark\":\"drawn\"",
               case_of(w, person)->text, date_text(c->valid_to),
               date_text(day));
    w->persons.at[person].consent = (int)w->consents.count - 1;
}

void people_meet(struct world *w, int worker, int day)
{
    char name[64];
    snprintf(name, sizeof name, "%s %s", PICK(w, first_names),
             PICK(w, last_names));
    int person = person_add(w, worker, day, name, some_county(w));
    struct person *p = &w->persons.at[person];
    p->primary = chance(w, 4) ? -1 : worker;
    if (p->primary >= 0)
        device_put(device_of(w, worker), "assignment", &p->id, &p->assignment,
                   "\"person\":\"%s\",\"primary\":\"%s\"", p->id.text,
                   worker_name(w, worker));
    for (int i = chance(w, 12) ? 0 : chance(w, 10) ? 2 : 1; i > 0; i--)
        enroll(w, person, worker, day);
    if (chance(w, 80))
        ask_consent(w, person, worker, day);
    referrals_begin(w, person, worker, day);
}

/* --- through the year ----------------------------------------------------- */

static void hand_over(struct world *w, int person, int worker, int day)
{
    struct person *p = &w->persons.at[person];
    int to = partner_of(w, worker);
    if (p->primary != worker || p->contested || to == worker)
        return;
    struct handover *h = LIST_ADD(w->handovers);
    entry_begin(&h->e, person, worker, day);
    h->from = worker;
    h->to = to;
    h->done = !chance(w, 15);
    h->told = chance(w, 70);
    char told[48] = "";
    if (h->told)
        snprintf(told, sizeof told, ",\"notified_on\":\"%s\"", date_text(day));
    device_put(device_of(w, worker), "handover", &p->id, &h->e.id,
               "\"person\":\"%s\",\"from_user\":\"%s\",\"to_user\":\"%s\","
               "\"note\":\"%s\",\"status\":\"%s\"%s",
               p->id.text, worker_name(w, worker), worker_name(w, to),
               note_text(w), h->done ? "accepted" : "proposed", told);
    if (!h->done)
        return;
    device_revise(device_of(w, worker), &p->assignment, "\"primary\":\"%s\"",
                  worker_name(w, to));
    p->primary = to; /* who writes there from next week on */
}

static const char *stage_after(struct world *w, const char *stage)
{
    static const char *const stages[] = {
        "engaged",      "enrolled",   "assessed",  "planned",
        "implementing", "monitoring", "evaluating"};
    for (size_t i = 0; i + 1 < sizeof stages / sizeof *stages; i++)
        if (!strcmp(stage, stages[i]))
            return stages[i + 1];
    return strcmp(stage, "evaluating") != 0 ? NULL
           : chance(w, 50)                  ? "closed_transition"
                                            : "closed_terminated";
}

static void advance(struct world *w, int worker, int day)
{
    for (size_t i = 0; i < w->enrollments.count; i++) {
        struct enrollment *n = &w->enrollments.at[i];
        const struct person *p = &w->persons.at[n->e.person];
        if (p->writer != worker || p->closed >= 0 || p->closing ||
            n->stage_day + 14 > day || !chance(w, 14))
            continue;
        const char *next = stage_after(w, n->stage);
        if (!next)
            continue;
        device_revise(device_of(w, worker), &n->e.id, "\"roma_stage\":\"%s\"",
                      next);
        n->stage = next;
        n->stage_day = day;
    }
}

/* Met by the other of the team too, who does not know it yet. */
static void meet_again(struct world *w, int person, int worker, int day)
{
    const struct person *p = &w->persons.at[person];
    if (p->same_as >= 0 || p->primary < 0)
        return;
    int again = person_add(w, worker, day, "Known Already", p->county);
    w->persons.at[again].same_as = person;
    contacts_add(w, worker, again, day);
}

void people_week(struct world *w, int worker, int day)
{
    advance(w, worker, day);
    for (size_t i = 0; i < w->persons.count; i++) {
        struct person *p = &w->persons.at[i];
        if (p->since + 28 > day || p->closed >= 0 || p->closing ||
            p->same_as >= 0)
            continue;
        if (p->writer == worker && dice(w, 1000) < 4)
            hand_over(w, (int)i, worker, day);
        else if (p->writer == worker && dice(w, 1000) < 2)
            p->closing = true;
        else if (p->writer == partner_of(w, worker) && p->writer != worker &&
                 dice(w, 4000) < 1)
            meet_again(w, (int)i, worker, day);
    }
}

void people_office(struct world *w, struct office *office, int day)
{
    for (size_t i = 0; i < w->persons.count; i++) {
        struct person *p = &w->persons.at[i];
        if (p->closing && p->closed < 0) {
            office_tell(office, "case close %s --on %s --as ruth", p->id.text,
                        date_text(day));
            p->closed = day;
        }
        if (p->same_as >= 0 && p->since > day - 7)
            office_tell(office, "merge %s --into %s --as ruth", p->id.text,
                        case_of(w, p->same_as)->text);
    }
}
