/* Recovery: the state of an office that was rolled back.
 *
 * It begins with each change of lineage and ends when nothing is missing, or
 * when a person closes it.  Meanwhile pushes, healing and pulls go on; codes
 * that were not used before are void; revocations come back in the agency's
 * scope.  What must not happen twice (money, numbers, disposal) asks
 * recovery_refuses() first; all else that the office writes goes on, since a
 * second release, decision or assignment merges with the one that comes back.
 * Missing is a line of which there is a witness (a receipt, a line that had
 * seen it, a later line of its log, an office term's own word) and which nobody
 * has brought back. */
#ifndef SERVER_RECOVERY_H
#define SERVER_RECOVERY_H

#include "server/office.h"

/* When the open one began; ERR_NOT_FOUND when there is none. */
MUST_CHECK enum err recovery_find(struct sql *sql, const char *agency,
                                  int64_t *began_at);

/* ERR_DENIED while there is one, and office->detail says how it ends; `what`
 * has to wait for that. */
MUST_CHECK enum err recovery_refuses(struct office *office, struct sql *sql,
                                     const char *what);

/* Those that write are called inside a write transaction. */
MUST_CHECK enum err recovery_begin(struct sql *sql, const char *agency,
                                   int64_t now);
/* A device has a receipt for line n of this log. */
MUST_CHECK enum err recovery_witness(struct sql *sql, const char *agency,
                                     const char *replica, int64_t n,
                                     int64_t now);
/* Ends it when every device has come back and nothing is missing. */
MUST_CHECK enum err recovery_settle(struct office *office, struct sql *sql,
                                    bool *ended);
/* A person ends it; what is missing is kept in the act.  ERR_NOT_FOUND. */
MUST_CHECK enum err recovery_close(struct office *office, struct sql *sql,
                                   const char *by);

struct recovery_gap {
    char replica[REPLICA_CHARS + 1];
    char account[NAME_CHARS_MAX + 1]; /* "": an office term, or not known */
    int64_t from, to;
    int64_t after; /* when the line before it was received; 0: none is here */
};
typedef enum err recovery_each_gap(void *context,
                                   const struct recovery_gap *gap);
/* What is missing, by log and n. */
MUST_CHECK enum err recovery_gaps(struct sql *sql, const char *agency,
                                  recovery_each_gap *each, void *context);

struct recovery_device {
    char replica[REPLICA_CHARS + 1], account[NAME_CHARS_MAX + 1];
    int64_t seen_at; /* 0: never */
};
typedef enum err recovery_each_device(void *context,
                                      const struct recovery_device *device);
/* Devices that may bring something and have not come back since. */
MUST_CHECK enum err recovery_devices(struct sql *sql, const char *agency,
                                     recovery_each_device *each, void *context);

#endif
