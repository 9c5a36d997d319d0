/* What the disposal*.c files share. */
#ifndef SERVER_DISPOSAL_INNER_H
#define SERVER_DISPOSAL_INNER_H

#include "server/disposal.h"

struct batch;

/* Does what was decided. */
MUST_CHECK enum err disposal_run(struct batch *batch,
                                 const struct disposal *disposal);

#endif
