/* satchel-central: the office on the command line. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/command.h"
#include "shared/base/file.h"
#include "shared/base/process.h"

#define OPTION_MAX 16
#define COMMON_OPTIONS 3 /* the first ones belong to every command */

static const struct args_option options[] = {
    {"--data", ARGS_TEXT, "DIR", "the office's data directory", true},
    {"--json", ARGS_FLAG, NULL, "machine-readable output", false},
    {"--help", ARGS_FLAG, NULL, "this help", false},
    {"--version", ARGS_FLAG, NULL, "the version", false},
    {"--keys", ARGS_TEXT, "DIR", "the agency's keys (default DATA.keys)",
     false},
    {"--as", ARGS_TEXT, "USER", "who writes", false},
    {"--agency", ARGS_TEXT, "SLUG", "short name: a-z 0-9 _ . -", false},
    {"--name", ARGS_TEXT, "TEXT", "the agency's name", false},
    {"--listen", ARGS_TEXT, "ADDRESS", "HOST:PORT (127.0.0.1:8470)", false},
    {"--host", ARGS_LIST, "HOST", "a name or address of the office", false},
    {"--tls-cert", ARGS_TEXT, "FILE", "PEM certificate chain", false},
    {"--tls-key", ARGS_TEXT, "FILE", "PEM private key", false},
    {"--threads", ARGS_TEXT, "N", "threads that serve (one a processor)",
     false},
    {"--caseload", ARGS_LIST, "C", "a caseload", false},
    {"--site", ARGS_LIST, "S", "a VITA site", false},
    {"--role", ARGS_TEXT, "ROLE", "worker, supervisor, admin, ...", false},
    {"--os-user", ARGS_TEXT, "USER", "who acts as this user on this machine",
     false},
    {"--password-file", ARGS_TEXT, "FILE", "first line is the password", false},
    {"--user", ARGS_TEXT, "NAME", "whose device or voucher it will be", false},
    {"--expires", ARGS_TEXT, "TIME", "30m, 12h, 7d (default 7d)", false},
    {"--reason", ARGS_TEXT, "TEXT", "why", false},
    {"--keep", ARGS_LIST, "DOT", "values that stand (dots or write ids)",
     false},
    {"--value", ARGS_TEXT, "V", "a new value instead", false},
    {"--clear", ARGS_FLAG, NULL, "no value at all", false},
    {"--context", ARGS_TEXT, "TOKEN", "what was on the screen (default: now)",
     false},
    {"--history", ARGS_FLAG, NULL, "every value ever written", false},
    {"--where", ARGS_LIST, "FIELD=VALUE", "only records like this", false},
    {"--format", ARGS_TEXT, "FORMAT",
     "ndjson, html; of a report or findings: text, csv, json", false},
    {"--as-of", ARGS_TEXT, "DATE", "as it stood at the end of that day (today)",
     false},
    {"--purpose", ARGS_TEXT, "P", "why data about persons may leave", false},
    {"--recipient", ARGS_TEXT, "TEXT", "who gets them (default: who exports)",
     false},
    {"--to", ARGS_TEXT, "FILE",
     "the new file; of a report or export: the last day", false},
    {"--missing", ARGS_FLAG, NULL, "only those that have not arrived", false},
    {"--attachments-max", ARGS_TEXT, "MIB", "room for attachments in all",
     false},
    {"--into", ARGS_TEXT, "ID", "the record that stands for both", false},
    {"--from", ARGS_TEXT, "FILE",
     "the backup; of a report or export: the first day", false},
    {"--reply", ARGS_TEXT, "FILE", "what the device is brought", false},
    {"--journal", ARGS_TEXT, "FILE",
     "the office's journal, on another volume; none", false},
    {"--journal-size", ARGS_TEXT, "MIB",
     "begin the journal anew above this (default 64)", false},
    {"--source", ARGS_TEXT, "NAME", "who publishes it (default hsds)", false},
    {"--on", ARGS_TEXT, "DATE", "the day, as 2026-11-21", false},
    {"--retention", ARGS_TEXT, "CLASS",
     "how long it is kept: years_3 (default), years_10, permanent, ...", false},
    {"--county", ARGS_TEXT, "GEOID", "only this county", false},
    {"--worker", ARGS_TEXT, "USER", "only this worker's", false},
    {"--set", ARGS_LIST, "NAME=VALUE", "any other parameter", false},
    {"--ids", ARGS_FLAG, NULL, "with the records behind each row", false},
    {"--shared", ARGS_FLAG, NULL, "counts below 5 are not shown", false},
    {"--bare", ARGS_FLAG, NULL, "CSV without lines of explanation", false},
    {"--amount", ARGS_TEXT, "AMOUNT", "as 80 or 80.00", false},
    {"--limit", ARGS_TEXT, "AMOUNT", "how much may be spent", false},
    {"--pool", ARGS_TEXT, "NAME", "what vouchers for nobody draw on", false},
    {"--own-up-to", ARGS_TEXT, "AMOUNT",
     "who has asked may authorise it up to here", false},
    {"--approval-above", ARGS_TEXT, "AMOUNT",
     "a second person approves what is above", false},
    {"--repeat-days", ARGS_TEXT, "N",
     "requests alike so close together are shown (default 31)", false},
    {"--authority", ARGS_TEXT, "TEXT", "by which rule", false},
    {"--fund", ARGS_TEXT, "FUND", "federal_tanf, state_moe, csbg, ...", false},
    {"--federal", ARGS_TEXT, "AMOUNT", "of it federal", false},
    {"--state", ARGS_TEXT, "AMOUNT", "of it State", false},
    {"--despite", ARGS_LIST, "ID", "alike and paid, which was seen", false},
    {"--note", ARGS_TEXT, "TEXT", "a note", false},
    {"--person", ARGS_TEXT, "ID", "of or for this person", false},
    {"--waiting", ARGS_FLAG, NULL, "only what is not authorised", false},
    {"--category", ARGS_TEXT, "C", "transportation, clothing, ...", false},
    {"--until", ARGS_TEXT, "DATE", "its last day, as 2026-12-31", false},
    {"--enrollment", ARGS_TEXT, "ID", "the period of enrolment", false},
    {"--alarms", ARGS_FLAG, NULL, "only those with an alarm", false},
    {"--policy", ARGS_TEXT, "P", "only findings of this policy", false},
    {"--owner", ARGS_TEXT, "USER", "only this user's work", false},
    {"--case", ARGS_TEXT, "ID", "only of this case; where a new record goes",
     false},
    {"--all", ARGS_FLAG, NULL, "those that were resolved, too", false},
    {"--seal", ARGS_FLAG, NULL, "what is fixed changes no more", false},
    {"--lenient", ARGS_FLAG, NULL, "keep fields and codes that are unknown",
     false},
    {"--check", ARGS_FLAG, NULL,
     "write nothing, say what would be remarked on (exit 3: something)", false},
    {"--each", ARGS_FLAG, NULL, "a JSON object a line, all or none", false},
    {"--found-out", ARGS_TEXT, "DATE",
     "when it was found out, as 2026-11-21 (today)", false},
    {"--spare", ARGS_LIST, "ID", "a copy of its vault that is in good hands",
     false},
    {"--dry-run", ARGS_FLAG, NULL, "say what would change, write nothing",
     false},
};
#define OPTION_COUNT (sizeof options / sizeof *options)

