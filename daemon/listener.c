#include "daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 8

struct client {
    int fd; /* owned; -1: free */
    char line[CONTROL_LINE_BYTES_MAX];
    size_t line_bytes;
    struct buffer reply;
    struct command command; /* what it waits for */
    bool closing;           /* after the reply */
};

struct listener {
    int fd; /* owned */
    char path[CONTROL_PATH_CHARS];
    dev_t device; /* of the socket made here, to remove no other */
    ino_t inode;
    const struct couriers *couriers; /* borrowed */
    struct client clients[LISTENER_CLIENTS_MAX];
    bool stop;
};

/* --- opening ------------------------------------------------------------- */

static bool somebody_listens(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool yes = !connect(fd, (const struct sockaddr *)address, sizeof *address);
    close(fd);
    return yes;
}

/* Only a socket that nobody listens on is in nobody's way. */
static enum err make_way(const struct sockaddr_un *address)
{
    struct stat known;
    if (lstat(address->sun_path, &known))
        return errno == ENOENT    ? ERR_OK
               : errno == ENOTDIR ? ERR_NOT_FOUND
                                  : ERR_IO;
    if (!S_ISSOCK(known.st_mode) || somebody_listens(address))
        return ERR_EXISTS;
    return unlink(address->sun_path) ? ERR_IO : ERR_OK;
}

static enum err socket_open(struct listener *l)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat made;
    strcpy(address.sun_path, l->path);
    enum err err = make_way(&address);
    if (err)
        return err;
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0)
        return ERR_IO;
    mode_t before = umask(0177); /* never open to others, not for a moment */
    int bound = bind(l->fd, (struct sockaddr *)&address, sizeof address);
    umask(before);
    if (bound || listen(l->fd, BACKLOG) || lstat(l->path, &made))
        return errno == EACCES || errno == EROFS ? ERR_READ_ONLY
               : errno == ENOENT                 ? ERR_NOT_FOUND
                                                 : ERR_IO;
    l->device = made.st_dev;
    l->inode = made.st_ino;
    return ERR_OK;
}

enum err listener_open(struct listener **out, const char *path,
                       const struct couriers *couriers)
{
    *out = NULL;
    if (strlen(path) >= CONTROL_PATH_CHARS)
        return ERR_TOO_BIG;
    struct listener *l = calloc(1, sizeof *l);
    if (!l)
        return ERR_NOMEM;
    l->fd = -1;
    l->couriers = couriers;
    strcpy(l->path, path);
    for (size_t i = 0; i < LISTENER_CLIENTS_MAX; i++)
        l->clients[i].fd = -1;
    enum err err = socket_open(l);
    if (err) {
        listener_close(l);
        return err;
    }
    *out = l;
    return ERR_OK;
}

static void client_close(struct client *client)
{
    if (client->fd < 0)
        return;
    close(client->fd);
    client->fd = -1;
    buffer_fini(&client->reply);
    sodium_memzero(client->line, sizeof client->line);
}

void listener_close(struct listener *l)
{
    struct stat now;
    if (!l)
        return;
    for (size_t i = 0; i < LISTENER_CLIENTS_MAX; i++)
        client_close(&l->clients[i]);
    if (l->fd >= 0)
        close(l->fd);
    if (l->inode && !lstat(l->path, &now) && now.st_dev == l->device &&
        now.st_ino == l->inode)
        unlink(l->path);
    free(l);
}

/* --- clients ------------------------------------------------------------- */

static struct client *client_free(struct listener *l)
{
    for (size_t i = 0; i < LISTENER_CLIENTS_MAX; i++)
        if (l->clients[i].fd < 0)
            return &l->clients[i];
    return NULL;
}

static void accept_one(struct listener *l)
{
    int fd = accept(l->fd, NULL, NULL);
    if (fd < 0)
        return;
    struct client *client = client_free(l);
    if (!client || fcntl(fd, F_SETFL, O_NONBLOCK) ||
        fcntl(fd, F_SETFD, FD_CLOEXEC)) {
        close(fd);
        return;
    }
    *client = (struct client){.fd = fd};
    buffer_init(&client->reply, CONTROL_REPLY_BYTES_MAX);
}

static bool client_waits(const struct client *client)
{
    return client->command.ticket || client->closing;
}

static void line_take(struct listener *l, struct client *client,
                      const char *line)
{
    if (client->command.wants_passphrase)
        command_passphrase(&client->command, line, &client->reply);
    else
        command_run(l->couriers, line, &client->command, &client->reply);
    l->stop = l->stop || client->command.stop;
}

/* Commands are answered in order: while one waits, later ones do too. */
static void lines_take(struct listener *l, struct client *client)
{
    while (!client_waits(client)) {
        char *end = memchr(client->line, '\n', client->line_bytes);
        if (!end)
            return;
        *end = '\0';
        line_take(l, client, client->line);
        size_t used = (size_t)(end - client->line) + 1;
        client->line_bytes -= used;
        memmove(client->line, end + 1, client->line_bytes);
        sodium_memzero(client->line + client->line_bytes, used);
    }
}

static void client_read(struct listener *l, struct client *client)
{
    size_t room = sizeof client->line - client->line_bytes;
    ssize_t size = recv(client->fd, client->line + client->line_bytes, room, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0) {
        client_close(client);
        return;
    }
    client->line_bytes += (size_t)size;
    lines_take(l, client);
    if (client->line_bytes == sizeof client->line && !client_waits(client)) {
        command_refuse(&client->reply, "too-large", "the line is too long");
        client->closing = true;
    }
}

static void client_write(struct client *client)
{
    while (client->reply.size) {
        ssize_t size = send(client->fd, client->reply.at, client->reply.size,
                            MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 && errno == EAGAIN)
            return;
        if (size <= 0) {
            client_close(client);
            return;
        }
        buffer_consume(&client->reply, (size_t)size);
    }
    if (client->closing)
        client_close(client);
}

static void client_turn(struct listener *l, struct client *client)
{
    if (client->fd >= 0 && command_awaited(&client->command, &client->reply))
        lines_take(l, client);
    if (client->fd >= 0)
        client_write(client);
}

/* --- polling ------------------------------------------------------------- */

size_t listener_polls(const struct listener *l, struct pollfd *polls)
{
    size_t count = 0;
    polls[count++] = (struct pollfd){.fd = l->fd, .events = POLLIN};
    for (size_t i = 0; i < LISTENER_CLIENTS_MAX; i++) {
        const struct client *client = &l->clients[i];
        struct pollfd *one = &polls[count++];
        *one = (struct pollfd){.fd = client->fd}; /* -1 is skipped by poll */
        if (client->line_bytes < sizeof client->line)
            one->events |= POLLIN;
        if (client->reply.size)
            one->events |= POLLOUT;
    }
    return count;
}

void listener_turn(struct listener *l, const struct pollfd *polls, size_t count)
{
    for (size_t i = 0; i < LISTENER_CLIENTS_MAX; i++) {
        struct client *client = &l->clients[i];
        bool readable = i + 1 < count && polls[i + 1].fd == client->fd &&
                        polls[i + 1].revents & (POLLIN | POLLHUP | POLLERR);
        if (client->fd >= 0 && readable)
            client_read(l, client);
        client_turn(l, client);
    }
    if (count && polls[0].revents & POLLIN)
        accept_one(l);
}

bool listener_told_to_stop(const struct listener *l)
{
    return l->stop;
}
