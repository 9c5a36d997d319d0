#include "shared/replica/own.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "shared/replica/identity_row.h"

/* A push ends at a signed line, so unsigned text is kept short too. */
#define UNSIGNED_BYTES_MAX (128u << 10)

static enum err tip_find(struct vault *vault)
{
    struct own_tip *tip = &vault->tip;
    struct identity_row row;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (err == ERR_NOT_FOUND)
        return vault_fail(vault, ERR_DENIED,
                          "this vault is not enrolled yet: run satchel enroll");
    if (err)
        return err;
    if (row.revoked)
        return vault_fail(vault, ERR_REVOKED, "the office revoked this device");
    err = identity_row_writing(vault, &row, &tip->writing);
    if (err)
        return err;
    tip->replica = row.log;
    memcpy(tip->name, row.public.replica, sizeof tip->name);
    memcpy(tip->agency, row.public.agency, sizeof tip->agency);
    memcpy(tip->user, row.public.user, sizeof tip->user);
    memcpy(tip->key, row.key, sizeof tip->key);
    memcpy(tip->box, row.public.box, sizeof tip->box);
    tip->received = row.public.received;
    err = vault_query(vault, SQL_META_GENERATION, &tip->generation);
    if (!err)
        err = line_head(vault, tip->replica, &tip->n);
    if (!err)
        err = line_link(vault, tip->replica, tip->agency, tip->key, tip->n,
                        tip->link);
    tip->signed_n = tip->n;
    tip->unsigned_bytes = 0;
    return err;
}

enum err own_load(struct vault *vault)
{
    struct own_tip *tip = &vault->tip;
    if (tip->valid)
        return ERR_OK;
    enum err err = tip_find(vault);
    if (err)
        sodium_memzero(tip, sizeof *tip);
    tip->valid = !err;
    return err;
}

enum err own_append(struct vault *vault, const struct case_key *key,
                    const struct revision *revision, int64_t *id)
{
    struct own_tip *tip = &vault->tip;
    assert(tip->valid);
    /* Deflating costs more than all the rest of a write, which a bulk import
     * feels and a person at a form does not; it only serves locked pushes. */
    struct line_place place = {tip->replica, tip->name, tip->n + 1};
    enum err err = case_key_wrap(vault, key, tip->box);
    if (!err)
        err = line_add(vault, &place, key, revision->line, revision->hash, 0,
                       !vault->batch, id);
    if (err)
        return err;
    assert(*id); /* the write lock is ours, so the place was free */
    int64_t at = revision_original(revision)->at;
    if (tip->signed_n == tip->n || at < tip->unsigned_at)
        tip->unsigned_at = at;
    link_next(tip->link, revision->hash);
    tip->n++;
    vault->lines_changed = true;
    tip->unsigned_bytes += revision->line.size;
    if (tip->n - tip->signed_n >= SIGN_EVERY ||
        tip->unsigned_bytes >= UNSIGNED_BYTES_MAX)
        return own_sign(vault);
    return ERR_OK;
}

enum err own_sign(struct vault *vault)
{
    struct own_tip *tip = &vault->tip;
    uint8_t signature[SIGNATURE_BYTES];
    struct sqlite3_stmt *s;
    if (!tip->valid || tip->signed_n == tip->n)
        return ERR_OK;
    chain_sign(signature, &tip->writing, DOMAIN_LINK,
               bytes_of(tip->link, sizeof tip->link));
    enum err err = vault_sql(vault, SQL_LINK_ADD, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, tip->replica);
    db_bind_int64(vault->db, s, 2, tip->n);
    db_bind_bytes(vault->db, s, 3, bytes_of(tip->link, sizeof tip->link));
    db_bind_bytes(vault->db, s, 4, bytes_of(signature, sizeof signature));
    db_bind_int64(vault->db, s, 5, tip->unsigned_at);
    err = db_step_done(vault->db, s);
    tip->signed_n = tip->n;
    tip->unsigned_bytes = 0;
    return err;
}
