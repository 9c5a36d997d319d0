/* What `status` says of a recovery; nothing when there is none. */
#ifndef SERVER_COMMAND_RECOVERY_H
#define SERVER_COMMAND_RECOVERY_H

#include "server/command.h"

MUST_CHECK enum err recovery_print(struct command *command);
/* Appends an object, or null. */
MUST_CHECK enum err recovery_json(struct command *command, struct buffer *json);

#endif
