#include "shared/replica/proof.h"

#include <string.h>
#include "shared/replica/identity_row.h"
#include "shared/wire/proof.h"

static enum err fixed(void *out, struct bytes blob, size_t size)
{
    if (blob.size != size)
        return ERR_CORRUPT;
    memcpy(out, blob.at, size);
    return ERR_OK;
}

static void text_take(char *out, size_t room, struct bytes text)
{
    size_t size = text.size < room ? text.size : room - 1;
    if (size)
        memcpy(out, text.at, size);
    out[size] = '\0';
}

/* Borrows from the row. */
static enum err receipt_read(struct sqlite3_stmt *s, struct proof_receipt *out)
{
    struct receipt *r = &out->receipt;
    *out = (struct proof_receipt){
        .backed = bytes_is(db_column_bytes(s, 0), "backed up"),
        .taken_at = db_column_int64(s, 6),
        .term = db_column_bytes(s, 7),
        .writer = db_column_bytes(s, 9)};
    r->n = db_column_int64(s, 1);
    text_take(r->lineage, sizeof r->lineage, db_column_bytes(s, 3));
    text_take(r->replica, sizeof r->replica, db_column_bytes(s, 4));
    enum err err = fixed(r->link, db_column_bytes(s, 2), LINK_BYTES);
    if (!err)
        err = fixed(r->signature, db_column_bytes(s, 5), SIGNATURE_BYTES);
    if (!err)
        err = fixed(out->term_sig, db_column_bytes(s, 8), SIGNATURE_BYTES);
    if (!err)
        err = fixed(out->writer_sig, db_column_bytes(s, 10), SIGNATURE_BYTES);
    return err;
}

static enum err receipts_write(struct vault *vault, struct buffer *out,
                               size_t *count)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_RECEIPT_PROOF, &s);
    if (err)
        return err;
    for (bool row = true; !err && row;) {
        struct proof_receipt receipt;
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            err = receipt_read(s, &receipt);
        if (!err && row)
            proof_add(out, &receipt, (*count)++ == 0);
    }
    db_reset(s);
    return err;
}

enum err proof_write(struct vault *vault, struct buffer *out)
{
    struct identity_row row;
    size_t count = 0;
    arena_clear(&vault->arena);
    vault->detail[0] = '\0';
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (err)
        return err;
    proof_begin(out, row.public.agency);
    err = receipts_write(vault, out, &count);
    if (!err && !count)
        err = vault_fail(vault, ERR_NOT_FOUND,
                         "there is no receipt yet: nothing was received");
    return err ? err : proof_end(out, row.public.root);
}
