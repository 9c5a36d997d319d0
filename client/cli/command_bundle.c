#include <inttypes.h>
#include <string.h>

#include "client/cli/cli.h"

static const char *plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

static int write_done(const struct cli *cli, const char *path,
                      const struct satchel_bundle_report *r)
{
    if (cli->json) {
        printf("{\"left\":%" PRId64 ",\"lines\":%" PRId64
               ",\"push_only\":%s}\n",
               r->left, r->lines, r->push_only ? "true" : "false");
        return EXIT_DONE;
    }
    printf("%s holds %" PRId64 " write%s, sealed to the office: bring it there "
           "(satchel-central bundle take)\n",
           path, r->lines, plural(r->lines));
    if (r->left)
        printf("%" PRId64 " more did not fit: write another bundle when the "
               "reply has been read\n",
               r->left);
    if (r->push_only)
        puts("it only brings: the reply will hold receipts and no news");
    return EXIT_DONE;
}

static int read_done(const struct cli *cli,
                     const struct satchel_bundle_report *r)
{
    if (cli->json) {
        printf("{\"held\":%" PRId64 ",\"more\":%s,\"pulled\":%" PRId64
               ",\"received\":%" PRId64 "}\n",
               r->held, r->more ? "true" : "false", r->pulled, r->received);
        return EXIT_DONE;
    }
    if (!r->received && !r->pulled && r->passed_over)
        puts("nothing to do: this vault knows all of it already");
    else
        printf("%" PRId64 " write%s received by the office, %" PRId64
               " line%s pulled, %" PRId64 " held\n",
               r->received, plural(r->received), r->pulled, plural(r->pulled),
               r->held);
    if (r->push_only)
        puts("the vault is locked: unlock it and read the reply again for the "
             "office's news");
    if (r->more)
        puts("the office has more: write another bundle");
    return EXIT_DONE;
}

int command_bundle(struct cli *cli)
{
    struct satchel_bundle_report report = SATCHEL_BUNDLE_REPORT_INIT;
    bool writes = cli->operand_count && !strcmp(cli->operands[0], "write");
    bool reads = cli->operand_count && !strcmp(cli->operands[0], "read");
    if (cli->operand_count != 2 || (!writes && !reads))
        return cli_misuse(cli, "say `satchel bundle write FILE` or `satchel "
                               "bundle read FILE`");
    const char *path = cli->operands[1];
    int code = cli_open(cli, false);
    if (code)
        return code;
    int error = writes ? satchel_bundle_write(cli->vault, path, &report)
                       : satchel_bundle_read(cli->vault, path, &report);
    if (error)
        return cli_fail_vault(cli, error);
    return writes ? write_done(cli, path, &report) : read_done(cli, &report);
}
