/* The listening socket: where the server may be reached.
 *
 * Plain HTTP stays on this machine: an address that is not loopback is refused
 * unless the server speaks TLS. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include "shared/base/bytes.h"

#define LISTEN_DETAIL_CHARS 256
#define LISTEN_ADDRESS_CHARS 64

struct listener {
    int socket;                             /* owned by the caller */
    char address[LISTEN_ADDRESS_CHARS + 1]; /* "127.0.0.1:8470", as bound */
};

/* `address` is "HOST:PORT" or "[IPv6]:PORT"; port 0 takes a free one.
 * ERR_INVALID (the address), ERR_DENIED (plain HTTP off loopback, or a port
 * that needs rights), ERR_EXISTS (the port is taken), ERR_IO; `detail` says
 * what to do. */
MUST_CHECK enum err listen_open(struct listener *out, const char *address,
                                bool tls, char *detail);

#endif
