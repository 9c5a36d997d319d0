/* What came: the reply is applied, and the next phase follows from it. */
#include "shared/exchange/session_inner.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define FRUITLESS_MAX 3 /* requests in a row that move nothing */
#define PRUNE_STEPS 8   /* after a sync */

/* A revoked device hands over what it has written and then stops. */
static void end_revoked(struct session *s)
{
    session_fail(s, ERR_REVOKED,
                 "the office has revoked this device; what was "
                 "written here %s: ask the office",
                 s->identity.head > s->identity.received
                     ? "is still being handed over"
                     : "has been handed over");
}

static void end_unopened(struct session *s)
{
    session_fail(s, ERR_LOCKED,
                 "the office could not open line %lld; nothing "
                 "is lost: unlock the vault, it then sends it again",
                 (long long)s->got.wants_from);
}

void session_end(struct session *s)
{
    if (s->report.revoked)
        end_revoked(s);
    else
        s->phase = PHASE_DONE;
}

/* A little of it with each sync: the vault is ours, and the next may be soon.
 */
static enum err prune(struct session *s)
{
    bool more = true;
    enum err err = ERR_OK;
    for (int i = 0; !err && more && i < PRUNE_STEPS; i++)
        err = prune_step(s->vault, &s->report.pruned, &more);
    return err;
}

/* All text is through: attachments may follow. */
static enum err text_done(struct session *s)
{
    bool due = false;
    enum err err = prune(s);
    if (!err)
        err = upload_due(s, &due);
    s->upload.synced_at_ms = s->now_ms;
    if (due)
        s->phase = PHASE_BLOBS;
    else
        session_end(s);
    return err;
}

/* After an ordinary reply: everything pushed and pulled, or another request. */
static enum err after_sync(struct session *s)
{
    enum err err = identity_load(s->vault, &s->identity);
    if (err)
        return err;
    bool unsent = s->identity.head > s->identity.received;
    if (unsent && s->got.wants_from && !s->got.receipt_moved)
        end_unopened(s);
    else if (unsent && s->untaken >= FRUITLESS_MAX)
        session_fail(s, ERR_PROTOCOL,
                     "the office took nothing of what was "
                     "sent; nothing is lost: report this");
    else if (unsent || s->got.more || s->got.scopes_asked)
        return ERR_OK; /* once more */
    else if (s->reconcile_due && !s->report.revoked)
        s->phase = PHASE_RECONCILE;
    else
        return text_done(s);
    return ERR_OK;
}

static enum err after_contribution(struct session *s)
{
    bool any = false;
    /* Of what could not be opened nothing counts; it is given again later. */
    size_t taken = s->got.wants_from ? 0 : s->sent.old_count;
    s->troubled = s->troubled || s->got.wants_from;
    for (size_t i = 0; i < taken; i++) {
        const struct old_log *old = &s->sent.old[i];
        enum err err =
            old->n ? outbox_old_done(s->vault, old->replica, old->n) : ERR_OK;
        if (err)
            return err;
        any = any || old->n;
        s->old_given = old->n ? *old : s->old_given;
    }
    if (!any) /* nothing could be sent whole: not tried for ever */
        session_contributed(s);
    return ERR_OK;
}

/* A difference may lie in a predecessor's log: that goes first, as then its
 * lines keep their places. */
static void differs(struct session *s)
{
    s->fix_due = true;
    s->phase = PHASE_CONTRIBUTE;
}

static enum err after_reconcile(struct session *s)
{
    size_t standing = 0;
    enum err err = identity_load(s->vault, &s->identity);
    bool unsent = s->identity.head > s->identity.received;
    if (!err && !s->got.more && !s->troubled)
        err = inbox_round_end(s->inbox, !unsent, &standing);
    s->troubled = false;
    if (standing && unsent) {
        /* The office may wait for it: then its sums differ, or do not. */
        s->reconcile_due = false;
        s->phase = PHASE_SYNC;
        return err;
    }
    s->report.standing += (int64_t)standing;
    if (standing)
        session_note(s,
                     "cases that the office counts otherwise than this vault: "
                     "%zu, with nothing left to exchange; an id may have been "
                     "given twice: report this",
                     standing);
    if (s->got.diffs || s->got.more) {
        differs(s);
        return err;
    }
    s->report.reconciled = true;
    s->reconcile_due = false;
    s->phase = PHASE_SYNC;
    return err;
}

