#include <stdio.h>
#include <string.h>
#include "server/forgotten.h"
#include "server/invite.h"
#include "server/revoke.h"
#include "server/store_agency.h"
#include "server/store_replica.h"
#include "server/sync.h"
#include "shared/wire/deflate.h"

#define ENROL_BYTES_MAX (16u * 1024u)

/* One enrolment: what is asked, and the row that it makes. */
struct enrolment {
    struct office *office;
    struct sql *sql;
    struct arena arena;
    struct enrol_request request;
    struct replica_row row;
    struct scope_list scopes;
    char (*follows)[REPLICA_CHARS + 1]; /* in the arena */
    size_t follow_count;
    struct buffer certificate;
    uint8_t certificate_sig[SIGNATURE_BYTES];
    bool there;     /* the same keys are enrolled already */
    bool forgotten; /* its predecessor was not known */
    bool has_received;
    int64_t received_n;
    uint8_t received_link[LINK_BYTES];
    int status;
    struct error_body error;
};

static enum err refuse(struct enrolment *e, int status, const char *error,
                       const char *detail)
{
    if (e->status != 200)
        return ERR_OK;
    e->status = status;
    snprintf(e->error.error, sizeof e->error.error, "%s", error);
    snprintf(e->error.detail, sizeof e->error.detail, "%s", detail);
    return ERR_OK;
}

/* --- codes ---------------------------------------------------------------- */

static bool code_hash(uint8_t out[HASH_BYTES], const char *code)
{
    char plain[INVITE_CHARS + 1];
    if (!invite_read(plain, bytes_text(code)))
        return false;
    invite_hash(out, plain);
    return true;
}

/* --- the certificate ------------------------------------------------------ */

static enum err certificate_make(struct enrolment *e)
{
    struct certificate c = {.at = e->row.enrolled_at,
                            .scopes = e->scopes.name,
                            .scope_count = e->scopes.count,
                            .follows = e->follows,
                            .follow_count = e->follow_count};
    memcpy(c.agency, e->office->agency, sizeof c.agency);
    memcpy(c.replica, e->row.replica, sizeof c.replica);
    memcpy(c.user, e->row.account, sizeof c.user);
    memcpy(c.role, e->row.role, sizeof c.role);
    memcpy(c.key, e->row.key, sizeof c.key);
    memcpy(c.transport, e->row.transport, sizeof c.transport);
    enum err err = certificate_write(&e->certificate, &c);
    if (!err)
        chain_sign(e->certificate_sig, &e->office->keys.root, DOMAIN_CERT,
                   buffer_bytes(&e->certificate));
    return err;
}

static enum err act_note(struct enrolment *e)
{
    struct buffer detail;
    buffer_init(&detail, 32 * 1024);
    buffer_add_text(&detail, "{\"certificate\":");
    canon_put_text(&detail, buffer_bytes(&e->certificate));
    buffer_add_text(&detail, ",\"signature\":\"");
    buffer_add_base64(&detail, e->certificate_sig, SIGNATURE_BYTES);
    buffer_add_text(&detail, "\"}");
    enum err err = buffer_err(&detail);
    if (!err)
        err = store_act(e->sql, e->office->agency, e->row.enrolled_at,
                        e->row.account, "enrol", buffer_bytes(&detail));
    buffer_fini(&detail);
    return err;
}

/* Finds the same keys enrolled before; the same answer is given then. */
static enum err again_find(struct enrolment *e)
{
    struct replica_row found;
    char id[REPLICA_CHARS + 1];
    replica_id(id, 'w', e->office->agency, e->request.key);
    enum err err = store_replica_find(e->sql, e->office->agency, id, &found);
    if (err == ERR_NOT_FOUND) {
        memcpy(e->row.replica, id, sizeof e->row.replica);
        return ERR_OK;
    }
    if (err)
        return err;
    if (memcmp(found.transport, e->request.transport, KEY_BYTES) != 0 ||
        strcmp(found.predecessor, e->request.replica) != 0)
        return refuse(e, 401, "bad-auth", "this key is enrolled otherwise");
    e->row = found;
    e->there = true;
    return store_replica_certificate(e->sql, e->office->agency, id,
                                     &e->certificate, e->certificate_sig);
}

static enum err row_add(struct enrolment *e)
{
    e->row.kind = 'w';
    e->row.enrolled_at = clock_wall_ms(e->office->clock);
    memcpy(e->row.key, e->request.key, KEY_BYTES);
    memcpy(e->row.transport, e->request.transport, KEY_BYTES);
    enum err err = store_account_scopes(e->sql, e->office->agency,
                                        e->row.account, &e->scopes);
    if (!err)
        err = certificate_make(e);
    if (!err)
        err = store_replica_add(e->sql, e->office->agency, &e->row,
                                buffer_bytes(&e->certificate),
                                e->certificate_sig);
    return err ? err : act_note(e);
}

