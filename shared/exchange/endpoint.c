#include "shared/exchange/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum err endpoint_url(char out[ENDPOINT_CHARS], const char *server,
                      const char *path)
{
    size_t size = strlen(server);
    while (size && server[size - 1] == '/')
        size--;
    if (size + strlen(path) >= ENDPOINT_CHARS)
        return ERR_TOO_BIG;
    memcpy(out, server, size);
    strcpy(out + size, path);
    return ERR_OK;
}

/* What follows the scheme, or NULL. */
static const char *after_scheme(const char *url, const char *scheme)
{
    size_t size = strlen(scheme);
    return strncasecmp(url, scheme, size) ? NULL : url + size;
}

/* Nothing, or a colon and a number from 1 to 65535. */
static bool port_valid(const char *at, size_t size)
{
    int64_t port;
    if (!size)
        return true;
    return *at == ':' && !int64_parse(bytes_of(at + 1, size - 1), &port) &&
           port >= 1 && port <= 65535;
}

enum err endpoint_host(char out[ENDPOINT_HOST_CHARS], const char *url)
{
    const char *at = after_scheme(url, "https://");
    if (!at)
        at = after_scheme(url, "http://");
    out[0] = '\0';
    if (!at)
        return ERR_INVALID;
    size_t authority = strcspn(at, "/?#");
    /* user:password@ would hide where the connection really goes. */
    if (memchr(at, '@', authority))
        return ERR_INVALID;
    const char *end = at + authority;
    size_t size = strcspn(at, ":/?#");
    bool bracket = *at == '[';
    if (bracket) {
        at++;
        size = strcspn(at, "]/?#");
        if (at[size] != ']')
            return ERR_INVALID;
    }
    const char *port = at + size + bracket;
    if (!size || size >= ENDPOINT_HOST_CHARS ||
        !port_valid(port, (size_t)(end - port)))
        return ERR_INVALID;
    memcpy(out, at, size);
    out[size] = '\0';
    return ERR_OK;
}

bool endpoint_is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;
    if (!strcasecmp(host, "localhost"))
        return true;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return false;
}

enum err endpoint_check(const char *url, char detail[ENDPOINT_DETAIL_CHARS])
{
    char host[ENDPOINT_HOST_CHARS];
    enum err err = endpoint_host(host, url);
    /* What follows these would swallow the path that is appended. */
    if (!err && url[strcspn(url, "?# \t\r\n")])
        err = ERR_INVALID;
    if (err) {
        snprintf(detail, ENDPOINT_DETAIL_CHARS,
                 "the address of the office is not understood: give it as "
                 "https://HOST or https://HOST:PORT");
        return err;
    }
    const char *plain = after_scheme(url, "http://");
    size_t authority = plain ? strcspn(plain, "/") : 0;
    if (plain && !endpoint_is_loopback(host)) {
        snprintf(detail, ENDPOINT_DETAIL_CHARS,
                 "http:// would send case work in the clear: use "
                 "https://%.*s (with --ca FILE when the office has its own "
                 "certificate authority)",
                 authority < 120 ? (int)authority : 120, plain);
        return ERR_INVALID;
    }
    return ERR_OK;
}
