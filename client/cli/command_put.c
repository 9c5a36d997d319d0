/* put, contact, refer, follow-up: writing. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/base/bytes.h"

#define RESULTS_BYTES_MAX (1u << 30) /* of one batch */

struct change {
    json_t *set, *add, *drop;
    const char *type; /* borrowed, for reading values by kind */
};

static int change_set(struct cli *cli, struct change *change, const char *name,
                      const char *text)
{
    char *json;
    /* What is said now corrects what the draft says. */
    if (json_object_get(change->set, name) && !cli->given.draft)
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

/* The fields that standard input or the draft gives. */
static int take_given(struct cli *cli, struct change *change)
{
    const char *text = given_read(cli);
    json_error_t fault;
    if (!text)
        return EXIT_FAILED;
    if (!text[strspn(text, " \t\r\n")])
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "%s is empty; give one JSON object {\"field\": value}",
                        cli->given.draft ? "the draft" : "standard input");
    json_t *given = json_loads(text, JSON_REJECT_DUPLICATES, &fault);
    if (!json_is_object(given)) {
        int line = given ? 1 : fault.line, column = given ? 1 : fault.column;
        json_decref(given);
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "%s:%d:%d: %s; give one JSON object {\"field\": value}",
                        cli->given.draft ? "the draft" : "standard input", line,
                        column, given ? "not an object" : fault.text);
    }
    json_object_update(change->set, given);
    json_decref(given);
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

static int write_change(struct cli *cli, struct change *change,
                        struct satchel_write *write)
{
    char *set = text_or_null(change->set), *add = text_or_null(change->add),
         *drop = text_or_null(change->drop), *result = NULL;
    write->set_json = set;
    write->add_json = add;
    write->drop_json = drop;
    int error = given_begin(cli);
    if (!error)
        error = given_end(cli, satchel_write(cli->vault, write, &result));
    if (!error)
        print_result(cli, result);
    else if (set)
        given_operands(cli, set);
    satchel_free(result);
    free(set);
    free(add);
    free(drop);
    return error ? cli_fail_vault(cli, error) : EXIT_DONE;
}

