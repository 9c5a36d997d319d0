/* The bell: wakes those who wait for something new.
 *
 * It rings when this process has committed, when it sees that another process
 * has (asked about once a second, and only while somebody waits), and for each
 * sleeper whose time is over.  Many rings in a short time become one, so that
 * a thousand waiting devices cost a look each a few times a second at most.
 * Thread-safe; one thread of its own. */
#ifndef SERVER_BELL_H
#define SERVER_BELL_H

#include "server/office.h"

struct bell;

struct sleeper {                 /* embedded in what waits */
    int64_t until_ms;            /* monotonic */
    void (*wake)(void *context); /* once */
    void *context;
    struct sleeper *next;
};

MUST_CHECK enum err bell_open(struct bell **out, struct office *office);
/* Nobody may sleep any more. */
void bell_close(struct bell *bell);

/* Take this before looking whether there is something new. */
uint64_t bell_count(struct bell *bell);
/* Sleeps until a ring after `count`, or until_ms.  `wake` is called exactly
 * once, possibly before this returns. */
void bell_sleep(struct bell *bell, struct sleeper *sleeper, uint64_t count);
void bell_ring(struct bell *bell);
/* Wakes all, and from now on everybody at once. */
void bell_stop(struct bell *bell);
bool bell_stopped(struct bell *bell);

#endif
