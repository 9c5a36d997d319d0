/* enrol, status, sync, verify, rebuild. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "shared/base/clock.h"
#include "shared/exchange/session.h"

/* A kill while a vault was being made leaves a file without keys. */
static bool vault_there(const char *path)
{
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    satchel *vault;
    if (access(path, F_OK))
        return false;
    int error = satchel_open(&vault, path, &options);
    satchel_close(vault);
    return error != SATCHEL_NOT_FOUND;
}

/* Opens the vault, or makes it when there is none. */
static int open_or_create(struct cli *cli)
{
    struct satchel_options options = SATCHEL_OPTIONS_INIT;
    const char *path = cli_vault_path(cli);
    char *passphrase;
    if (!path)
        return cli_misuse(cli, "which vault?  Give --vault FILE or set "
                               "SATCHEL_VAULT");
    if (vault_there(path))
        return cli_open(cli, true);
    int code = cli_passphrase(cli, true, &passphrase);
    if (code)
        return code;
    if (!passphrase)
        return cli_fail(cli, EXIT_FAILED, "locked",
                        "a new vault needs a passphrase: give "
                        "--passphrase-file FILE");
    options.passphrase = passphrase;
    int error = satchel_create(&cli->vault, path, &options);
    cli_passphrase_free(passphrase);
    if (error == SATCHEL_EXISTS) {
        satchel_close(cli->vault);
        cli->vault = NULL;
        return cli_open(cli, true);
    }
    return error ? cli_fail_vault(cli, error) : EXIT_DONE;
}

/* All that can be known to be wrong is, before there is a vault; what goes
 * wrong later, before a request is sent, takes a vault that was made for it
 * along. */
static int enrol(struct cli *cli, const char *server, const char *code_text)
{
    const char *ca_file = args_text(&cli->args, "--ca");
    char detail[SESSION_DETAIL_CHARS];
    enum err wrong = session_enrol_check(server, ca_file, code_text, detail);
    if (wrong)
        return cli_fail(cli, EXIT_FAILED, err_name(wrong), "%s",
                        *detail ? detail : err_text(wrong));
    int code = open_or_create(cli);
    if (code)
        return code;
    int error = satchel_enrol(cli->vault, server, code_text, ca_file);
    const char *mirror = args_text(&cli->args, "--mirror");
    if (!error && mirror)
        error = satchel_mirror(cli->vault, mirror);
    if (error) {
        code = cli_fail_vault(cli, error);
        (void)satchel_discard(cli->vault);
        return code;
    }
    if (cli->json)
        printf("{\"enrolled\":true}\n");
    else
        printf("enrolled at %s\n", server);
    return EXIT_DONE;
}

int command_enrol(struct cli *cli)
{
    const char *server = args_text(&cli->args, "--server");
    const char *code_text = args_text(&cli->args, "--code");
    if (!server || !code_text || cli->operand_count)
        return cli_misuse(cli,
                          "%s: satchel enroll --vault FILE --server URL "
                          "--code CODE|- [--ca FILE]",
                          !server      ? "--server is missing"
                          : !code_text ? "--code is missing"
                                       : "enroll takes options only");
    char *secret = NULL;
    if (!strcmp(code_text, "-") && !(code_text = secret = cli_secret("Code: ")))
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "--code -: standard input holds no code");
    int code = enrol(cli, server, code_text);
    cli_passphrase_free(secret);
    return code;
}

static void print_age(int64_t seconds)
{
    if (seconds < 120)
        printf("%" PRId64 " s", seconds);
    else if (seconds < 7200)
        printf("%" PRId64 " min", seconds / 60);
    else if (seconds < 172800)
        printf("%" PRId64 " h", seconds / 3600);
    else
        printf("%" PRId64 " days", seconds / 86400);
}

static void print_last_sync(int64_t seconds)
{
    char instant[INSTANT_CHARS] = "never";
    if (seconds)
        instant_format_local(instant, seconds * 1000);
    puts(instant);
}

static void print_status(const struct satchel_status *s)
{
    print_standing(stdout, s);
    printf("only on this device  %" PRId64, s->here);
    if (s->here) {
        fputs(", oldest ", stdout);
        print_age(s->oldest_s);
    }
    printf("\nreceived             %" PRId64 "\n", s->received);
    printf("backed up            %" PRId64 "\n", s->backed_up);
    printf("held by the office   %" PRId64 "\n", s->held);
    if (s->conflicts < 0)
        puts("conflicts            unknown while locked");
    else
        printf("conflicts            %" PRId64 "\n", s->conflicts);
    printf("drafts               %" PRId64 "%s\n", s->drafts,
           s->drafts ? ", see `satchel draft list`" : "");
    printf("attachments to send  %" PRId64, s->attachments);
    if (s->attachments)
        printf(", %" PRId64 " KiB", (s->attachment_bytes + 1023) / 1024);
    fputs("\nlast sync            ", stdout);
    print_last_sync(s->last_sync);
}

