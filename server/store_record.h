/* Store: what is derived from the lines of records: states, open fields, holds.
 *
 * All of it can be computed again from the log (server/verify.h). */
#ifndef SERVER_STORE_RECORD_H
#define SERVER_STORE_RECORD_H

#include "server/sql.h"
#include "shared/base/buffer.h"
#include "shared/model/seen.h"

struct record_row {
    char type[NAME_CHARS_MAX + 1]; /* "" until a creating line is in effect */
    bool has_case;                 /* a creating line is here */
    char kase[ID_CHARS + 1];       /* "" a record without a case */
    int64_t open_count;
    struct bytes state, memo; /* borrowed: see store_record_find */
};
/* State and memo are appended to `bytes`, from which the row borrows. */
MUST_CHECK enum err store_record_find(struct sql *sql, const char *agency,
                                      struct bytes record,
                                      struct record_row *out,
                                      struct buffer *bytes);
MUST_CHECK enum err store_record_put(struct sql *sql, const char *agency,
                                     struct bytes record, bool fresh,
                                     const struct record_row *row);

typedef enum err store_each_state(void *context, struct bytes state);
/* The records of a type in a case ("": that are in none). */
MUST_CHECK enum err store_record_each(struct sql *sql, const char *agency,
                                      const char *kase, struct bytes type,
                                      store_each_state *each, void *context);

/* Open fields, each with when this office first saw it so. */
typedef enum err store_each_field(void *context, struct bytes field);
MUST_CHECK enum err store_conflict_each(struct sql *sql, const char *agency,
                                        struct bytes record,
                                        store_each_field *each, void *context);
/* One that is there already keeps its `since`. */
MUST_CHECK enum err store_conflict_add(struct sql *sql, const char *agency,
                                       struct bytes record, struct bytes field,
                                       int64_t since);
MUST_CHECK enum err store_conflict_drop(struct sql *sql, const char *agency,
                                        struct bytes record,
                                        struct bytes field);

struct held_row {
    struct dot dot;
    char record[ID_CHARS + 1];
    char reason[NAME_CHARS_MAX + 1];
    char owner[NAME_CHARS_MAX + 1];
    int64_t since;
    char released[DOT_CHARS + 1]; /* "" held */
};
/* A new statement on the same dot replaces reason and owner. */
MUST_CHECK enum err store_held_put(struct sql *sql, const char *agency,
                                   const struct held_row *row);
MUST_CHECK enum err store_held_find(struct sql *sql, const char *agency,
                                    const struct dot *dot,
                                    struct held_row *out);
MUST_CHECK enum err store_held_release(struct sql *sql, const char *agency,
                                       const struct dot *held,
                                       const char *released);
typedef enum err store_each_held(void *context, const struct held_row *row);
/* Those of one replica above n that are not released, by n. */
MUST_CHECK enum err store_held_above(struct sql *sql, const char *agency,
                                     const char *replica, int64_t n,
                                     store_each_held *each, void *context);
/* All that is not released, oldest first. */
MUST_CHECK enum err store_held_open(struct sql *sql, const char *agency,
                                    store_each_held *each, void *context);

MUST_CHECK enum err store_waiting_add(struct sql *sql, const char *agency,
                                      const struct dot *need,
                                      const struct dot *line);
/* The dots of one replica that something waits for. */
typedef enum err store_each_dot(void *context, const struct dot *dot);
MUST_CHECK enum err store_waiting_needs(struct sql *sql, const char *agency,
                                        const char *replica,
                                        store_each_dot *each, void *context);
/* The lines that wait for one dot. */
MUST_CHECK enum err store_waiting_lines(struct sql *sql, const char *agency,
                                        const struct dot *need,
                                        store_each_dot *each, void *context);
MUST_CHECK enum err store_waiting_met(struct sql *sql, const char *agency,
                                      const struct dot *need);
/* ERR_NOT_FOUND: the line waits for nothing any more. */
MUST_CHECK enum err store_waiting_any(struct sql *sql, const char *agency,
                                      const struct dot *line);

MUST_CHECK enum err store_site_link_add(struct sql *sql, const char *agency,
                                        const char *kase, const char *record);
typedef enum err store_each_record(void *context, const char *record);
MUST_CHECK enum err store_site_link_each(struct sql *sql, const char *agency,
                                         const char *kase,
                                         store_each_record *each,
                                         void *context);

#endif
