#include "shared/replica/identity.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "shared/replica/identity_row.h"
#include "shared/replica/line.h"
#include "shared/replica/leave.h"
#include "shared/replica/succession.h"
#include "shared/wire/bundle.h"

#define MESSAGE_BYTES_MAX (64u << 10)

static enum err proof_sign(struct vault *vault, const struct identity_row *row,
                           struct enrol_request *out)
{
    struct keypair writing;
    struct buffer message;
    buffer_init(&message, MESSAGE_BYTES_MAX);
    enum err err = identity_row_writing(vault, row, &writing);
    if (!err)
        err = enrol_proof_message(&message, out);
    if (!err)
        chain_sign(out->proof, &writing, DOMAIN_ENROL, buffer_bytes(&message));
    sodium_memzero(&writing, sizeof writing);
    buffer_fini(&message);
    return err;
}

enum err identity_begin(struct vault *vault, const char *code,
                        struct enrol_request *out)
{
    struct identity_row row;
    memset(out, 0, sizeof *out);
    if (!vault->unlocked)
        return ERR_LOCKED;
    if (strlen(code) >= sizeof out->code)
        return vault_fail(vault, ERR_INVALID, "the code is too long");
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (err)
        return err;
    struct identity_row old = {0};
    err = identity_row_find(vault, IDENTITY_CURRENT, &old);
    if (err == ERR_NOT_FOUND)
        err = ERR_OK;
    if (!err)
        err = identity_row_pend(vault, old.id, NULL, &row);
    err = vault_end(vault, err);
    if (err)
        return err;
    snprintf(out->code, sizeof out->code, "%s", code);
    out->protocol = PROTOCOL_MAX;
    out->has_root = old.id != 0;
    memcpy(out->root, old.public.root, KEY_BYTES);
    memcpy(out->user, old.public.user, sizeof out->user);
    memcpy(out->key, row.key, KEY_BYTES);
    memcpy(out->transport, row.transport_key, KEY_BYTES);
    return proof_sign(vault, &row, out);
}

static enum err term_store(struct vault *vault, int64_t identity,
                           const struct term_certificate *term,
                           struct bytes text,
                           const uint8_t sig[SIGNATURE_BYTES])
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_TERM_ADD, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(term->replica));
    db_bind_bytes(vault->db, s, 2, bytes_of(term->key, KEY_BYTES));
    db_bind_text(vault->db, s, 3, text);
    db_bind_bytes(vault->db, s, 4, bytes_of(sig, SIGNATURE_BYTES));
    err = db_step_done(vault->db, s);
    if (!err)
        err = vault_sql(vault, SQL_IDENTITY_TERM, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, identity);
    db_bind_text(vault->db, s, 2, bytes_text(term->replica));
    return db_step_done(vault->db, s);
}

/* A term counts when the root that this vault trusts has certified it. */
static enum err term_take(struct vault *vault, int64_t identity,
                          const char *agency, const uint8_t root[KEY_BYTES],
                          struct bytes text, const uint8_t sig[SIGNATURE_BYTES])
{
    struct term_certificate term;
    char expected[REPLICA_CHARS + 1];
    enum err err = chain_verify(sig, root, DOMAIN_TERM, text);
    if (err)
        return vault_fail(vault, err,
                          "the office's term is not certified by its root");
    err = term_certificate_read(&vault->arena, text, &term);
    if (err)
        return err;
    replica_id(expected, 'o', term.agency, term.key);
    if (strcmp(term.agency, agency) || strcmp(term.replica, expected))
        return vault_fail(vault, ERR_SIGNATURE,
                          "the office's term is of another agency");
    return term_store(vault, identity, &term, text, sig);
}

enum err identity_term_take(struct vault *vault,
                            const struct enrol_reply *reply)
{
    struct identity_row row;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    return err ? err
               : term_take(vault, row.id, reply->agency, reply->root,
                           reply->term, reply->term_sig);
}

/* A vault that was enrolled before (and that the office has forgotten) goes on
 * with all that it holds. */
static enum err finish(struct vault *vault, const char *server,
                       const char *ca_file, const struct enrol_reply *reply)
{
    struct identity_row pending, old;
    enum err err = identity_row_find(vault, IDENTITY_PENDING, &pending);
    if (err)
        return err;
    err = identity_row_find(vault, IDENTITY_CURRENT, &old);
    if (err == ERR_NOT_FOUND)
        err = identity_row_adopt(vault, &pending, server, ca_file, reply);
    else if (!err)
        err = succession_take(vault, &old, &pending, server,
                              ca_file ? ca_file : "", reply);
    return err ? err : identity_term_take(vault, reply);
}

enum err identity_finish(struct vault *vault, const char *server,
                         const char *ca_file, const struct enrol_reply *reply)
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = vault_end(vault, finish(vault, server, ca_file, reply));
    vault_forget(vault);
    return err;
}

enum err identity_load(struct vault *vault, struct identity *out)
{
    struct identity_row row;
    arena_clear(&vault->arena);
    vault->detail[0] = '\0';
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (!err)
        err = line_head(vault, row.log, &row.public.head);
    if (!err)
        *out = row.public;
    return err;
}

