/* What a report must show, counted from the generator's own books, and the
 * comparison with what the office says.
 *
 * A row is known by its texts (columns of kind text, date and record), in the
 * order of the report.  Figures of columns of other kinds are 0 until counted;
 * the records behind a row are compared as a set. */
#ifndef BENCH_AGENCY_TALLY_H
#define BENCH_AGENCY_TALLY_H

#include "bench/agency/office.h"
#include "bench/agency/world.h"

#define TALLY_NULL INT64_MIN
#define TALLY_KEY_CHARS 1024
#define TALLY_FIGURES_MAX 20

struct tally_row;
struct tally {
    const char *report, *options; /* options of `satchel-central report` */
    const char *ignored;          /* columns that no book tells, "days ahead" */
    const char *why;              /* of them */
    LIST(struct tally_row *) rows; /* owned; in the order of their texts */
    const char *figure[TALLY_FIGURES_MAX];
    int figure_count;
};

/* The row with these texts (NULL ends them), made when it is not there. */
struct tally_row *tally_row(struct tally *tally, ...);
/* Rows that stand there even when nothing is found. */
#define TALLY_ROWS(tally, ...)                                                 \
    tally_rows(tally, (const char *const[]){__VA_ARGS__, NULL})
void tally_rows(struct tally *tally, const char *const *names);
/* Adds to a figure by its column's name. */
void tally_add(struct tally *tally, struct tally_row *row, const char *column,
               int64_t by);
void tally_set(struct tally *tally, struct tally_row *row, const char *column,
               int64_t value);
/* Counts each `thing` once. */
void tally_once(struct tally *tally, struct tally_row *row, const char *column,
                int64_t thing);
void tally_id(struct tally_row *row, const struct id *id);
/* Counts what a record lacks in the row called `what`, which stands there even
 * when nothing does. */
void tally_lacks(struct tally *tally, const char *what, bool is_so,
                 const struct id *id);

/* Rows go whose figure is below `least`. */
void tally_drop_below(struct tally *tally, const char *column, int64_t least);

/* In each row: one figure in whole percent of another, nothing of nothing. */
void tally_percent(struct tally *tally, const char *column, const char *part,
                   const char *whole);

/* Runs the report, compares, prints a line; frees the rows.  How many figures
 * were compared and how many differ is added up in `total`. */
struct tally_total {
    long long reports, agreeing, figures, different, not_compared;
    double seconds;
};
void tally_compare(struct tally *tally, const struct office *office,
                   struct tally_total *total);

double tally_now_s(void); /* since some fixed point */
/* All reports there are; false when one differs. */
bool tally_all(struct world *w, const struct office *office);

/* Each fills in one report. */
typedef void tally_fill(struct world *w, struct tally *tally);
tally_fill tally_r01, tally_r01b, tally_r02, tally_r02b, tally_r02c, tally_r03,
    tally_r03b, tally_r04, tally_r04b, tally_r05, tally_r05b, tally_r06,
    tally_r07, tally_r08, tally_r08b, tally_r09, tally_r09b, tally_r10,
    tally_r11, tally_r12, tally_r13, tally_r14, tally_r14b, tally_r14c,
    tally_r15, tally_r16, tally_r16b, tally_r17, tally_r18, tally_r18b,
    tally_r18c, tally_r18d, tally_r19, tally_r19b, tally_r20;

/* The person whose case R-20 shows. */
int packet_person(struct world *w);

#endif
