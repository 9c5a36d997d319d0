/* The commands of the control socket (shared/exchange/control.h). */
#ifndef DAEMON_COMMAND_H
#define DAEMON_COMMAND_H

#include "daemon/courier.h"

struct couriers {
    struct courier **list; /* owned */
    size_t count;
};

/* What is left to do about a command after command_run(). */
struct command {
    struct courier *courier; /* whose sync or passphrase is awaited */
    int64_t ticket;          /* of courier_sync(); 0: none */
    bool wants_passphrase;   /* the next line is one */
    bool stop;               /* the daemon is asked to end */
};

/* Runs one line.  Appends a reply, or nothing while `out` awaits something. */
void command_run(const struct couriers *couriers, const char *line,
                 struct command *out, struct buffer *reply);
/* The line after `unlock`. */
void command_passphrase(struct command *command, const char *passphrase,
                        struct buffer *reply);
/* True when the awaited sync is over: its report is the reply. */
bool command_awaited(struct command *command, struct buffer *reply);

void command_refuse(struct buffer *reply, const char *error,
                    const char *detail);

#endif
