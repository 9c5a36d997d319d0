/* draft: text that was refused, and is kept. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "shared/base/clock.h"

/* As a shell takes it. */
static void print_argument(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_=+,./:@%";
    if (*text && !text[strspn(text, plain)]) {
        fputs(text, stdout);
        return;
    }
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", stdout);
        print_bytes(text, 1);
    }
    putchar('\'');
}

/* Whether the reason for a refusal, "TYPE.FIELD: ...", is about this field. */
static bool is_refused(const char *reason, const char *field, size_t size)
{
    const char *colon = reason ? strchr(reason, ':') : NULL;
    const char *dot = reason ? strchr(reason, '.') : NULL;
    return colon && dot && dot < colon && size == (size_t)(colon - dot) - 1 &&
           !strncmp(dot + 1, field, size);
}

/* "kind", of the option "--kind"; those that are called otherwise, too. */
static const char *option_field(const char *option)
{
    static const char *const others[][2] = {
        {"--at", "occurred_at"},
        {"--to", "service"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(option, others[i][0]))
            return others[i][1];
    return option + 2;
}

/* The command that tries it again; what was refused is for a person to give. */
static void print_again(const json_t *arguments, const char *reason)
{
    const json_t *item;
    size_t i;
    bool refused = false;
    fputs("\n   again: satchel", stdout);
    json_array_foreach(arguments, i, item)
    {
        const char *text = json_string_value(item);
        size_t name = strcspn(text, "=");
        putchar(' ');
        if (refused)
            fputs("...", stdout);
        else if (text[name] && is_refused(reason, text, name))
            printf("%.*s=...", (int)name, text);
        else
            print_argument(text);
        const char *field = !strncmp(text, "--", 2) ? option_field(text) : "";
        refused =
            !refused && *field && is_refused(reason, field, strlen(field));
    }
}

static void print_draft(struct cli *cli, const char *json)
{
    (void)cli;
    json_t *root = cli_parse(json);
    json_t *about = json_object_get(root, "about");
    json_int_t id = json_integer_value(json_object_get(root, "draft"));
    const char *reason = json_string_value(json_object_get(about, "reason"));
    json_int_t bytes = json_integer_value(json_object_get(root, "bytes"));
    char kept[INSTANT_CHARS];
    instant_format_local(kept, json_integer_value(json_object_get(root, "at")));
    printf("%" JSON_INTEGER_FORMAT "  %s  %" JSON_INTEGER_FORMAT " byte%s", id,
           kept, bytes, bytes == 1 ? "" : "s");
    if (reason) {
        fputs("\n   ", stdout);
        print_bytes(reason, strlen(reason));
    }
    json_t *arguments = json_object_get(about, "arguments");
    if (json_array_size(arguments)) {
        print_again(arguments, reason);
        printf(" --draft %" JSON_INTEGER_FORMAT, id);
    }
    putchar('\n');
    json_decref(root);
}

static int list(struct cli *cli)
{
    satchel_iterator *iterator;
    int error = satchel_drafts(cli->vault, &iterator);
    if (error)
        return cli_fail_vault(cli, error);
    return cli_print_all(cli, iterator, print_draft,
                         "no drafts: nothing that was refused waits");
}

static int show_json(struct cli *cli, const char *json, const char *text,
                     size_t bytes)
{
    json_t *root = cli_parse(json);
    json_t *string = json_stringn(text, bytes);
    if (!string) {
        json_decref(root);
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "the text is not UTF-8; leave --json out");
    }
    json_object_set_new(root, "text", string);
    char *out = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(root);
    if (!out)
        return cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
    cli_print_json(out);
    free(out);
    return EXIT_DONE;
}

/* Byte for byte, so that it can be edited and given again; but a stored text
 * must not command the terminal. */
static int show(struct cli *cli, int64_t id)
{
    char *json, *text;
    size_t bytes;
    int code = EXIT_DONE;
    int error = satchel_draft_read(cli->vault, id, &json, &text, &bytes);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json) {
        code = show_json(cli, json, text, bytes);
    } else if (isatty(STDOUT_FILENO)) {
        print_bytes(text, bytes);
        putchar('\n');
    } else {
        fwrite(text, 1, bytes, stdout);
    }
    explicit_bzero(text, bytes);
    satchel_free(text);
    satchel_free(json);
    return code;
}

static int drop(struct cli *cli, int64_t id)
{
    int error = satchel_draft_drop(cli->vault, id);
    if (error)
        return cli_fail_vault(cli, error);
    if (cli->json)
        printf("{\"dropped\":%" PRId64 "}\n", id);
    else
        printf("dropped draft %" PRId64 "\n", id);
    return EXIT_DONE;
}

int command_draft(struct cli *cli)
{
    const char *what = cli->operand_count ? cli->operands[0] : "";
    const char *number = cli->operand_count == 2 ? cli->operands[1] : "";
    int64_t id = 0;
    bool lists = !strcmp(what, "list") && cli->operand_count == 1;
    bool shows = !strcmp(what, "show"), drops = !strcmp(what, "drop");
    if (!lists && ((!shows && !drops) || int64_parse(bytes_text(number), &id)))
        return cli_misuse(cli, "give one of: satchel draft list, satchel draft "
                               "show NUMBER, satchel draft drop NUMBER");
    int code = cli_open(cli, true);
    if (code)
        return code;
    return lists ? list(cli) : shows ? show(cli, id) : drop(cli, id);
}
