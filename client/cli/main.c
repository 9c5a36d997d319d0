#include "client/cli/cli.h"
#include "shared/base/file.h"
#include "shared/base/process.h"

#include <stdlib.h>
#include <string.h>

#define OPTION_MAX 16
#define COMMON_OPTIONS 4 /* the first ones belong to every command */

/* Every option of every command; a command names those that it knows. */
static const struct args_option options[] = {
    {"--vault", ARGS_TEXT, "FILE", "the vault ($SATCHEL_VAULT)", false},
    {"--passphrase-file", ARGS_TEXT, "FILE",
     "first line is the passphrase ($SATCHEL_PASSPHRASE_FILE)", false},
    {"--json", ARGS_FLAG, NULL, "machine-readable output", false},
    {"--help", ARGS_FLAG, NULL, "this help", false},
    {"--version", ARGS_FLAG, NULL, "the version", false},
    {"--server", ARGS_TEXT, "URL", "the office, https://office.example", false},
    {"--code", ARGS_TEXT, "CODE", "the one-time code; - reads stdin", false},
    {"--ca", ARGS_TEXT, "FILE", "PEM file that pins the office's CA", false},
    {"--mirror", ARGS_TEXT, "FILE", "unsent work a second time", false},
    {"--seal", ARGS_FLAG, NULL, "what is `fixed` is final now", false},
    {"--case", ARGS_TEXT, "ID", "the case of a new record", false},
    {"--record", ARGS_TEXT, "ID", "revise this record", false},
    {"--context", ARGS_TEXT, "TOKEN", "what was on the screen", false},
    {"--lenient", ARGS_FLAG, NULL, "keep unknown fields and codes", false},
    {"--each", ARGS_FLAG, NULL, "a record for every line of stdin", false},
    {"--kind", ARGS_TEXT, "K", "home_visit, office, phone, ...", false},
    {"--narrative", ARGS_TEXT, "TEXT", "the facts; - reads stdin", false},
    {"--at", ARGS_TEXT, "INSTANT", "when, 2026-11-21T15:20-06:00", false},
    {"--outcome", ARGS_TEXT, "O", "completed, no_answer, ...", false},
    {"--need", ARGS_TEXT, "ID", "the need that it answers", false},
    {"--to", ARGS_TEXT, "SERVICE", "the directory's service", false},
    {"--consent", ARGS_TEXT, "ID", "the release that allows it", false},
    {"--status", ARGS_TEXT, "S", "draft, ready, sent, ...", false},
    {"--note", ARGS_TEXT, "TEXT", "a note; - reads stdin", false},
    {"--finding", ARGS_TEXT, "TEXT", "what was learnt; - reads stdin", false},
    {"--method", ARGS_TEXT, "M", "phone, letter, in_person, ...", false},
    {"--on", ARGS_TEXT, "DATE", "2026-11-21", false},
    {"--county", ARGS_TEXT, "GEOID", "a county, as 28081", false},
    {"--next-due", ARGS_TEXT, "DATE", "when to look again", false},
    {"--history", ARGS_FLAG, NULL, "every value ever written", false},
    {"--where", ARGS_LIST, "FIELD=VALUE", "only records like this", false},
    {"--keep", ARGS_LIST, "DOT", "these values stand", false},
    {"--source-passphrase-file", ARGS_TEXT, "FILE",
     "the passphrase of what is salvaged, if another", false},
    {"--new-passphrase-file", ARGS_TEXT, "FILE",
     "first line is the new passphrase", false},
    {"--destroy-after", ARGS_TEXT, "N",
     "so many wrong passphrases destroy the vault's key; or never", false},
    {"--value", ARGS_TEXT, "V", "a new value instead; - reads stdin", false},
    {"--clear", ARGS_FLAG, NULL, "no value at all", false},
    {"--proof", ARGS_FLAG, NULL, "the office's receipts, to show to others",
     false},
    {"--root", ARGS_TEXT, "KEY", "the agency's root public key", false},
    {"--type", ARGS_TEXT, "TYPE", "media type, image/jpeg (default: by name)",
     false},
    {"--name", ARGS_TEXT, "NAME", "file name that people see", false},
    {"--attachments", ARGS_FLAG, NULL,
     "let those go that the office has in two backups", false},
    {"--amount", ARGS_TEXT, "AMOUNT", "as 80 or 80.00", false},
    {"--category", ARGS_TEXT, "C", "transportation, clothing, ...", false},
    {"--payee", ARGS_TEXT, "TEXT", "who is paid", false},
    {"--purpose", ARGS_TEXT, "TEXT", "what for; - reads stdin", false},
    {"--enrollment", ARGS_TEXT, "ID", "the period of enrolment", false},
    {"--person", ARGS_TEXT, "ID", "for whom", false},
    {"--check", ARGS_FLAG, NULL,
     "write nothing: say what would be remarked on; exit code 3 if anything",
     false},
    {"--draft", ARGS_TEXT, "NUMBER",
     "take this draft's text; it is dropped once that is recorded", false},
};
#define OPTION_COUNT (sizeof options / sizeof *options)

