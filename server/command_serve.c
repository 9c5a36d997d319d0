#include "server/blob_file.h"
#include "server/blob_keep.h"
#include "server/command.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "server/listen.h"
#include "server/service.h"
#include "server/tls_note.h"
#include "server/views.h"

#define LISTEN_DEFAULT "127.0.0.1:8470"
#define MMAP_BYTES (128 << 10) /* blocks of arenas are larger */
#define ARENAS_MAX 2
#define EXPIRES_SOON_MS (INT64_C(30) * 24 * 60 * 60 * 1000)
#define SETTLE_MS 10000 /* for requests in progress when told to stop */

struct serving {
    struct command *command;
    struct tls *tls; /* owned; NULL: plain HTTP */
    struct listener listener;
    struct service service;
    struct http *http;
};

static int read_tls(struct serving *s)
{
    const struct args *args = &s->command->args;
    const char *cert = args_text(args, "--tls-cert");
    const char *key = args_text(args, "--tls-key");
    char detail[TLS_DETAIL_CHARS];
    if (!cert && !key)
        return EXIT_DONE;
    if (!cert || !key)
        return command_misuse(s->command, "--tls-cert and --tls-key are given "
                                          "together");
    enum err err = tls_open(&s->tls, cert, key, detail);
    return err ? command_fail(s->command, err, "%s",
                              detail[0] ? detail : err_text(err))
               : EXIT_DONE;
}

/* Says in the log and to `status` what is served with, and what is wrong. */
static void note_tls(struct serving *s, const char *problem)
{
    const struct command *c = s->command;
    struct tls_note note = {.expires_ms = tls_expires_ms(s->tls)};
    int64_t now = clock_wall_ms(c->office->clock);
    char expires[INSTANT_CHARS];
    instant_format(expires, note.expires_ms);
    snprintf(note.cert, sizeof note.cert, "%s",
             args_text(&c->args, "--tls-cert"));
    if (problem) {
        note.failed_ms = now;
        snprintf(note.problem, sizeof note.problem, "%s", problem);
        log_event(&c->log, LOG_ERROR, "certificate_kept", "problem", "%s",
                  problem, "expires", "%s", expires, NULL);
    } else {
        log_event(&c->log,
                  note.expires_ms - now < EXPIRES_SOON_MS ? LOG_WARN : LOG_INFO,
                  "certificate", "expires", "%s", expires, NULL);
    }
    if (tls_note_save(c->office->keys_dir, &note))
        log_event(&c->log, LOG_WARN, "certificate_not_noted", NULL);
}

/* What is served with stays when the new files are not good. */
static void reload(struct serving *s)
{
    char detail[TLS_DETAIL_CHARS];
    if (!s->tls) {
        log_event(&s->command->log, LOG_INFO, "nothing_to_reload", NULL);
        return;
    }
    enum err err =
        tls_reload(s->tls, clock_wall_ms(s->command->office->clock), detail);
    note_tls(s, err ? (detail[0] ? detail : err_text(err)) : NULL);
}

static int bind_address(struct serving *s)
{
    const char *address = args_text(&s->command->args, "--listen");
    char detail[LISTEN_DETAIL_CHARS];
    enum err err = listen_open(&s->listener, address ? address : LISTEN_DEFAULT,
                               s->tls != NULL, detail);
    if (err == ERR_INVALID)
        return command_misuse(s->command, "%s", detail);
    return err ? command_fail(s->command, err, "%s", detail) : EXIT_DONE;
}

static int thread_count(struct serving *s, unsigned *out)
{
    const char *text = args_text(&s->command->args, "--threads");
    int64_t number = 0;
    if (text &&
        (int64_parse(bytes_text(text), &number) || number < 1 || number > 16))
        return command_misuse(s->command, "--threads takes 1 to 16, not %s",
                              text);
    *out = (unsigned)number;
    return EXIT_DONE;
}

/* A number of MiB, as bytes; 0 when the option is not given. */
static int bytes_option(struct serving *s, const char *name, int64_t *bytes)
{
    const char *text = args_text(&s->command->args, name);
    int64_t mib = 0;
    if (text && (int64_parse(bytes_text(text), &mib) || mib < 1 ||
                 mib > INT64_MAX >> 20))
        return command_misuse(s->command, "%s takes a number of MiB, not %s",
                              name, text);
    *bytes = mib << 20;
    return EXIT_DONE;
}

