/* What anybody may send to the office's port: headers, addresses, parameters,
 * bodies in any coding, several requests after one another.
 *
 * A real server, with its routes and threads, answers over a socket of this
 * machine.  Whatever comes, it answers in HTTP with a status that is known, or
 * hangs up, and is there for the next. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "server/office.h"
#include "server/service.h"
#include "tests/dir.h"
#include "tests/fuzz/target.h"

const size_t replay_stride = 101;

#define REPLY_BYTES_MAX (1u << 20)
#define WAIT_MS 60000 /* of silence; this machine may be busy */

static char folder[DIR_CHARS];
static struct sockaddr_un address = {.sun_family = AF_UNIX};

/* A minute passes between two reads, so that nobody has tried too often. */
static int64_t minutes(void *context)
{
    static int64_t now = INT64_C(1795000000000);
    (void)context;
    return __atomic_add_fetch(&now, 60000, __ATOMIC_RELAXED);
}

static void folder_remove(void)
{
    dir_remove(folder);
}

static void server_start(void)
{
    static const struct clock clock = {minutes, minutes, NULL};
    static const struct log silence = {.fd = -1, .clock = &clock};
    static struct random_seeded dice;
    static struct service service;
    char data[2 * DIR_CHARS], detail[OFFICE_DETAIL_CHARS];
    struct office *office;
    struct http *http;
    dir_make(folder);
    must(!atexit(folder_remove));
    random_seeded_init(&dice, 1);
    struct office_options options = {.data_dir = dir_file(data, folder, "data"),
                                     .clock = &clock,
                                     .random = &dice.random,
                                     .log = &silence};
    must(!office_init(&options, "north", "North", detail));
    must(!office_open(&office, &options, true, detail));
    must(!service_open(&service, office));
    must(strlen(folder) + sizeof "/socket" < sizeof address.sun_path);
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0);
    must(!bind(fd, (struct sockaddr *)&address, sizeof address));
    must(!listen(fd, 8));
    struct http_options with = {.socket = fd,
                                .threads = 2,
                                .routes = service_routes,
                                .route_count = service_route_count,
                                .service = &service,
                                .log = &silence,
                                .clock = &clock};
    must(!http_open(&http, &with, detail));
}

/* As poll(2), whatever signals a fuzzer sends itself. */
static int wait_for(int fd, int wait_ms)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    int count;
    do
        count = poll(&watched, 1, wait_ms);
    while (count < 0 && errno == EINTR);
    return count;
}

/* libmicrohttpd does not see an end that comes in one piece with what is before
 * it, and hangs up only when nothing has come for HTTP_IDLE_S. */
static void end_send(int fd)
{
    int unread = 0;
    for (int i = 0; i < WAIT_MS; i++) {
        must(!ioctl(fd, TIOCOUTQ, &unread));
        if (!unread)
            break;
        wait_for(-1, i > 0);
    }
    shutdown(fd, SHUT_WR);
}

/* All that comes back until the other side hangs up. */
static size_t receive(int fd, char *out)
{
    size_t size = 0;
    for (;;) {
        must(wait_for(fd, WAIT_MS) == 1);
        ssize_t got = recv(fd, out + size, REPLY_BYTES_MAX - size, 0);
        if (got <= 0)
            return size;
        size += (size_t)got;
        must(size < REPLY_BYTES_MAX);
    }
}

/* 500 would be a fault of ours. */
static void status_check(const char *reply, size_t size)
{
    static const int known[] = {100, 200, 400, 401, 403, 404, 405,
                                409, 410, 411, 413, 414, 415, 422,
                                426, 429, 431, 501, 503, 505, 507};
    int status;
    if (!size)
        return;
    must(size > 12 && !memcmp(reply, "HTTP/1.", 7));
    must(sscanf(reply + 9, "%3d", &status) == 1);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i] == status)
            return;
    fprintf(stderr, "status %d\n", status);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *at, size_t size)
{
    static char reply[REPLY_BYTES_MAX + 1];
    if (!folder[0])
        server_start();
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(fd >= 0);
    must(!connect(fd, (struct sockaddr *)&address, sizeof address));
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            break; /* it was told enough */
        at += sent;
        size -= (size_t)sent;
    }
    end_send(fd);
    size_t got = receive(fd, reply);
    close(fd);
    reply[got] = '\0';
    status_check(reply, got);
    return 0;
}
