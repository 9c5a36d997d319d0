/* satchel-central: the office on the command line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/command_table.h"
#include "shared/base/file.h"
#include "shared/base/process.h"

#define OPTION_MAX 16

/* How many of the words name the entry; 0: they do not. */
static size_t words_match(const struct command_entry *entry,
                          const char *const *words, size_t count)
{
    const char *space = strchr(entry->name, ' ');
    if (!space)
        return count > 0 && strcmp(entry->name, words[0]) == 0 ? 1 : 0;
    size_t size = (size_t)(space - entry->name);
    return count > 1 && strlen(words[0]) == size &&
                   memcmp(words[0], entry->name, size) == 0 &&
                   strcmp(words[1], space + 1) == 0
               ? 2
               : 0;
}

static size_t options_of(const struct command_entry *entry,
                         struct args_option out[OPTION_MAX])
{
    return args_pick(command_options_all, command_option_count,
                     COMMAND_COMMON_OPTIONS, entry->options, out, OPTION_MAX);
}

static void help_group(const char *word)
{
    for (size_t i = 0; i < command_entry_count; i++)
        if (!word ||
            (strncmp(command_entries[i].name, word, strlen(word)) == 0 &&
             command_entries[i].name[strlen(word)] == ' '))
            printf("  satchel-central %s%s%s\n      %s\n",
                   command_entries[i].name,
                   command_entries[i].usage[0] ? " " : "",
                   command_entries[i].usage, command_entries[i].help);
}

static int help_all(void)
{
    puts("satchel-central: the central office of Satchel\n");
    help_group(NULL);
    puts("\nEvery command takes:");
    args_help(stdout, command_options_all, COMMAND_COMMON_OPTIONS);
    puts("\nWith --as USER a command is done in the role of that user; those "
         "that\n"
         "write need one (default: the user mapped by `user add --os-user`).\n"
         "`satchel-central roles` says who may do what.  Exit code 0: done, 1: "
         "failed, 2: misuse.\n"
         "More: man satchel-central");
    return EXIT_DONE;
}

static int help_one(const struct command_entry *entry)
{
    struct args_option own[OPTION_MAX];
    printf("satchel-central %s --data DIR%s%s\n  %s\n\n", entry->name,
           entry->usage[0] ? " " : "", entry->usage, entry->help);
    args_help(stdout, own, options_of(entry, own));
    return EXIT_DONE;
}

static int run(struct command *command, const struct command_entry *entry)
{
    struct args_option own[OPTION_MAX];
    char detail[ARGS_DETAIL_CHARS];
    if (args_flag(&command->args, "--help"))
        return help_one(entry);
    if (args_allow(&command->args, own, options_of(entry, own), detail))
        return command_misuse(command, "%s; see `satchel-central %s --help`",
                              detail, entry->name);
    int code = entry->run(command);
    command_close(command);
    return code;
}

static bool is_group(const char *word)
{
    for (size_t i = 0; i < command_entry_count; i++)
        if (strncmp(command_entries[i].name, word, strlen(word)) == 0 &&
            command_entries[i].name[strlen(word)] == ' ')
            return true;
    return false;
}

/* The first word begins commands of two words, the second ends none of them. */
static int misuse_group(const struct command *command)
{
    const char *const *words = command->args.rest;
    if (command->args.rest_count == 1)
        return command_misuse(command,
                              "say what to do with %s; see `satchel-central %s "
                              "--help`",
                              words[0], words[0]);
    return command_misuse(command,
                          "there is no command \"%s %s\"; see "
                          "`satchel-central %s --help`",
                          words[0], words[1], words[0]);
}

static int dispatch(struct command *command)
{
    const struct args *args = &command->args;
    for (size_t i = 0; i < command_entry_count; i++) {
        size_t words =
            words_match(&command_entries[i], args->rest, args->rest_count);
        if (words == 0)
            continue;
        command->name = command_entries[i].name;
        command->operands = args->rest + words;
        command->operand_count = args->rest_count - words;
        return run(command, &command_entries[i]);
    }
    bool help = args_flag(args, "--help");
    if (args->rest_count == 0 && args_flag(args, "--version"))
        return puts("satchel-central " SATCHEL_VERSION) < 0;
    if (args->rest_count == 0)
        return help ? help_all()
                    : command_misuse(command, "name a command; see "
                                              "`satchel-central --help`");
    if (!is_group(args->rest[0]))
        return command_misuse(command,
                              "there is no command \"%s\"; see "
                              "`satchel-central --help`",
                              args->rest[0]);
    if (help) {
        help_group(args->rest[0]);
        return EXIT_DONE;
    }
    return misuse_group(command);
}

int main(int argc, char **argv)
{
    struct command command = {.log = {.fd = STDERR_FILENO,
                                      .level = LOG_WARN,
                                      .clock = clock_system(),
                                      .program = "satchel-central"}};
    char detail[ARGS_DETAIL_CHARS];
    process_keep_secrets();
    signal(SIGPIPE, SIG_IGN);
    if (args_parse(&command.args, command_options_all, command_option_count,
                   argc - 1, argv + 1, detail))
        return command_misuse(&command, "%s; see `satchel-central --help`",
                              detail);
    command.json = args_flag(&command.args, "--json");
    int code = dispatch(&command);
    if (file_print_end(stdout) && code == EXIT_DONE)
        code = command_fail(&command, ERR_IO,
                            "the output was not written to its end (is the "
                            "disk full?); what the command does is done");
    args_fini(&command.args);
    return code;
}