static int start(struct serving *s)
{
    struct command *c = s->command;
    char detail[HTTP_DETAIL_CHARS] = "";
    struct http_options options = {
        .socket = s->listener.socket,
        .tls = s->tls,
        .routes = service_routes,
        .route_count = service_route_count,
        .service = &s->service,
        .log = &c->log,
        .clock = c->office->clock,
    };
    int code = thread_count(s, &options.threads);
    if (code == EXIT_DONE)
        code = bytes_option(s, "--attachments-max", &c->office->blob_bytes_max);
    if (code == EXIT_DONE)
        code = bytes_option(s, "--journal-size", &c->office->journal_bytes_min);
    if (code != EXIT_DONE)
        return code;
    enum err err = service_open(&s->service, c->office);
    if (err)
        return command_fail_office(c, err);
    s->listener.socket = -1; /* the HTTP server's from here on */
    err = http_open(&s->http, &options, detail);
    if (err) {
        service_close(&s->service);
        return command_fail(c, err, "the server cannot start: %s",
                            detail[0] ? detail : err_text(err));
    }
    return EXIT_DONE;
}

/* What has begun is finished: no new connections, everybody who waits is
 * answered, what is queued is committed. */
static void stop(struct serving *s)
{
    http_drain(s->http);
    service_drain(&s->service);
    http_settle(s->http, SETTLE_MS);
    http_close(s->http);
    service_close(&s->service);
}

static int run(struct serving *s, const sigset_t *signals)
{
    struct command *c = s->command;
    int number = 0;
    int code = start(s);
    if (code != EXIT_DONE)
        return code;
    printf("listening on %s://%s\n", s->tls ? "https" : "http",
           s->listener.address);
    fflush(stdout);
    log_event(&c->log, LOG_INFO, "serve", "address", "%s", s->listener.address,
              "agency", "%s", c->office->agency, "term", "%s", c->office->term,
              NULL);
    if (s->tls)
        note_tls(s, NULL);
    else
        tls_note_drop(c->office->keys_dir);
    while (sigwait(signals, &number) == 0 && number == SIGHUP)
        reload(s);
    log_event(&c->log, LOG_INFO, "stop", "signal", "%d", number, NULL);
    stop(s);
    log_event(&c->log, LOG_INFO, "stopped", NULL);
    return EXIT_DONE;
}

/* What a large request took goes back to the system with it.  Left alone, the
 * allocator keeps it for the thread that served it, and the process stays as
 * large as its worst moment, once a thread. */
static void memory_settle(void)
{
    mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
    mallopt(M_ARENA_MAX, ARENAS_MAX);
}

/* Receipts of attachments whose files are gone are void: a new lineage tells
 * the devices, and those that have them bring them again. */
static enum err blobs_look(struct command *c)
{
    struct sql sql;
    int64_t lost = 0;
    enum err err = office_connect(c->office, &sql);
    if (err)
        return err;
    err = sql_begin(&sql, true);
    if (!err) {
        err = blob_keep_census(c->office, &sql, &lost);
        if (!err && lost)
            err = office_new_lineage(c->office, &sql);
        if (err || !lost)
            sql_rollback(&sql);
        else
            err = sql_commit(&sql);
    }
    sql_close(&sql);
    blob_file_sweep(c->office);
    if (lost)
        log_event(&c->log, LOG_ERROR, "attachments_lost", "count", "%lld",
                  (long long)lost, NULL);
    return err;
}

/* Serving needs no author: devices' lines have their own. */
static int open_office(struct command *c)
{
    int code = command_open_office(c, true);
    if (code != EXIT_DONE)
        return code;
    command_warn_journal(c);
    enum err err = blobs_look(c);
    if (!err)
        err = views_update(c->office);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

int command_serve(struct command *c)
{
    struct serving s = {.command = c, .listener = {.socket = -1}};
    if (c->operand_count > 0)
        return command_misuse(c, "serve takes no operand; the address is given "
                                 "with --listen");
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    /* Blocked before any thread begins, so that only sigwait() takes them. */
    sigprocmask(SIG_BLOCK, &signals, NULL);
    c->log.level = LOG_INFO;
    memory_settle();
    int code = read_tls(&s);
    if (code == EXIT_DONE)
        code = bind_address(&s);
    if (code == EXIT_DONE)
        code = open_office(c);
    if (code == EXIT_DONE)
        code = run(&s, &signals);
    if (s.listener.socket >= 0)
        close(s.listener.socket);
    tls_close(s.tls);
    return code;
}
