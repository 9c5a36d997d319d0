/* What the generator decided while it played a year: its own books.
 *
 * Every list is written by the part that plays (year.h) and read by the part
 * that counts (tally.h); neither asks a vault or the office.  Days are numbers
 * since 1970-01-01, workers and persons places in their lists, -1 none.  Not
 * thread-safe. */
#ifndef BENCH_AGENCY_WORLD_H
#define BENCH_AGENCY_WORLD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include "bench/agency/device.h"
#include "bench/workload.h"

/* 2022, the year of the tax season that the directory tells of. */
#define YEAR_FIRST 18993
#define YEAR_LAST (YEAR_FIRST + 364)
#define YEAR_MONDAY (YEAR_FIRST + 2)
#define YEAR_WEEKS 52
#define TAX_YEAR 2021
#define DATE_CHARS 11

#define LIST(type)                                                             \
    struct {                                                                   \
        type *at;                                                              \
        size_t count, room;                                                    \
    }
/* A place at the end, zeroed; valid until the next one is added. */
#define LIST_ADD(list)                                                         \
    ((list).at =                                                               \
         world_grow((list).at, &(list).room, (list).count, sizeof *(list).at), \
     &(list).at[(list).count++])

struct worker {
    struct device device;
    int team;      /* caseload; a team of two shares one */
    bool disabled; /* at the end of the year */
    bool attested;
    LIST(int) cases; /* persons whose cases it writes in */
};

/* What any record has: who wrote it and when; keyed into the system of record
 * of the state; entered in error. */
struct entry {
    struct id id;
    int person, by, day;
    bool keyed, error;
};

struct person {
    struct id id; /* also that of the case */
    struct id assignment;
    int by, since;
    int primary;    /* the worker who is responsible */
    bool contested; /* two were named at once, nobody has decided */
    bool by_two;    /* the same of the county, which stays */
    int writer;     /* who writes in the case */
    const char *county;
    int closed;   /* the day its file was closed */
    bool closing; /* the office is asked to close it */
    int same_as;  /* merged into */
    int consent;
};

struct enrollment {
    struct entry e;
    const char *program, *stage, *intensity, *cm_required;
    int every_days; /* 0: by intensity */
    int stage_day;
    bool work_eligible;
};

struct handover {
    struct entry e;
    int from, to;
    bool told, done;
};

struct contact {
    struct entry e;
    int occurred;
    const char *kind, *outcome, *purpose[3], *budgeting, *eitc;
    int purposes;
};

struct task {
    struct entry e;
    const char *kind, *status;
    int due;
};

struct need {
    struct entry e;
    const char *domain, *can_meet, *status;
    bool contested;
};

struct referral {
    struct entry e; /* by and day: of the status */
    int need, sent;
    const char *status, *urgency, *resource;
    bool contested, consented, founded;
    bool named; /* the provider by name, and not from the directory */
    bool tax;
    const char *county, *basis, *outcome, *eitc;
    int site;
};

struct follow_up {
    struct entry e;
    int referral, on, next_due;
    const char *helped;
};

struct advocacy {
    struct entry e;
    int on;
    const char *provider, *scope, *result;
    bool contested, founded;
};

struct addendum {
    struct entry e;
    struct id of;
    const char *reason;
};

/* An offer of budgeting or of the tax credit, beside those in contacts. */
struct offer {
    struct entry e;
    int on;
};

struct consent {
    struct entry e;
    const char *status;
    int valid_to;
};

struct site {
    struct id id, organization;
    const char *name, *county; /* of the organization; "" */
    char from[DATE_CHARS], to[DATE_CHARS];
    const char *entity;
    bool closed, entity_known;
};

struct county {
    char geoid[6];
    char name[40];
    char entity[80]; /* that serves it; "" none */
};

struct assessment {
    struct entry e;
    /* Said, or that there are none. */
    bool done, strengths, challenges, ranked;
};

struct plan {
    struct entry e;
    int enrollment;
    const char *agreed, *present, *status;
    bool employment, excused;
};

struct goal {
    struct entry e;
    int plan, decided; /* 0: not */
    const char *type, *status, *code;
};

struct progress {
    struct entry e;
    int goal, on;
};

/* A monitoring entry or an evaluation of a plan. */
struct watched {
    struct entry e;
    int plan, on, next_due;
};

struct score {
    struct entry e;
    const char *domain;
    int value;
};

struct hours {
    struct entry e;
    const char *activity, *kind;
    int week, minutes;
    bool verified, contested;
};

struct projection {
    struct entry e;
    int from, to;
    bool ended;
};

struct closure {
    struct entry e;
    struct id enrollment;
    const char *kind, *reason;
    int on;
    bool withdrawn, overridden;
    bool asked[2], reached[2], works[2]; /* after 90 and 180 days */
};