static void after_fix(struct session *s)
{
    s->fix_pages += s->sent.pages;
    s->fix_needs += s->sent.needs;
    if (s->sent.all_fixed)
        s->phase = PHASE_RECONCILE;
}

static void state_take(struct session *s)
{
    if (s->got.state == REPLY_REVOKED)
        s->report.revoked = true;
    bool may = !s->report.reconcile_gave_up && !s->options.without_sums;
    if (s->got.state == REPLY_RECONCILE && may)
        s->reconcile_due = true;
}

/* True when the reply brought this vault or the office forward. */
static bool moved(const struct session *s)
{
    return s->got.receipt_moved || s->got.pages || s->got.diffs ||
           (s->got.whole && s->sent.phase != PHASE_SYNC);
}

static void count_untaken(struct session *s)
{
    if (s->got.receipt_moved)
        s->untaken = 0;
    else if (s->sent.lines && s->got.whole)
        s->untaken++;
}

/* A reply that was cut, or that moved nothing although more is to come, is
 * asked for again, but not for ever. */
static void fruitless(struct session *s, enum err err, const char *detail)
{
    pace_cut(s->pace);
    if (++s->fruitless >= FRUITLESS_MAX)
        session_fail(s, err, "%s", detail);
}

static enum err after_header(struct session *s)
{
    if (s->got.state == REPLY_STALE) {
        session_succeed(s, "stale", ERR_STALE);
        return ERR_OK;
    }
    switch (s->sent.phase) {
    case PHASE_CONTRIBUTE:
        return after_contribution(s);
    case PHASE_RECONCILE:
        return after_reconcile(s);
    case PHASE_FIX:
        after_fix(s);
        return ERR_OK;
    default:
        return after_sync(s);
    }
}

/* What the reply itself shows to be wrong between this vault and the office. */
static void reply_refused(struct session *s, enum err err)
{
    switch (err) {
    case ERR_FORK:
        session_succeed(s, "fork", err);
        break;
    case ERR_LINEAGE:
        session_succeed(s, "lineage", err);
        break;
    case ERR_SIGNATURE:
        session_fail(s, err,
                     "the office's answer is not properly signed; "
                     "nothing of it was taken: ask the office whether its "
                     "keys have changed");
        break;
    case ERR_PROTOCOL:
        session_fail(s, err,
                     "the office's answer was not understood%s%.120s: update "
                     "this program, or report this",
                     vault_detail(s->vault)[0] ? ": " : "",
                     vault_detail(s->vault));
        break;
    default:
        session_fail_vault(s, err);
    }
}

/* What came whole is applied; the rest is asked for again. */
static void reply_cut(struct session *s, const struct transport_response *r)
{
    s->troubled = true;
    if (s->sent.phase == PHASE_RECONCILE && s->got.diffs)
        differs(s);
    if (!moved(s))
        fruitless(s, r->err ? r->err : ERR_NETWORK,
                  r->detail[0] ? r->detail
                               : "what answers is not the office, or the "
                                 "connection was cut: try again, or check the "
                                 "address");
}

static void reply_apply(struct session *s, int64_t now_ms,
                        const struct transport_response *r)
{
    enum err err = pull_apply(s, buffer_bytes(&r->body));
    if (s->got.header)
        state_take(s);
    if (err) {
        reply_refused(s, err);
        return;
    }
    if (moved(s))
        s->fruitless = 0;
    count_untaken(s);
    if (!s->got.header || !s->got.whole || r->err) {
        reply_cut(s, r);
        return;
    }
    if (!s->sent.waits)
        pace_answered(s->pace, (int64_t)s->body.size, s->sent.plain_bytes,
                      (int64_t)r->body.size, now_ms - s->sent.at_ms);
    err = after_header(s);
    if (err)
        session_fail_vault(s, err);
    else if (s->phase == s->sent.phase && s->got.more && !moved(s))
        fruitless(s, ERR_PROTOCOL,
                  "the office says that there is more, but "
                  "does not give it: report this");
}

