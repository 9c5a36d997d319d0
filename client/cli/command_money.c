/* request, spend. */
#include <stdio.h>

#include "client/cli/cli.h"
#include "shared/model/amount.h"

static int one_operand(struct cli *cli, const char *what)
{
    if (cli->operand_count == 1)
        return EXIT_DONE;
    return cli_misuse(cli, "satchel %s %s ...: give one, not %zu", cli->command,
                      what, cli->operand_count);
}

static int needed(struct cli *cli, const char *option)
{
    return args_text(&cli->args, option)
               ? EXIT_DONE
               : cli_misuse(cli, "%s is missing; see `satchel %s --help`",
                            option, cli->command);
}

static int read_amount(struct cli *cli, int64_t *cents)
{
    const char *text = args_text(&cli->args, "--amount");
    if (!text || amount_read(text, cents) == ERR_OK)
        return EXIT_DONE;
    return cli_misuse(
        cli, "--amount %.32s is no amount; write it as 80 or 80.00", text);
}

static int done(struct cli *cli, int error, const char *id)
{
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        printf("{\"record\":\"%s\"}\n", id);
    else
        puts(id);
    return EXIT_DONE;
}

int command_request(struct cli *cli)
{
    struct satchel_money_request request = SATCHEL_MONEY_REQUEST_INIT;
    char id[SATCHEL_ID_BYTES];
    int code = one_operand(cli, "PERSON");
    if (!code)
        code = needed(cli, "--category");
    if (!code)
        code = needed(cli, "--amount");
    if (!code)
        code = needed(cli, "--payee");
    if (!code)
        code = read_amount(cli, &request.amount_cents);
    if (!code)
        code = cli_open(cli, true);
    if (!code)
        code = given_option(cli, "--purpose", &request.purpose);
    if (code)
        return code;
    request.person = cli->operands[0];
    request.category = args_text(&cli->args, "--category");
    request.payee = args_text(&cli->args, "--payee");
    request.need = args_text(&cli->args, "--need");
    request.enrollment = args_text(&cli->args, "--enrollment");
    int error = given_begin(cli);
    if (!error)
        error = given_end(cli, satchel_request_money(cli->vault, &request, id));
    return done(cli, error, id);
}

int command_spend(struct cli *cli)
{
    struct satchel_spend spend = SATCHEL_SPEND_INIT;
    char id[SATCHEL_ID_BYTES];
    int code = one_operand(cli, "VOUCHER");
    if (!code)
        code = needed(cli, "--person");
    if (!code)
        code = needed(cli, "--payee");
    if (!code)
        code = read_amount(cli, &spend.amount_cents);
    if (!code)
        code = cli_open(cli, true);
    if (!code)
        code = given_option(cli, "--purpose", &spend.purpose);
    if (code)
        return code;
    spend.voucher = cli->operands[0];
    spend.person = args_text(&cli->args, "--person");
    spend.payee = args_text(&cli->args, "--payee");
    int error = given_begin(cli);
    if (!error)
        error = given_end(cli, satchel_spend(cli->vault, &spend, id));
    return done(cli, error, id);
}
