/* The office's lines, as the parts of the oracle read them. */
#ifndef TESTS_SIM_ORACLE_LINES_H
#define TESTS_SIM_ORACLE_LINES_H

#include "shared/base/map.h"
#include "tests/sim/world.h"

struct lines {
    struct world *world;
    struct map *by_write; /* write id -> copy of the original line */
    struct map *held;     /* dots that a statement holds */
    struct arena arena;
};

/* Every hold is released in the end, but for those that cannot be. */
bool is_held(const struct lines *lines, const char *text);
/* O8: what left view was on the screen of who replaced it. */
void check_screens(struct world *world, const struct lines *lines);

#endif
