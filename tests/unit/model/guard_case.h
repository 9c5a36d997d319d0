/* A case built from tests/unit/model/guards.json: a record that a guard speaks
 * of, and others of its case.
 *
 * An id is written as @NAME there: "@this" is the record's own.  Functions
 * assert. */
#ifndef TESTS_GUARD_CASE_H
#define TESTS_GUARD_CASE_H

#include <jansson.h>

#include "shared/model/guard.h"

#define GUARD_CASES "tests/unit/model/guards.json"

struct guard_told {
    struct guard_case kase;
    const struct guard_record *record;
    const char *role; /* of every user; "" not known */
};

/* `item` is one entry of the file, `variant` one of its "met", "unmet" or
 * "free", or NULL; `at`, when not NULL, is what `field` is set to. */
void guard_told_open(struct guard_told *out, const char *type,
                     const json_t *item, const json_t *variant,
                     const char *field, json_t *at);
void guard_told_close(struct guard_told *told);
struct bytes guard_told_role(void *told, struct bytes user);

#endif
