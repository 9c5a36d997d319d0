/* Attachments on their way to the office: sealed bytes, and the receipt. */
#include "shared/replica/blob_inner.h"

#include <string.h>

#include "shared/replica/identity.h"

#define CHUNK_SEALED_BYTES (BLOB_CHUNK_BYTES + BLOB_SEAL_BYTES)
#define MESSAGE_BYTES_MAX (4u << 10)

/* The one row that a statement bound gives. */
static enum err outgoing_read(struct vault *vault, struct sqlite3_stmt *s,
                              struct blob_outgoing *out)
{
    bool row;
    enum err err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    struct bytes wrap = db_column_bytes(s, 3);
    out->id = db_column_int64(s, 0);
    err = db_column_fixed(s, 1, out->blob, HASH_BYTES);
    out->sealed_bytes = blob_sealed_bytes(db_column_int64(s, 2));
    if (!err && wrap.size > sizeof out->wrap)
        err = ERR_CORRUPT;
    if (!err) {
        memcpy(out->wrap, wrap.at, wrap.size);
        out->wrap_bytes = wrap.size;
    }
    db_reset(s);
    return err;
}

enum err blob_unsent(struct vault *vault, int64_t after, const char *lineage,
                     struct blob_outgoing *out)
{
    struct sqlite3_stmt *s;
    *out = (struct blob_outgoing){.id = 0};
    enum err err = vault_sql(vault, SQL_BLOB_UNSENT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, after);
    db_bind_text(vault->db, s, 2, bytes_text(lineage));
    return outgoing_read(vault, s, out);
}

enum err blob_sealed(struct vault *vault, int64_t id, int64_t offset,
                     size_t most, struct buffer *out)
{
    size_t goal = out->size + most;
    while (out->size < goal) {
        struct sqlite3_stmt *s;
        struct bytes body;
        size_t within = (size_t)(offset % CHUNK_SEALED_BYTES);
        enum err err =
            blob_chunk_find(vault, id, offset / CHUNK_SEALED_BYTES, &s, &body);
        if (err == ERR_NOT_FOUND)
            return ERR_OK; /* the end */
        if (err)
            return err;
        size_t size = body.size > within ? body.size - within : 0;
        if (size > goal - out->size)
            size = goal - out->size;
        err = buffer_add(out, body.at + within, size);
        bool last = body.size < CHUNK_SEALED_BYTES;
        db_reset(s);
        if (err || last)
            return err;
        offset += (int64_t)size;
    }
    return ERR_OK;
}

/* --- the receipt ---------------------------------------------------------- */

static enum err receipt_check(struct vault *vault, const char *domain,
                              const struct blob_receipt *receipt)
{
    uint8_t key[KEY_BYTES];
    struct buffer message;
    enum err err = identity_term_key(vault, receipt->term, key);
    if (!err) {
        buffer_init(&message, MESSAGE_BYTES_MAX);
        err = blob_receipt_message(&message, receipt);
        if (!err)
            err = chain_verify(receipt->signature, key, domain,
                               buffer_bytes(&message));
        buffer_fini(&message);
    }
    if (err != ERR_NOT_FOUND && err != ERR_SIGNATURE)
        return err;
    return vault_fail(vault, ERR_SIGNATURE,
                      "the office's receipt of an attachment does not verify");
}

static enum err kept(struct vault *vault, int64_t id,
                     const struct blob_receipt *receipt)
{
    struct sqlite3_stmt *s;
    enum err err = receipt_check(vault, DOMAIN_KEPT, receipt);
    if (!err)
        err = vault_sql(vault, SQL_BLOB_KEPT, &s);
    if (err)
        return err;
    vault->changed = true;
    db_bind_int64(vault->db, s, 1, id);
    db_bind_text(vault->db, s, 2, bytes_text(receipt->lineage));
    db_bind_bytes(vault->db, s, 3, bytes_of(receipt->blob, HASH_BYTES));
    return db_step_done(vault->db, s);
}

enum err blob_kept(struct vault *vault, int64_t id,
                   const struct blob_receipt *receipt)
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, kept(vault, id, receipt));
}

enum err blob_waiting(struct vault *vault, int64_t *count, int64_t *bytes)
{
    enum err err = vault_query(vault, SQL_BLOB_WAITING, count);
    return err ? err : vault_query(vault, SQL_BLOB_WAITING_BYTES, bytes);
}

/* --- making room ---------------------------------------------------------- */

enum err blob_going(struct vault *vault, const char *lineage,
                    struct blob_outgoing *out)
{
    struct sqlite3_stmt *s;
    *out = (struct blob_outgoing){.id = 0};
    enum err err = vault_sql(vault, SQL_BLOB_GOING, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(lineage));
    db_bind_int64(vault->db, s, 2, clock_wall_ms(vault->clock));
    db_bind_int64(vault->db, s, 3, BLOB_ASK_MS);
    return outgoing_read(vault, s, out);
}

static enum err asked(struct vault *vault, int64_t id)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_BLOB_ASKED, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    db_bind_int64(vault->db, s, 2, clock_wall_ms(vault->clock));
    return db_step_done(vault->db, s);
}

enum err blob_asked(struct vault *vault, int64_t id)
{
    enum err err = vault_begin_relaxed(vault);
    return err ? err : vault_end(vault, asked(vault, id));
}

static enum err backed(struct vault *vault, int64_t id,
                       const struct blob_receipt *receipt)
{
    struct blob_held held;
    enum err err = receipt_check(vault, DOMAIN_BACKED, receipt);
    if (!err)
        err = blob_find(vault, receipt->blob, &held);
    if (err || held.id != id || strcmp(held.kept, receipt->lineage) != 0)
        return err;
    return blob_row_drop(vault, id);
}

enum err blob_backed(struct vault *vault, int64_t id,
                     const struct blob_receipt *receipt)
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, backed(vault, id, receipt));
}

enum err blob_let_go(struct vault *vault, int64_t *count)
{
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = vault_run(vault, SQL_BLOB_LET_GO_ALL);
    if (!err) /* a person asks: so does the next sync */
        err = vault_run(vault, SQL_BLOB_ASK_ALL);
    err = vault_end(vault, err);
    return err ? err : vault_query(vault, SQL_BLOB_GOING_COUNT, count);
}