/* What was given or achieved, by a code of a published set. */
struct coded {
    struct entry e;
    const char *code;
    int on;
    bool verified, rejected;
};

struct answer {
    struct entry e;
    const char *item, *code;
    int on;
};

struct request {
    struct entry e;
    const char *category, *fund;
    int cents;
    bool seen, withdrawn, voided;
    struct id authorization, the_void, shown; /* the last: the receipt */
    int receipted, shown_by;
    int granted, federal, paid, receipt; /* cents, but paid: the day or -1 */
};

struct voucher {
    struct id id, spent, shown;
    int worker, person, cents, spent_cents;
    int day; /* of spending; 0: not yet */
    bool receipt;
};

/* A Family Contract (contract -1), or an amendment of one. */
struct paper {
    struct entry e;
    int contract;
    const char *status;
    bool signed_by[2], bound[2]; /* participant, Department */
    bool copy, notice;
};

struct obligation {
    struct entry e;
    bool department;
    int due;
    const char *status;
};

struct signature {
    struct entry e;
    bool department;
};

struct disclosure {
    struct entry e;
    bool founded;
};

struct incident {
    struct id id;
    bool closed;
};

/* One code of a published set. */
struct code {
    const char *code, *label;
    const char *more; /* the indicator above it; the item that it answers */
    bool total;       /* of those below it */
};

struct target {
    struct id id;
    const char *code;
    int number;
};

struct model {
    struct id id;
    char name[24];
    const char *rank;
    bool withdrawn;
};

struct objective {
    struct id id;
    int model, target, number;
    char measure[24];
};

/* A field that two wrote at once and nobody has settled. */
struct clash {
    struct id id;
    const char *type, *field;
};

struct world {
    struct workload dice;
    int worker_count, person_count, contact_count;
    LIST(struct worker) workers;
    LIST(struct person) persons;
    LIST(struct enrollment) enrollments;
    LIST(struct handover) handovers;
    LIST(struct contact) contacts;
    LIST(struct task) tasks;
    LIST(struct need) needs;
    LIST(struct referral) referrals;
    LIST(struct follow_up) follow_ups;
    LIST(struct entry) attempts;
    LIST(struct advocacy) advocacies;
    LIST(struct follow_up) answers; /* of effectiveness, by themselves */
    LIST(struct addendum) addenda;
    LIST(struct offer) budgetings;
    LIST(struct offer) credits;
    LIST(struct consent) consents;
    LIST(struct assessment) assessments;
    LIST(struct plan) plans;
    LIST(struct goal) goals;
    LIST(struct progress) progress;
    LIST(struct watched) monitorings;
    LIST(struct watched) evaluations;
    LIST(struct score) scores;
    LIST(struct entry) choices;
    LIST(struct hours) hours;
    LIST(struct projection) projections;
    LIST(struct closure) closures;
    LIST(struct coded) services;
    LIST(struct coded) outcomes;
    LIST(struct answer) characteristics;
    LIST(struct request) requests;
    LIST(struct voucher) vouchers;
    LIST(struct paper) papers;
    LIST(struct obligation) obligations;
    LIST(struct signature) signatures;
    LIST(struct disclosure) disclosures;
    LIST(struct incident) incidents;
    LIST(struct target) targets;
    LIST(struct model) models;
    LIST(struct objective) objectives;
    LIST(struct code) service_codes;
    LIST(struct code) indicators;
    LIST(struct code) items;
    LIST(struct clash) clashes;
    LIST(struct site) sites;
    LIST(struct county) counties;
};

void *world_grow(void *at, size_t *room, size_t count, size_t size);

/* From 0 to below `limit`; true in `percent` of cases. */
int dice(struct world *w, int limit);
bool chance(struct world *w, int percent);
#define PICK(w, of) (of)[dice(w, (int)(sizeof(of) / sizeof *(of)))]

/* "2022-03-04", in one of a few buffers that are used in turn. */
const char *date_text(int day);
int date_day(const char *text);
/* 0 on a Monday. */
int weekday(int day);
/* So many working days after `day`; from a weekend, after its Friday. */
int working_days_after(int day, int days);

const char *worker_name(const struct world *w, int worker);
/* The other of the team, or the worker itself. */
int partner_of(const struct world *w, int worker);
/* Neither closed nor another's double. */
bool person_is_open(const struct person *person);
/* True when the worker writes in that case, which is open. */
bool is_mine(const struct world *w, const struct entry *entry, int worker);
/* Who a person is, once merged records are one. */
int person_same(const struct world *w, int person);
void clash_add(struct world *w, const struct id *id, const char *type,
               const char *field);

__attribute__((format(printf, 1, 2), noreturn)) void die(const char *format,
                                                         ...);

#endif
