/* Who may do what at the office: schema/operations.txt, by the role of the
 * account.  Operations are commands ("voucher issue"), reports ("report R-02")
 * and addresses ("POST /v1/sync"); of the last the table only tells, as what a
 * device may is decided by its keys. */
#ifndef SERVER_OPERATION_H
#define SERVER_OPERATION_H

#include "server/role_table.h"
#include "shared/base/err.h"

#define OPERATION_DETAIL_CHARS 512

/* ERR_DENIED, with a `detail` (OPERATION_DETAIL_CHARS) that says who may.  What
 * does not stand in the table nobody may. */
MUST_CHECK enum err operation_check(const char *operation, const char *user,
                                    const char *role, char *detail);
/* Who asks over the network, for the lines of addresses. */
#define OPERATION_CALLERS 6
extern const char *const operation_callers[OPERATION_CALLERS];
/* Is this line of an address? */
bool operation_is_address(const struct role_table_line *line);
/* The whole table, for role_table_next(). */
struct bytes operation_table(void);

#endif
