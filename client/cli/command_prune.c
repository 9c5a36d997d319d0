#include <inttypes.h>

#include "client/cli/cli.h"

int command_prune(struct cli *cli)
{
    struct satchel_prune_report r = SATCHEL_PRUNE_REPORT_INIT;
    if (cli->operand_count)
        return cli_misuse(cli, "prune takes no operand: what may go is not "
                               "for people to choose");
    int code = cli_open(cli, false);
    if (code)
        return code;
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
               " bytes of the vault are free for new work\n",
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
