/* The office's records as they stood at the end of a day, for one connection.
 *
 * Temporary tables and views take the names of what they stand for, so that
 * whoever reads records on this connection reads those of that day: lines that
 * arrived later are left out, as are lines that were held then.  Records to
 * which nothing came since are those of now and are not folded again.  Accounts
 * made later are not there, and none is disabled that was disabled later; who
 * may see what, devices and holds are those of now.  What was disposed of since
 * cannot be read any more. */
#ifndef SERVER_PAST_H
#define SERVER_PAST_H

#include "server/office.h"

/* On a connection of views_connect(), inside its read transaction; `until` is
 * the last moment that counts.  `texts` must outlive the connection. */
MUST_CHECK enum err past_load(struct office *office, struct sql *sql,
                              int64_t until, struct arena *texts);

#endif
