/* What stands in the office's records without what the record types' guards ask
 * for (shared/model/guard.h).
 *
 * The same judgement that a device tells its worker of, over all cases as they
 * are now.  Reads each state of a type that guards speak of once, case by case.
 * No type of record stands in this code. */
#ifndef SERVER_GUARD_H
#define SERVER_GUARD_H

#include "server/office.h"
#include "shared/model/guard.h"

struct guard_finding {
    struct bytes kase; /* empty: a record without a case */
    struct bytes record, type, field;
    struct bytes value;        /* at which it stands, raw JSON */
    const struct guard *guard; /* its name, what it says, clauses, owner */
};

/* All borrowed for the call.  An error stops and is returned. */
typedef enum err guard_each_finding(void *context,
                                    const struct guard_finding *finding);

/* By case, then record, in the order of the definitions.  Inside a transaction
 * of the caller's; `each` may run statements of its own. */
MUST_CHECK enum err guard_each(struct office *office, struct sql *sql,
                               guard_each_finding *each, void *context);

#endif
