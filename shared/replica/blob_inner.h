/* What the files of attachments share. */
#ifndef REPLICA_BLOB_INNER_H
#define REPLICA_BLOB_INNER_H

#include "shared/replica/blob.h"
#include "shared/replica/case_key.h"

/* A row under a name that nothing else has yet. */
MUST_CHECK enum err blob_row_add(struct vault *vault, const uint8_t *name,
                                 int64_t key, int64_t bytes, int64_t *id);
/* Name and sizes become these. */
MUST_CHECK enum err blob_row_set(struct vault *vault, int64_t id,
                                 const uint8_t *name, int64_t bytes,
                                 int64_t held, bool whole);
MUST_CHECK enum err blob_row_drop(struct vault *vault, int64_t id);
/* How many bytes more may be held; 0 or less: none. */
MUST_CHECK enum err blob_room(struct vault *vault, int64_t *room);
/* ERR_FULL, with a detail. */
enum err blob_room_fail(struct vault *vault);

/* One chunk, sealed into its place; what stood there is replaced. */
MUST_CHECK enum err blob_chunk_put(struct vault *vault, int64_t id,
                                   int64_t index, const uint8_t *key,
                                   const uint8_t salt[BLOB_SALT_BYTES],
                                   struct bytes plain);
/* The sealed bytes of one, borrowed until *s is reset.  ERR_NOT_FOUND. */
MUST_CHECK enum err blob_chunk_find(struct vault *vault, int64_t id,
                                    int64_t index, struct sqlite3_stmt **s,
                                    struct bytes *body);
/* One opened, borrowed from the vault's scratch. */
MUST_CHECK enum err blob_chunk_open(struct vault *vault, int64_t id,
                                    int64_t index, int64_t key,
                                    const uint8_t salt[BLOB_SALT_BYTES],
                                    struct bytes *plain);
/* Gives the content that is here; `sink` may be NULL. */
MUST_CHECK enum err blob_content(struct vault *vault,
                                 const struct blob_held *held,
                                 const struct blob_ref *ref, blob_sink *sink,
                                 void *context);
/* The case key of a record that is here. */
MUST_CHECK enum err blob_case(struct vault *vault, const char *record,
                              const struct case_key **key);

#endif
