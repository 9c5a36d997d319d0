/* A person at the office writes a record, as a worker does on a device
 * (`satchel put`): the same is refused, noted and stored.
 *
 * Who may write which records is in schema/rights.txt (right.h).  Inside the
 * caller's write transaction; on failure office->detail says why and whatever
 * was written must be rolled back. */
#ifndef SERVER_PUT_H
#define SERVER_PUT_H

#include "server/user.h"
#include "shared/model/seen.h"

/* What to write; all borrowed.  JSON objects in any spelling, or empty. */
struct put {
    const struct user *user;
    const char *type;    /* creating: required; revising: NULL, or what the
                            writer takes the record for */
    const char *record;  /* revising; NULL: a new one */
    const char *kase;    /* creating: NULL picks it by the type's home and the
                            records that are named */
    const char *context; /* revising: what was on the screen; NULL: all that
                            is here now */
    struct bytes set, add, drop;
    bool seal;
    bool lenient; /* keep unknown fields and codes (note only) */
};

struct put_written {
    char record[ID_CHARS + 1];
    struct dot dot;
    struct buffer context; /* owned: token after the write */
    struct buffer warning; /* owned: a line for each doubt; "" */
};
void put_written_init(struct put_written *written);
void put_written_fini(struct put_written *written);

/* ERR_INVALID, ERR_DENIED, ERR_NOT_FOUND, ERR_CONFLICT (the context is not of
 * this record), ERR_TOO_BIG. */
MUST_CHECK enum err put_write(struct office *office, struct sql *sql,
                              const struct put *put, struct put_written *out);

#endif
