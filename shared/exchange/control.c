#include "shared/exchange/control.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "shared/exchange/control_report.h"

#define SOCKET_NAME "satcheld.sock"
#define SYNC_WAIT_MS (10 * 60 * 1000)
#define COMMAND_CHARS (PATH_MAX + 16)

/* --- where --------------------------------------------------------------- */

static enum err join(char out[CONTROL_PATH_CHARS], const char *folder,
                     size_t size)
{
    if (size + sizeof SOCKET_NAME + 1 > CONTROL_PATH_CHARS)
        return ERR_TOO_BIG;
    snprintf(out, CONTROL_PATH_CHARS, "%.*s/%s", (int)size, folder,
             SOCKET_NAME);
    return ERR_OK;
}

/* SATCHEL_SOCKET names it outright. */
static enum err path_at_runtime(char out[CONTROL_PATH_CHARS])
{
    const char *folder = getenv("XDG_RUNTIME_DIR");
    const char *named = getenv("SATCHEL_SOCKET");
    out[0] = '\0';
    if (named && named[0]) {
        if (strlen(named) >= CONTROL_PATH_CHARS)
            return ERR_TOO_BIG;
        strcpy(out, named);
        return ERR_OK;
    }
    if (!folder || folder[0] != '/')
        return ERR_NOT_FOUND;
    return join(out, folder, strlen(folder));
}

static enum err path_beside(char out[CONTROL_PATH_CHARS],
                            const char *vault_path)
{
    const char *slash = strrchr(vault_path, '/');
    if (!slash)
        return join(out, ".", 1);
    return join(out, vault_path, (size_t)(slash - vault_path));
}

enum err control_path(char out[CONTROL_PATH_CHARS], const char *vault_path)
{
    enum err err = path_at_runtime(out);
    return err == ERR_NOT_FOUND ? path_beside(out, vault_path) : err;
}

/* --- one command --------------------------------------------------------- */

static enum err control_connect(const char *path, int *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *out = -1;
    if (strlen(path) >= sizeof address.sun_path)
        return ERR_TOO_BIG;
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
        /* A daemon that was killed leaves its socket behind. */
        enum err err =
            errno == ECONNREFUSED ? ERR_NOT_FOUND : err_of_errno(errno);
        close(fd);
        return err;
    }
    *out = fd;
    return ERR_OK;
}

static enum err send_line(int fd, const char *text)
{
    size_t size = strlen(text);
    while (size) {
        ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return ERR_IO;
        text += sent;
        size -= (size_t)sent;
    }
    return send(fd, "\n", 1, MSG_NOSIGNAL) == 1 ? ERR_OK : ERR_IO;
}

static enum err wait_readable(int fd, int64_t wait_ms)
{
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    for (;;) {
        int count = poll(&watched, 1, (int)wait_ms);
        if (count > 0)
            return ERR_OK;
        if (count == 0)
            return ERR_TIMEOUT;
        if (errno != EINTR)
            return ERR_IO;
    }
}

static enum err receive_line(int fd, int64_t wait_ms, struct buffer *reply)
{
    char part[4096];
    for (;;) {
        enum err err = wait_readable(fd, wait_ms);
        if (err)
            return err;
        ssize_t size = recv(fd, part, sizeof part, 0);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return ERR_IO;
        const char *end = memchr(part, '\n', (size_t)size);
        err =
            buffer_add(reply, part, end ? (size_t)(end - part) : (size_t)size);
        if (err || end)
            return err;
    }
}

enum err control_ask(const char *socket_path, const char *command,
                     const char *second_line, int64_t wait_ms,
                     struct buffer *reply)
{
    int fd;
    if (strchr(command, '\n') || (second_line && strchr(second_line, '\n')))
        return ERR_INVALID;
    enum err err = control_connect(socket_path, &fd);
    if (err)
        return err;
    err = send_line(fd, command);
    if (!err && second_line)
        err = send_line(fd, second_line);
    if (!err)
        err = receive_line(fd, wait_ms, reply);
    close(fd);
    return err;
}

/* --- sync and nudge ------------------------------------------------------ */

/* "sync /absolute/path": the daemon may stand in another folder. */
static void command_make(char out[COMMAND_CHARS], const char *verb,
                         const char *vault_path)
{
    char whole[PATH_MAX];
    snprintf(out, COMMAND_CHARS, "%s %s", verb,
             realpath(vault_path, whole) ? whole : vault_path);
}

/* Asks the named socket or the one in the runtime folder, then the one beside
 * the vault. */
static enum err ask_either(const char *vault_path, const char *verb,
                           int64_t wait_ms, struct buffer *reply)
{
    char path[CONTROL_PATH_CHARS];
    char command[COMMAND_CHARS];
    command_make(command, verb, vault_path);
    enum err err = path_at_runtime(path);
    if (!err)
        err = control_ask(path, command, NULL, wait_ms, reply);
    if (!err && control_serves(buffer_bytes(reply)))
        return ERR_OK;
    buffer_clear(reply);
    err = path_beside(path, vault_path);
    if (!err)
        err = control_ask(path, command, NULL, wait_ms, reply);
    if (!err && !control_serves(buffer_bytes(reply)))
        err = ERR_NOT_FOUND;
    return err;
}

enum err control_sync(const char *vault_path, struct session_report *report)
{
    struct buffer reply;
    buffer_init(&reply, CONTROL_REPLY_BYTES_MAX);
    *report = (struct session_report){.err = ERR_OK};
    enum err err = ask_either(vault_path, "sync", SYNC_WAIT_MS, &reply);
    /* A daemon that went away in the middle has said nothing: the caller does
     * it itself. */
    if (err == ERR_IO || err == ERR_TOO_BIG || err == ERR_DENIED)
        err = ERR_NOT_FOUND;
    if (!err)
        err = control_report_read(report, buffer_bytes(&reply));
    if (err == ERR_TIMEOUT)
        snprintf(report->detail, sizeof report->detail,
                 "satcheld is still syncing this vault: see satchel status");
    buffer_fini(&reply);
    return err ? err : report->err;
}

/* Says it and goes: nobody waits for a daemon that is busy. */
static void tell(const char *socket_path, const char *command)
{
    int fd;
    if (control_connect(socket_path, &fd))
        return;
    enum err unsaid = send_line(fd, command);
    (void)unsaid; /* the daemon finds the work by itself, only later */
    close(fd);
}

void control_nudge(const char *vault_path)
{
    char path[CONTROL_PATH_CHARS];
    char command[COMMAND_CHARS];
    command_make(command, "nudge", vault_path);
    if (!path_at_runtime(path))
        tell(path, command);
    if (!path_beside(path, vault_path))
        tell(path, command);
}
