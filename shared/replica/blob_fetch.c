/* Attachments on their way from the office: kept as far as they came. */
#include "shared/replica/blob_inner.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "shared/replica/identity_row.h"
#include "shared/replica/own.h"

/* What is here under a key that is destroyed, or of another size, is of no
 * use; but an own one that the office lacks is never dropped. */
static enum err stale_drop(struct vault *vault, const struct blob_ref *ref,
                           const struct case_key *key, struct blob_held *held)
{
    if (!held->id || (held->key == key->id && held->bytes == ref->bytes))
        return ERR_OK;
    if (held->whole && !held->kept[0])
        return vault_fail(vault, ERR_AGAIN,
                          "this attachment is still on its way to the office; "
                          "sync first");
    enum err err = blob_row_drop(vault, held->id);
    *held = (struct blob_held){.id = 0};
    return err;
}

static enum err fetch_begin(struct vault *vault, const char *record,
                            const struct blob_ref *ref, int64_t *offset)
{
    struct blob_held held = {.id = 0};
    const struct case_key *key;
    enum err err = own_load(vault);
    if (!err)
        err = blob_case(vault, record, &key);
    if (!err)
        err = blob_find(vault, ref->blob, &held);
    if (!err)
        err = stale_drop(vault, ref, key, &held);
    if (!err && !held.id) {
        int64_t room;
        err = blob_room(vault, &room);
        if (!err && ref->bytes > room)
            err = blob_room_fail(vault);
        /* So that it can be given back to an office that has lost it. */
        if (!err)
            err = case_key_wrap(vault, key, vault->tip.box);
        if (!err)
            err = blob_row_add(vault, ref->blob, key->id, ref->bytes, &held.id);
    }
    *offset = held.held;
    return err;
}

enum err blob_fetch_begin(struct vault *vault, const char *record,
                          const struct blob_ref *ref, int64_t *offset)
{
    *offset = 0;
    arena_clear(&vault->arena);
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    enum err err = vault_begin(vault);
    return err ? err
               : vault_end(vault, fetch_begin(vault, record, ref, offset));
}

/* Fills the chunk at the end, which may be there in part. */
static enum err tail_put(struct vault *vault, struct blob_held *held,
                         const struct blob_ref *ref, uint8_t *chunk,
                         struct bytes *piece)
{
    int64_t index = held->held / BLOB_CHUNK_BYTES;
    size_t have = (size_t)(held->held % BLOB_CHUNK_BYTES);
    const struct case_key *key;
    struct bytes plain = {NULL, 0};
    enum err err = ERR_OK;
    if (have)
        err = blob_chunk_open(vault, held->id, index, held->key, ref->salt,
                              &plain);
    if (!err && plain.size != have)
        err = ERR_CORRUPT;
    if (!err && have)
        memcpy(chunk, plain.at, have);
    size_t more = BLOB_CHUNK_BYTES - have;
    if (more > piece->size)
        more = piece->size;
    if (!err)
        err = case_key_get(vault, held->key, &key);
    if (err)
        return err;
    memcpy(chunk + have, piece->at, more);
    held->held += (int64_t)more;
    *piece = bytes_of(piece->at + more, piece->size - more);
    return blob_chunk_put(vault, held->id, index, key->key, ref->salt,
                          bytes_of(chunk, have + more));
}

static enum err pieces_put(struct vault *vault, struct blob_held *held,
                           const struct blob_ref *ref, struct bytes piece)
{
    uint8_t *chunk = malloc(BLOB_CHUNK_BYTES);
    enum err err = chunk ? ERR_OK : ERR_NOMEM;
    while (!err && piece.size)
        err = tail_put(vault, held, ref, chunk, &piece);
    if (chunk)
        sodium_memzero(chunk, BLOB_CHUNK_BYTES);
    free(chunk);
    return err;
}

/* It came from the office of this lineage, so that office has it. */
static enum err given(struct vault *vault, int64_t id,
                      const struct blob_ref *ref)
{
    struct identity_row row;
    struct sqlite3_stmt *s;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (!err)
        err = vault_sql(vault, SQL_BLOB_GIVEN, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    db_bind_text(vault->db, s, 2, bytes_text(row.public.lineage));
    db_bind_bytes(vault->db, s, 3, bytes_of(ref->blob, HASH_BYTES));
    return db_step_done(vault->db, s);
}

static enum err fetch_add(struct vault *vault, const struct blob_ref *ref,
                          struct bytes piece, bool *wrong)
{
    struct blob_held held;
    enum err err = blob_find(vault, ref->blob, &held);
    if (!err && (!held.id || held.whole))
        err = ERR_NOT_FOUND;
    if (!err && held.held + (int64_t)piece.size > ref->bytes)
        err = ERR_PROTOCOL;
    if (!err)
        err = pieces_put(vault, &held, ref, piece);
    bool end = !err && held.held == ref->bytes;
    if (end)
        err = blob_content(vault, &held, ref, NULL, NULL);
    *wrong = end && err == ERR_CORRUPT;
    if (*wrong)
        return blob_row_drop(vault, held.id);
    if (!err)
        err =
            blob_row_set(vault, held.id, ref->blob, ref->bytes, held.held, end);
    return !err && end ? given(vault, held.id, ref) : err;
}

enum err blob_fetch_add(struct vault *vault, const struct blob_ref *ref,
                        struct bytes piece)
{
    bool wrong = false;
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (!err)
        err = vault_end(vault, fetch_add(vault, ref, piece, &wrong));
    if (!err && wrong)
        return vault_fail(vault, ERR_CORRUPT,
                          "what the office gave is not the attachment that "
                          "the record names; nothing of it was kept");
    return err;
}
