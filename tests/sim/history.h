/* What happens in one run: steps, each with dice of its own. */
#ifndef SIM_HISTORY_H
#define SIM_HISTORY_H

#include "tests/sim/world.h"

#define STEPS_MAX 400
#define STEPS_DEFAULT 120

struct history {
    struct step steps[STEPS_MAX];
    size_t count;
    uint64_t seed; /* of keys, nonces and names */
    bool twice;    /* with right and with wrong clocks */
};

struct outcome {
    bool failed;
    char why[1024];
    struct cover cover;
    int64_t syncs, requests, reconciles, successions, crashes, writes;
    int64_t device_ms; /* virtual time, of every device */
    /* Of a history that ran twice: how many fields showed the latest of several
     * values, and how many another one first. */
    int64_t latest_fields, latest_moved;
};

void history_draw(struct history *history, uint64_t seed, size_t steps);
void history_run(const struct history *history, bool verbose,
                 struct outcome *out);
/* In a process of its own, so that an abort counts as a failure too. */
bool history_fails(const struct history *history, char why[1024]);
/* Leaves out what it can as long as it still fails. */
void history_shrink(struct history *history);
/* One line of text, and back; false when it is none. */
void history_print(const struct history *history);
bool history_parse(struct history *history, const char *line);

void outcome_add(struct outcome *sum, const struct outcome *one);
/* How many things should have happened and did not. */
size_t outcome_print(const struct outcome *sum, uint64_t passed,
                     double seconds);

#endif
