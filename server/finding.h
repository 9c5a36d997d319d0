/* Findings: what policies (server/policy) say that a person should look at.
 *
 * A finding is derived from the folded records at the moment when it is asked
 * for, and never stored; it refuses nobody's work.  Its id follows from the
 * policy, the record and the facts, so that what a person resolved stays away
 * until the facts are others.  A resolution is a record of type
 * `finding_resolution` whose id is the finding's. */
#ifndef SERVER_FINDING_H
#define SERVER_FINDING_H

#include "server/report_print.h"

#define FINDING_RESOLUTION_TYPE "finding_resolution"
/* The role that owns what belongs to the worker of a case that has none. */
#define FINDING_ROLE "supervisor"

/* All texts belong to the findings. */
struct finding {
    struct finding *next; /* while they are loaded */
    char id[ID_CHARS + 1];
    const struct report *policy;
    const char *kase, *record, *facts, *what;
    const char *owner;  /* a user; "": anyone of the role */
    const char *role;   /* whose work it is when nobody is named */
    bool workers;       /* whoever is responsible for the case owns it */
    int64_t since, age; /* days since 1970-01-01; how many until as_of */
    bool resolved;
    const char *why, *by, *until; /* of its resolution, else "" */
    int64_t resolved_at;          /* ms; 0: not resolved */
};

struct finding_wanted {
    const char *policy;     /* NULL: all */
    const char *as_of;      /* NULL: today */
    const char *const *set; /* NAME=VALUE, for policies that have the name */
    size_t set_count;
};

struct findings {
    struct report head;    /* how they are printed as a report */
    struct report_run run; /* of the head: as of when, how current; no rows */
    struct report *policies;
    size_t policy_count;
    struct finding **at; /* the oldest first */
    size_t count;
    struct finding *list; /* while they are loaded */
    int64_t as_of_day;
    struct arena arena;
};

/* ERR_INVALID: a parameter; ERR_NOT_FOUND: no such policy, or one reads a type
 * that the office does not have; `detail` (REPORT_DETAIL_CHARS) says which. */
MUST_CHECK enum err findings_load(struct findings *out, struct office *office,
                                  const struct finding_wanted *wanted,
                                  char *detail);
void findings_fini(struct findings *f); /* a zeroed one is allowed */

/* By its id; NULL: there is none. */
const struct finding *findings_find(const struct findings *f, const char *id);
/* What a row of a policy says, or a program; all borrowed. */
struct finding_draft {
    const struct report *policy;
    struct bytes kase, record, facts, what;
    int64_t since;
    const char *owner; /* NULL: the policy's */
};
struct finding_draft finding_of_row(const struct report *policy,
                                    const struct report_row *row);
MUST_CHECK enum err findings_add(struct findings *f,
                                 const struct finding_draft *draft);
/* True when it is the work of this user of that role. */
bool finding_is_of(const struct finding *finding, const char *user,
                   const char *role);
/* Those that `shown` marks (as many as there are) become rows of f->run, to be
 * printed as a report. */
MUST_CHECK enum err findings_rows(struct findings *f, const bool *shown);
/* Those, for people. */
void findings_print(struct buffer *out, const struct findings *f,
                    const bool *shown);

/* The pairs of server/duplicates.h among the persons of `rows`. */
MUST_CHECK enum err finding_persons(struct findings *f,
                                    const struct report *policy,
                                    const struct report_run *rows,
                                    struct office *office, struct sql *sql);

/* What the guards of the record types ask for and is not there. */
MUST_CHECK enum err finding_guards(struct findings *f,
                                   const struct report *policy,
                                   const struct report_run *rows,
                                   struct office *office, struct sql *sql);

#endif
