/* The inbox's parts: what was collected, and how a page of it is applied. */
#ifndef REPLICA_INBOX_INNER_H
#define REPLICA_INBOX_INNER_H

#include "shared/replica/case_key.h"
#include "shared/replica/inbox.h"
#include "shared/replica/sums.h"

enum inbox_kind { INBOX_LINE, INBOX_JOIN, INBOX_LEAVE };

/* One thing collected, in the order in which it came. */
struct inbox_entry {
    enum inbox_kind kind;
    size_t at, size;                 /* a line's place in the text */
    char kase[ID_CHARS + 1];         /* join, leave; "": the whole scope */
    char scope[SCOPE_CHARS_MAX + 1]; /* leave */
};

struct reconcile; /* what diffs have found */

struct inbox {
    struct vault *vault;         /* borrowed */
    struct buffer text;          /* lines, one after the other */
    struct inbox_entry *entries; /* owned */
    size_t count, room;
    size_t lines;   /* of the entries */
    size_t applied; /* lines stored since open */
    struct sums *sums;
    struct map *homes;   /* record id -> its creating revision in this page */
    struct map *members; /* case keys known to be in the page's scope */
    struct reconcile *reconcile;
};

/* What closes a page. */
struct inbox_close {
    const char *scope; /* "" for given lines */
    bool has_mac;
    const uint8_t *mac;
    const struct cursor_line *cursor; /* NULL for given lines */
    bool settles; /* the joins are all the cases of the scope */
};

/* Applies the entries in one transaction, or leaves the vault as it was. */
MUST_CHECK enum err inbox_apply(struct inbox *inbox,
                                const struct inbox_close *close);

MUST_CHECK enum err reconcile_new(struct reconcile **out);
void reconcile_free(struct reconcile *reconcile); /* NULL is allowed */

#endif
