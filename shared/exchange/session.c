#include "shared/exchange/session_inner.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 30000
#define SUCCESSIONS_MAX 2 /* in one session; more is a fault, not a fork */

/* --- life ---------------------------------------------------------------- */

enum err session_open(struct session **out, struct vault *vault,
                      const struct session_options *options)
{
    *out = NULL;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        return ERR_NOMEM;
    s->vault = vault;
    if (options)
        s->options = *options;
    s->pace = s->options.pace;
    if (!s->pace) {
        s->pace = &s->own_pace;
        pace_init(s->pace, s->options.batch_bytes_max, s->options.level);
    }
    buffer_init(&s->body, REQUEST_BYTES_MAX);
    s->phase = PHASE_CONTRIBUTE;
    s->report.locked = vault_locked(vault);
    s->left_before = vault_cases_left(vault);
    enum err err = identity_load(vault, &s->identity);
    if (!err)
        err = inbox_open(&s->inbox, vault);
    if (err) {
        session_close(s);
        return err;
    }
    *out = s;
    return ERR_OK;
}

void session_close(struct session *s)
{
    if (!s)
        return;
    inbox_close(s->inbox);
    if (s->leased)
        vault_lease_end(s->vault, s->phase == PHASE_DONE && s->report.reached);
    buffer_fini(&s->body);
    free(s);
}

const struct session_report *session_report(const struct session *s)
{
    return &s->report;
}

/* --- how it ends --------------------------------------------------------- */

