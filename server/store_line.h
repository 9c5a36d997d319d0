/* Store: the lines of all logs, their signatures and their place in cases.
 *
 * Grow-only: what is added here never changes and is never removed.  A line
 * that was disposed of has an empty text (store_disposal.h); those that go by
 * record leave it out, those that go by case do not. */
#ifndef SERVER_STORE_LINE_H
#define SERVER_STORE_LINE_H

#include "server/sql.h"
#include "shared/base/buffer.h"
#include "shared/model/chain.h"
#include "shared/model/revision.h"

struct line_row {
    int64_t arrival;
    const char *replica;
    int64_t n;
    struct bytes record; /* empty: not a revision */
    const uint8_t *hash; /* HASH_BYTES */
    const uint8_t *link; /* LINK_BYTES; NULL: healed out of order */
    int64_t received_at;
    struct bytes line;
};
MUST_CHECK enum err store_line_add(struct sql *sql, const char *agency,
                                   const struct line_row *row);

struct line_found {
    int64_t arrival;
    uint8_t hash[HASH_BYTES];
    bool has_link;
    uint8_t link[LINK_BYTES];
};
MUST_CHECK enum err store_line_find(struct sql *sql, const char *agency,
                                    const char *replica, int64_t n,
                                    struct line_found *out);
/* Appends the line; `record` (ID_CHARS + 1, "" none) may be NULL. */
MUST_CHECK enum err store_line_load(struct sql *sql, const char *agency,
                                    const char *replica, int64_t n,
                                    struct buffer *line, char *record);
/* link(n) of an unbroken log, computed where lines were healed.  `key` is the
 * log's.  ERR_NOT_FOUND when a line up to n is missing. */
MUST_CHECK enum err store_line_link(struct sql *sql, const char *agency,
                                    const char *replica,
                                    const uint8_t key[KEY_BYTES], int64_t n,
                                    uint8_t link[LINK_BYTES]);
/* The replica's last n on a record; 0 none. */
MUST_CHECK enum err store_line_prev(struct sql *sql, const char *agency,
                                    const char *record, const char *replica,
                                    int64_t *n);
/* All lines of a record, by (replica, n). */
typedef enum err store_each_line(void *context, int64_t arrival,
                                 const uint8_t hash[HASH_BYTES],
                                 struct bytes line);
MUST_CHECK enum err store_line_each_of_record(struct sql *sql,
                                              const char *agency,
                                              const char *record,
                                              store_each_line *each,
                                              void *context);
/* The same in the order of their arrival. */
MUST_CHECK enum err store_line_each_arrived(struct sql *sql, const char *agency,
                                            const char *record,
                                            store_each_line *each,
                                            void *context);
/* The lines of a case, `from` and `upto` in its order, both included. */
MUST_CHECK enum err store_line_each_of_case(struct sql *sql, const char *agency,
                                            const char *kase, int64_t from,
                                            int64_t upto, store_each_line *each,
                                            void *context);

MUST_CHECK enum err store_sign_add(struct sql *sql, const char *agency,
                                   const char *replica, int64_t n,
                                   const uint8_t signature[SIGNATURE_BYTES]);
MUST_CHECK enum err store_placed_add(struct sql *sql, const char *agency,
                                     const char *kase, int64_t case_seq,
                                     int64_t arrival);

#endif