int command_status(struct cli *cli)
{
    struct satchel_status s = SATCHEL_STATUS_INIT;
    char *mirror = NULL;
    bool proof = args_flag(&cli->args, "--proof");
    if (cli->operand_count > (proof ? 1 : 0))
        return cli_misuse(cli,
                          "status takes no \"%s\"; a file only with "
                          "--proof",
                          cli->operands[cli->operand_count - 1]);
    int code = cli_open(cli, false);
    if (code)
        return code;
    if (proof)
        return command_proof_print(cli);
    int error = satchel_status(cli->vault, &s);
    if (!error)
        error = satchel_mirror_status(cli->vault, &mirror);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        printf("{\"attachments\":%" PRId64 ",\"backed_up\":%" PRId64
               ",\"conflicts\":%" PRId64 ",\"drafts\":%" PRId64
               ",\"enrolled\":%s,\"held\":%" PRId64 ",\"here\":%" PRId64
               ",\"last_sync\":%" PRId64 ",\"mirror\":%s,\"oldest_s\":%" PRId64
               ",\"received\":%" PRId64 ",\"revoked\":%" PRId64 "}\n",
               s.attachments, s.backed_up, s.conflicts, s.drafts,
               s.enrolled ? "true" : "false", s.held, s.here,
               s.last_sync * 1000, mirror ? mirror : "null", s.oldest_s,
               s.received, s.revoked * 1000);
    else
        print_status(&s);
    if (mirror && !cli->json)
        print_mirror(mirror);
    satchel_free(mirror);
    return EXIT_DONE;
}

static void print_report(const struct cli *cli,
                         const struct satchel_sync_report *r)
{
    if (cli->json) {
        printf("{\"attachments\":%" PRId64 ",\"held\":%" PRId64
               ",\"left\":%" PRId64 ",\"locked\":%s,\"pulled\":%" PRId64
               ",\"pushed\":%" PRId64 ",\"received_bytes\":%" PRId64
               ",\"requests\":%" PRId64 ",\"sent_bytes\":%" PRId64 "}\n",
               r->attachments, r->held, r->left, r->locked ? "true" : "false",
               r->pulled, r->pushed, r->received_bytes, r->requests,
               r->sent_bytes);
        return;
    }
    printf("sent %" PRId64 ", received %" PRId64 ", held %" PRId64 " (%" PRId64
           " request%s, %" PRId64 " bytes)\n",
           r->pushed, r->pulled, r->held, r->requests,
           r->requests == 1 ? "" : "s", r->sent_bytes + r->received_bytes);
    if (r->left)
        printf("%" PRId64 " case%s left this device\n", r->left,
               r->left == 1 ? "" : "s");
    if (r->locked)
        puts("locked: nothing was fetched");
}

int command_sync(struct cli *cli)
{
    struct satchel_sync_report r = SATCHEL_SYNC_REPORT_INIT;
    int code = cli_open(cli, false);
    if (code)
        return code;
    int error = satchel_sync(cli->vault, &r);
    if (error)
        return cli_fail_vault(cli, error);
    print_report(cli, &r);
    return EXIT_DONE;
}

int command_verify(struct cli *cli)
{
    int64_t problems;
    char *report;
    int code = cli_open(cli, true);
    if (code)
        return code;
    int error = satchel_verify(cli->vault, &problems, &report);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        printf("{\"problems\":%" PRId64 "}\n", problems);
    else if (problems)
        fputs(report, stdout);
    else
        puts("the vault is sound: chain, seals and derived data agree");
    satchel_free(report);
    if (!problems)
        return EXIT_DONE;
    return cli_fail(cli, EXIT_FAILED, "corrupt",
                    "%" PRId64 " problem%s; `satchel rebuild` mends what is "
                    "derived",
                    problems, problems == 1 ? "" : "s");
}

int command_rebuild(struct cli *cli)
{
    int code = cli_open(cli, true);
    if (code)
        return code;
    int error = satchel_rebuild(cli->vault);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        puts("{\"rebuilt\":true}");
    else
        puts("derived everything anew from the log");
    return EXIT_DONE;
}
