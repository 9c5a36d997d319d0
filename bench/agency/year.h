/* The parts of a year.  Each function plays one worker's day or week in its
 * vault and writes down in the world what it did. */
#ifndef BENCH_AGENCY_YEAR_H
#define BENCH_AGENCY_YEAR_H

#include "bench/agency/office.h"
#include "bench/agency/world.h"

/* All weeks; leaves every vault synced. */
void year_play(struct world *w, struct office *office);

/* Fills `entry` but for the id. */
struct entry *entry_begin(struct entry *entry, int person, int worker, int day);
struct device *device_of(struct world *w, int worker);
const struct id *case_of(const struct world *w, int person);
/* " Virtual ROMA" and a number, as what was keyed at once is marked with. */
const char *keyed_mark(struct world *w);
/* A note that names nobody. */
const char *note_text(struct world *w);

void people_meet(struct world *w, int worker, int day);
void people_week(struct world *w, int worker, int day);
/* What the office does on Saturday: files that are closed, records merged. */
void people_office(struct world *w, struct office *office, int day);

void contacts_add(struct world *w, int worker, int person, int day);
void contacts_week(struct world *w, int worker, int day);

void referrals_begin(struct world *w, int person, int worker, int day);
void referrals_week(struct world *w, int worker, int day);

void tax_week(struct world *w, int worker, int day);

void plans_week(struct world *w, int worker, int day);
void work_week(struct world *w, int worker, int day);
void annual_week(struct world *w, int worker, int day);
/* The community's needs, logic models and targets of the year. */
void planner_begin(struct world *w);
void closings_week(struct world *w, int worker, int day);

/* Caps, and who authorises. */
void money_begin(struct office *office);
void money_week(struct world *w, int worker, int day);
void money_office(struct world *w, struct office *office, int day);

void papers_week(struct world *w, int worker, int day);

/* Two of a team write the same fields, unaware of each other. */
void clashes_week(struct world *w, int day);

/* The resource directory and the counties, from the files of the repository. */
void directory_read(struct world *w);
/* A worker knows better than the directory. */
void directory_correct(struct world *w, int worker, int day);

#endif
