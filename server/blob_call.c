#include "server/blob_call.h"

#include <stdio.h>
#include <string.h>
#include "server/store_agency.h"

#define ARENA_BYTES (256u << 10)
#define MESSAGE_BYTES_MAX (4u << 10)

void blob_call_init(struct blob_call *call)
{
    memset(call, 0, sizeof *call);
    arena_init(&call->arena, ARENA_BYTES);
    call->status = 200;
}

void blob_call_fini(struct blob_call *call)
{
    arena_fini(&call->arena);
}

void blob_call_refuse(struct blob_call *call, int status, const char *error,
                      const char *detail)
{
    if (call->status != 200)
        return;
    call->status = status;
    call->error = (struct error_body){.offset = -1,
                                      .received = -1,
                                      .retry_after_s = -1,
                                      .min = -1,
                                      .max = -1};
    snprintf(call->error.error, sizeof call->error.error, "%s", error);
    snprintf(call->error.detail, sizeof call->error.detail, "%s", detail);
}

/* The same for what does not exist and for what is none of his business. */
static void not_found(struct blob_call *call)
{
    blob_call_refuse(call, 404, "not-found",
                     "no record in view names this attachment");
}

/* --- who asks ------------------------------------------------------------- */

static enum err signature_check(struct blob_call *call,
                                const struct replica_row *replica,
                                const char *header, const char *sig)
{
    uint8_t signature[SIGNATURE_BYTES];
    const uint8_t *key =
        call->request.locked ? replica->transport : replica->key;
    enum err err = base64_decode(signature, sizeof signature, bytes_text(sig));
    if (!err)
        err = replica->kind == 'w' ? chain_verify(signature, key, DOMAIN_BLOB,
                                                  bytes_text(header))
                                   : ERR_SIGNATURE;
    if (err)
        blob_call_refuse(call, 401, "bad-auth",
                         "the request's signature is wrong");
    return ERR_OK;
}

/* A copy of the vault, or a request that is replayed much later, brings an old
 * token; the next sync says what is wrong. */
static enum err standing_check(struct blob_call *call,
                               const struct office *office, struct sql *sql,
                               const struct replica_row *replica)
{
    char lineage[LINEAGE_CHARS + 1];
    const struct blob_request *q = &call->request;
    enum err err = store_lineage(sql, office->agency, lineage);
    if (err || call->status != 200)
        return err;
    if (replica->closed[0]) {
        blob_call_refuse(call, 409, "fork", "this identity is closed");
    } else if (strcmp(q->lineage, lineage) != 0) {
        blob_call_refuse(call, 409, "lineage",
                         "the office's history is another one");
        memcpy(call->error.lineage, lineage, sizeof lineage);
    } else if (strcmp(q->token, replica->token_latest) != 0 &&
               strcmp(q->token, replica->token_confirmed) != 0) {
        blob_call_refuse(call, 409, "stale", "sync first");
    }
    return ERR_OK;
}

static enum err asker_check(struct blob_call *call, const struct office *office,
                            struct sql *sql, const char *header,
                            const char *sig, struct replica_row *replica)
{
    if (strcmp(call->request.agency, office->agency) != 0) {
        blob_call_refuse(call, 401, "bad-auth",
                         "this is another agency's office");
        return ERR_OK;
    }
    enum err err =
        store_replica_find(sql, office->agency, call->request.replica, replica);
    if (err == ERR_NOT_FOUND) {
        blob_call_refuse(call, 401, "bad-auth",
                         "this device is not enrolled here");
        return ERR_OK;
    }
    if (!err)
        err = signature_check(call, replica, header, sig);
    return err ? err : standing_check(call, office, sql, replica);
}

/* --- for what ------------------------------------------------------------- */

/* Whoever wrote the line may bring what it names, whatever has become of his
 * rights since; to read takes a case in view now. */
