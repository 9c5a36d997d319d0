/* resolve: settling a conflict. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

static json_t *read_field(struct cli *cli, json_t **record)
{
    char *json = NULL;
    *record = NULL;
    if (!satchel_read(cli->vault, cli->operands[0], 0, &json))
        *record = cli_parse(json);
    satchel_free(json);
    return json_object_get(json_object_get(*record, "fields"),
                           cli->operands[1]);
}

static int by_keep(struct cli *cli, const char *context)
{
    size_t count = args_list_count(&cli->args, "--keep");
    const char **keep = calloc(count + 1, sizeof *keep);
    if (!keep)
        return cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
    for (size_t i = 0; i < count; i++)
        keep[i] = args_list_at(&cli->args, "--keep", i);
    int error = satchel_resolve(cli->vault, cli->operands[0], cli->operands[1],
                                context, keep);
    free(keep);
    return error ? cli_fail_vault(cli, error) : EXIT_DONE;
}

/* Only what is in conflict: this is no other way to `put`. */
static int open_check(struct cli *cli, const json_t *record,
                      const json_t *field)
{
    const char *name = cli->operands[1];
    if (!record)
        return cli_fail(cli, EXIT_FAILED, "not_found", "%s",
                        satchel_message(cli->vault));
    if (!field)
        return cli_fail(cli, EXIT_FAILED, "not_found",
                        "the record has no value in a field %s", name);
    if (!json_is_true(json_object_get(field, "open")))
        return cli_fail(cli, EXIT_FAILED, "exists",
                        "%s is not in conflict; nothing is to be settled",
                        name);
    return EXIT_DONE;
}

/* {"field":value} of what a person typed, by the field's kind. */
static int typed_value(struct cli *cli, const json_t *record, const char *text,
                       char **set_json)
{
    const json_t *type = json_object_get(record, "type");
    char *json;
    int error = satchel_value(cli->vault, json_string_value(type),
                              cli->operands[1], text, &json);
    if (error)
        return error;
    json_t *set = json_object();
    json_object_set_new(set, cli->operands[1], cli_parse(json));
    *set_json = json_dumps(set, JSON_COMPACT);
    satchel_free(json);
    json_decref(set);
    return SATCHEL_OK;
}

/* "" clears the field. */
static int write_value(struct cli *cli, const char *context,
                       const json_t *record, const char *text)
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    char *set_json = NULL;
    int error = typed_value(cli, record, text, &set_json);
    write.record = cli->operands[0];
    write.context = context;
    write.set_json = set_json;
    if (!error)
        error = given_begin(cli);
    if (!error)
        error = given_end(cli, satchel_write(cli->vault, &write, NULL));
    free(set_json);
    return error ? cli_fail_vault(cli, error) : EXIT_DONE;
}

static int by_value(struct cli *cli, const char *context)
{
    const char *text = NULL;
    json_t *record;
    bool clear = args_flag(&cli->args, "--clear");
    int code = clear ? EXIT_DONE : given_option(cli, "--value", &text);
    if (code)
        return code;
    const json_t *field = read_field(cli, &record);
    code = open_check(cli, record, field);
    if (!code)
        code = write_value(cli, context, record, clear ? "" : text);
    json_decref(record);
    return code;
}

/* What is in force from now on. */
static int print_settled(struct cli *cli)
{
    json_t *record;
    json_t *value = json_object_get(read_field(cli, &record), "value");
    json_t *said =
        json_pack("{s:s,s:s,s:O}", "field", cli->operands[1], "record",
                  cli->operands[0], "value", value ? value : json_null());
    char *text = json_dumps(said, JSON_COMPACT | JSON_SORT_KEYS);
    if (text && cli->json)
        cli_print_json(text);
    else if (text)
        print_settlement(text);
    free(text);
    json_decref(said);
    json_decref(record);
    return text ? EXIT_DONE
                : cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
}

static int misuse(struct cli *cli, bool keep, bool value, bool clear)
{
    if (cli->operand_count != 2)
        return cli_misuse(cli,
                          "give a record id and a field: satchel resolve ID "
                          "FIELD");
    if (keep + value + clear > 1)
        return cli_misuse(cli, "--keep, --value and --clear are different "
                               "decisions; give one of them");
    if (!keep && !value && !clear)
        return cli_misuse(cli, "say which values stand (--keep DOT...), or "
                               "give a new one (--value V), or none (--clear)");
    if (!args_text(&cli->args, "--context"))
        return cli_misuse(cli, "--context is missing: the token that `satchel "
                               "show` printed with the values you decide on");
    return EXIT_DONE;
}

int command_resolve(struct cli *cli)
{
    bool value =
        args_text(&cli->args, "--value") || args_text(&cli->args, "--draft");
    bool keep = args_list_count(&cli->args, "--keep") > 0;
    const char *context = args_text(&cli->args, "--context");
    int code = misuse(cli, keep, value, args_flag(&cli->args, "--clear"));
    if (!code)
        code = cli_open(cli, true);
    if (code)
        return code;
    code = keep ? by_keep(cli, context) : by_value(cli, context);
    return code ? code : print_settled(cli);
}
