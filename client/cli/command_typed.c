/* contact, refer, follow-up: writing what is written most. */
#include <stdlib.h>

#include "client/cli/cli.h"

static int print_written(struct cli *cli, const char *id)
{
    json_t *root = json_pack("{s:s,s:s}", "record", id, "warning",
                             satchel_note(cli->vault));
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (!text)
        return cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
    puts(text);
    free(text);
    return EXIT_DONE;
}

static int done(struct cli *cli, int error, const char *id)
{
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        return print_written(cli, id);
    puts(id);
    print_notes(satchel_note(cli->vault));
    return EXIT_DONE;
}

static int one_operand(struct cli *cli, const char *what)
{
    if (cli->operand_count == 1)
        return EXIT_DONE;
    if (!cli->operand_count)
        return cli_misuse(cli, "which %s?  satchel %s %s ...", what,
                          cli->command, what);
    return cli_misuse(cli,
                      "satchel %s takes one %s, not %zu; put a text that has "
                      "spaces in quotes",
                      cli->command, what, cli->operand_count);
}

int command_contact(struct cli *cli)
{
    struct satchel_contact contact = SATCHEL_CONTACT_INIT;
    char id[SATCHEL_ID_BYTES];
    int code = one_operand(cli, "PERSON");
    if (!code)
        code = cli_open(cli, true);
    if (!code)
        code = given_option(cli, "--narrative", &contact.narrative);
    if (code)
        return code;
    contact.person = cli->operands[0];
    contact.kind = args_text(&cli->args, "--kind");
    contact.occurred_at = args_text(&cli->args, "--at");
    if (!contact.occurred_at && *cli->given.at)
        contact.occurred_at = cli->given.at; /* when it was first told */
    contact.outcome = args_text(&cli->args, "--outcome");
    contact.seal = args_flag(&cli->args, "--seal");
    int error = given_begin(cli);
    if (!error)
        error =
            given_end(cli, satchel_record_contact(cli->vault, &contact, id));
    if (!error)
        print_future(cli, "occurred_at", contact.occurred_at);
    return done(cli, error, id);
}

int command_refer(struct cli *cli)
{
    struct satchel_referral referral = SATCHEL_REFERRAL_INIT;
    char id[SATCHEL_ID_BYTES];
    int code = one_operand(cli, "PERSON");
    if (!code)
        code = cli_open(cli, true);
    if (!code)
        code = given_option(cli, "--note", &referral.note);
    if (code)
        return code;
    referral.person = cli->operands[0];
    referral.need = args_text(&cli->args, "--need");
    referral.service = args_text(&cli->args, "--to");
    referral.consent = args_text(&cli->args, "--consent");
    referral.status = args_text(&cli->args, "--status");
    int error = given_begin(cli);
    if (!error)
        error = given_end(cli, satchel_refer(cli->vault, &referral, id));
    return done(cli, error, id);
}

int command_follow_up(struct cli *cli)
{
    struct satchel_follow_up follow_up = SATCHEL_FOLLOW_UP_INIT;
    char id[SATCHEL_ID_BYTES], day[sizeof "2026-11-21"];
    int code = one_operand(cli, "REFERRAL");
    if (!code)
        code = cli_open(cli, true);
    if (!code)
        code = given_option(cli, "--finding", &follow_up.finding);
    if (code)
        return code;
    snprintf(day, sizeof day, "%s", cli->given.at);
    follow_up.referral = cli->operands[0];
    follow_up.method = args_text(&cli->args, "--method");
    follow_up.on = args_text(&cli->args, "--on");
    if (!follow_up.on && *day)
        follow_up.on = day; /* when it was first told */
    follow_up.next_due = args_text(&cli->args, "--next-due");
    int error = given_begin(cli);
    if (!error)
        error = given_end(cli,
                          satchel_record_follow_up(cli->vault, &follow_up, id));
    if (!error)
        print_future(cli, "on", follow_up.on);
    return done(cli, error, id);
}
