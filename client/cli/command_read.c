/* show, list, conflicts: reading. */
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
    print_access(cli);
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
    print_access(cli);
    int error = satchel_conflicts(cli->vault, &iterator);
    if (error)
        return cli_fail_vault(cli, error);
    return cli_print_all(cli, iterator, print_conflict,
                         "no conflicts: nothing waits for a decision");
}
