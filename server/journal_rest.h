/* What stands in a damaged journal behind the damage.
 *
 * Transactions cannot be run again once one before them is missing; but the
 * lines in them are what devices and terms wrote, and go on being good.  They
 * are read here, to be healed like those that a device brings (ingest.h). */
#ifndef SERVER_JOURNAL_REST_H
#define SERVER_JOURNAL_REST_H

#include "server/journal_replay.h"

/* An act of administration (table `act`); borrowed. */
struct rest_act {
    int64_t at;
    struct bytes by, what, detail;
};

struct rest_reader {
    enum err (*line)(void *context, struct bytes line);
    enum err (*act)(void *context, const struct rest_act *act);
    void *context;
};

struct rest_result {
    int64_t missing; /* transactions of which nothing is left */
    int64_t damaged; /* of which a part is missing */
};

/* All of the file behind what `done` has (of a backup that nothing followed:
 * its instance and groups), in its order.  A transaction whose commit had
 * failed is left out. */
MUST_CHECK enum err journal_rest(const struct replay_source *source,
                                 const struct replay_plan *plan,
                                 const struct replay_result *done,
                                 const struct rest_reader *reader,
                                 struct rest_result *result);

#endif
