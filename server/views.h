/* Typed SQL views, one a record type, over the folded states.
 *
 * `v_TYPE` has the columns record, case_id, and of each field its value,
 * FIELD__open (1 while it waits for a person), FIELD__by and FIELD__at (who
 * wrote it and when by that device's clock, in milliseconds; of several live
 * values the first) and, of dates and instants, FIELD__day (days since
 * 1970-01-01 of the day as claimed; NULL when it is none), so that any SQLite
 * client can read the office's records without knowing how they are stored.
 * Values of lists and sets are JSON; `v_TYPE__FIELD` has them a row each, with
 * record, case_id, position (from 0) and value, or, of a field with `rows`,
 * those columns.  Views are made anew only where a type has changed.
 * `v_same` says which record stands for which; what is no record has views of
 * its own (views/). */
#ifndef SERVER_VIEWS_H
#define SERVER_VIEWS_H

#include "server/office.h"

/* Brings the views in line with the office's schema, in a transaction of its
 * own connection. */
MUST_CHECK enum err views_update(struct office *office);
/* A connection that may read the views and write nothing.  Others refuse the
 * views: a store's own are not trusted to call functions unless they are asked
 * for. */
MUST_CHECK enum err views_connect(struct office *office, struct sql *out);
/* The same views for one connection alone: they read temporary tables and
 * views, where there are some, in place of the tables.  `texts` must outlive
 * the connection. */
MUST_CHECK enum err views_temporary(struct office *office, struct sql *sql,
                                    struct arena *texts);
/* Appends the CREATE VIEW of one type. */
MUST_CHECK enum err views_statement(struct buffer *out, const char *agency,
                                    const struct schema_type *type);
/* Appends that of the rows of a list or set. */
MUST_CHECK enum err views_rows_statement(struct buffer *out, const char *agency,
                                         const struct schema_type *type,
                                         const struct schema_field *field);
/* True when the field has such a view. */
bool views_has_rows(const struct schema_field *field);

/* The views of views/: what is no record, and what many reports ask of several
 * types.  Their number, the name of each, its query, its CREATE VIEW appended.
 */
size_t views_fixed_count(void);
struct bytes views_fixed_name(size_t index);
const char *views_fixed_query(size_t index);
MUST_CHECK enum err views_fixed_statement(struct buffer *out,
                                          const char *agency, size_t index);

/* Appends that of v_same: record, and the one that stands for it, the record
 * itself where nothing was merged; what counts persons counts these. */
MUST_CHECK enum err views_same_statement(struct buffer *out, const char *agency,
                                         const struct schema *schema);

#endif