static const struct entry {
    const char *name, *usage, *help;
    int (*run)(struct command *command);
    const char *options; /* beside the common ones, separated by spaces */
} entries[] = {
    {"init",
     "--agency SLUG [--name TEXT] [--host HOST]... [--keys DIR] "
     "[--journal FILE]",
     "make a new office, its keys, and a certificate for a trial", command_init,
     "--agency --name --host --keys --journal"},
    {"serve", "[--listen 127.0.0.1:8470] [--tls-cert FILE --tls-key FILE]",
     "answer devices until SIGTERM", command_serve,
     "--listen --tls-cert --tls-key --threads --attachments-max --keys "
     "--journal --journal-size"},
    {"user add", "NAME --role ROLE [--caseload C]... [--site S]...",
     "a new user", command_user_add,
     "--role --caseload --site --os-user --password-file --as --keys"},
    {"user set", "NAME [--role ROLE] [--caseload C]... [--site S]...",
     "change a user; caseloads and sites given replace all", command_user_set,
     "--role --caseload --site --os-user --password-file --as --keys"},
    {"user list", "", "who works here", command_user_list, "--keys"},
    {"user disable", "NAME", "end a user's access", command_user_disable,
     "--as --keys"},
    {"user enable", "NAME", "give it back", command_user_enable, "--as --keys"},
    {"invite", "--user NAME [--expires 7d]",
     "a one-time code to enrol a device", command_invite,
     "--user --expires --as --keys"},
    {"replica list", "", "devices and how far they are", command_replica_list,
     "--keys"},
    {"replica revoke", "ID [--reason TEXT]", "shut a device out",
     command_replica_revoke, "--reason --as --keys"},
    {"replica lost",
     "ID|USER [--found-out DATE] [--spare ID]... [--purpose P] "
     "[--format text|csv|json]",
     "shut a lost device out with its copies, and list who must be told",
     command_replica_lost,
     "--found-out --spare --reason --purpose --recipient --format --bare --as "
     "--keys"},
    {"case list", "", "cases and who may see them", command_case_list,
     "--keys"},
    {"case assign", "CASE --caseload C... [--site S]...",
     "say who may see a case; replaces what was said before",
     command_case_assign, "--caseload --site --as --keys"},
    {"case close", "CASE --on DATE [--retention CLASS]",
     "say from when on the years count for which its file is kept",
     command_case_close, "--on --retention --as --keys"},
    {"legal-hold set", "CASE --reason TEXT",
     "nothing of the case may be disposed of", command_legal_hold_set,
     "--reason --as --keys"},
    {"legal-hold lift", "CASE --reason TEXT", "end that",
     command_legal_hold_lift, "--reason --as --keys"},
    {"dispose propose", "CASE --reason TEXT",
     "propose that a case goes whose time is over", command_dispose_propose,
     "--reason --as --keys"},
    {"dispose withdraw", "CASE", "end a proposal", command_dispose_withdraw,
     "--as --keys"},
    {"dispose approve", "CASE...",
     "as a second person: its texts are destroyed now", command_dispose_approve,
     "--as --keys"},
    {"dispose list", "", "what was proposed, and what is gone",
     command_dispose_list, "--keys"},
    {"dispose clean", "", "leave nothing of it in the store's free space",
     command_dispose_clean, "--keys"},
    {"conflicts list", "", "values that wait for a person",
     command_conflicts_list, "--keys"},
    {"conflicts resolve",
     "RECORD FIELD --keep DOT... | --value V | --clear [--context TOKEN]",
     "settle one", command_conflicts_resolve,
     "--keep --value --clear --context --as --keys"},
    {"holds list", "", "lines in custody that do not take effect",
     command_holds_list, "--keys"},
    {"holds release", "DOT", "let one take effect as what it was",
     command_holds_release, "--as --keys"},
    {"duplicates", "", "persons that may be one, and why", command_duplicates,
     "--keys"},
    {"merge", "ID --into ID", "say that two records are of one person",
     command_merge, "--into --as --keys"},
    {"unmerge", "ID", "take that back", command_unmerge, "--as --keys"},
    {"findings resolve", "ID --reason TEXT [--until DATE]",
     "say why a finding needs no more; it is away until its facts change",
     command_findings_resolve, "--reason --until --as --keys"},
    {"findings policies", "", "which policies there are, and what they ask",
     command_findings_policies, "--keys"},
    {"findings",
     "[--policy P] [--owner USER] [--case ID] [--all] [--as-of D] "
     "[--set NAME=VALUE] [--format text|csv|json] [--bare]",
     "what somebody should look at, the oldest first", command_findings,
     "--policy --owner --case --all --as-of --set --format --bare --keys"},
    {"unknown", "",
     "what devices wrote that this office's record types do not have",
     command_unknown, "--keys"},
    {"put",
     "TYPE[/ID] FIELD=VALUE... | FIELD+=MEMBER... | - [--case ID] "
     "[--context TOKEN] [--seal] [--each] [--check]",
     "write a record, or with its ID revise one; as `satchel put` does",
     command_put,
     "--case --context --seal --lenient --each --check --as --keys"},
    {"disclose", "REFERRAL --site S [--purpose P]",
     "tell a site just what the client's consent names", command_disclose,
     "--site --purpose --as --keys"},
    {"cap set", "CATEGORY --limit AMOUNT [--approval-above AMOUNT]...",
     "how much may be spent on one person in a period of enrolment, or of a "
     "pool",
     command_cap_set,
     "--limit --pool --own-up-to --approval-above --repeat-days --authority "
     "--as --keys"},
    {"cap list", "[--person ID]", "caps, and what is left of them",
     command_cap_list, "--person --keys"},
    {"approve", "REQUEST [--amount AMOUNT] [--note TEXT]",
     "agree as a second person, where a cap asks for one", command_approve,
     "--amount --note --as --keys"},
    {"authorize", "REQUEST [--amount AMOUNT] [--despite ID...]",
     "pay for a request, within its cap; answered when it is backed up",
     command_authorize,
     "--amount --fund --federal --state --authority --despite --note --as "
     "--keys"},
    {"authorization list", "[--person ID] [--waiting]",
     "requests, what each repeats, and what came of them",
     command_authorization_list, "--person --waiting --keys"},
    {"authorization void", "ID --reason TEXT",
     "one that was not paid counts no more", command_authorization_void,
     "--reason --as --keys"},
    {"authorization paid", "ID --on DATE", "say when it was paid",
     command_authorization_paid, "--on --as --keys"},
    {"voucher issue",
     "--user NAME --amount AMOUNT --category C --until DATE "
     "(--person ID | --pool NAME)",
     "money that a worker may spend with no network", command_voucher_issue,
     "--user --amount --category --until --person --enrollment --pool --fund "
     "--as --keys"},
    {"voucher list", "[--alarms]",
     "vouchers, how they were spent, and what must be looked at",
     command_voucher_list, "--alarms --keys"},
    {"voucher void", "ID --reason TEXT",
     "one that was not spent; it counts until its devices know",
     command_voucher_void, "--reason --as --keys"},
    {"voucher settle", "ID --note TEXT",
     "say that its uses were looked at; write off one that is void",
     command_voucher_settle, "--note --as --keys"},
    {"show", "ID [--history]", "a record, its context and its hash",
     command_show, "--history --keys"},
    {"list", "TYPE [--where FIELD=VALUE]...", "records of a type", command_list,
     "--where --keys"},
    {"export case",
     "ID --purpose P [--recipient TEXT] [--format ndjson|html] [--as-of DATE]",
     "everything of one case, as it is or as it stood", command_export_case,
     "--purpose --recipient --format --as-of --as --keys"},
    {"export fhir",
     "--purpose P [--recipient TEXT] [--case ID] [--from D --to D]",
     "referrals as FHIR R4 ServiceRequest and Task, by their ids",
     command_export_fhir,
     "--purpose --recipient --case --from --to --as --keys"},
    {"export hsds", "--to DIR",
     "the resource directory as HSDS 3.0 tables in CSV", command_export_hsds,
     "--to --as --keys"},
    {"export ndjson", "--purpose P [--recipient TEXT]",
     "every record as it is shown, a line each", command_export_ndjson,
     "--purpose --recipient --as --keys"},
    {"import hsds", "PATH [--source NAME] [--dry-run]",
     "read a resource directory: HSDS 3.0 tables in CSV, or JSON",
     command_import_hsds, "--source --dry-run --as --keys"},
    {"import codes", "FILE|DIR", "read code sets: CSV files",
     command_import_codes, "--as --keys"},
    {"import schema", "FILE|DIR", "read record types", command_import_schema,
     "--as --keys"},
    {"bundle take", "FILE --reply FILE",
     "a device's work that came by file; the reply is carried back",
     command_bundle_take, "--reply --keys"},
    {"attachment list", "[--missing]",
     "files that belong to records, and whether they are here",
     command_attachment_list, "--missing --keys"},
    {"attachment save", "BLOB --to FILE", "write one to a new file",
     command_attachment_save, "--to --keys"},
    {"report",
     "[R-NN] [--from D --to D] [--as-of D] [--caseload C] [--set NAME=VALUE] "
     "[--format text|csv|json] [--ids] [--shared] [--bare]",
     "the office's figures; alone it lists the reports", command_report,
     "--from --to --as-of --caseload --county --worker --set --format --ids "
     "--shared --bare --keys"},
    {"status", "", "how much there is, and what waits", command_status,
     "--keys"},
    {"backup", "--to FILE", "copy the store while it is in use", command_backup,
     "--to --as --keys"},
    {"restore", "--from FILE [--journal FILE] | --journal FILE",
     "make an office from a backup and the journal", command_restore,
     "--from --journal --keys"},
    {"recovery close", "", "end the state after a rollback, gone or not",
     command_recovery_close, "--as --keys"},
    {"verify", "", "check everything against the log", command_verify,
     "--keys"},
    {"rebuild", "", "derive everything anew from the log", command_rebuild,
     "--keys"},
};
#define ENTRY_COUNT (sizeof entries / sizeof *entries)

