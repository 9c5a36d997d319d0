#include <inttypes.h>
#include <string.h>

#include "client/cli/cli.h"

static int mirror_off(struct cli *cli)
{
    char *json = NULL;
    int error = satchel_mirror_status(cli->vault, &json);
    if (!error)
        error = satchel_mirror(cli->vault, NULL);
    if (error) {
        satchel_free(json);
        return cli_fail_vault(cli, error);
    }
    json_t *root = json ? cli_parse(json) : NULL;
    const char *file = json_string_value(json_object_get(root, "file"));
    if (cli->json)
        puts("null");
    else if (file)
        printf("the mirror is off: %s is no longer written; unsent work stands "
               "in the vault alone\n",
               file);
    else
        puts("there was no mirror: unsent work stands in the vault alone");
    json_decref(root);
    satchel_free(json);
    return EXIT_DONE;
}

int command_mirror(struct cli *cli)
{
    char *json;
    if (cli->operand_count > 1)
        return cli_misuse(cli, "name one file, or `off`");
    int code = cli_open(cli, false);
    if (code)
        return code;
    const char *path = cli->operand_count ? cli->operands[0] : NULL;
    if (path && !strcmp(path, "off"))
        return mirror_off(cli);
    int error = path ? satchel_mirror(cli->vault, path) : SATCHEL_OK;
    if (!error)
        error = satchel_mirror_status(cli->vault, &json);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        puts(json ? json : "null");
    else if (json)
        print_mirror(json);
    else
        puts("there is no mirror: unsent work stands in the vault alone");
    satchel_free(json);
    return EXIT_DONE;
}

void print_mirror(const char *json)
{
    json_t *root = cli_parse(json);
    const char *file = json_string_value(json_object_get(root, "file"));
    const char *problem = json_string_value(json_object_get(root, "problem"));
    json_int_t missing = json_integer_value(json_object_get(root, "missing"));
    if (problem)
        printf("mirror               NOT WRITTEN, %" JSON_INTEGER_FORMAT
               " unsent: %s: %s\n",
               missing, file ? file : "?", problem);
    else
        printf("mirror               %s\n", file ? file : "?");
    if (json_is_true(json_object_get(root, "same_volume")))
        puts("                     on the vault's own volume: it is lost when "
             "that is");
    json_decref(root);
}
