#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "client/cli/cli.h"

static void print_missing_json(const char *missing)
{
    const char *comma = "";
    putchar('[');
    while (*missing) {
        int size = (int)strcspn(missing, "\n");
        printf("%s\"%.*s\"", comma, size, missing);
        missing += size + 1;
        comma = ",";
    }
    putchar(']');
}

static void say_count(int64_t count, const char *what)
{
    if (count)
        printf("%" PRId64 " %s\n", count, what);
}

static void say(struct cli *cli, const struct satchel_salvage_report *r,
                const char *missing)
{
    if (cli->json) {
        printf("{\"carried\":%" PRId64 ",\"foreign\":%" PRId64 ",\"gaps\":",
               r->carried, r->foreign);
        print_missing_json(missing);
        printf(",\"intact\":%" PRId64 ",\"known\":%" PRId64
               ",\"missing\":%" PRId64 ",\"others\":%" PRId64
               ",\"unopened\":%" PRId64 ",\"unread\":%" PRId64 "}\n",
               r->intact, r->known, r->missing, r->others, r->unopened,
               r->unread);
        return;
    }
    printf("own writes intact: %" PRId64 " (brought here: %" PRId64
           ", here already: %" PRId64 ")\n",
           r->intact, r->carried, r->known);
    say_count(r->others, "more had come from the office, which has them");
    say_count(r->unopened,
              "do not open: damaged, or of cases that have left that device");
    say_count(r->unread, "bytes could not be read from the disk");
    say_count(r->foreign,
              "are of another user: salvage them into a vault of theirs");
    say_count(r->missing, "are missing (the office may have them):");
    if (r->missing)
        fputs(missing, stdout);
    if (r->carried)
        puts("now run satchel sync");
}

int command_salvage(struct cli *cli)
{
    struct satchel_salvage_report report = SATCHEL_SALVAGE_REPORT_INIT;
    char *passphrase, *missing;
    if (cli->operand_count != 1)
        return cli_misuse(cli, "name one file: a damaged vault, or its mirror");
    int code = cli_open(cli, true);
    const char *file = args_text(&cli->args, "--source-passphrase-file");
    if (!code)
        code = file ? cli_passphrase_file(cli, file, &passphrase)
                    : cli_passphrase(cli, false, &passphrase);
    if (code)
        return code;
    if (!passphrase)
        return cli_fail(cli, EXIT_FAILED, "passphrase",
                        "the source's passphrase is needed: give "
                        "--source-passphrase-file FILE");
    /* What the office has need not be brought again. */
    bool reached = !satchel_sync(cli->vault, NULL);
    int error = satchel_salvage(cli->vault, cli->operands[0], passphrase,
                                &report, &missing);
    cli_passphrase_free(passphrase);
    if (error)
        return cli_fail_vault(cli, error);
    say(cli, &report, missing);
    if (!reached && !cli->json)
        puts("the office was not reached: what it had already may have been "
             "brought a second time, which does no harm");
    satchel_free(missing);
    return EXIT_DONE;
}
