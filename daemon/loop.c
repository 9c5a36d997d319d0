#include "daemon/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "daemon/listener.h"

#define STOP_MS_MAX 20000
#define POLLS_MAX (1 + LISTENER_POLLS_MAX + OPTIONS_VAULTS_MAX)

struct loop {
    const struct log *log; /* borrowed */
    struct couriers couriers;
    struct listener *listener;
    struct pollfd polls[POLLS_MAX];
    size_t poll_count, listener_polls;
    bool stopping;
    int64_t stop_by_ms;
};

/* --- signals ------------------------------------------------------------- */

static int signal_pipe[2] = {-1, -1};

static void on_signal(int number)
{
    int before = errno;
    char byte = (char)number;
    ssize_t written = write(signal_pipe[1], &byte, 1);
    (void)written; /* a full pipe already says it */
    errno = before;
}

static enum err signals_open(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    if (pipe(signal_pipe))
        return ERR_IO;
    for (int i = 0; i < 2; i++)
        if (fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK) ||
            fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC))
            return ERR_IO;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    if (sigaction(SIGTERM, &action, NULL) || sigaction(SIGINT, &action, NULL))
        return ERR_IO;
    action.sa_handler = SIG_IGN;
    return sigaction(SIGPIPE, &action, NULL) ? ERR_IO : ERR_OK;
}

static void signals_close(void)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    for (int i = 0; i < 2; i++) {
        if (signal_pipe[i] >= 0)
            close(signal_pipe[i]);
        signal_pipe[i] = -1;
    }
}

/* --- couriers ------------------------------------------------------------ */

static enum err couriers_open(struct couriers *couriers,
                              const struct options *options,
                              const struct log *log)
{
    couriers->list = calloc(options->vault_count, sizeof *couriers->list);
    if (!couriers->list)
        return ERR_NOMEM;
    for (size_t i = 0; i < options->vault_count; i++) {
        enum err err =
            courier_new(&couriers->list[i], &options->vaults[i], options, log);
        if (err)
            return err;
        couriers->count++;
    }
    return ERR_OK;
}

static void couriers_close(struct couriers *couriers)
{
    for (size_t i = 0; i < couriers->count; i++)
        courier_free(couriers->list[i]);
    free(couriers->list);
}

/* --- one turn ------------------------------------------------------------ */

static int64_t now_ms(void)
{
    return clock_monotonic_ms(clock_system());
}

static void polls_fill(struct loop *loop)
{
    loop->polls[0] = (struct pollfd){.fd = signal_pipe[0], .events = POLLIN};
    loop->listener_polls = listener_polls(loop->listener, loop->polls + 1);
    loop->poll_count = 1 + loop->listener_polls;
    for (size_t i = 0; i < loop->couriers.count; i++)
        loop->polls[loop->poll_count++] = (struct pollfd){
            .fd = courier_descriptor(loop->couriers.list[i]),
            .events = POLLIN,
        };
}

/* Milliseconds until a courier wants to be called. */
static int wait_ms(const struct loop *loop, int64_t now)
{
    int64_t at = loop->stopping ? loop->stop_by_ms : now + 60 * 60 * 1000;
    for (size_t i = 0; i < loop->couriers.count; i++) {
        int64_t due = courier_due_ms(loop->couriers.list[i], now);
        if (due < at && !(loop->stopping && due <= now))
            at = due;
    }
    return at > now ? (int)(at - now) : 0;
}

static void stop_begin(struct loop *loop, const char *why)
{
    if (loop->stopping)
        return;
    loop->stopping = true;
    loop->stop_by_ms = now_ms() + STOP_MS_MAX;
    log_event(loop->log, LOG_INFO, "stopping", "why", "%s", why, NULL);
}

static void signals_read(struct loop *loop)
{
    char bytes[16];
    ssize_t size = read(signal_pipe[0], bytes, sizeof bytes);
    if (size <= 0)
        return;
    if (loop->stopping) /* asked twice: at once */
        loop->stop_by_ms = 0;
    stop_begin(loop, "signal");
}

static bool hopeless(const struct loop *loop)
{
    for (size_t i = 0; i < loop->couriers.count; i++)
        if (!courier_hopeless(loop->couriers.list[i]))
            return false;
    return true;
}

/* True when all has ended or the time is up. */
static bool stopped(struct loop *loop)
{
    if (!loop->stopping)
        return false;
    bool quiet = true;
    for (size_t i = 0; i < loop->couriers.count; i++)
        quiet = courier_stop(loop->couriers.list[i]) && quiet;
    return quiet || now_ms() >= loop->stop_by_ms;
}

static enum err loop_turns(struct loop *loop)
{
    while (!stopped(loop)) {
        polls_fill(loop);
        int count = poll(loop->polls, (nfds_t)loop->poll_count,
                         wait_ms(loop, now_ms()));
        if (count < 0 && errno != EINTR)
            return ERR_IO;
        if (count < 0)
            continue;
        if (loop->polls[0].revents)
            signals_read(loop);
        listener_turn(loop->listener, loop->polls + 1, loop->listener_polls);
        for (size_t i = 0; i < loop->couriers.count; i++)
            courier_turn(loop->couriers.list[i], now_ms());
        listener_turn(loop->listener, NULL, 0);
        if (listener_told_to_stop(loop->listener))
            stop_begin(loop, "command");
        if (hopeless(loop))
            return ERR_FOREIGN;
    }
    return ERR_OK;
}

/* --- running ------------------------------------------------------------- */

static enum err socket_choose(const struct options *options,
                              char out[CONTROL_PATH_CHARS])
{
    if (options->socket[0]) {
        strcpy(out, options->socket);
        return ERR_OK;
    }
    return control_path(out, options->vaults[0].path);
}

static enum err listener_begin(struct loop *loop, const struct options *options)
{
    char path[CONTROL_PATH_CHARS] = "";
    enum err err = socket_choose(options, path);
    if (!err)
        err = listener_open(&loop->listener, path, &loop->couriers);
    if (err)
        log_event(loop->log, LOG_ERROR, "no_socket", "error", "%s",
                  err_name(err), "detail", "%s",
                  err == ERR_EXISTS ? "another satcheld listens there"
                                    : err_text(err),
                  NULL);
    return err;
}

enum err loop_run(const struct options *options, const struct log *log)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return ERR_NOMEM;
    loop->log = log;
    enum err err = couriers_open(&loop->couriers, options, log);
    if (!err)
        err = listener_begin(loop, options);
    if (!err)
        err = signals_open();
    if (!err) {
        log_event(log, LOG_INFO, "started", "vaults", "%zu",
                  options->vault_count, NULL);
        err = loop_turns(loop);
        log_event(log, LOG_INFO, "stopped", NULL);
    }
    listener_close(loop->listener);
    couriers_close(&loop->couriers);
    signals_close();
    free(loop);
    return err;
}