static enum err right_check(struct blob_call *call, const struct office *office,
                            struct sql *sql, const struct replica_row *replica)
{
    struct scope_list scopes;
    bool gone = replica->revoked_at || replica->disabled, visible = false;
    bool reads = !strcmp(call->request.method, "GET");
    enum err err =
        store_blob_find(sql, office->agency, call->request.blob, &call->row);
    if (err == ERR_NOT_FOUND) {
        not_found(call);
        return ERR_OK;
    }
    if (!err && !gone)
        err = store_account_scopes(sql, office->agency, replica->account,
                                   &scopes);
    if (!err && !gone)
        err = store_blob_visible(sql, office->agency, call->row.record, &scopes,
                                 &visible);
    bool own = !strcmp(replica->account, call->row.account);
    if (!err && (reads ? !visible || call->request.locked : !visible && !own))
        not_found(call);
    return err;
}

static bool header_fits(const struct blob_request *q, const char *method,
                        const char *name)
{
    char named[BLOB_NAME_CHARS + 1];
    hex_encode(named, q->blob, HASH_BYTES);
    return !strcmp(q->method, method) && !strcmp(named, name);
}

static enum err header_read(struct blob_call *call, const char *method,
                            const char *name, const char *header,
                            const char *sig)
{
    if (!header || !sig) {
        blob_call_refuse(call, 401, "bad-auth", "the request is not signed");
        return ERR_OK;
    }
    enum err err =
        blob_request_read(&call->arena, bytes_text(header), &call->request);
    if (err == ERR_NOMEM)
        return err;
    if (err || !header_fits(&call->request, method, name))
        blob_call_refuse(call, 400, "bad-header",
                         "the header is malformed or of another request");
    else if (call->request.protocol < PROTOCOL_MIN)
        blob_call_refuse(call, 426, "bad-protocol",
                         "no common protocol version");
    return ERR_OK;
}

enum err blob_call_judge(struct blob_call *call, const struct office *office,
                         struct sql *sql, const char *method, const char *name,
                         const char *header, const char *sig)
{
    struct replica_row replica = {.kind = 0};
    enum err err = header_read(call, method, name, header, sig);
    if (!err && call->status == 200)
        err = asker_check(call, office, sql, header, sig, &replica);
    if (!err && call->status == 200)
        err = right_check(call, office, sql, &replica);
    return err;
}

/* --- the answer ----------------------------------------------------------- */

static enum err receipt_make(const struct blob_call *call,
                             const struct office *office,
                             struct blob_reply *reply)
{
    const struct blob_request *q = &call->request;
    struct blob_receipt receipt = {.agency = ""};
    struct buffer message;
    bool backed = call->row.backed_up;
#ifdef MUTANT_BLOB_BACKED_EARLY
    backed = true;
#endif
    memcpy(receipt.agency, office->agency, sizeof receipt.agency);
    memcpy(receipt.blob, q->blob, sizeof receipt.blob);
    memcpy(receipt.lineage, q->lineage, sizeof receipt.lineage);
    memcpy(receipt.replica, q->replica, sizeof receipt.replica);
    buffer_init(&message, MESSAGE_BYTES_MAX);
    enum err err = blob_receipt_message(&message, &receipt);
    if (!err)
        chain_sign(reply->signature, &office->term_keys, DOMAIN_KEPT,
                   buffer_bytes(&message));
    if (!err && backed)
        chain_sign(reply->backed_signature, &office->term_keys, DOMAIN_BACKED,
                   buffer_bytes(&message));
    buffer_fini(&message);
    reply->has_receipt = true;
    reply->has_backed = backed;
    memcpy(reply->term, office->term, sizeof reply->term);
    if (strcmp(q->term, office->term) != 0) {
        reply->term_text = buffer_bytes(&office->term_text);
        memcpy(reply->term_signature, office->term_signature, SIGNATURE_BYTES);
    }
    return err;
}

enum err blob_call_reply(const struct blob_call *call,
                         const struct office *office, int64_t offset,
                         bool whole, struct buffer *out)
{
    struct blob_reply reply = {.offset = offset};
    enum err err = whole ? receipt_make(call, office, &reply) : ERR_OK;
    return err ? err : blob_reply_write(out, &reply);
}