/* --- by invitation -------------------------------------------------------- */

/* A vault that has an office already says whose it is: another's code is not
 * spent on it. */
static enum err expected_check(struct enrolment *e, const char *account)
{
    char detail[128];
    const struct enrol_request *r = &e->request;
    if (r->has_root &&
        memcmp(r->root, e->office->keys.root.public_key, KEY_BYTES) != 0)
        return refuse(e, 403, "bad-code",
                      "the vault belongs to another agency's office");
    if (!r->user[0] || strcmp(r->user, account) == 0)
        return ERR_OK;
    snprintf(detail, sizeof detail,
             "the vault belongs to %s, and the code is another's", r->user);
    return refuse(e, 403, "bad-code", detail);
}

static enum err invited(struct enrolment *e)
{
    static const char bad[] = "the code is unknown, used or expired";
    const char *agency = e->office->agency;
    uint8_t hash[HASH_BYTES];
    struct invite_row invite;
    bool disabled = false;
    int64_t now = clock_wall_ms(e->office->clock);
    if (!code_hash(hash, e->request.code))
        return refuse(e, 403, "bad-code", bad);
    enum err err = store_invite_find(e->sql, agency, hash, &invite);
    if (err == ERR_NOT_FOUND)
        return refuse(e, 403, "bad-code", bad);
    if (!err)
        err = expected_check(e, invite.account);
    if (!err && e->status == 200)
        err = again_find(e);
    if (err || e->status != 200)
        return err;
    if (e->there && strcmp(invite.used_by, e->row.replica) == 0)
        return ERR_OK;
    if (invite.used_by[0] || invite.expires_at <= now)
        return refuse(e, 403, "bad-code", bad);
    /* Its first reply was lost, and its user was given another code since. */
    if (e->there)
        return strcmp(invite.account, e->row.account)
                   ? refuse(e, 403, "bad-code",
                            "this key is enrolled for another user")
                   : store_invite_use(e->sql, agency, hash, e->row.replica,
                                      now);
    memcpy(e->row.account, invite.account, sizeof e->row.account);
    err = store_account_role(e->sql, agency, invite.account, e->row.role,
                             &disabled);
    if (err == ERR_NOT_FOUND || (!err && disabled))
        return refuse(e, 403, "bad-code", "the user is not active");
    if (!err)
        err = row_add(e);
    return err ? err
               : store_invite_use(e->sql, agency, hash, e->row.replica, now);
}

/* --- by succession -------------------------------------------------------- */

static enum err signatures_check(struct enrolment *e,
                                 const struct certificate *old,
                                 struct bytes message)
{
    const struct enrol_request *r = &e->request;
    if (chain_verify(r->certificate_sig, e->office->keys.root.public_key,
                     DOMAIN_CERT, r->certificate) ||
        chain_verify(r->successor_sig, old->key, DOMAIN_SUCCESSOR, message) ||
        strcmp(old->agency, e->office->agency) != 0 ||
        strcmp(old->replica, r->replica) != 0)
        return refuse(e, 401, "bad-auth", "the predecessor does not vouch");
    return ERR_OK;
}

static enum err predecessor_find(struct enrolment *e,
                                 const struct certificate *old,
                                 struct replica_row *out)
{
    enum err err =
        store_replica_find(e->sql, e->office->agency, old->replica, out);
    e->forgotten = err == ERR_NOT_FOUND;
    return e->forgotten
               ? forgotten_add(e->office, e->sql, old, e->request.certificate,
                               e->request.certificate_sig, out)
               : err;
}

static enum err received_fill(struct enrolment *e,
                              const struct replica_row *old)
{
    e->has_received = true;
    e->received_n = old->head;
    memcpy(e->received_link, old->link, LINK_BYTES);
    return ERR_OK;
}

/* Its predecessor and what that one followed: an office that forgets them
 * reads it there again.  The oldest give way. */
static enum err follows_take(struct enrolment *e, const struct certificate *old)
{
    size_t count = old->follow_count + 1;
    if (count > FOLLOWS_MAX)
        count = FOLLOWS_MAX;
    e->follows = arena_take(&e->arena, count * sizeof *e->follows);
    if (!e->follows)
        return ERR_NOMEM;
    memcpy(e->follows[0], old->replica, sizeof *e->follows);
    for (size_t i = 1; i < count; i++)
        memcpy(e->follows[i], old->follows[i - 1], sizeof *e->follows);
    e->follow_count = count;
    return ERR_OK;
}

