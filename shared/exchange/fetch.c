#include "shared/exchange/fetch.h"

#include <stdio.h>
#include <string.h>
#include "shared/exchange/session_inner.h"

#define TIMEOUT_MS 30000
#define POLL_MS 1000
#define CUTS_MAX 3 /* in a row that brought nothing */
#define ARENA_BYTES (256u << 10)

struct fetch {
    struct vault *vault;
    struct transport *transport;
    const struct blob_ref *ref;
    char *detail;
    int64_t offset;
    int cuts;
};

static enum err fail(struct fetch *f, enum err err, const char *why)
{
    snprintf(f->detail, SESSION_DETAIL_CHARS, "%s", why);
    return err;
}

static enum err perform(struct fetch *f, struct transport_response *r)
{
    struct identity identity;
    struct blob_header header;
    char url[ENDPOINT_CHARS];
    struct blob_request q = {
        .method = "GET", .offset = f->offset, .size = BLOB_PIECE_BYTES_MAX};
    memcpy(q.blob, f->ref->blob, sizeof q.blob);
    enum err err = identity_load(f->vault, &identity);
    if (!err)
        err = blob_header_make(f->vault, &identity, &q, &header, url);
    if (err)
        return err;
    struct transport_request request = {
        .method = "GET",
        .url = url,
        .ca_file = identity.ca_file,
        .content_type = "application/octet-stream",
        .header = {header.request, header.auth},
        .timeout_ms = TIMEOUT_MS,
    };
    bool done = false;
    err = f->transport->start(f->transport->context, &request);
    while (!err && !done)
        err = f->transport->poll(f->transport->context, POLL_MS, &done, r);
    return err;
}

static enum err refused(struct fetch *f, const struct transport_response *r)
{
    struct arena arena;
    struct error_body e;
    arena_init(&arena, ARENA_BYTES);
    enum err err = error_body_read(&arena, buffer_bytes(&r->body), &e);
    arena_fini(&arena);
    if (err)
        return fail(f, ERR_NETWORK,
                    "what answers is not the office: check the address");
    if (!strcmp(e.error, "missing"))
        return fail(f, ERR_NOT_FOUND,
                    "the office has not received this attachment yet: it is "
                    "still on the device that made it");
    if (r->status == 404)
        return fail(f, ERR_DENIED,
                    "the office does not give this attachment to this vault");
    if (r->status == 409 || r->status == 401)
        return fail(f, ERR_AGAIN, "sync first, then ask again");
    return fail(f, ERR_AGAIN, e.detail);
}

static enum err cut(struct fetch *f, const struct transport_response *r)
{
    if (++f->cuts < CUTS_MAX && (r->received_bytes || r->sent_bytes))
        return ERR_OK;
    return fail(f, r->err ? r->err : ERR_NETWORK,
                r->detail[0] ? r->detail : "the connection was cut");
}

/* What came of an answer that was cut counts too. */
static enum err piece_take(struct fetch *f, const struct transport_response *r)
{
    if (!r->status)
        return cut(f, r);
    if (r->status != 200)
        return refused(f, r);
    if (!r->body.size)
        return cut(f, r);
    f->cuts = 0;
    f->offset += (int64_t)r->body.size;
    enum err err = blob_fetch_add(f->vault, f->ref, buffer_bytes(&r->body));
    return err ? fail(f, err, vault_detail(f->vault)) : ERR_OK;
}

static enum err run(struct fetch *f)
{
    enum err err = ERR_OK;
    while (!err && f->offset < f->ref->bytes) {
        struct transport_response r = {.status = 0};
        buffer_init(&r.body, TRANSPORT_RESPONSE_BYTES_MAX);
        err = perform(f, &r);
        if (!err)
            err = piece_take(f, &r);
        buffer_fini(&r.body);
    }
    return err;
}

enum err fetch_blob(struct vault *vault, struct transport *transport,
                    const char *record, const struct blob_ref *ref,
                    char detail[SESSION_DETAIL_CHARS])
{
    struct fetch f = {
        .vault = vault, .transport = transport, .ref = ref, .detail = detail};
    detail[0] = '\0';
    enum err err = blob_fetch_begin(vault, record, ref, &f.offset);
    if (err)
        return fail(&f, err, vault_detail(vault));
    return run(&f);
}
