/* Talking to a running satcheld: the client's side of its control socket.
 *
 * A command is one line (`status`, `sync VAULT`, `nudge VAULT`, `lock VAULT`,
 * `unlock VAULT` with the passphrase on the next line, `stop`); the reply is
 * one line of JSON, {"ok":true,...} or {"detail":TEXT,"error":NAME,"ok":false}.
 * VAULT is the name the daemon knows or the path of the file.  The socket is
 * $SATCHEL_SOCKET, else $XDG_RUNTIME_DIR/satcheld.sock, else satcheld.sock in
 * the folder of the (first) vault; only its owner can open it. */
#ifndef EXCHANGE_CONTROL_H
#define EXCHANGE_CONTROL_H

#include "shared/base/buffer.h"
#include "shared/exchange/session.h"

#define CONTROL_PATH_CHARS 108 /* of a unix socket's address */
#define CONTROL_LINE_BYTES_MAX 4096
#define CONTROL_REPLY_BYTES_MAX (1u << 20)

/* Where a daemon that serves this vault listens by default.  ERR_TOO_BIG. */
MUST_CHECK enum err control_path(char out[CONTROL_PATH_CHARS],
                                 const char *vault_path);

/* Sends one command (and, for unlock, a second line) and waits for the reply,
 * which is appended without its newline.  wait_ms is of silence; a sync takes
 * as long as it takes, so give it minutes.  ERR_NOT_FOUND: no daemon listens;
 * ERR_DENIED, ERR_TIMEOUT, ERR_IO, ERR_TOO_BIG. */
MUST_CHECK enum err control_ask(const char *socket_path, const char *command,
                                const char *second_line, int64_t wait_ms,
                                struct buffer *reply);

/* One sync through the daemon, tried on both default sockets.  ERR_NOT_FOUND:
 * no daemon serves this vault, the caller syncs itself.  Otherwise the report
 * is as of session_run() and its err is returned. */
MUST_CHECK enum err control_sync(const char *vault_path,
                                 struct session_report *report);
/* Tells a daemon, if there is one, that there is something to push.  Does not
 * wait for the sync, and no daemon is no error worth telling. */
void control_nudge(const char *vault_path);

/* The report as the daemon's reply and back. */
MUST_CHECK enum err control_report_write(struct buffer *out,
                                         const struct session_report *report);
MUST_CHECK enum err control_report_read(struct session_report *out,
                                        struct bytes reply);

#endif