static enum err succeeded(struct enrolment *e, struct bytes message)
{
    struct certificate old;
    struct replica_row predecessor;
    const char *agency = e->office->agency;
    enum err err = certificate_read(&e->arena, e->request.certificate, &old);
    if (err == ERR_INVALID)
        return refuse(e, 400, "bad-header", "the certificate is malformed");
    if (!err)
        err = signatures_check(e, &old, message);
    if (err || e->status != 200)
        return err;
    err = predecessor_find(e, &old, &predecessor);
    if (!err)
        err = received_fill(e, &predecessor);
    if (!err)
        err = again_find(e);
    if (!err && e->status == 200 && e->forgotten)
        err = forgotten_tell(e->office, e->sql, &predecessor);
    if (err || e->status != 200 || e->there)
        return err;
    memcpy(e->row.predecessor, old.replica, sizeof e->row.predecessor);
    memcpy(e->row.account, predecessor.account, sizeof e->row.account);
    memcpy(e->row.role, predecessor.role, sizeof e->row.role);
    err = follows_take(e, &old);
    if (!err)
        err = row_add(e);
    if (!err)
        err = store_replica_close(e->sql, agency, old.replica,
                                  e->request.reason, e->row.enrolled_at);
    /* Whom the office has shut out stays so under any key. */
    if (!err && predecessor.revoked_at)
        err = revoke_write(e->office, e->sql, "office", &e->row, NULL);
    return err;
}

/* --- the whole ------------------------------------------------------------ */

static enum err request_take(struct enrolment *e, struct bytes request)
{
    struct buffer message;
    if (request.size > ENROL_BYTES_MAX)
        return refuse(e, 413, "too-large", "the request is over 16 KiB");
    enum err err = enrol_request_read(&e->arena, request, &e->request);
    if (err == ERR_UNSUPPORTED) {
        e->error.min = PROTOCOL_MIN;
        e->error.max = PROTOCOL_MAX;
        return refuse(e, 426, "bad-protocol", "no common protocol version");
    }
    if (err == ERR_INVALID || err == ERR_TOO_BIG)
        return refuse(e, 400, "bad-header", "the request is malformed");
    if (err)
        return err;
    buffer_init(&message, 4096);
    err = enrol_proof_message(&message, &e->request);
    if (!err && chain_verify(e->request.proof, e->request.key, DOMAIN_ENROL,
                             buffer_bytes(&message)))
        err = refuse(e, 401, "bad-auth", "the proof does not verify");
    if (!err && e->status == 200)
        err = e->request.code[0] ? invited(e)
                                 : succeeded(e, buffer_bytes(&message));
    buffer_fini(&message);
    return err;
}

static enum err reply_write(struct enrolment *e, struct buffer *body)
{
    struct office *office = e->office;
    if (e->status != 200)
        return error_body_write(body, &e->error);
    struct enrol_reply reply = {.certificate = buffer_bytes(&e->certificate),
                                .term = buffer_bytes(&office->term_text),
                                .has_received = e->has_received,
                                .received_n = e->received_n,
                                .protocol = PROTOCOL_MAX};
    memcpy(reply.agency, office->agency, sizeof reply.agency);
    memcpy(reply.replica, e->row.replica, sizeof reply.replica);
    enum err err = store_lineage(e->sql, office->agency, reply.lineage);
    snprintf(reply.dictionary, sizeof reply.dictionary, "%s",
             dictionary_1_id());
    memcpy(reply.box, office->keys.box_public, sizeof reply.box);
    memcpy(reply.root, office->keys.root.public_key, sizeof reply.root);
    memcpy(reply.certificate_sig, e->certificate_sig, SIGNATURE_BYTES);
    memcpy(reply.term_sig, office->term_signature, SIGNATURE_BYTES);
    memcpy(reply.received_link, e->received_link, LINK_BYTES);
    return err ? err : enrol_reply_write(body, &reply);
}

enum err enrol_whole(struct office *office, struct sql *sql,
                     struct bytes request, struct buffer *body, int *status)
{
    struct enrolment e = {.office = office, .sql = sql, .status = 200};
    e.error = (struct error_body){.offset = -1,
                                  .received = -1,
                                  .retry_after_s = -1,
                                  .min = -1,
                                  .max = -1};
    arena_init(&e.arena, 1u << 20);
    buffer_init(&e.certificate, 32 * 1024);
    enum err err = sql_begin(sql, true);
    if (!err) {
        err = request_take(&e, request);
        if (err || e.status != 200)
            sql_rollback(sql);
        else
            err = sql_commit(sql);
    }
    if (!err)
        err = reply_write(&e, body);
    *status = e.status;
    buffer_fini(&e.certificate);
    arena_fini(&e.arena);
    return err;
}
