/* A report as people read it, as a table in CSV and as JSON.  All three say
 * how current the figures are and how many conflicts touch them. */
#ifndef SERVER_REPORT_PRINT_H
#define SERVER_REPORT_PRINT_H

#include "server/report_run.h"

/* Counts below this are not shown in what is shared with others. */
#define REPORT_SMALL_CELL 5

struct report_form {
    bool ids;    /* with the records behind each row */
    bool shared; /* small counts are left out; no ids */
    bool bare;   /* CSV: the table alone */
};

/* True when the report has a row a person, so that there is nothing to share.
 */
bool report_is_personal(const struct report *report);

/* Appended to `out`, whose first failure buffer_err() tells. */
void report_print_text(struct buffer *out, const struct report_run *run,
                       const struct report_form *form);
/* ASCII and nothing else: what is not, and the backslash, is \uXXXX as in JSON;
 * what a spreadsheet would take for a formula has an apostrophe before it. */
void report_print_csv(struct buffer *out, const struct report_run *run,
                      const struct report_form *form);
void report_print_json(struct buffer *out, const struct report_run *run,
                       const struct report_form *form);

/* How far the figures can be relied on, in lines that begin with `before`. */
void report_print_currency(struct buffer *out, const struct report_run *run,
                           const char *before);

/* For the three forms: is the column shown, and is the count too small for it?
 */
bool report_column_shown(const struct report_column *column,
                         const struct report_form *form);
bool report_cell_small(const struct report_column *column,
                       const struct sql_value *value,
                       const struct report_form *form);
/* A cell as text: numbers, money with two decimals; "" for NULL. */
void report_print_cell(struct buffer *out, const struct report_column *column,
                       const struct sql_value *value,
                       const struct report_form *form);

#endif
