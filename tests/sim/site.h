/* A tax site: a device that is shown what was referred to it and nothing else
 * of the case, and answers. */
#ifndef SIM_SITE_H
#define SIM_SITE_H

#include "tests/sim/world.h"

/* A worker refers a person; later the office lets the site know.  The first
 * time the site gets its device. */
void site_refer(struct world *world);
void site_disclose(struct world *world);
/* A restored office may have forgotten the site's account: it is made again. */
void site_again(struct world *world);
/* Whoever sees a disclosed referral, mostly the site, writes on it. */
void site_answer(struct world *world);

#endif
