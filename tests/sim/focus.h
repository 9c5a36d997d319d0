/* What a history is about: each seed has a focus, whose steps are common in it.
 *
 * Some mechanisms need three rare things in a row; a history that is about them
 * does them often.  The others, which know neither copies nor backups, can
 * insist that nobody ever has to reconcile. */
#ifndef SIM_FOCUS_H
#define SIM_FOCUS_H

#include "tests/sim/world.h"

struct focus {
    const char *name;
    int weights[STEP_COUNT]; /* 0: the usual one; below: never */
};

const struct focus *focus_of(uint64_t seed);
/* `further`: also what the other histories, which are to stay what they were,
 * do not know. */
enum step_kind focus_draw(const struct focus *focus, bool further,
                          const struct random *dice);

#endif
