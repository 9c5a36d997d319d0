/* show, list, conflicts, resolve: reading and settling. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/base/bytes.h"

int command_show(struct cli *cli)
{
    char *json;
    if (cli->operand_count != 1)
        return cli_misuse(cli, "give one record id: satchel show ID");
    int code = cli_open(cli, true);
    if (code)
        return code;
    int error = satchel_read(cli->vault, cli->operands[0],
                             args_flag(&cli->args, "--history"), &json);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        cli_print_json(json);
    else
        print_show(cli, json);
    satchel_free(json);
    return EXIT_DONE;
}

/* {"field":"value"} from --where FIELD=VALUE...; NULL when there is none. */
static int where_json(struct cli *cli, char **out)
{
    size_t count = args_list_count(&cli->args, "--where");
    *out = NULL;
    if (!count)
        return EXIT_DONE;
    json_t *object = json_object();
    for (size_t i = 0; i < count; i++) {
        const char *text = args_list_at(&cli->args, "--where", i);
        const char *equals = strchr(text, '=');
        if (!equals || equals == text) {
            json_decref(object);
            return cli_misuse(cli, "--where %s: write FIELD=VALUE", text);
        }
        if (!utf8_valid(bytes_text(text), NULL)) {
            json_decref(object);
            return cli_misuse(cli, "--where: the text is not UTF-8");
        }
        char *name = strndup(text, (size_t)(equals - text));
        json_object_set_new(object, name ? name : "", json_string(equals + 1));
        free(name);
    }
    *out = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return EXIT_DONE;
}

int command_list(struct cli *cli)
{
    satchel_iterator *iterator;
    char *where;
    if (cli->operand_count != 1)
        return cli_misuse(cli, "give one type of record: satchel list TYPE");
    int code = where_json(cli, &where);
    if (!code)
        code = cli_open(cli, true);
    if (code) {
        free(where);
        return code;
    }
    int error = satchel_list(cli->vault, cli->operands[0], where, &iterator);
    free(where);
    if (error)
        return cli_fail_vault(cli, error);
    return cli_print_all(cli, iterator, print_row, "none");
}

int command_conflicts(struct cli *cli)
{
    satchel_iterator *iterator;
    int code = cli_open(cli, true);
    if (code)
        return code;
    int error = satchel_conflicts(cli->vault, &iterator);
    if (error)
        return cli_fail_vault(cli, error);
    return cli_print_all(cli, iterator, print_conflict,
                         "no conflicts: nothing waits for a decision");
}

static int resolve_by_keep(struct cli *cli, const char *context)
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

/* {"field":value} of what a person typed, by the field's kind. */
static int typed_value(struct cli *cli, const char *text, char **set_json)
{
    char *json, *shown;
    int error = satchel_read(cli->vault, cli->operands[0], 0, &shown);
    if (error)
        return error;
    json_t *root = cli_parse(shown), *set = json_object();
    satchel_free(shown);
    error = satchel_value(cli->vault,
                          json_string_value(json_object_get(root, "type")),
                          cli->operands[1], text, &json);
    json_decref(root);
    if (!error) {
        json_object_set_new(set, cli->operands[1], cli_parse(json));
        *set_json = json_dumps(set, JSON_COMPACT);
        satchel_free(json);
    }
    json_decref(set);
    return error;
}

static int resolve_by_value(struct cli *cli, const char *context)
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    const char *text;
    char *set_json = NULL;
    int code = given_option(cli, "--value", &text);
    if (code)
        return code;
    int error = typed_value(cli, text, &set_json);
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

int command_resolve(struct cli *cli)
{
    bool value =
        args_text(&cli->args, "--value") || args_text(&cli->args, "--draft");
    const char *context = args_text(&cli->args, "--context");
    bool keep = args_list_count(&cli->args, "--keep") > 0;
    if (cli->operand_count != 2)
        return cli_misuse(cli,
                          "give a record id and a field: satchel resolve ID "
                          "FIELD");
    if (keep == value)
        return cli_misuse(cli, "say which values stand (--keep DOT...) or give "
                               "a new one (--value V)");
    if (!context)
        return cli_misuse(cli, "--context is missing: the token that `satchel "
                               "show` printed with the values you decide on");
    int code = cli_open(cli, true);
    if (code)
        return code;
    code =
        keep ? resolve_by_keep(cli, context) : resolve_by_value(cli, context);
    if (!code && cli->json)
        printf("{\"field\":\"%s\",\"record\":\"%s\"}\n", cli->operands[1],
               cli->operands[0]);
    return code;
}