void session_reply_by_file(struct session *s, struct bytes body)
{
    enum err err = pull_apply(s, body);
    if (s->got.header)
        state_take(s);
    if (!err)
        err = identity_load(s->vault, &s->identity);
    if (err)
        reply_refused(s, err);
    else if (!s->got.header || !s->got.whole)
        reply_refused(s, ERR_PROTOCOL);
    else if (s->report.revoked)
        end_revoked(s);
    else if (s->got.wants_from > s->identity.received)
        end_unopened(s);
}

static void succession_reply(struct session *s,
                             const struct transport_response *r)
{
    if (r->err) {
        fruitless(s, r->err, r->detail);
        return;
    }
    enum err err = succession_apply(s, buffer_bytes(&r->body));
    if (err) {
        reply_refused(s, err);
        return;
    }
    s->report.reached = true;
    s->report.succeeded = true;
    s->reconcile_due = true;
    s->reconcile_rounds = 0;
    s->phase = PHASE_CONTRIBUTE;
    inbox_close(s->inbox);
    s->inbox = NULL;
    err = inbox_open(&s->inbox, s->vault);
    if (err)
        session_fail_vault(s, err);
}

static bool worth_another_try(const struct transport_response *r)
{
    bool cut = r->sent_bytes > 0 || r->received_bytes > 0;
    return cut && (r->err == ERR_NETWORK || r->err == ERR_TIMEOUT);
}

static void not_reached(struct session *s, const struct transport_response *r)
{
    const char *detail = r->detail[0] ? r->detail : err_text(r->err);
    if (worth_another_try(r))
        fruitless(s, r->err, detail);
    else
        session_fail(s, r->err ? r->err : ERR_NETWORK, "%s", detail);
}

static void log_request(const struct session *s, int64_t now_ms,
                        const struct transport_response *r)
{
    static const char *const phases[] = {"contribute", "reconcile",  "fix",
                                         "sync",       "attachment", "succeed",
                                         "done",       "failed"};
    if (!s->options.log)
        return;
    log_event(s->options.log, LOG_DEBUG, "request", "vault", "%s",
              s->identity.replica, "kind", "%s", phases[s->sent.phase], "lines",
              "%lld", (long long)s->sent.lines, "sent", "%lld",
              (long long)r->sent_bytes, "received", "%lld",
              (long long)r->received_bytes, "status", "%d", r->status, "err",
              "%s", err_name(r->err), "ms", "%lld",
              (long long)(now_ms - s->sent.at_ms), NULL);
}

static void upload_done(struct session *s, const struct transport_response *r)
{
    if (r->err) { /* the answer is cut: it is asked for again */
        upload_cut(s);
        fruitless(s, r->err, r->detail);
        return;
    }
    enum err err = upload_apply(s, r);
    if (err)
        session_fail_vault(s, err);
}

enum err session_response(struct session *s, int64_t now_ms,
                          const struct transport_response *r)
{
    assert(s->sent.under_way);
    s->sent.under_way = false;
    s->report.requests++;
    s->report.sent_bytes += r->sent_bytes;
    s->report.received_bytes += r->received_bytes;
    log_request(s, now_ms, r);
    s->now_ms = now_ms;
    if (r->status != 200)
        s->troubled = true;
    if (!r->status && s->sent.phase == PHASE_BLOBS)
        upload_cut(s);
    if (!r->status)
        not_reached(s, r);
    else if (s->sent.phase == PHASE_BLOBS)
        upload_done(s, r);
    else if (r->status != 200)
        refusal_apply(s, r);
    else if (s->sent.phase == PHASE_SUCCEED)
        succession_reply(s, r);
    else
        reply_apply(s, now_ms, r);
    s->report.left = vault_cases_left(s->vault) - s->left_before;
    return s->report.err == ERR_NOMEM ? ERR_NOMEM : ERR_OK;
}
