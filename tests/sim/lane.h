/* The office's end of the lane of attachments: its own handler, driven as the
 * HTTP server drives it, and the disk that their files stand on. */
#ifndef SIM_LANE_H
#define SIM_LANE_H

#include "shared/exchange/transport.h"
#include "tests/sim/world.h"

struct lane {
    const char *method, *name;
    const char *header[2]; /* "Name: value" */
    struct bytes body;     /* what arrives of it */
    size_t size;           /* of the whole */
};
/* Fails when the office did: nobody hears of it then. */
MUST_CHECK enum err lane_serve(struct world *world, const struct lane *lane,
                               struct transport_response *out);

#endif
