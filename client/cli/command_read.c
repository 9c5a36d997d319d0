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
        print_show(json);
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

static int print_all(struct cli *cli, satchel_iterator *iterator,
                     void (*print)(struct cli *cli, const char *json),
                     const char *none)
{
    const char *text;
    size_t count = 0;
    if (cli->json)
        putchar('[');
    while (!satchel_next(iterator, &text)) {
        if (cli->json)
            printf("%s%s", count ? "," : "", text);
        else
            print(cli, text);
        count++;
    }
    if (cli->json)
        puts("]");
    else if (!count)
        puts(none);
    satchel_iterator_close(iterator);
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
    return print_all(cli, iterator, print_row, "none");
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
    return print_all(cli, iterator, print_conflict,
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

static int resolve_by_value(struct cli *cli, const char *context,
                            const char *text)
{
    struct satchel_write write = SATCHEL_WRITE_INIT;
    char *json, *shown;
    int error = satchel_read(cli->vault, cli->operands[0], 0, &shown);
    if (error)
        return cli_fail_vault(cli, error);
    json_t *root = cli_parse(shown);
    satchel_free(shown);
    error = satchel_value(cli->vault,
                          json_string_value(json_object_get(root, "type")),
                          cli->operands[1], text, &json);
    json_decref(root);
    if (error)
        return cli_fail_vault(cli, error);
    json_t *set = json_object();
    json_object_set_new(set, cli->operands[1], cli_parse(json));
    char *set_json = json_dumps(set, JSON_COMPACT);
    write.record = cli->operands[0];
    write.context = context;
    write.set_json = set_json;
    error = satchel_write(cli->vault, &write, NULL);
    free(set_json);
    json_decref(set);
    satchel_free(json);
    return error ? cli_fail_vault(cli, error) : EXIT_DONE;
}

int command_resolve(struct cli *cli)
{
    const char *value = args_text(&cli->args, "--value");
    const char *context = args_text(&cli->args, "--context");
    bool keep = args_list_count(&cli->args, "--keep") > 0;
    if (cli->operand_count != 2)
        return cli_misuse(cli,
                          "give a record id and a field: satchel resolve ID "
                          "FIELD");
    if (keep == (value != NULL))
        return cli_misuse(cli, "say which values stand (--keep DOT...) or give "
                               "a new one (--value V)");
    if (!context)
        return cli_misuse(cli, "--context is missing: the token that `satchel "
                               "show` printed with the values you decide on");
    int code = cli_open(cli, true);
    if (code)
        return code;
    code = keep ? resolve_by_keep(cli, context)
                : resolve_by_value(cli, context, value);
    if (!code && cli->json)
        printf("{\"field\":\"%s\",\"record\":\"%s\"}\n", cli->operands[1],
               cli->operands[0]);
    return code;
}
