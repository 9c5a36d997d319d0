/* The inbox's parts: what was collected, and how a page of it is applied. */
#ifndef REPLICA_INBOX_INNER_H
#define REPLICA_INBOX_INNER_H

#include "shared/replica/case_key.h"
#include "shared/replica/identity_row.h"
#include "shared/replica/inbox.h"
#include "shared/replica/own_logs.h"
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

/* A page while it is applied. */
struct applying {
    struct inbox *inbox;
    const struct inbox_close *close;
    const struct revision **revisions; /* per entry; NULL where none */
    bool *unfolded; /* per entry: has a record, but no form that we know */
    struct identity_row self;
    struct own_logs own;             /* the vault's logs */
    int64_t page;                    /* page.id; 0: none */
    size_t added;                    /* lines that were new */
    const char *joining;             /* case of the last join, or NULL */
    char replica[REPLICA_CHARS + 1]; /* the last writer looked up */
    int64_t log;                     /* its replica.id, branch 0 */
    bool scrub;                      /* keys were destroyed */
};

/* Stores and folds the line of one entry (inbox_line.c). */
MUST_CHECK enum err inbox_apply_line(struct applying *a, size_t index);
/* The case is known to be in the page's scope. */
MUST_CHECK enum err inbox_apply_member(struct applying *a, int64_t key);

/* Applies the entries in one transaction, or leaves the vault as it was. */
MUST_CHECK enum err inbox_apply(struct inbox *inbox,
                                const struct inbox_close *close);

MUST_CHECK enum err reconcile_new(struct reconcile **out);
void reconcile_free(struct reconcile *reconcile); /* NULL is allowed */
/* The office has given so many lines that were asked for. */
void reconcile_given(struct reconcile *reconcile, size_t lines);

#endif
