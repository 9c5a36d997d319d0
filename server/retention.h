/* How long a case is kept: its record of type `retention` (schema/) has the
 * closing date, the class, which names the years, and the legal hold; a person
 * of the case may have a legal hold of his own. */
#ifndef SERVER_RETENTION_H
#define SERVER_RETENTION_H

#include "server/office.h"

/* ERR_DENIED with office->detail while the case must be kept.  `past`: only
 * legal holds count, its time was over before. */
MUST_CHECK enum err retention_check(struct office *office, struct sql *sql,
                                    const char *kase, int64_t now, bool past);

/* Inside a write transaction of a term, by `author`.  ERR_NOT_FOUND,
 * ERR_DENIED, ERR_INVALID (office->detail). */
MUST_CHECK enum err retention_close(struct office *office, struct sql *sql,
                                    const char *author, const char *kase,
                                    const char *on, const char *class);
MUST_CHECK enum err retention_hold(struct office *office, struct sql *sql,
                                   const char *author, const char *kase,
                                   bool held, const char *reason);

#endif
