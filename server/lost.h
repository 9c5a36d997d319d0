/* What is on a device that was lost.
 *
 * From what devices say: a cursor tells which joins and leaves of a feed a
 * vault has applied.  What was sent after the last cursor may be there too; it
 * is bounded by the time of the last request that an unlocked vault made, as
 * no other is given anything.  So `there` is what the device itself said to
 * have, and the list never lacks a case.  Of what a vault wrote and never sent
 * the office knows nothing. */
#ifndef SERVER_LOST_H
#define SERVER_LOST_H

#include "server/office.h"
#include "server/store_replica.h"
#include "shared/base/map.h"

/* Between the commit of a request and the reading of its answer. */
#define LOST_ANSWER_MS (INT64_C(60) * 1000)

/* A vault has been several, one after the other; a copy of it is another. */
struct lost_identity {
    char replica[REPLICA_CHARS + 1], predecessor[REPLICA_CHARS + 1];
    char account[NAME_CHARS_MAX + 1], role[NAME_CHARS_MAX + 1];
    char closed[CLOSED_CHARS_MAX + 1];
    int64_t enrolled_at, head;
    int64_t seen_at, unlocked_at, revoked_at; /* 0: never */
    int64_t held;                             /* lines of it */
    bool reported;                            /* it has told of a cursor */
    bool line;   /* the device itself, what it was and became */
    bool spared; /* a copy that is not lost; set by the caller */
};

struct lost_case {
    char kase[ID_CHARS + 1];
    bool there; /* else it was sent, or may have been, and not confirmed */
};

struct lost {
    struct lost_identity *identities; /* oldest first; owned by arena */
    size_t identity_count, identity_room;
    struct map *cases; /* id: struct lost_case, in the arena; owned */
    struct arena arena;
};

/* The device, all that it was and became, and their copies.  ERR_NOT_FOUND: no
 * device is called so. */
MUST_CHECK enum err lost_load(struct lost *out, struct office *office,
                              struct sql *sql, const char *replica);
/* NULL: it is none of them. */
struct lost_identity *lost_identity_find(const struct lost *lost,
                                         const char *replica);
/* What is on those that are not spared. */
MUST_CHECK enum err lost_cases_load(struct lost *lost, struct office *office,
                                    struct sql *sql);
void lost_fini(struct lost *lost); /* a zeroed one is allowed */

#endif
