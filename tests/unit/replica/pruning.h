/* What the tests of erasing share: lines that leave Dana's vault, and are
 * backed up.  All assert success. */
#ifndef TESTS_PRUNING_H
#define TESTS_PRUNING_H

#include "shared/replica/prune.h"
#include "tests/unit/replica/far_end.h"

#define LINES "SELECT count(*) FROM log"
#define WRAPS "SELECT count(office_wrap) FROM case_key"

/* Of Dana's lines two are of Rosa's case and one is of Omar's; the office has
 * all of them.  The state is a struct pair, for pair_teardown(). */
int pruning_setup(void **state);
void leave(struct pair *p, const char *kase);
/* All that the office has of the present log is backed up. */
void back_up(struct pair *p);
struct pruned prune(struct pair *p);
/* Rosa's case leaves, and what is written afterwards is backed up. */
void leave_backed_up(struct pair *p);
/* Of one row with one integer, as Dana's file has it. */
int64_t number(struct pair *p, const char *sql);
struct vault_status status_of(struct pair *p);

#endif