/* One line of well-formed text, also where a piece of it was cut short. */
static void detail_set(struct session *s, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void detail_set(struct session *s, const char *format, va_list arguments)
{
    char *detail = s->report.detail;
    vsnprintf(detail, sizeof s->report.detail, format, arguments);
    size_t bad;
    while (!utf8_valid(bytes_text(detail), &bad))
        detail[bad] = '?';
    for (; *detail; detail++)
        if ((unsigned char)*detail < ' ')
            *detail = ' ';
}

void session_fail(struct session *s, enum err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    detail_set(s, format, arguments);
    va_end(arguments);
    s->report.err = err;
    s->phase = PHASE_FAILED;
}

void session_note(struct session *s, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    detail_set(s, format, arguments);
    va_end(arguments);
}

void session_fail_vault(struct session *s, enum err err)
{
    const char *why = vault_detail(s->vault);
    switch (err) {
    case ERR_BUSY:
        session_fail(s, err,
                     "another program is syncing or writing this "
                     "vault: try again in a moment");
        return;
    case ERR_FULL:
        session_fail(s, err,
                     "the disk is full: make room; what is written "
                     "stays safe, and `satchel bundle write` on another disk "
                     "takes it to the office");
        return;
    case ERR_READ_ONLY:
        session_fail(s, err,
                     "nothing can be written to this disk: `satchel bundle "
                     "write` on another takes unsent work to the office");
        return;
    default:
        session_fail(s, err, "this vault could not go on: %.240s",
                     why && why[0] ? why : err_text(err));
    }
}

/* --- what to do next ----------------------------------------------------- */

void session_succeed(struct session *s, const char *reason, enum err err)
{
    if (vault_locked(s->vault)) {
        session_fail(s, err,
                     "the office goes on only with a fresh key (%s); "
                     "nothing is lost: unlock the vault",
                     reason);
        return;
    }
    snprintf(s->succeed_reason, sizeof s->succeed_reason, "%s", reason);
    s->phase = PHASE_SUCCEED;
}

/* The first look at the vault: what earlier sessions left undone. */
static enum err begin(struct session *s)
{
    if (s->begun)
        return ERR_OK;
    s->begun = true;
    if (vault_locked(s->vault)) {
        s->phase = PHASE_SYNC;
        return ERR_OK;
    }
    return reconcile_wanted(s, &s->reconcile_due);
}

void session_contributed(struct session *s)
{
    if (s->fix_due)
        s->phase = PHASE_FIX;
    else
        s->phase = s->reconcile_due ? PHASE_RECONCILE : PHASE_SYNC;
    s->fix_due = false;
}

static enum err build_contribution(struct session *s)
{
    bool waits;
    enum err err = outbox_old_waits(s->vault, &waits);
    if (!err && waits)
        err = push_old(s);
    if (!err && !(waits && s->sent.old_count))
        session_contributed(s);
    return err;
}

static void give_up_reconciling(struct session *s)
{
    s->report.reconcile_gave_up = true;
    s->reconcile_due = false;
    s->phase = PHASE_SYNC;
    session_note(s,
                 "this vault and the office still differ after %d rounds; "
                 "new work goes on as usual: report this",
                 SESSION_RECONCILE_ROUNDS_MAX);
}

static enum err build_reconcile(struct session *s)
{
    if (s->reconcile_rounds == SESSION_RECONCILE_ROUNDS_MAX) {
        give_up_reconciling(s);
        return ERR_OK;
    }
    s->reconcile_rounds++;
    s->fix_pages = 0;
    s->fix_needs = 0;
    return reconcile_build(s);
}

static enum err build_fix(struct session *s)
{
    enum err err = reconcile_build_fix(s);
    if (!err && !s->sent.pages && !s->sent.needs)
        s->phase = PHASE_RECONCILE;
    return err;
}

static enum err build_succession(struct session *s)
{
    if (s->successions == SUCCESSIONS_MAX) {
        session_fail(s, ERR_FORK,
                     "the office refuses each new key of this "
                     "vault; nothing is lost: report this");
        return ERR_OK;
    }
    s->successions++;
    return succession_build(s);
}

/* Builds what the phase asks for.  A phase without anything to do hands over
 * to the next, so the loop ends with a body or an end. */
static enum err build(struct session *s)
{
    for (;;) {
        enum phase phase = s->phase;
        enum err err = ERR_OK;
        switch (phase) {
        case PHASE_CONTRIBUTE:
            err = build_contribution(s);
            break;
        case PHASE_RECONCILE:
            err = build_reconcile(s);
            break;
        case PHASE_FIX:
            err = build_fix(s);
            break;
        case PHASE_SYNC:
            err = push_sync(s);
            break;
        case PHASE_SUCCEED:
            err = build_succession(s);
            break;
        case PHASE_BLOBS:
            err = upload_build(s);
            break;
        case PHASE_DONE:
        case PHASE_FAILED:
            return ERR_OK;
        }
        if (err || s->phase == phase)
            return err;
    }
}

/* Renewed at half time only: each renewal is a durable write. */
static enum err lease(struct session *s, int64_t now_ms)
{
    int64_t ms = 2 * (2 * TIMEOUT_MS + s->options.wait_s * 1000);
    if (s->leased && now_ms - s->lease_at_ms < ms / 2)
        return ERR_OK;
    enum err err = vault_lease(s->vault, ms);
    if (!err) {
        s->leased = true;
        s->lease_at_ms = now_ms;
    }
    return err;
}

enum err session_next(struct session *s, int64_t now_ms, enum session_do *what,
                      struct transport_request *request)
{
    assert(!s->sent.under_way);
    enum err err = ERR_OK;
    s->now_ms = now_ms;
    if (s->phase != PHASE_DONE && s->phase != PHASE_FAILED) {
        err = lease(s, now_ms);
        if (!err)
            err = begin(s);
        if (!err)
            err = build(s);
        if (err)
            session_fail_vault(s, err);
    }
    *request = (struct transport_request){.method = "POST"};
    if (s->phase == PHASE_DONE || s->phase == PHASE_FAILED) {
        *what = s->phase == PHASE_DONE ? SESSION_DONE : SESSION_FAILED;
        return err == ERR_NOMEM ? err : ERR_OK;
    }
    s->sent.under_way = true;
    s->sent.at_ms = now_ms;
    *what = SESSION_SEND;
    request->url = s->url;
    request->ca_file = s->identity.ca_file;
    request->content_type = s->phase == PHASE_SUCCEED ? "application/json"
                                                      : "application/x-satchel";
    if (s->phase == PHASE_BLOBS) {
        request->method = "PUT";
        request->content_type = "application/octet-stream";
        request->header[0] = s->blob_header.request;
        request->header[1] = s->blob_header.auth;
    }
    request->body = buffer_bytes(&s->body);
    request->timeout_ms = TIMEOUT_MS;
    request->wait_ms = s->sent.waits ? s->options.wait_s * 1000 : 0;
    return ERR_OK;
}
