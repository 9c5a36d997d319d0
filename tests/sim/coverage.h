/* What the histories have exercised, and what they have not: a silent gap
 * shows by name. */
#ifndef SIM_COVERAGE_H
#define SIM_COVERAGE_H

#include "tests/sim/world.h"

void coverage_add(struct cover *cover, const char *name, int64_t count);

/* Two who did not know of each other wrote on one record: which steps met. */
void coverage_pairs(struct world *world);
/* A record's state at the office: by which rule several values met. */
void coverage_state(struct world *world, const struct canon *state);

/* Prints every count, then the scenarios and what is missing, which it counts.
 */
size_t coverage_print(const struct cover *cover);

#endif