static const struct command {
    const char *name, *usage, *help;
    int (*run)(struct cli *cli);
    const char *options; /* beside the common ones, separated by spaces */
} commands[] = {
    {"enroll", "--server URL --code CODE|- [--ca FILE] [--mirror FILE]",
     "make the vault if need be and enrol it at the office", command_enrol,
     "--server --code --ca --mirror"},
    {"put", "TYPE [FIELD=VALUE]... [FIELD+=M]... [FIELD-=M:REASON]... [-]",
     "write a record; with --record and --context revise one; - reads "
     "{field: value} from stdin",
     command_put,
     "--seal --case --record --context --lenient --each --draft --check"},
    {"contact",
     "PERSON --kind K [--narrative TEXT|-] [--at INSTANT] [--outcome O] "
     "[--seal]",
     "document a contact", command_contact,
     "--kind --narrative --at --outcome --seal --draft"},
    {"refer",
     "PERSON [--need ID] [--to SERVICE] [--consent ID] [--status S] "
     "[--note TEXT|-]",
     "write a referral; what is not known yet can be left out", command_refer,
     "--need --to --consent --status --note --draft"},
    {"follow-up",
     "REFERRAL --finding TEXT|- [--method M] [--on DATE] [--next-due DATE]",
     "document a follow-up", command_follow_up,
     "--finding --method --on --next-due --draft"},
    {"request",
     "PERSON --category C --amount AMOUNT --payee TEXT [--purpose TEXT|-] "
     "[--need ID] [--enrollment ID]",
     "ask the office for money", command_request,
     "--category --amount --payee --purpose --need --enrollment --draft"},
    {"spend",
     "VOUCHER --person ID --payee TEXT [--amount AMOUNT] [--purpose TEXT|-]",
     "spend a voucher; needs no network", command_spend,
     "--person --payee --amount --purpose --draft"},
    {"show", "ID [--history]", "a record, its context and its hash",
     command_show, "--history"},
    {"list", "TYPE [--where FIELD=VALUE]...", "records of a type", command_list,
     "--where"},
    {"sites", "PERSON | --county GEOID [--on DATE]",
     "tax sites for a client of a county, in the order of the rule",
     command_sites, "--county --on"},
    {"conflicts", "", "values that wait for a person", command_conflicts, ""},
    {"resolve",
     "ID FIELD --context TOKEN --keep DOT... | --value V|- | --clear",
     "settle one", command_resolve, "--context --keep --value --clear --draft"},
    {"draft", "list | show NUMBER | drop NUMBER",
     "text that was refused, and is kept", command_draft, ""},
    {"attach", "RECORD FIELD FILE|- --context TOKEN",
     "keep a file with a record; it is sent behind all text", command_attach,
     "--context --type --name"},
    {"attachment", "list [RECORD] | save BLOB FILE|-",
     "files that belong to records, and where they are", command_attachment,
     ""},
    {"status", "[--proof [FILE]]", "what is only here, received, held",
     command_status, "--proof"},
    {"proof", "verify FILE --root KEY",
     "check what `status --proof` printed, on any machine", command_proof,
     "--root"},
    {"sync", "", "exchange with the office now", command_sync, ""},
    {"mirror", "[FILE|off]",
     "write unsent work to a second file too, on another volume",
     command_mirror, ""},
    {"bundle", "write|read FILE",
     "the same exchange by file: to the office, and its reply", command_bundle,
     ""},
    {"prune", "[--attachments]",
     "erase what has left and is backed up, to make room", command_prune,
     "--attachments"},
    {"verify", "", "check everything derived against the log", command_verify,
     ""},
    {"salvage", "SOURCE [--source-passphrase-file FILE]",
     "bring what can be read of a damaged vault, or of its mirror, into this "
     "one",
     command_salvage, "--source-passphrase-file"},
    {"passphrase", "[--new-passphrase-file FILE] [--destroy-after N|never]",
     "change the vault's passphrase", command_passphrase,
     "--new-passphrase-file --destroy-after"},
    {"rebuild", "", "derive everything anew from the log", command_rebuild, ""},
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

static const struct command *command_find(const char *name)
{
    if (!strcmp(name, "enrol"))
        name = "enroll";
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(commands[i].name, name))
            return &commands[i];
    return NULL;
}

