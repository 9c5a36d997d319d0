/* The `satchel` command: what its sub-commands share.
 *
 * Exit codes: 0 done, 1 failed, 2 misuse.  Results go to stdout; an error is
 * one line on stderr that says what is wrong and what to do (with --json
 * {"detail","error"}, and "draft" when the text was kept as one). */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <jansson.h>
#include <stdio.h>

#include "client/cli/given.h"
#include "client/satchel.h"
#include "shared/base/args.h"

/* EXIT_NOTED: what was checked can be written, and something is remarked. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_MISUSE = 2, EXIT_NOTED = 3 };

struct cli {
    struct args args;
    const char *command;
    const char **operands; /* ordinary arguments after the command */
    size_t operand_count;
    const struct args_option *options; /* the command's own, borrowed */
    size_t option_count;
    bool json;
    satchel *vault; /* owned; NULL until cli_open() */
    struct given given;
};

/* One line on stderr, which also tells where a text that the command was given
 * is kept (given.h); returns `code`. */
int cli_fail(struct cli *cli, int code, const char *error, const char *format,
             ...) __attribute__((format(printf, 4, 5)));
/* The vault's last message, as one line; always EXIT_FAILED. */
int cli_fail_vault(struct cli *cli, int error);
int cli_misuse(struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

const char *cli_vault_path(const struct cli *cli); /* NULL: not told */
/* The passphrase from --passphrase-file, $SATCHEL_PASSPHRASE_FILE or, on a
 * terminal, the person; owned by the caller (wiped and freed with
 * cli_passphrase_free).  *out is NULL when there is none to be had.  `twice`
 * asks a person to repeat it. */
int cli_passphrase(struct cli *cli, bool twice, char **out);
/* The new one, which a person repeats; as above. */
int cli_passphrase_new(struct cli *cli, char **out);
/* A line of standard input, of which a terminal shows nothing; as above. */
char *cli_secret(const char *prompt);
/* The first line of this file. */
int cli_passphrase_file(struct cli *cli, const char *path, char **out);
void cli_passphrase_free(char *passphrase);

/* Opens the vault; `unlock` is whether the command needs it unlocked. EXIT_DONE
 * or an exit code with the message printed. */
int cli_open(struct cli *cli, bool unlock);

/* Parses JSON that the library gave. */
json_t *cli_parse(const char *text);
void cli_print_json(const char *text);
/* Every text of the iterator, which it closes; `none` when there is none. */
int cli_print_all(struct cli *cli, satchel_iterator *iterator,
                  void (*print)(struct cli *cli, const char *json),
                  const char *none);

/* What people read; prose.h has the words. */
void print_show(struct cli *cli, const char *json);
void print_row(struct cli *cli, const char *json);
void print_conflict(struct cli *cli, const char *json);
/* A text in lines, without what would command a terminal. */
void print_bytes(const char *text, size_t bytes);
/* What was remarked on a write, a line each, on standard error. */
void print_notes(const char *text);
/* The same of a day or instant of `field` that is to come; true when it is.
 * NULL is none. */
bool print_future(const struct cli *cli, const char *field, const char *at);

/* {"field","value"} after a decision. */
void print_settlement(const char *json);
/* One line without them; it may tell of stored texts. */
void print_message(FILE *to, const char *text);

/* That the vault is revoked or was never enrolled, in a line; else nothing. */
void print_standing(FILE *to, const struct satchel_status *status);
/* The same on stderr, before what such a vault cannot show. */
void print_access(struct cli *cli);

/* What satchel_mirror_status() gave, in words. */
void print_mirror(const char *json);

int command_enrol(struct cli *cli);
int command_put(struct cli *cli);
int command_contact(struct cli *cli);
int command_refer(struct cli *cli);
int command_follow_up(struct cli *cli);
int command_request(struct cli *cli);
int command_spend(struct cli *cli);
int command_show(struct cli *cli);
int command_list(struct cli *cli);
int command_sites(struct cli *cli);
int command_conflicts(struct cli *cli);
int command_resolve(struct cli *cli);
int command_draft(struct cli *cli);
int command_attach(struct cli *cli);
int command_attachment(struct cli *cli);
int command_status(struct cli *cli);
int command_sync(struct cli *cli);
int command_mirror(struct cli *cli);
int command_salvage(struct cli *cli);
int command_bundle(struct cli *cli);
int command_proof(struct cli *cli);
/* For `status --proof [FILE]`; the vault is open. */
int command_proof_print(struct cli *cli);
int command_prune(struct cli *cli);
int command_passphrase(struct cli *cli);
int command_verify(struct cli *cli);
int command_rebuild(struct cli *cli);

#endif
