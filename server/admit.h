/* How much may be received at once: a budget of memory, first come first
 * served.
 *
 * A request takes its weight (what its body will take in memory, inflated)
 * once its header is known to be its device's, and before the rest is read: a
 * stranger takes none of it, however many connections he holds, and one device
 * has so many places and no more.  Heavy requests leave part of the budget to
 * light ones, so that a few long uploads over slow links never keep the short
 * syncs of everybody else out.  Thread-safe. */
#ifndef SERVER_ADMIT_H
#define SERVER_ADMIT_H

#include "shared/base/bytes.h"

#define ADMIT_LIGHT_BYTES (1u << 20) /* a weight up to here is light */
#define ADMIT_WAITING_MAX 4096u
#define ADMIT_PLACES_MAX 16u /* of one name, those that wait included */
#define ADMIT_NAME_CHARS 16

struct admit;

enum admit_state { ADMIT_NEW, ADMIT_WAITING, ADMIT_IN, ADMIT_REFUSED };

struct admit_ticket {            /* embedded in what waits; zero is ADMIT_NEW */
    char name[ADMIT_NAME_CHARS]; /* whose it is */
    size_t weight;
    enum admit_state state;
    void (*wake)(void *context); /* once, when it stops waiting */
    void *context;
    struct admit_ticket *next;   /* of those that wait, or are woken */
    struct admit_ticket *beside; /* of those that are in */
};

/* `budget` bytes in all, of which `reserve` are for light requests. */
MUST_CHECK enum err admit_open(struct admit **out, size_t budget,
                               size_t reserve);
void admit_close(struct admit *admit); /* nobody waits any more */
/* IN, WAITING (wake will be called) or REFUSED (too many wait, or this name
 * has all its places). */
enum admit_state admit_ask(struct admit *admit, struct admit_ticket *ticket);
/* The state now; after a wake IN or REFUSED. */
enum admit_state admit_state(struct admit *admit,
                             const struct admit_ticket *ticket);
/* Gives the weight back; a ticket that never came in is let go too. */
void admit_leave(struct admit *admit, struct admit_ticket *ticket);
/* Refuses all that wait, and all that ask later. */
void admit_stop(struct admit *admit);

#endif
