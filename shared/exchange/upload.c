/* Attachments to the office: a piece a request, and only while no text waits.
 *
 * The office is asked where it stands (a PUT without a body), then given the
 * sealed bytes that follow.  It is the one that counts, so that nothing has to
 * be remembered here and a cut costs no byte that had arrived. */
#include "shared/exchange/session_inner.h"

#include <stdio.h>
#include <string.h>

#define NEWS_MS 30000 /* between pieces the office is asked for news */
#define STUCK_MAX 3
#define ARENA_BYTES (256u << 10)
#define GOINGS_MAX 64 /* in one session */

/* What waits comes first; then it is asked what may go. */
static enum err next_look(struct session *s, struct blob_outgoing *out)
{
    struct upload *u = &s->upload;
    u->going = false;
    enum err err = blob_unsent(s->vault, u->done, s->identity.lineage, out);
    if (err || out->id || u->goings >= GOINGS_MAX)
        return err;
    u->going = true;
    return blob_going(s->vault, s->identity.lineage, out);
}

enum err upload_due(struct session *s, bool *due)
{
    struct blob_outgoing next;
    *due = false;
    if (s->options.without_blobs || s->upload.stopped || s->by_file)
        return ERR_OK;
    enum err err = next_look(s, &next);
    *due = !err && next.id;
    return err;
}

/* --- the request ---------------------------------------------------------- */

enum err blob_header_make(struct vault *vault, const struct identity *identity,
                          struct blob_request *q, struct blob_header *out,
                          char url[ENDPOINT_CHARS])
{
    char path[32 + BLOB_NAME_CHARS] = "/v1/blobs/";
    char text[BASE64_CHARS(SIGNATURE_BYTES) + 1];
    uint8_t sig[SIGNATURE_BYTES];
    struct buffer line;
    q->protocol = PROTOCOL_MAX;
    q->locked = vault_locked(vault);
    memcpy(q->agency, identity->agency, sizeof q->agency);
    memcpy(q->replica, identity->replica, sizeof q->replica);
    memcpy(q->lineage, identity->lineage, sizeof q->lineage);
    memcpy(q->token, identity->token, sizeof q->token);
    memcpy(q->term, identity->term, sizeof q->term);
    hex_encode(path + strlen(path), q->blob, HASH_BYTES);
    buffer_init(&line, BLOB_HEADER_BYTES_MAX);
    enum err err = blob_request_write(&line, q);
    if (!err)
        err = identity_auth_blob(vault, q->locked, buffer_bytes(&line), sig);
    if (!err) {
        snprintf(out->request, sizeof out->request, "Satchel-Request: %s",
                 buffer_text(&line));
        base64_encode(text, sig, sizeof sig);
        snprintf(out->auth, sizeof out->auth, "Satchel-Auth: %s", text);
        err = endpoint_url(url, identity->server, path);
    }
    buffer_fini(&line);
    return err;
}

static enum err piece_build(struct session *s)
{
    struct upload *u = &s->upload;
    struct blob_request q = {.method = "PUT",
                             .offset = u->offset,
                             .size = u->blob.sealed_bytes,
                             .wrap =
                                 bytes_of(u->blob.wrap, u->blob.wrap_bytes)};
    memcpy(q.blob, u->blob.blob, sizeof q.blob);
    enum err err = ERR_OK;
    if (u->asked)
        err = blob_sealed(s->vault, u->id, u->offset, s->pace->piece_bytes,
                          &s->body);
    if (!err && u->asked) {
        q.has_body = true;
        hash_bytes(q.body, buffer_bytes(&s->body));
    }
    return err ? err
               : blob_header_make(s->vault, &s->identity, &q, &s->blob_header,
                                  s->url);
}

static enum err next_find(struct session *s)
{
    struct upload *u = &s->upload;
    if (u->id)
        return ERR_OK;
    enum err err = next_look(s, &u->blob);
    if (!err && u->blob.id && u->going) {
        u->goings++;
        err = blob_asked(s->vault, u->blob.id);
    }
    u->id = err ? 0 : u->blob.id;
    u->asked = false;
    u->offset = 0;
    u->restarts = u->stuck = 0;
    return err;
}

enum err upload_build(struct session *s)
{
    s->sent = (struct sent){.phase = s->phase};
    buffer_clear(&s->body);
    enum err err = identity_load(s->vault, &s->identity);
    if (err)
        return err;
    bool text = s->identity.head > s->identity.received;
    if (text || s->now_ms - s->upload.synced_at_ms > NEWS_MS) {
        s->phase = PHASE_SYNC;
        return ERR_OK;
    }
    if (!s->upload.stopped)
        err = next_find(s);
    if (err)
        return err;
    if (s->upload.stopped || !s->upload.id) {
        session_end(s);
        return ERR_OK;
    }
    return piece_build(s);
}

/* --- the answer ----------------------------------------------------------- */

