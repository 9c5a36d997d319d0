#include "tests/unit/exchange/peer.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool held)
{
    if (!held)
        abort();
}

/* Reads one request; false when the other end has gone. */
static bool request_read(struct peer *peer, int fd)
{
    peer->last_bytes = 0;
    size_t wanted = 0;
    while (!wanted || peer->last_bytes < wanted) {
        ssize_t size = recv(fd, peer->last + peer->last_bytes,
                            sizeof peer->last - 1 - peer->last_bytes, 0);
        if (size <= 0)
            return false;
        peer->last_bytes += (size_t)size;
        peer->last[peer->last_bytes] = '\0';
        const char *end = strstr(peer->last, "\r\n\r\n");
        const char *length = strstr(peer->last, "Content-Length: ");
        if (end)
            wanted = (size_t)(end + 4 - peer->last) +
                     (length ? strtoul(length + 16, NULL, 10) : 0);
    }
    peer->bytes += (int64_t)peer->last_bytes;
    return true;
}

static void *serve(void *context)
{
    struct peer *peer = context;
    int fd = -1;
    for (size_t i = 0; i < peer->count;) {
        if (fd < 0) {
            fd = accept(peer->fd, NULL, NULL);
            if (fd < 0)
                return NULL; /* nobody comes any more: peer_join() */
            peer->connections++;
        }
        if (!request_read(peer, fd)) {
            close(fd);
            fd = -1;
            continue;
        }
        const struct peer_answer *answer = &peer->answers[i++];
        char byte;
        if (answer->silent)
            while (recv(fd, &byte, 1, 0) > 0)
                ;
        else
            must(send(fd, answer->bytes, strlen(answer->bytes), MSG_NOSIGNAL) >
                 0);
        if (answer->close || answer->silent) {
            close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

void peer_start(struct peer *peer, const struct peer_answer *answers,
                size_t count)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    memset(peer, 0, sizeof *peer);
    peer->answers = answers;
    peer->count = count;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_STREAM, 0);
    must(peer->fd >= 0);
    must(!bind(peer->fd, (struct sockaddr *)&address, sizeof address));
    must(!listen(peer->fd, 8));
    must(!getsockname(peer->fd, (struct sockaddr *)&address, &size));
    peer->port = ntohs(address.sin_port);
    must(!pthread_create(&peer->thread, NULL, serve, peer));
}

void peer_join(struct peer *peer)
{
    (void)shutdown(peer->fd, SHUT_RDWR);
    pthread_join(peer->thread, NULL);
    close(peer->fd);
}
