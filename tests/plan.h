/* Looks at how SQLite would run the statements a module has prepared.
 *
 * A statement that walks a whole table is fast in a test and slow in the
 * field; a test names the walks it means and fails on any other. */
#ifndef TESTS_PLAN_H
#define TESTS_PLAN_H

#include "shared/db/db.h"

/* Explains every statement prepared on the connection and fails the running
 * cmocka test on a SCAN that does not begin with one of `allowed` (such as
 * "SCAN meta"), which ends with NULL.  Returns the statements looked at, so
 * that a test can see that there were some. */
int plan_check(struct db *db, const char *const allowed[]);

#endif
