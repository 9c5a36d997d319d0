/* A photo on Dana's contact, for tests of attachments. */
#ifndef TESTS_UNIT_REPLICA_PHOTO_H
#define TESTS_UNIT_REPLICA_PHOTO_H

#include "shared/replica/blob.h"
#include "tests/unit/replica/far_end.h"

#define PHOTO_BYTES 150000

/* Bytes that differ, given in odd pieces. */
struct photo {
    size_t size, at;
    size_t piece;
};
uint8_t photo_byte(size_t i);
enum err photo_read(void *context, uint8_t *at, size_t room, size_t *got);
/* The context is a size_t: how far the bytes have been compared. */
enum err photo_compare(void *context, struct bytes piece);

/* pair_setup() with a person and a contact of Dana's. */
int photo_setup(void **state);
/* What she has seen of a record; to be released with buffer_fini(). */
void photo_context(struct vault *vault, const char *record,
                   struct buffer *context);
enum err photo_attach_to(struct vault *vault, const char *record,
                         const char *field, size_t size, const char *name,
                         uint8_t blob[HASH_BYTES]);
/* To the contact. */
enum err photo_attach(struct pair *p, size_t size, uint8_t blob[HASH_BYTES]);

/* The last reference in the field, as any reader finds it. */
struct photo_found {
    struct blob_ref ref;
    int count;
};
struct photo_found photo_refs(struct vault *vault, const char *record);
/* The number that a query of the vault's file gives. */
int64_t photo_ask(const struct device *d, const char *sql);

#endif
