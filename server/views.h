/* Typed SQL views, one a record type, over the folded states.
 *
 * `v_TYPE` has the columns record, case_id, each field's value and FIELD__open
 * (1 while it waits for a person), so that any SQLite client can read the
 * office's records without knowing how they are stored.  They are made anew
 * only where a type has changed.  `v_same` says which record stands for which.
 * Values of lists and sets are JSON; a field with `rows` has a view of its own,
 * `v_TYPE__FIELD`, with record, case_id, position (from 0) and those columns.
 */
#ifndef SERVER_VIEWS_H
#define SERVER_VIEWS_H

#include "server/office.h"

/* Brings the views in line with the office's schema, in a transaction of its
 * own connection. */
MUST_CHECK enum err views_update(struct office *office);
/* A connection that may read the views.  Others refuse them: a store's own
 * views are not trusted to call functions unless they are asked for. */
MUST_CHECK enum err views_connect(struct office *office, struct sql *out);
/* Appends the CREATE VIEW of one type. */
MUST_CHECK enum err views_statement(struct buffer *out, const char *agency,
                                    const struct schema_type *type);
/* Appends that of a field with `rows`. */
MUST_CHECK enum err views_rows_statement(struct buffer *out, const char *agency,
                                         const struct schema_type *type,
                                         const struct schema_field *field);

/* Appends that of v_same: record, and the one that stands for it, the record
 * itself where nothing was merged; what counts persons counts these. */
MUST_CHECK enum err views_same_statement(struct buffer *out, const char *agency,
                                         const struct schema *schema);

#endif
