#include <inttypes.h>

#include "client/cli/cli.h"

static int attachments(struct cli *cli)
{
    int64_t count;
    int error = satchel_let_attachments_go(cli->vault, &count);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        printf("{\"attachments\":%" PRId64 "}\n", count);
    else if (count)
        printf("%" PRId64 " attachments go as soon as the office says, at a "
               "sync, that it has them in two backups; fetch one again with "
               "`satchel attachment save`\n",
               count);
    else
        puts("there are no attachments here");
    return EXIT_DONE;
}

int command_prune(struct cli *cli)
{
    struct satchel_prune_report r = SATCHEL_PRUNE_REPORT_INIT;
    if (cli->operand_count)
        return cli_misuse(cli, "prune takes no operand: what may go is not "
                               "for people to choose");
    int code = cli_open(cli, false);
    if (code)
        return code;
    if (args_flag(&cli->args, "--attachments"))
        return attachments(cli);
    int error = satchel_prune(cli->vault, &r);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json) {
        printf("{\"bytes\":%" PRId64 ",\"cases\":%" PRId64 ",\"lines\":%" PRId64
               ",\"waiting\":%" PRId64 "}\n",
               r.bytes, r.cases, r.lines, r.waiting);
        return EXIT_DONE;
    }
    if (r.cases)
        printf("erased %" PRId64 " lines of %" PRId64
               " cases that have left; %" PRId64
               " bytes of the vault are free\n",
               r.lines, r.cases, r.bytes);
    else
        puts("there was nothing to erase");
    if (r.waiting)
        printf("%" PRId64
               " more cases have left: they go once the office has backed up "
               "what is written here after that\n",
               r.waiting);
    return EXIT_DONE;
}
