/* A report's run: its rows, and how far they can be relied on, of one moment.
 *
 * Opens a connection of its own that cannot write. */
#ifndef SERVER_REPORT_RUN_H
#define SERVER_REPORT_RUN_H

#include "server/office.h"
#include "server/report.h"

#define REPORT_RUN_BYTES_MAX ((size_t)1 << 30)
/* Devices silent for longer are counted as such. */
#define REPORT_SILENT_MS (INT64_C(3) * 24 * 3600 * 1000)

/* How current the office's records are: what devices may still have. */
struct report_currency {
    int64_t now;
    int64_t devices; /* that may sync */
    int64_t never;   /* of those have not synced yet */
    int64_t silent;  /* have not for REPORT_SILENT_MS, the former included */
    int64_t last_at, oldest_at; /* of those that have; 0: none */
    char oldest[REPLICA_CHARS + 1], oldest_user[NAME_CHARS_MAX + 1];
    int64_t held, held_since; /* lines in custody that do not take effect */
    int64_t recovery_since;   /* 0: the office is not in recovery */
    int64_t away, gone;       /* in recovery: devices not back, gaps in logs */
};

struct report_row {
    struct report_row *next;
    struct sql_value *values; /* as many as the report has columns */
};

struct report_run {
    const struct report *report;               /* borrowed */
    const char *values[REPORT_PARAMETERS_MAX]; /* in effect; owned by arena */
    int64_t zone_ms;                           /* ahead of UTC */
    struct report_row *rows;
    size_t row_count;
    /* Open fields that the report reads, and records that have some. */
    int64_t conflicts, conflict_records;
    struct report_currency currency;
    struct arena arena;
};

/* `out->now` is set. */
MUST_CHECK enum err report_currency_load(struct report_currency *out,
                                         const struct office *office,
                                         struct sql *sql);

/* `given` has a text or NULL for each parameter.  ERR_INVALID with a detail
 * (REPORT_DETAIL_CHARS) that names the parameter. */
MUST_CHECK enum err report_values(struct report_run *run,
                                  const struct report *report,
                                  const struct office *office,
                                  const char *const given[], char *detail);
/* After report_values().  ERR_NOT_FOUND with the type that the office does not
 * have as detail. */
MUST_CHECK enum err report_rows(struct report_run *run, struct office *office,
                                char *detail);
/* The parts of it, inside a read transaction on a connection of
 * views_connect(): the rows, and how many open fields these reports read. */
MUST_CHECK enum err report_rows_load(struct report_run *run,
                                     struct office *office, struct sql *sql,
                                     char *detail);
MUST_CHECK enum err report_conflicts_load(struct report_run *run,
                                          const struct office *office,
                                          struct sql *sql,
                                          const struct report *reports,
                                          size_t count);
void report_run_fini(struct report_run *run); /* a zeroed one is allowed */

#endif
