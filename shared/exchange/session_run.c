/* A whole session over a transport, waiting. */
#include "shared/exchange/session.h"

#include <stdio.h>

#define POLL_MS 1000

static int64_t now_ms(struct vault *vault)
{
    return clock_monotonic_ms(vault_clock(vault));
}

static enum err perform(struct transport *transport,
                        const struct transport_request *request,
                        struct transport_response *response)
{
    enum err err = transport->start(transport->context, request);
    bool done = false;
    while (!err && !done)
        err = transport->poll(transport->context, POLL_MS, &done, response);
    return err;
}

static enum err run(struct session *session, struct vault *vault,
                    struct transport *transport)
{
    for (;;) {
        enum session_do what;
        struct transport_request request;
        enum err err = session_next(session, now_ms(vault), &what, &request);
        if (err || what != SESSION_SEND)
            return err;
        struct transport_response response = {.status = 0};
        buffer_init(&response.body, TRANSPORT_RESPONSE_BYTES_MAX);
        err = perform(transport, &request, &response);
        if (!err)
            err = session_response(session, now_ms(vault), &response);
        buffer_fini(&response.body);
        if (err)
            return err;
    }
}

enum err session_run(struct vault *vault, struct transport *transport,
                     const struct session_options *options,
                     struct session_report *report)
{
    struct session *session;
    *report = (struct session_report){.err = ERR_OK};
    enum err err = session_open(&session, vault, options);
    if (!err) {
        err = run(session, vault, transport);
        *report = *session_report(session);
        session_close(session);
    }
    if (err && !report->err)
        report->err = err;
    if (report->err && !report->detail[0])
        snprintf(report->detail, sizeof report->detail, "%s",
                 report->err == ERR_NOT_FOUND
                     ? "this vault has no office yet: run satchel enroll"
                     : err_text(report->err));
    return report->err;
}