static size_t options_of(const struct command *command,
                         struct args_option out[OPTION_MAX])
{
    return args_pick(options, OPTION_COUNT, COMMON_OPTIONS, command->options,
                     out, OPTION_MAX);
}

static void help_all(void)
{
    puts("satchel: record contacts, referrals and follow-ups; sync when there "
         "is a network\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        printf("  satchel %s%s%s\n      %s\n", commands[i].name,
               commands[i].usage[0] ? " " : "", commands[i].usage,
               commands[i].help);
    puts("\nEvery command takes:");
    args_help(stdout, options, COMMON_OPTIONS);
    puts("\nExit code 0: done, 1: failed, 2: misuse.  More: man satchel");
}

static void help_one(const struct command *command)
{
    struct args_option own[OPTION_MAX];
    printf("satchel %s%s%s\n  %s\n\n", command->name,
           command->usage[0] ? " " : "", command->usage, command->help);
    args_help(stdout, own, options_of(command, own));
}

static int run(struct cli *cli, const struct command *command)
{
    struct args_option own[OPTION_MAX];
    char detail[ARGS_DETAIL_CHARS];
    if (args_flag(&cli->args, "--help")) {
        help_one(command);
        return EXIT_DONE;
    }
    size_t count = options_of(command, own);
    if (args_allow(&cli->args, own, count, detail))
        return cli_misuse(cli, "%s; see `satchel %s --help`", detail,
                          command->name);
    cli->operands = cli->args.rest + 1;
    cli->operand_count = cli->args.rest_count - 1;
    if (cli->operand_count && !command->usage[0])
        return cli_misuse(cli, "%s takes no \"%s\"; see `satchel %s --help`",
                          command->name, cli->operands[0], command->name);
    cli->options = own + COMMON_OPTIONS;
    cli->option_count = count - COMMON_OPTIONS;
    given_init(&cli->given);
    int code = command->run(cli);
    given_fini(&cli->given);
    satchel_close(cli->vault);
    cli->operand_count = cli->option_count = 0; /* they lie in `own` */
    return code;
}

int main(int argc, char **argv)
{
    struct cli cli = {0};
    char detail[ARGS_DETAIL_CHARS];
    process_keep_secrets();
    if (args_parse(&cli.args, options, OPTION_COUNT, argc - 1, argv + 1,
                   detail))
        return cli_misuse(&cli, "%s; see `satchel --help`", detail);
    cli.json = args_flag(&cli.args, "--json");
    int code;
    const struct command *command =
        cli.args.rest_count ? command_find(cli.args.rest[0]) : NULL;
    if (command) {
        cli.command = command->name;
        code = run(&cli, command);
    } else if (cli.args.rest_count) {
        code = cli_misuse(&cli,
                          "there is no command \"%s\"; see `satchel "
                          "--help`",
                          cli.args.rest[0]);
    } else if (args_flag(&cli.args, "--version")) {
        puts("satchel " SATCHEL_VERSION);
        code = EXIT_DONE;
    } else if (args_flag(&cli.args, "--help")) {
        help_all();
        code = EXIT_DONE;
    } else {
        code = cli_misuse(&cli, "name a command; see `satchel --help`");
    }
    if (file_print_end(stdout) && code == EXIT_DONE)
        code = cli_fail(&cli, EXIT_FAILED, "io",
                        "the output was not written to its end (is the disk "
                        "full?); what the command does is done");
    args_fini(&cli.args);
    return code;
}
