#include <stdio.h>
#include <stdlib.h>

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

static int change(struct cli *cli, const char *path, const char *before,
                  const char *after)
{
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
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
    char *before, *after = NULL;
    const char *path = cli_vault_path(cli);
    if (!path)
        return cli_misuse(cli, "which vault?  Give --vault FILE or set "
                               "SATCHEL_VAULT");
    if (cli->operand_count)
        return cli_misuse(cli, "passphrases are not given as arguments, where "
                               "others see them: give --new-passphrase-file "
                               "FILE");
    int code = cli_passphrase(cli, false, &before);
    if (!code)
        code = cli_passphrase_new(cli, &after);
    if (!code && !(before && after))
        code = cli_fail(cli, EXIT_FAILED, "passphrase",
                        "%s passphrase is needed: give %s FILE",
                        before ? "the new" : "the vault's",
                        before ? "--new-passphrase-file" : "--passphrase-file");
    if (!code)
        code = change(cli, path, before, after);
    cli_passphrase_free(before);
    cli_passphrase_free(after);
    return code;
}
