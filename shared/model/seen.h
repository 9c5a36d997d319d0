/* What a person had in view: for each replica the greatest n, of one record.
 *
 * Kept sorted by replica id.  A context token carries one to and from a form:
 * "c1." and base64url of {"record":id,"seen":{...}}; callers treat it as
 * opaque.  Not thread-safe. */
#ifndef MODEL_SEEN_H
#define MODEL_SEEN_H

#include "shared/model/canon.h"
#include "shared/model/id.h"

#define SEEN_REPLICAS_MAX 4096
#define DOT_CHARS (REPLICA_CHARS + 1 + 20) /* "wXXXXXXXXXXXX:123" */

struct dot {
    char replica[REPLICA_CHARS + 1];
    int64_t n; /* from 1 */
};

struct seen_entry {
    char replica[REPLICA_CHARS + 1];
    int64_t n;
};

struct seen {
    struct seen_entry *entries; /* owned, sorted by replica */
    size_t count;
    size_t room;
};

void seen_init(struct seen *seen);
void seen_fini(struct seen *seen);
int64_t seen_get(const struct seen *seen, struct bytes replica); /* 0: none */
bool seen_has(const struct seen *seen, const struct dot *dot);
/* Raises the entry to n; never lowers. */
MUST_CHECK enum err seen_raise(struct seen *seen, struct bytes replica,
                               int64_t n);
MUST_CHECK enum err seen_join(struct seen *into, const struct seen *from);
MUST_CHECK enum err seen_copy(struct seen *into, const struct seen *from);
bool seen_covers(const struct seen *a, const struct seen *b); /* a >= b */
/* Keeps in `into` the lower of both, entries in only one fall away. */
void seen_meet(struct seen *into, const struct seen *with);

/* {"replica":n,...} as canonical JSON; "{}" when empty. */
MUST_CHECK enum err seen_write(struct buffer *out, const struct seen *seen);
MUST_CHECK enum err seen_read(struct seen *out, const struct canon *object);

/* `generation` tells a vault which places its lines had when the form was
 * read; 0 is left out. */
MUST_CHECK enum err context_write(struct buffer *out, const char *record,
                                  int64_t generation, const struct seen *seen);
/* ERR_CONFLICT when the token is of another record, ERR_INVALID otherwise.
 * `generation` may be NULL. */
MUST_CHECK enum err context_read(struct seen *out, int64_t *generation,
                                 const char *record, struct bytes token);

bool dot_parse(struct dot *out, struct bytes text); /* "replica:n" */
void dot_format(char out[DOT_CHARS + 1], const struct dot *dot);
int dot_compare(const struct dot *a, const struct dot *b);

#endif