/* How many of the words name the entry; 0: they do not. */
static size_t words_match(const struct entry *entry, const char *const *words,
                          size_t count)
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

static size_t options_of(const struct entry *entry,
                         struct args_option out[OPTION_MAX])
{
    return args_pick(options, OPTION_COUNT, COMMON_OPTIONS, entry->options, out,
                     OPTION_MAX);
}

static void help_group(const char *word)
{
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (!word || (strncmp(entries[i].name, word, strlen(word)) == 0 &&
                      entries[i].name[strlen(word)] == ' '))
            printf("  satchel-central %s%s%s\n      %s\n", entries[i].name,
                   entries[i].usage[0] ? " " : "", entries[i].usage,
                   entries[i].help);
}

static int help_all(void)
{
    puts("satchel-central: the central office of Satchel\n");
    help_group(NULL);
    puts("\nEvery command takes:");
    args_help(stdout, options, COMMON_OPTIONS);
    puts("\nCommands that write take --as USER (default: the user mapped by\n"
         "`user add --os-user`).  Exit code 0: done, 1: failed, 2: misuse.\n"
         "More: man satchel-central");
    return EXIT_DONE;
}

static int help_one(const struct entry *entry)
{
    struct args_option own[OPTION_MAX];
    printf("satchel-central %s --data DIR%s%s\n  %s\n\n", entry->name,
           entry->usage[0] ? " " : "", entry->usage, entry->help);
    args_help(stdout, own, options_of(entry, own));
    return EXIT_DONE;
}

static int run(struct command *command, const struct entry *entry)
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
    for (size_t i = 0; i < ENTRY_COUNT; i++)
        if (strncmp(entries[i].name, word, strlen(word)) == 0 &&
            entries[i].name[strlen(word)] == ' ')
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
    for (size_t i = 0; i < ENTRY_COUNT; i++) {
        size_t words = words_match(&entries[i], args->rest, args->rest_count);
        if (words == 0)
            continue;
        command->name = entries[i].name;
        command->operands = args->rest + words;
        command->operand_count = args->rest_count - words;
        return run(command, &entries[i]);
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
    if (args_parse(&command.args, options, OPTION_COUNT, argc - 1, argv + 1,
                   detail))
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
