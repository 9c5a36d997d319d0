/* A report: one .sql file of server/reports, with its own description in the
 * comments at its head (server/reports/README.md says how it is written); or
 * the policy of a finding (server/policy), which has a row a finding.
 *
 * The engine knows no record type: what a report reads, counts and is called
 * stands in its file.  The statement asks the views (server/views.h) and
 * nothing else, in SQL that SQLite and PostgreSQL share, with `:name` for its
 * parameters.  Immutable once loaded. */
#ifndef SERVER_REPORT_H
#define SERVER_REPORT_H

#include "shared/base/arena.h"
#include "shared/base/err.h"

#define REPORT_PARAMETERS_MAX 8
#define REPORT_COLUMNS_MAX 24
#define REPORT_TYPES_MAX 32
#define REPORT_DETAIL_CHARS 256

enum report_kind {
    REPORT_TEXT,
    REPORT_DATE,
    REPORT_INT,    /* a number that says nothing of how many persons */
    REPORT_COUNT,  /* of persons or records: small ones are not shared */
    REPORT_CENTS,  /* money */
    REPORT_RECORD, /* of one person or record: the row is not shared */
    REPORT_IDS     /* the records behind the row, separated by commas */
};

/* What each row of a policy gives. */
enum policy_column {
    POLICY_CASE,
    POLICY_RECORD,
    POLICY_SINCE, /* days since 1970-01-01 */
    POLICY_FACTS, /* what it rests on: another text is another finding */
    POLICY_WHAT,  /* a sentence */
    POLICY_COLUMNS
};

struct report_column {
    const char *name, *title;
    enum report_kind kind;
};

struct report_parameter {
    const char *name, *title;
    enum report_kind kind; /* TEXT, DATE or INT */
    const char *preset;    /* "", a value, today, year_begin, month_begin */
    bool required;         /* it has no preset and must be given */
};

/* In place of a parameter: what this machine's time is ahead of UTC, in ms, so
 * that a time of writing gives the day on which people wrote. */
#define REPORT_ZONE SIZE_MAX

struct report_value {
    size_t parameter;
    bool day; /* days since 1970-01-01 of a date, in place of its text */
};

struct report {
    const char *id, *title, *definition, *clauses;
    /* Of a policy: what to do, and whose work it is; else NULL.  It has the
     * columns of enum policy_column, which its head does not name.  `program`
     * is what looks at its rows, or finds without a statement; NULL: none. */
    const char *remedy, *owner, *program;
    struct report_parameter parameters[REPORT_PARAMETERS_MAX];
    size_t parameter_count;
    struct report_column columns[REPORT_COLUMNS_MAX];
    size_t column_count;
    const char *types[REPORT_TYPES_MAX]; /* whose views it reads */
    size_t type_count;
    /* What $1, $2, ... of the statement are. */
    struct report_value values[2 * REPORT_PARAMETERS_MAX];
    size_t value_count;
    const char *statement;
};

/* Reads a report; its texts live in `arena`.  ERR_INVALID with a `detail`
 * (REPORT_DETAIL_CHARS) that says which line is wrong. */
MUST_CHECK enum err report_read(struct report *out, struct arena *arena,
                                struct bytes file, char *detail);

/* The reports of this program: how many, and each by its place. */
size_t report_count(void);
MUST_CHECK enum err report_at(struct report *out, struct arena *arena,
                              size_t index, char *detail);
/* By its id in any case, as R-02 or r-02b.  ERR_NOT_FOUND. */
MUST_CHECK enum err report_find(struct report *out, struct arena *arena,
                                const char *id, char *detail);

/* The policies of this program, in the same way (server/policy). */
size_t policy_count(void);
MUST_CHECK enum err policy_at(struct report *out, struct arena *arena,
                              size_t index, char *detail);

/* True when a piece of SQL, or the statement, speaks of something called so. */
bool report_speaks(const char *sql, struct bytes name);
bool report_mentions(const struct report *report, struct bytes name);

#endif
