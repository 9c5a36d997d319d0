#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

/* Where the next command looks for the passphrase: it finds the old one. */
static const char *outdated_file(const struct cli *cli)
{
    const char *path = args_text(&cli->args, "--passphrase-file");
    return path ? path : getenv("SATCHEL_PASSPHRASE_FILE");
}

static void say(struct cli *cli)
{
    const char *file = outdated_file(cli);
    print_notes(satchel_note(cli->vault));
    if (cli->json)
        puts("{\"changed\":true}");
    else
        puts("the passphrase is changed; copies of the vault from before still "
             "open with the old one");
    if (file && !cli->json)
        printf("%s still holds the old one: write the new one into it\n", file);
}

/* -1: none are counted, 0: as before. */
static int tries_max(struct cli *cli, int *out)
{
    const char *text = args_text(&cli->args, "--destroy-after");
    char *end;
    *out = 0;
    if (!text)
        return EXIT_DONE;
    if (!strcmp(text, "never")) {
        *out = -1;
        return EXIT_DONE;
    }
    long n = strtol(text, &end, 10);
    if (end == text || *end || n < 1 || n > 100)
        return cli_misuse(cli, "--destroy-after takes a number of wrong "
                               "passphrases from 1 to 100, or never");
    *out = (int)n;
    return EXIT_DONE;
}

static int change(struct cli *cli, const char *path, const char *before,
                  const char *after, int tries)
{
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    options.wrong_tries_max = tries;
    int error = satchel_open(&cli->vault, path, &options);
    if (!error)
        error = satchel_passphrase_change(cli->vault, before, after);
    if (error)
        return cli_fail_vault(cli, error);
    say(cli);
    return EXIT_DONE;
}

int command_passphrase(struct cli *cli)
{
    char *before = NULL, *after = NULL;
    const char *path = cli_vault_path(cli);
    if (!path)
        return cli_misuse(cli, "which vault?  Give --vault FILE or set "
                               "SATCHEL_VAULT");
    if (cli->operand_count)
        return cli_misuse(cli, "passphrases are not given as arguments, where "
                               "others see them: give --new-passphrase-file "
                               "FILE");
    int tries, code = tries_max(cli, &tries);
    if (!code)
        code = cli_passphrase(cli, false, &before);
    if (!code)
        code = cli_passphrase_new(cli, &after);
    if (!code && !(before && after))
        code = cli_fail(cli, EXIT_FAILED, "passphrase",
                        "%s passphrase is needed: give %s FILE",
                        before ? "the new" : "the vault's",
                        before ? "--new-passphrase-file" : "--passphrase-file");
    if (!code)
        code = change(cli, path, before, after, tries);
    cli_passphrase_free(before);
    cli_passphrase_free(after);
    return code;
}
