#include "daemon/courier.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon/label.h"
#include "daemon/opening.h"
#include "shared/model/canon.h"

#define LOOK_MS 30000 /* between two looks for work nobody told of */
#define LONG_POLL_S 60
#define LOCKED_MS (5 * 60 * 1000) /* between two syncs of a locked vault */
#define QUICK_POLL_MS 5000 /* an empty answer sooner than this is hasty */
#define QUICK_POLLS_MAX 3
#define POLITE_MS 60000 /* a hasty office is asked again after this */
#define ABSENT_MS 60000 /* no vault, or no office yet */
#define REVOKED_MS (15 * 60 * 1000)
#define WITHOUT_SUMS_MS (60 * 60 * 1000)
#define WITHOUT_BLOBS_MS (5 * 60 * 1000) /* after one that could not go */

struct courier {
    const struct options_vault *config; /* borrowed, as are the next two */
    const struct options *options;
    const struct log *log;
    struct vault *vault;        /* owned; NULL until it could be opened */
    struct transport transport; /* owned; context NULL until needed */
    struct session *session;    /* owned; NULL between syncs */
    bool in_flight;             /* a request of the session is out */
    bool waits;                 /* the session is a long poll */
    int64_t began_at_ms;
    int64_t next_at_ms; /* of the next sync */
    int64_t look_at_ms; /* of the next look for local work */
    int64_t change_seen;
    int64_t asked, serves, synced; /* numbers of courier_sync() */
    int64_t synced_wall_ms;
    int64_t without_sums_until_ms;
    int64_t without_blobs_until_ms;
    int quick_polls; /* in a row that brought nothing */
    struct backoff backoff;
    struct pace pace;
    struct session_report report; /* of the session, or the last one */
    struct session_report ended;  /* of the last that came to an end, for whom
                                     it served */
    enum err logged;              /* the failure that the log knows of */
    enum err opening;             /* of the last try to open the vault */
    bool stopping;
};

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

/* --- life ---------------------------------------------------------------- */

enum err courier_new(struct courier **out, const struct options_vault *vault,
                     const struct options *options, const struct log *log)
{
    struct courier *c = calloc(1, sizeof *c);
    *out = c;
    if (!c)
        return ERR_NOMEM;
    c->config = vault;
    c->options = options;
    c->log = log;
    backoff_init(&c->backoff, 0, 0);
    pace_init(&c->pace, 0, 0);
    return ERR_OK;
}

static void session_drop(struct courier *c)
{
    if (c->in_flight)
        c->transport.cancel(c->transport.context);
    session_close(c->session);
    c->session = NULL;
    c->in_flight = false;
}

void courier_free(struct courier *c)
{
    if (!c)
        return;
    session_drop(c);
    if (c->transport.context)
        c->transport.close(c->transport.context);
    vault_close(c->vault);
    free(c);
}

const char *courier_name(const struct courier *c)
{
    return c->config->name;
}

bool courier_hopeless(const struct courier *c)
{
    return c->opening == ERR_FOREIGN || c->opening == ERR_NEWER;
}

bool courier_answers_to(const struct courier *c, const char *name)
{
    char whole[PATH_MAX];
    if (!strcmp(name, c->config->name) || !strcmp(name, c->config->path))
        return true;
    return name[0] == '/' && realpath(c->config->path, whole) &&
           !strcmp(name, whole);
}

/* --- what the log says --------------------------------------------------- */

static void log_failure(struct courier *c, enum err err, const char *detail)
{
    char label[LABEL_CHARS];
    label_vault(label, c->vault, c->config);
    /* The same trouble is told once, not at every try. */
    enum log_level level = c->logged == err ? LOG_DEBUG : LOG_WARN;
    log_event(c->log, level, "sync_failed", "vault", "%s", label, "error", "%s",
              err_name(err), "detail", "%s",
              c->vault ? label_detail(err, detail) : err_text(err), NULL);
    c->logged = err;
}

