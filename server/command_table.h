/* The one table of what `satchel-central` does: its commands, and the options
 * that they take.  Constant. */
#ifndef SERVER_COMMAND_TABLE_H
#define SERVER_COMMAND_TABLE_H

#include "server/command.h"

#define COMMAND_COMMON_OPTIONS 3 /* the first ones belong to every command */

struct command_entry {
    const char *name; /* one word or two */
    const char *usage, *help;
    int (*run)(struct command *command);
    const char *options; /* beside the common ones, separated by spaces */
};

extern const struct args_option command_options_all[];
extern const size_t command_option_count;
extern const struct command_entry command_entries[];
extern const size_t command_entry_count;

#endif
