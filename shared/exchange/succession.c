/* Enrolment: with a code, and as successor of one's own closed identity. */
#include "shared/exchange/session_inner.h"

#include <stdio.h>
#include <string.h>

#define ENROL_BYTES_MAX (16u << 10)
#define ENROL_TIMEOUT_MS 60000
#define REPLY_ARENA_BYTES (1u << 20)

enum err succession_build(struct session *s)
{
    struct enrol_request request;
    s->sent = (struct sent){.phase = s->phase};
    buffer_clear(&s->body);
    enum err err = identity_load(s->vault, &s->identity);
    if (!err)
        err = endpoint_url(s->url, s->identity.server, "/v1/enrol");
    if (!err)
        err = identity_succeed_begin(s->vault, s->succeed_reason, &request);
    return err ? err : enrol_request_write(&s->body, &request);
}

enum err succession_apply(struct session *s, struct bytes body)
{
    struct arena arena;
    struct enrol_reply reply;
    arena_init(&arena, REPLY_ARENA_BYTES);
    enum err err = enrol_reply_read(&arena, body, &reply);
    if (err)
        err = err == ERR_NOMEM ? err : ERR_PROTOCOL;
    else
        err = identity_succeed_finish(s->vault, &reply);
    arena_fini(&arena);
    return err;
}

/* --- a new vault --------------------------------------------------------- */

static enum err enrol_body(struct vault *vault, const char *code,
                           struct buffer *body)
{
    struct enrol_request request;
    enum err err = identity_begin(vault, code, &request);
    return err ? err : enrol_request_write(body, &request);
}

static enum err wait_for(struct transport *transport,
                         const struct transport_request *request,
                         struct transport_response *response)
{
    enum err err = transport->start(transport->context, request);
    bool done = false;
    while (!err && !done)
        err = transport->poll(transport->context, 1000, &done, response);
    return err;
}

static enum err enrol_finish(struct vault *vault, const char *server,
                             const char *ca_file, struct bytes body,
                             char *detail)
{
    struct arena arena;
    struct enrol_reply reply;
    arena_init(&arena, REPLY_ARENA_BYTES);
    enum err err = enrol_reply_read(&arena, body, &reply);
    if (err) {
        err = err == ERR_NOMEM ? err : ERR_PROTOCOL;
        snprintf(detail, SESSION_DETAIL_CHARS,
                 "what answers at %.120s is not an office: check the address",
                 server);
    } else {
        err = identity_finish(vault, server, ca_file ? ca_file : "", &reply);
        if (err)
            snprintf(detail, SESSION_DETAIL_CHARS,
                     "this enrolment is not accepted: %.120s; give another "
                     "--vault FILE, or ask the office",
                     vault_detail(vault)[0] ? vault_detail(vault)
                                            : err_text(err));
    }
    arena_fini(&arena);
    return err;
}

static enum err enrol_exchange(struct vault *vault, struct transport *transport,
                               const char *server, const char *ca_file,
                               struct bytes body, char *detail)
{
    char url[ENDPOINT_CHARS];
    struct transport_response response = {.status = 0};
    buffer_init(&response.body, TRANSPORT_RESPONSE_BYTES_MAX);
    enum err err = endpoint_url(url, server, "/v1/enrol");
    struct transport_request request = {
        .method = "POST",
        .url = url,
        .ca_file = ca_file,
        .content_type = "application/json",
        .body = body,
        .timeout_ms = ENROL_TIMEOUT_MS,
    };
    if (!err)
        err = wait_for(transport, &request, &response);
    if (err)
        snprintf(detail, SESSION_DETAIL_CHARS, "%s", err_text(err));
    else if (response.err || response.status != 200)
        err = refusal_of_enrolment(&response, detail);
    else
        err = enrol_finish(vault, server, ca_file, buffer_bytes(&response.body),
                           detail);
    buffer_fini(&response.body);
    return err;
}

enum err session_enrol(struct vault *vault, struct transport *transport,
                       const char *server, const char *ca_file,
                       const char *code, char detail[SESSION_DETAIL_CHARS])
{
    struct buffer body;
    buffer_init(&body, ENROL_BYTES_MAX);
    detail[0] = '\0';
    enum err err = enrol_body(vault, code, &body);
    if (err)
        snprintf(detail, SESSION_DETAIL_CHARS, "%.300s",
                 vault_detail(vault)[0] ? vault_detail(vault) : err_text(err));
    else
        err = enrol_exchange(vault, transport, server, ca_file,
                             buffer_bytes(&body), detail);
    buffer_fini(&body);
    return err;
}