static void log_success(struct courier *c, int64_t now)
{
    const struct session_report *r = &c->report;
    char label[LABEL_CHARS];
    label_vault(label, c->vault, c->config);
    bool news = r->pushed || r->pulled || r->held || c->logged ||
                r->succeeded || r->reconciled || c->serves > c->synced;
    log_event(c->log, news ? LOG_INFO : LOG_DEBUG, "sync_done", "vault", "%s",
              label, "pushed", "%lld", (long long)r->pushed, "pulled", "%lld",
              (long long)r->pulled, "held", "%lld", (long long)r->held,
              "requests", "%lld", (long long)r->requests, "sent", "%lld",
              (long long)r->sent_bytes, "received", "%lld",
              (long long)r->received_bytes, "ms", "%lld",
              (long long)(now - c->began_at_ms), NULL);
    if (r->succeeded)
        log_event(c->log, LOG_WARN, "new_identity", "vault", "%s", label, NULL);
    c->logged = ERR_OK;
}

/* --- a sync from begin to end -------------------------------------------- */

static bool backs_off(const struct courier *c)
{
    return c->backoff.failures > 0;
}

static void sync_failed(struct courier *c, enum err err, const char *detail,
                        int64_t floor_ms, int64_t now)
{
    c->report.err = err;
    if (c->report.detail != detail)
        snprintf(c->report.detail, sizeof c->report.detail, "%.300s", detail);
    log_failure(c, err, c->report.detail);
    /* What moved all the same shows that there is a link. */
    if (c->report.pushed || c->report.pulled || c->report.moved)
        backoff_reset(&c->backoff);
    c->next_at_ms = now + backoff_next(&c->backoff, random_system(), floor_ms);
}

/* An office that has nothing to say answers a long poll late.  One that does
 * not is asked again at leisure; a quick answer or two is the cursor catching
 * up. */
static bool is_hasty(struct courier *c, int64_t now)
{
    bool quick = c->waits && now - c->began_at_ms < QUICK_POLL_MS &&
                 !c->report.pushed && !c->report.pulled && !c->report.blobs;
    c->quick_polls = quick ? c->quick_polls + 1 : 0;
    return c->quick_polls > QUICK_POLLS_MAX;
}

static int64_t after_success_ms(struct courier *c, int64_t now)
{
    if (vault_locked(c->vault))
        return c->options->interval_s ? c->options->interval_s * 1000
                                      : LOCKED_MS;
    if (c->options->interval_s)
        return c->options->interval_s * 1000;
    return is_hasty(c, now) ? POLITE_MS : 0;
}

static void sync_succeeded(struct courier *c, int64_t now)
{
    log_success(c, now);
    backoff_reset(&c->backoff);
    c->synced_wall_ms = clock_wall_ms(clock_system());
    c->next_at_ms = now + after_success_ms(c, now);
}

/* The next may begin before it is told. */
static void served(struct courier *c)
{
    if (c->serves > c->synced)
        c->ended = c->report;
    c->synced = c->serves;
}

static void sync_end(struct courier *c, enum err err, int64_t now)
{
    c->report = *session_report(c->session);
    session_drop(c);
    if (c->report.reconcile_gave_up)
        c->without_sums_until_ms = now + WITHOUT_SUMS_MS;
    if (c->report.blobs_wait)
        c->without_blobs_until_ms = now + WITHOUT_BLOBS_MS;
    if (err && !c->report.err)
        c->report.err = err;
    if (!c->report.err) {
        sync_succeeded(c, now);
    } else {
        int64_t floor_ms = c->report.retry_after_ms;
        if (c->report.err == ERR_REVOKED)
            floor_ms = REVOKED_MS;
        sync_failed(c, c->report.err,
                    c->report.detail[0] ? c->report.detail
                                        : err_text(c->report.err),
                    floor_ms, now);
    }
    served(c);
}

/* Sends the session's next request, or ends it. */
static void sync_step(struct courier *c, int64_t now)
{
    enum session_do what;
    struct transport_request request;
    enum err err = session_next(c->session, now, &what, &request);
    if (!err && what == SESSION_SEND)
        err = c->transport.start(c->transport.context, &request);
    if (err || what != SESSION_SEND)
        sync_end(c, err, now);
    else
        c->in_flight = true;
}