static int put_changes(struct cli *cli, struct change *change, size_t from)
{
    bool reads = args_text(&cli->args, "--draft") != NULL;
    for (size_t i = from; i < cli->operand_count; i++)
        reads |= !strcmp(cli->operands[i], "-");
    int code = reads ? take_given(cli, change) : EXIT_DONE;
    for (size_t i = from; !code && i < cli->operand_count; i++)
        if (strcmp(cli->operands[i], "-") != 0)
            code = take_operand(cli, change, cli->operands[i]);
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

/* The next line of standard input, or of the draft. */
static bool next_line(struct cli *cli, FILE *from, char **line, size_t *room)
{
    ssize_t size = from ? getline(line, room, from) : -1;
    if (size > 0 && from == stdin)
        given_add(cli, *line, (size_t)size);
    return size > 0;
}

/* *from stays NULL when the draft is empty. */
static int open_lines(struct cli *cli, FILE **from)
{
    struct buffer *text = &cli->given.text;
    *from = NULL;
    if (!args_text(&cli->args, "--draft")) {
        *from = stdin;
        return EXIT_DONE;
    }
    if (!given_read(cli))
        return EXIT_FAILED;
    if (text->size && !(*from = fmemopen(text->at, text->size, "r")))
        return cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
    return EXIT_DONE;
}

static int put_lines(struct cli *cli, struct satchel_write *write, FILE *from,
                     size_t *number, struct buffer *results)
{
    char *line = NULL, *result = NULL;
    size_t room = 0;
    int error = SATCHEL_OK;
    while (!error && next_line(cli, from, &line, &room)) {
        ++*number;
        if (!line[strspn(line, " \t\r\n")])
            continue;
        write->set_json = line;
        error = satchel_write(cli->vault, write, &result);
        if (!error)
            error = (int)buffer_add(results, result, strlen(result) + 1);
        satchel_free(result);
    }
    free(line);
    return error;
}

static void print_results(const struct cli *cli, const struct buffer *results)
{
    const char *at = buffer_text(results), *end = at + results->size;
    for (; at < end; at += strlen(at) + 1)
        print_result(cli, at);
}

static int each_fail(struct cli *cli, const struct buffer *results, FILE *from,
                     size_t number, int error)
{
    return cli_fail(cli, EXIT_FAILED, err_name((enum err)error),
                    "%s:%zu: %s; nothing was written",
                    from == stdin ? "standard input" : "the draft", number,
                    buffer_err(results) ? err_text((enum err)error)
                                        : satchel_message(cli->vault));
}

static int write_each(struct cli *cli, struct satchel_write *write, FILE *from,
                      struct buffer *results)
{
    size_t number = 0;
    int error = satchel_begin(cli->vault);
    if (error)
        return cli_fail_vault(cli, error);
    error = put_lines(cli, write, from, &number, results);
    if (!error && cli->given.draft)
        error = satchel_draft_drop(cli->vault, cli->given.draft);
    if (!error) {
        error = satchel_commit(cli->vault);
        return error ? cli_fail_vault(cli, error) : EXIT_DONE;
    }
    satchel_rollback(cli->vault);
    if (from == stdin)
        given_rest(cli);
    return each_fail(cli, results, from, number, error);
}

/* Every line a record, all in one durable transaction: ids are printed when it
 * is over, so that none is that of a record that was not kept. */
static int put_each(struct cli *cli, struct satchel_write *write)
{
    FILE *from = NULL;
    struct buffer results;
    int code = open_lines(cli, &from);
    if (code)
        return code;
    buffer_init(&results, RESULTS_BYTES_MAX);
    code = write_each(cli, write, from, &results);
    if (!code)
        print_results(cli, &results);
    buffer_fini(&results);
    if (from && from != stdin)
        fclose(from);
    return code;
}

/* A write without a field, though what is read may hold some. */
static bool gives_nothing(const struct cli *cli, size_t from)
{
    return cli->operand_count <= from && !args_flag(&cli->args, "--seal") &&
           !args_flag(&cli->args, "--each") &&
           !args_text(&cli->args, "--draft");
}

/* TYPE may be left out when revising; a field has an equals sign. */
static bool type_given(const struct cli *cli)
{
    return cli->operand_count && !strchr(cli->operands[0], '=') &&
           strcmp(cli->operands[0], "-") != 0;
}

static int put_misuse(struct cli *cli, const char *record, const char *context)
{
    if (!record && !cli->operand_count)
        return cli_misuse(cli, "which type?  satchel put TYPE FIELD=VALUE...");
    if (!record && !type_given(cli))
        return cli_misuse(cli, "which type?  satchel put TYPE FIELD=VALUE..., "
                               "or --record ID to revise one");
    if (!record && context)
        return cli_misuse(cli, "--context needs --record: without it this "
                               "would be a new record");
    if (record && !context)
        return cli_misuse(cli, "--record needs --context: the token that "
                               "`satchel show` printed when you read it");
    if (gives_nothing(cli, type_given(cli)))
        return cli_misuse(cli, "there is nothing to write: give at least one "
                               "FIELD=VALUE, or - to read fields from "
                               "standard input");
    return EXIT_DONE;
}

int command_put(struct cli *cli)
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    write.record = args_text(&cli->args, "--record");
    write.context = args_text(&cli->args, "--context");
    write.case_id = args_text(&cli->args, "--case");
    write.seal = args_flag(&cli->args, "--seal");
    write.lenient = args_flag(&cli->args, "--lenient");
    int code = put_misuse(cli, write.record, write.context);
    if (!code)
        code = cli_open(cli, true);
    if (code)
        return code;
    if (!write.record) {
        write.type = cli->operands[0];
        return args_flag(&cli->args, "--each")
                   ? put_each(cli, &write)
                   : put_with(cli, &write, write.type, 1);
    }
    json_t *type = read_type(cli, write.record);
    code = put_with(cli, &write, json_string_value(type), type_given(cli));
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
    return done(cli, error, id);
}
