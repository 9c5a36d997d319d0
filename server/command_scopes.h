/* --caseload C... and --site S... as scopes, in the order caseloads, sites. */
#ifndef SERVER_COMMAND_SCOPES_H
#define SERVER_COMMAND_SCOPES_H

#include "server/command.h"

struct command_scopes {
    char name[USER_SCOPES_MAX][SCOPE_CHARS_MAX + 1];
    bool had[USER_SCOPES_MAX]; /* the user had it before */
    size_t count;
    bool given;
};

/* EXIT_DONE, or EXIT_MISUSE with the message printed. */
int command_scopes_read(const struct command *command,
                        struct command_scopes *out);
/* Before the user is written: what the user has already is nothing to note. */
MUST_CHECK enum err command_scopes_before(struct command *command,
                                          struct command_scopes *scopes,
                                          const char *user);
/* Notes on stderr, for what may be a slip of the pen: each of them that no user
 * has; with a `user` ("" none), that is new with it. */
void command_scopes_note(struct command *command,
                         const struct command_scopes *scopes, const char *user);
/* Appends ["caseload:a",...]. */
void command_scopes_json(struct buffer *json,
                         const char (*scopes)[SCOPE_CHARS_MAX + 1],
                         size_t count);

#endif