static void sync_progress(struct courier *c, int64_t now)
{
    bool done = false;
    struct transport_response response = {.status = 0};
    buffer_init(&response.body, TRANSPORT_RESPONSE_BYTES_MAX);
    enum err err = c->transport.poll(c->transport.context, 0, &done, &response);
    if (!err && done) {
        c->in_flight = false;
        err = session_response(c->session, now_ms(), &response);
        if (!err && !c->stopping)
            sync_step(c, now_ms());
        else if (!err)
            session_drop(c);
    }
    if (err)
        sync_end(c, err, now);
    buffer_fini(&response.body);
}

static enum err vault_ready(struct courier *c)
{
    char detail[VAULT_DETAIL_CHARS], label[LABEL_CHARS];
    enum err locked_by;
    if (c->vault)
        return ERR_OK;
    enum err err = opening_vault(&c->vault, c->config, &locked_by, detail);
    c->opening = err;
    if (err) {
        snprintf(c->report.detail, sizeof c->report.detail, "%.300s",
                 detail[0] ? detail : err_text(err));
        return err;
    }
    label_vault(label, c->vault, c->config);
    if (detail[0])
        log_event(c->log, LOG_ERROR, "vault_stays_locked", "vault", "%s", label,
                  "detail", "%s", err_text(locked_by), NULL);
    log_event(c->log, LOG_INFO, "vault_open", "vault", "%s", label, "locked",
              "%d", vault_locked(c->vault), NULL);
    return ERR_OK;
}

static enum err session_begin(struct courier *c, int64_t now)
{
    bool asked = c->asked > c->synced;
    c->waits = !asked && !c->options->interval_s && !backs_off(c) &&
               c->synced_wall_ms && !vault_locked(c->vault);
    struct session_options options = {
        .wait_s = c->waits ? LONG_POLL_S : 0,
        .log = c->log,
        .pace = &c->pace,
        .without_sums = now < c->without_sums_until_ms,
        .without_blobs = !asked && now < c->without_blobs_until_ms,
    };
    enum err err = ERR_OK;
    if (!c->transport.context)
        err = transport_http_open(&c->transport, -1);
    return err ? err : session_open(&c->session, c->vault, &options);
}

static void sync_begin(struct courier *c, int64_t now)
{
    c->serves = c->asked;
    c->began_at_ms = now;
    c->report = (struct session_report){.err = ERR_OK};
    enum err err = vault_ready(c);
    if (!err)
        err = session_begin(c, now);
    if (!err) {
        sync_step(c, now);
        return;
    }
    const char *detail = err_text(err);
    if (err == ERR_NOT_FOUND && c->vault)
        detail = "this vault has no office yet: run satchel enroll";
    else if (c->report.detail[0])
        detail = c->report.detail;
    sync_failed(c, err, detail, ABSENT_MS, now);
    served(c);
}

/* --- driven by the loop -------------------------------------------------- */

/* The same moments for all vaults, so that they wake the machine together. */
static int64_t next_look(int64_t now)
{
    return (now / LOOK_MS + 1) * LOOK_MS;
}

static bool has_unsent(struct courier *c)
{
    struct identity identity;
    int64_t change;
    if (!c->vault || vault_change_count(c->vault, &change) ||
        change == c->change_seen)
        return false;
    c->change_seen = change;
    return !identity_load(c->vault, &identity) &&
           identity.head > identity.received;
}

void courier_nudge(struct courier *c)
{
    if (backs_off(c) && c->vault)
        return; /* the next try takes it along */
    c->asked++;
}

static void look(struct courier *c, int64_t now)
{
    if (c->look_at_ms > now)
        return;
    c->look_at_ms = next_look(now);
    bool syncing = c->session && !c->waits;
    if (!syncing && has_unsent(c))
        courier_nudge(c);
}

void courier_turn(struct courier *c, int64_t now)
{
    if (c->in_flight)
        sync_progress(c, now);
    look(c, now);
    bool asked = c->asked > c->serves;
    if (c->session && c->waits && (asked || c->stopping))
        session_drop(c);
    if (!c->session && !c->stopping && (asked || c->next_at_ms <= now))
        sync_begin(c, now);
}

