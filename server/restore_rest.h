/* What a restore takes from behind the damage of a journal (journal_rest.h):
 * lines are healed, acts of administration are listed to be done again. */
#ifndef SERVER_RESTORE_REST_H
#define SERVER_RESTORE_REST_H

#include "server/journal_rest.h"

#define RESTORE_ACTS_BYTES_MAX (4u << 20)

struct restore_rest {
    struct rest_result result;
    int64_t lines;      /* taken back */
    struct buffer acts; /* owned; a JSON object and a newline each */
};

void restore_rest_init(struct restore_rest *rest);
void restore_rest_fini(struct restore_rest *rest);

/* Into an office with a term, in transactions of its own. */
MUST_CHECK enum err restore_rest(struct restore_rest *rest,
                                 struct office *office, struct sql *sql,
                                 const struct replay_source *source,
                                 const struct replay_plan *plan,
                                 const struct replay_result *done);

#endif
