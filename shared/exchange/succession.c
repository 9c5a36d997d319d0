/* Enrolment: with a code, and as successor of one's own closed identity. */
#include "shared/exchange/session_inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "shared/base/file.h"
#include "shared/model/invite_code.h"

#define ENROL_BYTES_MAX (16u << 10)
#define CA_BYTES_MAX (4u << 20) /* larger than any trust store */
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
                               struct bytes body, bool *sent, char *detail)
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
    *sent = response.sent_bytes || response.status;
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

static enum err wrong(char *detail, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum err wrong(char *detail, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(detail, SESSION_DETAIL_CHARS, format, list);
    va_end(list);
    return ERR_INVALID;
}

/* A certificate file that is wrong must not pass because http:// needs none. */
static enum err ca_check(const char *path, char *detail)
{
    struct identity identity;
    struct buffer text;
    if (strlen(path) >= sizeof identity.ca_file)
        return wrong(detail, "the path of the certificate file is too long");
    buffer_init(&text, CA_BYTES_MAX);
    enum err err = file_read(path, &text);
    bool pem = !err && strstr(buffer_text(&text), "-----BEGIN ");
    buffer_fini(&text);
    if (err == ERR_NOMEM || pem)
        return err;
    return wrong(detail,
                 "the certificate file %.160s %s: give the office's own with "
                 "--ca",
                 path,
                 err == ERR_NOT_FOUND ? "is not there"
                 : err                ? "cannot be read"
                                      : "holds no certificate in PEM");
}

enum err session_enrol_check(const char *server, const char *ca_file,
                             const char *code,
                             char detail[SESSION_DETAIL_CHARS])
{
    struct identity identity;
    char plain[INVITE_CHARS + 1];
    detail[0] = '\0';
    enum err err = endpoint_check(server, detail);
    if (err)
        return err;
    if (strlen(server) >= sizeof identity.server)
        return wrong(detail, "the address of the office is too long");
    err = ca_file && *ca_file ? ca_check(ca_file, detail) : ERR_OK;
    if (!err && !invite_read(plain, bytes_text(code)))
        err = wrong(detail, "that cannot be a code of an office: those are 16 "
                            "letters and digits in groups of four");
    explicit_bzero(plain, sizeof plain);
    return err;
}

enum err session_enrol(struct vault *vault, struct transport *transport,
                       const char *server, const char *ca_file,
                       const char *code, bool *sent,
                       char detail[SESSION_DETAIL_CHARS])
{
    struct buffer body;
    *sent = false;
    enum err err = session_enrol_check(server, ca_file, code, detail);
    if (err)
        return err;
    buffer_init(&body, ENROL_BYTES_MAX);
    err = enrol_body(vault, code, &body);
    if (err)
        snprintf(detail, SESSION_DETAIL_CHARS, "%.300s",
                 vault_detail(vault)[0] ? vault_detail(vault) : err_text(err));
    else
        err = enrol_exchange(vault, transport, server, ca_file,
                             buffer_bytes(&body), sent, detail);
    buffer_fini(&body);
    return err;
}
