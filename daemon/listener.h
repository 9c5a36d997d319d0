/* The control socket: accepts clients, reads lines, writes replies.
 *
 * One thread, never blocks.  The socket's mode is 0600, so whoever connects is
 * the owner of the vaults. */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include <poll.h>
#include "daemon/command.h"

#define LISTENER_CLIENTS_MAX 16
#define LISTENER_POLLS_MAX (LISTENER_CLIENTS_MAX + 1)

struct listener;

/* Takes over a socket that a killed daemon left.  ERR_EXISTS: another daemon
 * listens there.  Borrows the couriers. */
MUST_CHECK enum err listener_open(struct listener **out, const char *path,
                                  const struct couriers *couriers);
void listener_close(struct listener *listener); /* NULL is allowed */

/* What to poll; returns how many of LISTENER_POLLS_MAX are filled in. */
size_t listener_polls(const struct listener *listener, struct pollfd *polls);
/* After the poll, and after every turn of the couriers. */
void listener_turn(struct listener *listener, const struct pollfd *polls,
                   size_t count);
bool listener_told_to_stop(const struct listener *listener);

#endif
