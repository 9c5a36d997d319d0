/* The end of a history in words that do not depend on names, so that two runs
 * can be compared: writes are named by the order in which they were
 * acknowledged, records by the order of their creation. */
#ifndef SIM_VIEW_H
#define SIM_VIEW_H

#include "tests/sim/oracle_lines.h"

struct view {
    /* What was accepted, kept and held, which conflicts exist, and every value
     * that no clock has a part in. */
    struct buffer facts;
    /* Of each field that shows the latest of several values which one that is,
     * a line each; the facts list all of them. */
    struct buffer first;
    size_t first_count;
};

void view_init(struct view *view);
void view_fini(struct view *view);
void view_take(struct view *view, struct world *world,
               const struct lines *lines);

#endif
