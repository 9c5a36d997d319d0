/* A history twice: with right clocks, and with clocks of devices that are years
 * off and jump.
 *
 * What is accepted, kept and held, which conflicts exist and every value that
 * is shown must be the same, but for which value of a `latest` field (or one
 * with rule `fixed`, which goes by it) is shown first while several are listed.
 * So that nothing but the clocks differs, the network loses and repeats whole
 * messages only, and a power cut takes no more than memory: a cut at a byte
 * would fall elsewhere as numbers get longer. */
#ifndef SIM_CLOCKS_H
#define SIM_CLOCKS_H

#include "tests/sim/history.h"

/* One run of the two. */
typedef void clocks_one(const struct history *history, bool verbose,
                        enum clocks clocks, struct view *view,
                        struct outcome *out);
/* Both; `out` is of the one with wrong clocks. */
void clocks_compare(const struct history *history, bool verbose,
                    clocks_one *one, struct outcome *out);

/* Before each step: now and then some device's clock goes wrong. */
void clocks_upset(struct world *world, uint64_t seed);

#endif
