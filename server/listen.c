#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST_CHARS_MAX 200
#define BACKLOG 1024

struct name {
    char host[HOST_CHARS_MAX + 1];
    char port[8];
};

static bool name_split(struct name *out, const char *address)
{
    const char *colon = strrchr(address, ':');
    if (!colon || colon == address || strlen(colon + 1) < 1 ||
        strlen(colon + 1) > 5)
        return false;
    int64_t port;
    if (int64_parse(bytes_text(colon + 1), &port) || port < 0 || port > 65535)
        return false;
    const char *host = address;
    size_t size = (size_t)(colon - address);
    if (host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    } else if (memchr(host, ':', size)) {
        return false;
    }
    if (size < 1 || size > HOST_CHARS_MAX)
        return false;
    snprintf(out->host, sizeof out->host, "%.*s", (int)size, host);
    snprintf(out->port, sizeof out->port, "%d", (int)port);
    return true;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)address;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const void *)address;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

static void address_show(struct listener *out)
{
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    char host[INET6_ADDRSTRLEN] = "?", port[8] = "?";
    if (getsockname(out->socket, (struct sockaddr *)&bound, &size) == 0)
        getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    snprintf(out->address, sizeof out->address,
             bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static enum err bind_failed(int number, const char *address, char *detail)
{
    if (number == EADDRINUSE) {
        snprintf(detail, LISTEN_DETAIL_CHARS,
                 "another program listens on %.100s already; stop it or give "
                 "--listen another port",
                 address);
        return ERR_EXISTS;
    }
    if (number == EACCES) {
        snprintf(detail, LISTEN_DETAIL_CHARS,
                 "this user may not listen on %.100s; give --listen a port "
                 "from 1024 on",
                 address);
        return ERR_DENIED;
    }
    snprintf(detail, LISTEN_DETAIL_CHARS, "cannot listen on %.100s: %.80s",
             address, strerror(number));
    return ERR_IO;
}

static int socket_bind(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype, info->ai_protocol);
    if (fd < 0)
        return -1;
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* An IPv4 client that arrives over IPv6 would hide its address. */
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    int number = errno;
    close(fd);
    errno = number;
    return -1;
}

enum err listen_open(struct listener *out, const char *address, bool tls,
                     char *detail)
{
    *out = (struct listener){.socket = -1};
    struct name name;
    if (!name_split(&name, address)) {
        snprintf(detail, LISTEN_DETAIL_CHARS,
                 "\"%.100s\" is no address; write it as 127.0.0.1:8470 or "
                 "[::1]:8470",
                 address);
        return ERR_INVALID;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *info = NULL;
    int problem = getaddrinfo(name.host, name.port, &hints, &info);
    if (problem || !info) {
        snprintf(detail, LISTEN_DETAIL_CHARS,
                 "the name in \"%.100s\" cannot be found: %.80s", address,
                 gai_strerror(problem));
        return ERR_INVALID;
    }
    enum err err = ERR_OK;
    if (!tls && !is_loopback(info->ai_addr)) {
        snprintf(detail, LISTEN_DETAIL_CHARS,
                 "plain HTTP is served on loopback only; to listen on %.80s "
                 "use TLS: give --tls-cert FILE and --tls-key FILE",
                 address);
        err = ERR_DENIED;
    } else if ((out->socket = socket_bind(info)) < 0) {
        err = bind_failed(errno, address, detail);
    } else {
        address_show(out);
    }
    freeaddrinfo(info);
    return err;
}
