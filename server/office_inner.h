/* What the office*.c files share. */
#ifndef SERVER_OFFICE_INNER_H
#define SERVER_OFFICE_INNER_H

#include "server/office.h"

struct batch;

/* Loads the schema again when another process has written record types; one
 * look at the store when none has.  Inside the transaction that folds. */
MUST_CHECK enum err office_schema_current(struct office *office,
                                          struct sql *sql);
/* The built-in types, and those of the store unless `sql` is NULL. */
MUST_CHECK enum err office_schema_load(struct office *office, struct sql *sql,
                                       struct schema **out);
/* Writes a `schema` record for each type that the store knows in an older
 * version or not at all. */
MUST_CHECK enum err office_schema_publish(struct batch *batch);

#endif