/* This one does not go now; the others may. */
static void pass_over(struct session *s, const char *why)
{
    int64_t id = s->upload.id;
    s->upload.id = 0;
    if (s->upload.going)
        return;
    s->upload.done = id;
    s->report.blobs_wait = true;
    session_note(s, "an attachment waits for a later sync: %.200s", why);
}

static void stop(struct session *s, const char *why)
{
    s->upload.stopped = true;
    s->report.blobs_wait = true;
    session_note(s, "attachments wait for a later sync: %.200s", why);
}

static enum err backed_take(struct session *s, const struct blob_reply *reply,
                            struct blob_receipt *receipt)
{
    int64_t id = s->upload.id;
    s->upload.id = 0;
    if (!reply->has_backed)
        return ERR_OK;
    memcpy(receipt->signature, reply->backed_signature,
           sizeof receipt->signature);
    enum err err = blob_backed(s->vault, id, receipt);
    s->report.blobs_gone += !err;
    return err;
}

static enum err receipt_take(struct session *s, const struct blob_reply *reply)
{
    struct blob_receipt receipt = {.agency = ""};
    enum err err = ERR_OK;
    memcpy(receipt.agency, s->identity.agency, sizeof receipt.agency);
    memcpy(receipt.blob, s->upload.blob.blob, sizeof receipt.blob);
    memcpy(receipt.lineage, s->identity.lineage, sizeof receipt.lineage);
    memcpy(receipt.replica, s->identity.replica, sizeof receipt.replica);
    memcpy(receipt.term, reply->term, sizeof receipt.term);
    memcpy(receipt.signature, reply->signature, sizeof receipt.signature);
    if (reply->term_text.size)
        err = identity_add_term(s->vault, reply->term_text,
                                reply->term_signature);
    if (!err && s->upload.going)
        return backed_take(s, reply, &receipt);
    if (!err)
        err = blob_kept(s->vault, s->upload.id, &receipt);
    if (!err) {
        s->report.blobs++;
        s->report.moved = true;
        s->upload.done = s->upload.id;
        s->upload.id = 0;
    }
    return err;
}

static void offset_take(struct session *s, int64_t offset)
{
    struct upload *u = &s->upload;
    u->going = false; /* the office has lost it: it is brought again */
    if (offset < 0 || offset >= u->blob.sealed_bytes) {
        pass_over(s, "the office answers what cannot be");
        return;
    }
    if (u->asked && offset <= u->offset && ++u->stuck >= STUCK_MAX) {
        pass_over(s, "the office takes nothing of it");
        return;
    }
    if (pace_blob(s->pace, u->id, offset))
        s->report.moved = true;
    if (offset > u->offset)
        u->stuck = s->fruitless = 0;
    u->offset = offset;
    u->asked = true;
}

static enum err accepted(struct session *s, const struct transport_response *r)
{
    struct arena arena;
    struct blob_reply reply;
    arena_init(&arena, ARENA_BYTES);
    enum err err = blob_reply_read(&arena, buffer_bytes(&r->body), &reply);
    if (err && err != ERR_NOMEM) {
        stop(s, "the office's answer was not understood");
        err = ERR_OK;
    } else if (!err && reply.has_receipt) {
        err = receipt_take(s, &reply);
    } else if (!err) {
        offset_take(s, reply.offset);
    }
    arena_fini(&arena);
    return err;
}

static void refused(struct session *s, int status, const struct error_body *e)
{
    struct upload *u = &s->upload;
    if (!strcmp(e->error, "gap")) {
        offset_take(s, e->offset);
    } else if (!strcmp(e->error, "bad-digest") && u->restarts++ == 0) {
        u->asked = false;
    } else if (status == 409 || status == 401) {
        stop(s, "the office and this vault have to meet first");
        s->phase = PHASE_SYNC; /* which finds out and mends */
    } else if (status == 404 || status == 413 || status == 422) {
        pass_over(s, e->detail);
    } else {
        stop(s, e->detail[0] ? e->detail : "the office did not take it");
        if (e->retry_after_s > 0)
            s->report.retry_after_ms = e->retry_after_s * 1000;
    }
}

static void piece_took(struct session *s, bool cut)
{
    if (s->body.size)
        pace_piece(s->pace, s->body.size, s->now_ms - s->sent.at_ms, cut);
}

void upload_cut(struct session *s)
{
    piece_took(s, true);
    s->upload.asked = false;
}

enum err upload_apply(struct session *s, const struct transport_response *r)
{
    struct arena arena;
    struct error_body e;
    piece_took(s, false);
    if (r->status == 200)
        return accepted(s, r);
    arena_init(&arena, ARENA_BYTES);
    enum err err = error_body_read(&arena, buffer_bytes(&r->body), &e);
    arena_fini(&arena);
    if (err == ERR_NOMEM)
        return err;
    if (err)
        stop(s, "what answers is not the office");
    else
        refused(s, r->status, &e);
    return ERR_OK;
}
