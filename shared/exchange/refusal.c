/* Answers other than 200, in plain words (sync-protocol.md section 15). */
#include "shared/exchange/session_inner.h"

#include <stdio.h>
#include <string.h>

#define ARENA_BYTES (256u << 10)
#define OLD_REFUSED_MAX 64 /* times a session that an old log is refused */

/* What is to be done about an error that nothing but telling can help. */
struct advice {
    const char *error;
    enum err err;
    const char *text;
};
static const struct advice advices[] = {
    {"bad-frame", ERR_PROTOCOL,
     "the office could not read the request; nothing is lost, it is tried "
     "again later; please report this"},
    {"bad-header", ERR_PROTOCOL,
     "the office did not understand the request; nothing is lost; please "
     "report this"},
    {"bad-auth", ERR_DENIED,
     "the office does not know this vault; nothing is lost: ask for a code "
     "and run satchel enroll"},
    {"bad-code", ERR_DENIED,
     "the code is unknown, used or expired: ask the office for a new one"},
    {"not-found", ERR_PROTOCOL,
     "there is an office, but not at this address: check it"},
    {"bad-method", ERR_PROTOCOL,
     "the office did not accept the kind of request; please report this"},
    {"bad-type", ERR_PROTOCOL,
     "the office did not accept the kind of content; please report this"},
    {"bad-signature", ERR_SIGNATURE,
     "the office cannot verify this vault's log; nothing is lost: run satchel "
     "verify and report this"},
    {"gap", ERR_GAP,
     "the office misses lines of this vault's log; nothing is lost: run "
     "satchel verify and report this"},
    {"bad-protocol", ERR_UNSUPPORTED,
     "the office speaks another version: update this program; what is "
     "written stays safe here"},
    {"slow-down", ERR_AGAIN, "the office asks to wait a while"},
    {"internal", ERR_AGAIN,
     "the office had a fault of its own; it is tried again later"},
    {"busy", ERR_AGAIN, "the office is busy; it is tried again later"},
};

static const struct advice *advice_for(const char *error)
{
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
        if (!strcmp(advices[i].error, error))
            return &advices[i];
    return NULL;
}

/* False when the body is no error object of an office: a proxy, a login page
 * of a wireless network, another program. */
static bool refusal_read(const struct transport_response *r,
                         struct error_body *out)
{
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    enum err err = error_body_read(&arena, buffer_bytes(&r->body), out);
    arena_fini(&arena);
    return !err &&
           (advice_for(out->error) || !strcmp(out->error, "fork") ||
            !strcmp(out->error, "lineage") || !strcmp(out->error, "too-large"));
}

static enum err foreign_text(int status, char *detail, size_t room)
{
    if (status >= 300 && status < 400)
        snprintf(detail, room,
                 "the network wants a login first (HTTP %d): "
                 "open a web page, then try again",
                 status);
    else
        snprintf(detail, room,
                 "something before the office answered HTTP "
                 "%d: check the address; it is tried again later",
                 status);
    return ERR_NETWORK;
}

/* Less is sent, down to one line, which is then named. */
static void refused_size(struct session *s, const struct error_body *e)
{
    bool one = s->sent.phase == PHASE_SYNC && s->sent.lines <= 1;
    if (!one && s->pace->batch_bytes > 1) {
        pace_cut(s->pace);
        return;
    }
    session_fail(s, ERR_TOO_BIG,
                 "line %lld is too large for the office "
                 "(%.120s); it is kept here: report this",
                 (long long)s->identity.received + 1, e->detail);
}

/* The office has less of a predecessor's log than the differences showed, as
 * the case of some line of it has left this vault: all of the log is here.  Or
 * it has another one, of a copy of this vault: then it is given from its first
 * line on, so that the office finds where they part.  If that does not help,
 * nothing else waits for it, and what a difference has shown to be missing goes
 * in the present log. */
static bool old_log_refused(struct session *s, const struct error_body *e)
{
    bool goes_on = false;
    enum err err = ERR_OK;
    if (s->sent.phase != PHASE_CONTRIBUTE || !e->replica[0] ||
        s->old_refused++ >= OLD_REFUSED_MAX)
        return false;
    bool other = !strcmp(e->error, "bad-signature");
    if (other && strcmp(s->old_given.replica, e->replica) != 0)
        err = outbox_old_whole(s->vault, e->replica, &goes_on);
    if (!err && other && !goes_on)
        err = s->fix_due && !vault_locked(s->vault)
                  ? outbox_old_lost(s->vault, e->replica, &goes_on)
                  : outbox_old_stop(s->vault, e->replica, &goes_on);
    if (!strcmp(e->error, "gap") && e->received >= 0)
        err = outbox_old_earlier(s->vault, e->replica, e->received, &goes_on);
    return !err && goes_on;
}

/* Once: the office has said where it stands, and skips what it has. */
static bool sent_again(struct session *s, const struct error_body *e)
{
    if (old_log_refused(s, e))
        return true;
    if (strcmp(e->error, "bad-signature") && strcmp(e->error, "gap"))
        return false;
    return s->resent++ == 0;
}

void refusal_apply(struct session *s, const struct transport_response *r)
{
    struct error_body e;
    if (!refusal_read(r, &e)) {
        char detail[SESSION_DETAIL_CHARS];
        enum err err = foreign_text(r->status, detail, sizeof detail);
        session_fail(s, err, "%s", detail);
        return;
    }
    s->report.reached = true;
    if (e.retry_after_s > 0)
        s->report.retry_after_ms = e.retry_after_s * 1000;
    if (!strcmp(e.error, "fork")) {
        session_succeed(s, "fork", ERR_FORK);
    } else if (!strcmp(e.error, "lineage")) {
        session_succeed(s, "lineage", ERR_LINEAGE);
    } else if (!strcmp(e.error, "bad-auth") && !s->successions &&
               !vault_locked(s->vault)) {
        /* A restored office may have forgotten it, but knows its root's
         * certificate. */
        session_succeed(s, "unknown", ERR_DENIED);
    } else if (!strcmp(e.error, "too-large")) {
        refused_size(s, &e);
    } else if (!sent_again(s, &e)) {
        const struct advice *advice = advice_for(e.error);
        session_fail(s, advice->err, "%s%s%.120s%s", advice->text,
                     e.detail[0] ? " (" : "", e.detail, e.detail[0] ? ")" : "");
    }
}

enum err refusal_of_enrolment(const struct transport_response *r,
                              char detail[SESSION_DETAIL_CHARS])
{
    struct error_body e;
    if (r->err) {
        snprintf(detail, SESSION_DETAIL_CHARS, "%s",
                 r->detail[0] ? r->detail : err_text(r->err));
        return r->err;
    }
    if (!refusal_read(r, &e) || !advice_for(e.error))
        return foreign_text(r->status, detail, SESSION_DETAIL_CHARS);
    const struct advice *advice = advice_for(e.error);
    if (!strcmp(e.error, "bad-code") && e.detail[0])
        snprintf(detail, SESSION_DETAIL_CHARS,
                 "%.160s: ask the office for a new one", e.detail);
    else
        snprintf(detail, SESSION_DETAIL_CHARS, "%s", advice->text);
    return advice->err;
}