int courier_descriptor(struct courier *c)
{
    int64_t due;
    if (!c->in_flight || !c->transport.descriptor)
        return -1;
    return c->transport.descriptor(c->transport.context, &due);
}

int64_t courier_due_ms(struct courier *c, int64_t now)
{
    int64_t at = c->look_at_ms;
    if (c->in_flight) {
        int64_t due = -1;
        if (c->transport.descriptor)
            c->transport.descriptor(c->transport.context, &due);
        return due >= 0 && now + due < at ? now + due : at;
    }
    if (c->asked > c->serves && !c->stopping)
        return now;
    return c->next_at_ms < at ? c->next_at_ms : at;
}

int64_t courier_sync(struct courier *c)
{
    return ++c->asked;
}

int64_t courier_synced(const struct courier *c)
{
    return c->synced;
}

const struct session_report *courier_report(const struct courier *c)
{
    return &c->ended;
}

bool courier_stop(struct courier *c)
{
    c->stopping = true;
    if (c->session && c->waits)
        session_drop(c);
    return !c->session;
}

/* --- keys ---------------------------------------------------------------- */

enum err courier_unlock(struct courier *c, const char *passphrase,
                        char detail[VAULT_DETAIL_CHARS])
{
    enum err err = vault_ready(c);
    snprintf(detail, VAULT_DETAIL_CHARS, "%s", err_text(err));
    if (err)
        return err;
    session_drop(c); /* a session does not change its nature on the way */
    err = vault_unlock(c->vault, passphrase);
    const char *why = vault_detail(c->vault);
    snprintf(detail, VAULT_DETAIL_CHARS, "%s", *why ? why : err_text(err));
    c->next_at_ms = 0;
    return err;
}

void courier_lock(struct courier *c)
{
    session_drop(c);
    c->next_at_ms = 0;
    if (c->vault)
        vault_lock(c->vault);
    char label[LABEL_CHARS];
    label_vault(label, c->vault, c->config);
    log_event(c->log, LOG_INFO, "vault_locked", "vault", "%s", label, NULL);
}

/* --- status -------------------------------------------------------------- */

static const char *state_name(const struct courier *c)
{
    if (!c->vault)
        return "closed";
    if (c->report.revoked)
        return "revoked";
    if (c->session)
        return c->waits ? "waiting" : "syncing";
    return backs_off(c) ? "retrying" : "idle";
}

void courier_status(struct courier *c, int64_t now, struct buffer *out)
{
    struct identity id = {.head = 0};
    enum err err = c->vault ? identity_load(c->vault, &id) : ERR_NOT_FOUND;
    int64_t wall = clock_wall_ms(clock_system());
    char label[LABEL_CHARS];
    label_vault(label, c->vault, c->config);
    buffer_add_text(out, "{\"detail\":");
    canon_put_text(out, bytes_text(c->report.detail));
    buffer_add_text(out, ",\"enrolled\":");
    buffer_add_text(out, err ? "false" : "true");
    buffer_add_text(out, ",\"error\":");
    canon_put_text(out,
                   bytes_text(c->report.err ? err_name(c->report.err) : ""));
    buffer_add_text(out, ",\"last_sync_s\":");
    buffer_add_int(out,
                   c->synced_wall_ms ? (wall - c->synced_wall_ms) / 1000 : -1);
    buffer_add_text(out, ",\"locked\":");
    buffer_add_text(out, c->vault && vault_locked(c->vault) ? "true" : "false");
    buffer_add_text(out, ",\"log\":");
    canon_put_text(out, bytes_text(label));
    buffer_add_text(out, ",\"name\":");
    canon_put_text(out, bytes_text(c->config->name));
    buffer_add_text(out, ",\"received\":");
    buffer_add_int(out, id.received);
    buffer_add_text(out, ",\"retry_in_s\":");
    bool later = backs_off(c) && !c->session && c->next_at_ms > now;
    buffer_add_int(out, later ? (c->next_at_ms - now + 999) / 1000 : 0);
    buffer_add_text(out, ",\"state\":");
    canon_put_text(out, bytes_text(state_name(c)));
    buffer_add_text(out, ",\"unsent\":");
    buffer_add_int(out, id.head - id.received);
    buffer_add_char(out, '}');
}
