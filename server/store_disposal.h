/* Store: decisions of disposal, and what of their cases is known for ever: that
 * there were these records, writes and attachments.
 *
 * Grow-only, but for proposals. */
#ifndef SERVER_STORE_DISPOSAL_H
#define SERVER_STORE_DISPOSAL_H

#include "server/sql.h"
#include "shared/base/buffer.h"
#include "shared/model/id.h"

#define DISPOSAL_REASON_CHARS_MAX 500

/* A decision; its cases are told with it. */
struct disposal_row {
    char decision[ID_CHARS + 1];
    char kase[ID_CHARS + 1];
    int64_t at;
    char proposed_by[NAME_CHARS_MAX + 1], approved_by[NAME_CHARS_MAX + 1];
    char reason[DISPOSAL_REASON_CHARS_MAX + 1];
};
MUST_CHECK enum err store_disposal_add(struct sql *sql, const char *agency,
                                       const struct disposal_row *row);
/* By time, then decision. */
typedef enum err store_each_disposal(void *context,
                                     const struct disposal_row *row);
MUST_CHECK enum err store_disposal_each(struct sql *sql, const char *agency,
                                        store_each_disposal *each,
                                        void *context);

/* These are ERR_NOT_FOUND when there is none. */
MUST_CHECK enum err store_disposal_any(struct sql *sql, const char *agency);
MUST_CHECK enum err store_disposal_of_case(struct sql *sql, const char *agency,
                                           const char *kase);
MUST_CHECK enum err store_disposal_decided(struct sql *sql, const char *agency,
                                           const char *decision);

/* What is there already stays. */
MUST_CHECK enum err store_disposed_record_add(struct sql *sql,
                                              const char *agency,
                                              struct bytes record,
                                              const char *kase);
MUST_CHECK enum err store_disposed_write_add(struct sql *sql,
                                             const char *agency,
                                             struct bytes write,
                                             const char *kase);
/* The case of a record, of a write; ERR_NOT_FOUND. */
MUST_CHECK enum err store_disposed_record_find(struct sql *sql,
                                               const char *agency,
                                               struct bytes record,
                                               char kase[ID_CHARS + 1]);
MUST_CHECK enum err store_disposed_write_find(struct sql *sql,
                                              const char *agency,
                                              struct bytes write,
                                              char kase[ID_CHARS + 1]);
/* All of a case, one after another, into a buffer. */
MUST_CHECK enum err store_disposed_records(struct sql *sql, const char *agency,
                                           const char *kase,
                                           struct buffer *out);
MUST_CHECK enum err store_disposed_writes(struct sql *sql, const char *agency,
                                          const char *kase, struct buffer *out);

/* The text of this line goes. */
MUST_CHECK enum err store_line_erase(struct sql *sql, int64_t arrival);
/* A line of the record has its text; ERR_NOT_FOUND. */
MUST_CHECK enum err store_line_whole(struct sql *sql, const char *agency,
                                     const char *record);
/* What is derived from the record's lines, or from the case's. */
MUST_CHECK enum err store_record_forget(struct sql *sql, const char *agency,
                                        const char *record);
MUST_CHECK enum err store_case_forget(struct sql *sql, const char *agency,
                                      const char *kase);
/* What is derived from lines without a text: holds, waits, attachments; and
 * what the journal has of them. */
MUST_CHECK enum err store_erased_forget(struct sql *sql, const char *agency);

typedef enum err store_each_name(void *context, struct bytes name);
MUST_CHECK enum err store_disposed_blobs(struct sql *sql, const char *agency,
                                         store_each_name *each, void *context);

struct proposal_row {
    char kase[ID_CHARS + 1];
    int64_t at;
    char by[NAME_CHARS_MAX + 1];
    char reason[DISPOSAL_REASON_CHARS_MAX + 1];
};
/* Replaces an earlier one for the case. */
MUST_CHECK enum err store_proposal_put(struct sql *sql, const char *agency,
                                       const struct proposal_row *row);
MUST_CHECK enum err store_proposal_find(struct sql *sql, const char *agency,
                                        const char *kase,
                                        struct proposal_row *out);
MUST_CHECK enum err store_proposal_drop(struct sql *sql, const char *agency,
                                        const char *kase);
typedef enum err store_each_proposal(void *context,
                                     const struct proposal_row *row);
MUST_CHECK enum err store_proposal_each(struct sql *sql, const char *agency,
                                        store_each_proposal *each,
                                        void *context);

#endif
