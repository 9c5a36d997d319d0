/* put, contact, refer, follow-up: writing. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/base/bytes.h"

struct change {
    json_t *set, *add, *drop;
    const char *type; /* borrowed, for reading values by kind */
};

static int change_set(struct cli *cli, struct change *change, const char *name,
                      const char *text)
{
    char *json;
    if (json_object_get(change->set, name))
        return cli_misuse(cli, "%s is given twice; give each field once", name);
    int error = satchel_value(cli->vault, change->type, name, text, &json);
    if (error)
        return cli_fail_vault(cli, error);
    json_object_set_new(change->set, name, cli_parse(json));
    satchel_free(json);
    return EXIT_DONE;
}

static void change_add(struct change *change, const char *name,
                       const char *member)
{
    json_t *list = json_object_get(change->add, name);
    if (!list) {
        list = json_array();
        json_object_set_new(change->add, name, list);
    }
    json_array_append_new(list, json_string(member));
}

static int change_drop(struct cli *cli, struct change *change, const char *name,
                       char *text)
{
    char *colon = strchr(text, ':');
    if (!colon || !colon[1])
        return cli_misuse(cli, "%s-=%s: say why, %s-=MEMBER:REASON", name, text,
                          name);
    *colon = 0;
    json_t *members = json_object_get(change->drop, name);
    if (!members) {
        members = json_object();
        json_object_set_new(change->drop, name, members);
    }
    json_object_set_new(members, text, json_string(colon + 1));
    return EXIT_DONE;
}

/* FIELD=VALUE, FIELD+=M, FIELD-=M:REASON. */
static int take_operand(struct cli *cli, struct change *change,
                        const char *operand)
{
    const char *equals = strchr(operand, '=');
    if (!utf8_valid(bytes_text(operand), NULL))
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "%.*s: the text is not UTF-8; nothing was written",
                        equals ? (int)(equals - operand) : 0, operand);
    if (!equals || equals == operand)
        return cli_misuse(cli,
                          "\"%s\": write FIELD=VALUE, FIELD+=MEMBER or "
                          "FIELD-=MEMBER:REASON",
                          operand);
    char sign = equals[-1];
    size_t length = (size_t)(equals - operand) - (sign == '+' || sign == '-');
    char *name = strndup(operand, length);
    char *value = strdup(equals + 1);
    int code = EXIT_DONE;
    if (!name || !value)
        code = cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
    else if (sign == '+')
        change_add(change, name, value);
    else if (sign == '-')
        code = change_drop(cli, change, name, value);
    else
        code = change_set(cli, change, name, value);
    free(name);
    free(value);
    return code;
}

static int take_stdin(struct cli *cli, struct change *change)
{
    char *text = cli_stdin(cli);
    json_error_t fault;
    if (!text)
        return EXIT_FAILED;
    json_t *given = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    free(text);
    if (!json_is_object(given)) {
        int line = given ? 1 : fault.line, column = given ? 1 : fault.column;
        json_decref(given);
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "standard input:%d:%d: %s; give one JSON object "
                        "{\"field\": value}",
                        line, column, given ? "not an object" : fault.text);
    }
    size_t both = json_object_size(change->set) + json_object_size(given);
    json_object_update(change->set, given);
    json_decref(given);
    if (json_object_size(change->set) < both)
        return cli_misuse(cli, "standard input gives a field that the command "
                               "line gives too; give each field once");
    return EXIT_DONE;
}

static char *text_or_null(json_t *object)
{
    if (!json_object_size(object))
        return NULL;
    return json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
}

static void print_result(const struct cli *cli, const char *result)
{
    json_t *root = cli_parse(result);
    const char *warning = json_string_value(json_object_get(root, "warning"));
    if (cli->json)
        cli_print_json(result);
    else
        puts(json_string_value(json_object_get(root, "record")));
    if (warning && *warning && !cli->json)
        fprintf(stderr, "satchel: note: %s\n", warning);
    json_decref(root);
}

static int write_change(struct cli *cli, const struct change *change,
                        struct satchel_write *write)
{
    char *set = text_or_null(change->set), *add = text_or_null(change->add);
    char *drop = text_or_null(change->drop), *result = NULL;
    write->set_json = set;
    write->add_json = add;
    write->drop_json = drop;
    int error = satchel_write(cli->vault, write, &result);
    if (!error)
        print_result(cli, result);
    satchel_free(result);
    free(set);
    free(add);
    free(drop);
    return error ? cli_fail_vault(cli, error) : EXIT_DONE;
}

static int put_changes(struct cli *cli, struct change *change, size_t from)
{
    int code = EXIT_DONE;
    for (size_t i = from; !code && i < cli->operand_count; i++) {
        if (!strcmp(cli->operands[i], "-"))
            code = take_stdin(cli, change);
        else
            code = take_operand(cli, change, cli->operands[i]);
    }
    return code;
}

/* The type of the record that is revised, so that values are read by kind. */
static json_t *read_type(struct cli *cli, const char *record)
{
    char *json;
    json_t *type = NULL;
    if (!satchel_read(cli->vault, record, 0, &json)) {
        json_t *root = cli_parse(json);
        type = json_incref(json_object_get(root, "type"));
        json_decref(root);
        satchel_free(json);
    }
    return type;
}

static int put_with(struct cli *cli, struct satchel_write *write,
                    const char *type, size_t from)
{
    struct change change = {json_object(), json_object(), json_object(), type};
    int code = put_changes(cli, &change, from);
    if (!code)
        code = write_change(cli, &change, write);
    json_decref(change.set);
    json_decref(change.add);
    json_decref(change.drop);
    return code;
}

