/* A transaction of the office's store as records of a journal file.
 *
 * GROUP (number, instance, base), then TEXT and PART records, then END.  A
 * PART holds statements that ran, each as the id of its text and its values;
 * a text stands in a TEXT record before.  A group whose number was there
 * before replaces that one: its commit had failed.  A base holds the whole
 * store as inserts into an empty one. */
#ifndef SERVER_JOURNAL_GROUP_H
#define SERVER_JOURNAL_GROUP_H

#include "server/sql.h"
#include "shared/base/buffer.h"
#include "shared/base/journal.h"

enum { GROUP_BEGIN = 1, GROUP_TEXT, GROUP_PART, GROUP_END };

#define GROUP_INSTANCE_BYTES 16u
#define GROUP_BEGIN_BYTES (8 + GROUP_INSTANCE_BYTES + 1)
#define GROUP_PART_BYTES (1u << 20) /* a part is closed beyond this */
#define GROUP_VALUES_MAX 32

struct group_head {
    int64_t number;
    uint8_t instance[GROUP_INSTANCE_BYTES];
    bool base;
};

void group_head_write(uint8_t out[GROUP_BEGIN_BYTES],
                      const struct group_head *head);
MUST_CHECK enum err group_head_read(struct bytes payload,
                                    struct group_head *out);

/* The id under which a statement's text is known. */
uint64_t group_text_id(struct bytes text);

/* Into a group that is begun: the text of a statement; what is in `part`, which
 * is emptied; one statement, the part being written when it is large. */
MUST_CHECK enum err group_text_add(struct journal *journal, uint64_t id,
                                   struct bytes text);
MUST_CHECK enum err group_part_flush(struct journal *journal,
                                     struct buffer *part);
MUST_CHECK enum err group_statement_add(struct journal *journal,
                                        struct buffer *part, uint64_t text,
                                        const struct sql_value *values,
                                        size_t count);

/* Appends one statement to a part. */
MUST_CHECK enum err group_statement_write(struct buffer *part, uint64_t text,
                                          const struct sql_value *values,
                                          size_t count);
/* Takes the first statement off *part; `values` has room for GROUP_VALUES_MAX
 * and borrows from the part.  ERR_CORRUPT. */
MUST_CHECK enum err group_statement_read(struct bytes *part, uint64_t *text,
                                         struct sql_value *values,
                                         size_t *count);

#endif
