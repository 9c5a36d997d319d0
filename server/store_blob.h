/* Store: which attachments the log names, and which the office has.
 *
 * An attachment belongs to the record of the first line that names it: to name
 * one that one has heard of gives no right to it. */
#ifndef SERVER_STORE_BLOB_H
#define SERVER_STORE_BLOB_H

#include "server/store_replica.h"
#include "shared/model/blob.h"

struct blob_row {
    uint8_t blob[HASH_BYTES];
    uint8_t salt[BLOB_SALT_BYTES];
    int64_t bytes;
    int64_t arrival;
    char record[ID_CHARS + 1];
    char name[BLOB_FILE_CHARS_MAX + 1];
    char type[BLOB_TYPE_CHARS_MAX + 1];
    char account[NAME_CHARS_MAX + 1]; /* of the line's writer */
    int64_t received_at;              /* 0: not here */
    bool backed_up;                   /* in two verified backups */
};
/* One that is named already stays as it is. */
MUST_CHECK enum err store_blob_add(struct sql *sql, const char *agency,
                                   const struct blob_ref *ref,
                                   struct bytes reference, int64_t arrival,
                                   struct bytes record, const char *replica);
MUST_CHECK enum err store_blob_find(struct sql *sql, const char *agency,
                                    const uint8_t blob[HASH_BYTES],
                                    struct blob_row *out);
/* Is its record in one of these scopes now? */
MUST_CHECK enum err store_blob_visible(struct sql *sql, const char *agency,
                                       const char *record,
                                       const struct scope_list *scopes,
                                       bool *visible);
/* 0: it is not here any more. */
MUST_CHECK enum err store_blob_received(struct sql *sql, const char *agency,
                                        const uint8_t blob[HASH_BYTES],
                                        int64_t at);
/* A verified backup was made, and it is in there or not. */
MUST_CHECK enum err store_blob_backup(struct sql *sql, const char *agency,
                                      const uint8_t blob[HASH_BYTES],
                                      bool there);
/* Bytes of all that are here. */
MUST_CHECK enum err store_blob_total(struct sql *sql, const char *agency,
                                     int64_t *bytes);
typedef enum err store_each_blob(void *context, const struct blob_row *row);
/* In the order in which they were named; `missing`: only those not here. */
MUST_CHECK enum err store_blob_each(struct sql *sql, const char *agency,
                                    bool missing, store_each_blob *each,
                                    void *context);

#endif
