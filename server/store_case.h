/* Store: cases' totals, which scopes see them, and the scopes' feeds. */
#ifndef SERVER_STORE_CASE_H
#define SERVER_STORE_CASE_H

#include "server/sql.h"
#include "shared/model/id.h"

enum feed_kind { FEED_LINE = 1, FEED_JOIN = 2, FEED_LEAVE = 3 };

struct case_total {
    int64_t count;
    uint64_t sum;
    bool ever_left;
    char creator[REPLICA_CHARS + 1];
};
MUST_CHECK enum err store_case_find(struct sql *sql, const char *agency,
                                    const char *kase, struct case_total *out);
MUST_CHECK enum err store_case_put(struct sql *sql, const char *agency,
                                   const char *kase,
                                   const struct case_total *total);

struct member_row {
    char scope[SCOPE_CHARS_MAX + 1];
    int64_t joined_seq;
    int64_t left_seq; /* 0: a member */
};
typedef enum err store_each_member(void *context, const struct member_row *m);
/* All scopes that see the case or once saw it. */
MUST_CHECK enum err store_member_each(struct sql *sql, const char *agency,
                                      const char *kase, store_each_member *each,
                                      void *context);
MUST_CHECK enum err store_member_put(struct sql *sql, const char *agency,
                                     const char *kase,
                                     const struct member_row *member);

struct feed_head {
    int64_t seq;
    uint64_t sum;
};
/* Zeros for a scope that has no entry yet. */
MUST_CHECK enum err store_scope_find(struct sql *sql, const char *agency,
                                     const char *scope, struct feed_head *out);
MUST_CHECK enum err store_scope_put(struct sql *sql, const char *agency,
                                    const char *scope,
                                    const struct feed_head *head);
/* The sum after entry `seq` (0: zero); ERR_NOT_FOUND past the end. */
MUST_CHECK enum err store_feed_sum(struct sql *sql, const char *agency,
                                   const char *scope, int64_t seq,
                                   uint64_t *sum);

struct feed_row {
    int64_t seq;
    enum feed_kind kind;
    const char *kase;
    int64_t arrival;  /* FEED_LINE */
    int64_t upto;     /* FEED_JOIN: lines; FEED_LEAVE: the join's seq */
    uint64_t sum;     /* of the scope after it */
    const char *skip; /* FEED_LINE: replica that has it, or NULL */
};
MUST_CHECK enum err store_feed_add(struct sql *sql, const char *agency,
                                   const char *scope,
                                   const struct feed_row *row);

#endif