static int put_line(struct cli *cli, struct satchel_write *write,
                    const char *line, size_t number)
{
    char *result;
    write->set_json = line;
    int error = satchel_write(cli->vault, write, &result);
    if (error)
        return cli_fail(cli, EXIT_FAILED, err_name((enum err)error),
                        "standard input:%zu: %s; nothing was written", number,
                        satchel_message(cli->vault));
    print_result(cli, result);
    satchel_free(result);
    return EXIT_DONE;
}

/* Every line a record, all in one durable transaction: ids are printed as they
 * come and count once the command exits 0. */
static int put_each(struct cli *cli, struct satchel_write *write)
{
    char *line = NULL;
    size_t room = 0, number = 0;
    int error = satchel_begin(cli->vault), code = EXIT_DONE;
    if (error)
        return cli_fail_vault(cli, error);
    while (!code && getline(&line, &room, stdin) > 0) {
        number++;
        if (line[strspn(line, " \t\r\n")])
            code = put_line(cli, write, line, number);
    }
    free(line);
    if (code) {
        satchel_rollback(cli->vault);
        return code;
    }
    error = satchel_commit(cli->vault);
    return error ? cli_fail_vault(cli, error) : EXIT_DONE;
}

int command_put(struct cli *cli)
{
    const char *record = args_text(&cli->args, "--record");
    struct satchel_write write = SATCHEL_WRITE_INIT;
    if (!cli->operand_count && !record)
        return cli_misuse(cli, "which type?  satchel put TYPE FIELD=VALUE...");
    if (!record && strchr(cli->operands[0], '='))
        return cli_misuse(cli, "which type?  satchel put TYPE FIELD=VALUE..., "
                               "or --record ID to revise one");
    int code = cli_open(cli, true);
    if (code)
        return code;
    write.record = record;
    write.context = args_text(&cli->args, "--context");
    write.case_id = args_text(&cli->args, "--case");
    write.seal = args_flag(&cli->args, "--seal");
    write.lenient = args_flag(&cli->args, "--lenient");
    if (!record) {
        write.type = cli->operands[0];
        if (args_flag(&cli->args, "--each"))
            return put_each(cli, &write);
        return put_with(cli, &write, write.type, 1);
    }
    if (!write.context)
        return cli_misuse(cli, "--record needs --context: the token that "
                               "`satchel show` printed when you read it");
    /* TYPE may be left out when revising; a field has an equals sign. */
    bool typed = cli->operand_count && !strchr(cli->operands[0], '=') &&
                 strcmp(cli->operands[0], "-") != 0;
    json_t *type = read_type(cli, record);
    code = put_with(cli, &write, json_string_value(type), typed);
    json_decref(type);
    return code;
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

static int one_operand(struct cli *cli, const char *what)
{
    if (cli->operand_count == 1)
        return EXIT_DONE;
    return cli_misuse(cli, "satchel %s %s ...: give one %s, not %zu",
                      cli->command, what, what, cli->operand_count);
}

int command_contact(struct cli *cli)
{
    struct satchel_contact contact = SATCHEL_CONTACT_INIT;
    const char *narrative = args_text(&cli->args, "--narrative");
    char id[SATCHEL_ID_BYTES], *typed = NULL;
    int code = one_operand(cli, "PERSON");
    if (!code)
        code = cli_open(cli, true);
    if (code)
        return code;
    if (narrative && !strcmp(narrative, "-")) {
        narrative = typed = cli_stdin(cli);
        if (!typed)
            return EXIT_FAILED;
    }
    contact.person = cli->operands[0];
    contact.kind = args_text(&cli->args, "--kind");
    contact.narrative = narrative;
    contact.occurred_at = args_text(&cli->args, "--at");
    contact.outcome = args_text(&cli->args, "--outcome");
    contact.seal = args_flag(&cli->args, "--seal");
    code = done(cli, satchel_record_contact(cli->vault, &contact, id), id);
    free(typed);
    return code;
}

int command_refer(struct cli *cli)
{
    struct satchel_referral referral = SATCHEL_REFERRAL_INIT;
    char id[SATCHEL_ID_BYTES];
    int code = one_operand(cli, "PERSON");
    if (!code)
        code = cli_open(cli, true);
    if (code)
        return code;
    referral.person = cli->operands[0];
    referral.need = args_text(&cli->args, "--need");
    referral.service = args_text(&cli->args, "--to");
    referral.consent = args_text(&cli->args, "--consent");
    referral.status = args_text(&cli->args, "--status");
    referral.note = args_text(&cli->args, "--note");
    return done(cli, satchel_refer(cli->vault, &referral, id), id);
}

int command_follow_up(struct cli *cli)
{
    struct satchel_follow_up follow_up = SATCHEL_FOLLOW_UP_INIT;
    char id[SATCHEL_ID_BYTES];
    int code = one_operand(cli, "REFERRAL");
    if (!code)
        code = cli_open(cli, true);
    if (code)
        return code;
    follow_up.referral = cli->operands[0];
    follow_up.finding = args_text(&cli->args, "--finding");
    follow_up.method = args_text(&cli->args, "--method");
    follow_up.on = args_text(&cli->args, "--on");
    follow_up.next_due = args_text(&cli->args, "--next-due");
    return done(cli, satchel_record_follow_up(cli->vault, &follow_up, id), id);
}