static enum err auth(struct vault *vault, const char *domain, bool locked,
                     struct bytes header, uint8_t sig[64])
{
    struct identity_row row;
    struct keypair keys;
    arena_clear(&vault->arena);
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (!err)
        err = locked ? identity_row_transport(vault, &row, &keys)
                     : identity_row_writing(vault, &row, &keys);
    if (err)
        return err;
    chain_sign(sig, &keys, domain, header);
    sodium_memzero(&keys, sizeof keys);
    return ERR_OK;
}

enum err identity_auth(struct vault *vault, bool locked, struct bytes header,
                       uint8_t sig[64])
{
    return auth(vault, DOMAIN_REQUEST, locked, header, sig);
}

enum err identity_auth_blob(struct vault *vault, bool locked,
                            struct bytes header, uint8_t sig[64])
{
    return auth(vault, DOMAIN_BLOB, locked, header, sig);
}

enum err identity_reply_keys(struct vault *vault, uint8_t box[KEY_BYTES],
                             uint8_t box_secret[32])
{
    struct identity_row row;
    struct keypair keys;
    arena_clear(&vault->arena);
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (!err)
        err = identity_row_transport(vault, &row, &keys);
    if (err)
        return err;
    err = bundle_reply_secret(box, box_secret, &keys);
    sodium_memzero(&keys, sizeof keys);
    return err;
}

static enum err term_add(struct vault *vault, struct bytes text,
                         const uint8_t sig[SIGNATURE_BYTES])
{
    struct identity_row row;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    return err ? err
               : term_take(vault, row.id, row.public.agency, row.public.root,
                           text, sig);
}

enum err identity_add_term(struct vault *vault, struct bytes text,
                           const uint8_t sig[SIGNATURE_BYTES])
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, term_add(vault, text, sig));
}

enum err identity_term_key(struct vault *vault, const char *term,
                           uint8_t key[KEY_BYTES])
{
    struct sqlite3_stmt *s;
    bool found;
    enum err err = vault_sql(vault, SQL_TERM_FIND, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(term));
    err = db_step_row(vault->db, s, &found);
    if (err || !found)
        return err ? err : ERR_NOT_FOUND;
    err = db_column_fixed(s, 0, key, KEY_BYTES);
    db_reset(s);
    return err;
}

static enum err wrote_note(struct vault *vault, int64_t identity,
                           const struct reply_header *header)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_TERM_WROTE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, identity);
    db_bind_int64(vault->db, s, 2, header->wrote);
    db_bind_text(vault->db, s, 3, bytes_text(header->lineage));
    db_bind_int64(vault->db, s, 4, clock_wall_ms(vault->clock));
    return db_step_done(vault->db, s);
}

static enum err reply_take(struct vault *vault,
                           const struct reply_header *header)
{
    struct identity_row row;
    struct sqlite3_stmt *s;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (err)
        return err;
    const char *known = row.public.lineage;
    if (known[0] && strcmp(known, header->lineage) != 0)
        return vault_fail(vault, ERR_LINEAGE,
                          "the office's history was rolled back");
    if (header->term_text.size)
        err = term_take(vault, row.id, row.public.agency, row.public.root,
                        header->term_text, header->term_signature);
    const char *token = header->token[0] ? header->token : row.public.token;
    if (err ||
        (!strcmp(known, header->lineage) && !strcmp(token, row.public.token)))
        return err;
    err = vault_sql(vault, SQL_IDENTITY_REPLY, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, row.id);
    db_bind_text(vault->db, s, 2, bytes_text(header->lineage));
    db_bind_text(vault->db, s, 3, bytes_text(token));
    err = db_step_done(vault->db, s);
    return err || !header->wrote ? err : wrote_note(vault, row.id, header);
}

enum err identity_reply(struct vault *vault, const struct reply_header *header)
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, reply_take(vault, header));
}

/* --- revocation ----------------------------------------------------------- */

static enum err statement_check(struct vault *vault,
                                const struct identity_row *row,
                                const struct reply_header *header)
{
    uint8_t key[KEY_BYTES];
    struct buffer message;
    if (!header->has_statement || strcmp(header->lineage, row->public.lineage))
        return ERR_SIGNATURE;
    enum err err = identity_term_key(vault, header->statement_term, key);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_SIGNATURE : err;
    buffer_init(&message, MESSAGE_BYTES_MAX);
    err = statement_message(&message, row->public.agency, row->public.lineage,
                            row->public.replica, header->statement_at);
    if (!err)
        err = chain_verify(header->statement_signature, key, DOMAIN_STATEMENT,
                           buffer_bytes(&message));
    buffer_fini(&message);
    return err;
}

static enum err revoked_set(struct vault *vault, int64_t id, int64_t at)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_IDENTITY_REVOKED, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, id);
    db_bind_int64(vault->db, s, 2, at);
    return db_step_done(vault->db, s);
}

static enum err revoke(struct vault *vault, const struct reply_header *header)
{
    struct identity_row row;
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (!err && header->term_text.size)
        err = term_take(vault, row.id, row.public.agency, row.public.root,
                        header->term_text, header->term_signature);
    if (!err)
        err = statement_check(vault, &row, header);
    if (!err)
        err = revoked_set(vault, row.id, header->statement_at);
    if (!err)
        err = leave_all(vault);
    return err;
}

enum err identity_revoked(struct vault *vault,
                          const struct reply_header *header)
{
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (err)
        return err;
    err = vault_end(vault, revoke(vault, header));
    if (!err) {
        vault_forget(vault);
        vault_scrub(vault);
    }
    return err;
}
