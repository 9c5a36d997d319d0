#include "client/cli/given.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/cli.h"

void given_init(struct given *given)
{
    memset(given, 0, sizeof *given);
    buffer_init(&given->text, SATCHEL_DRAFT_BYTES_MAX);
}

void given_fini(struct given *given)
{
    buffer_wipe(&given->text);
    given_init(given);
}

/* --- reading -------------------------------------------------------------- */

void given_add(struct cli *cli, const char *text, size_t bytes)
{
    struct given *given = &cli->given;
    given->read = given->unkept = true;
    if (given->over || !buffer_add(&given->text, text, bytes))
        return;
    buffer_wipe(&given->text);
    given->over = true;
}

void given_rest(struct cli *cli)
{
    char chunk[65536];
    size_t got;
    while (!cli->given.over && (got = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        given_add(cli, chunk, got);
    explicit_bzero(chunk, sizeof chunk);
}

static bool from_this_command(struct cli *cli, json_t *draft)
{
    json_t *arguments =
        json_object_get(json_object_get(draft, "about"), "arguments");
    const char *command = json_string_value(json_array_get(arguments, 0));
    return !command || !strcmp(command, cli->command);
}

static int read_draft(struct cli *cli, const char *number)
{
    char *json, *text;
    size_t bytes;
    int64_t id;
    if (int64_parse(bytes_text(number), &id))
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "--draft %s: give the number that `satchel draft "
                        "list` shows",
                        number);
    int error = satchel_draft_read(cli->vault, id, &json, &text, &bytes);
    if (error)
        return cli_fail_vault(cli, error);
    json_t *draft = cli_parse(json);
    bool same = from_this_command(cli, draft);
    instant_format_offset(cli->given.at,
                          json_integer_value(json_object_get(draft, "at")));
    if (buffer_add(&cli->given.text, text, bytes))
        cli->given.over = true;
    cli->given.draft = id;
    explicit_bzero(text, bytes);
    satchel_free(text);
    satchel_free(json);
    json_decref(draft);
    if (same)
        return EXIT_DONE;
    return cli_fail(cli, EXIT_FAILED, "invalid",
                    "draft %s is of another command; `satchel draft list` "
                    "shows how to try it again",
                    number);
}

static int read_stdin(struct cli *cli)
{
    cli->given.read = cli->given.unkept = true;
    given_rest(cli);
    if (ferror(stdin))
        return cli_fail(cli, EXIT_FAILED, "io",
                        "standard input was not readable to its end");
    if (cli->given.over)
        return cli_fail(cli, EXIT_FAILED, "too_big",
                        "standard input: over %d MiB; nothing was written: "
                        "split it",
                        SATCHEL_DRAFT_BYTES_MAX >> 20);
    return EXIT_DONE;
}

const char *given_read(struct cli *cli)
{
    const char *number = args_text(&cli->args, "--draft");
    struct buffer *text = &cli->given.text;
    if (number ? read_draft(cli, number) : read_stdin(cli))
        return NULL;
    if (memchr(buffer_text(text), 0, text->size)) {
        cli_fail(cli, EXIT_FAILED, "invalid",
                 "%s: holds a NUL byte; give UTF-8 text",
                 number ? "the draft" : "standard input");
        return NULL;
    }
    return buffer_text(text);
}

void given_operands(struct cli *cli, const char *json)
{
    if (cli->given.unkept || cli->given.draft ||
        strlen(json) < GIVEN_LONG_BYTES)
        return;
    given_add(cli, json, strlen(json));
    cli->given.operands = true;
}

static int option_check(struct cli *cli, const char *name, const char *text)
{
    size_t bad;
    if (!utf8_valid(bytes_text(text), &bad))
        return cli_fail(cli, EXIT_FAILED, "invalid",
                        "%s: byte %zu is not UTF-8; nothing was written: give "
                        "UTF-8 text",
                        name, bad + 1);
    if (text[strspn(text, " \t\r\n")])
        return EXIT_DONE;
    cli->given.unkept = false; /* it is no text that anybody misses */
    if (!strcmp(name, "--value"))
        return cli_misuse(cli, "--value is empty; nothing was written: say "
                               "--clear to clear the field");
    return cli_fail(cli, EXIT_FAILED, "invalid",
                    "the text for %s is empty; nothing was written: give it, "
                    "or leave %s out",
                    name, name);
}

int given_option(struct cli *cli, const char *name, const char **text)
{
    bool draft = args_text(&cli->args, "--draft") != NULL;
    *text = args_text(&cli->args, name);
    if (draft && *text && strcmp(*text, "-") != 0)
        return cli_misuse(cli,
                          "--draft takes the text of the draft: leave %s "
                          "out",
                          name);
    if (draft || (*text && !strcmp(*text, "-"))) {
        *text = given_read(cli);
        return *text ? option_check(cli, name, *text) : EXIT_FAILED;
    }
    if (*text && strlen(*text) >= GIVEN_LONG_BYTES)
        given_add(cli, *text, strlen(*text));
    return *text ? option_check(cli, name, *text) : EXIT_DONE;
}

/* --- recording ------------------------------------------------------------ */

int given_begin(struct cli *cli)
{
    return cli->given.draft ? satchel_begin(cli->vault) : SATCHEL_OK;
}

int given_end(struct cli *cli, int error)
{
    if (!cli->given.draft)
        return error;
    if (!error)
        error = satchel_draft_drop(cli->vault, cli->given.draft);
    if (!error)
        return satchel_commit(cli->vault);
    satchel_rollback(cli->vault);
    return error;
}

/* --- keeping -------------------------------------------------------------- */

static void append(json_t *list, const char *text)
{
    json_t *item = json_string(text);
    json_array_append_new(list, item ? item : json_string("?"));
}

/* FIELD=VALUE, whose value the kept object holds. */
static bool sets_field(const char *operand)
{
    const char *equals = strchr(operand, '=');
    return equals && equals > operand && equals[-1] != '+' && equals[-1] != '-';
}

static void append_operands(const struct cli *cli, json_t *list)
{
    bool kept = cli->given.operands;
    append(list, cli->command);
    for (size_t i = 0; i < cli->operand_count; i++)
        if (!kept || !sets_field(cli->operands[i]))
            append(list, cli->operands[i]);
    if (kept)
        append(list, "-");
}

static void append_options(const struct cli *cli, json_t *list)
{
    for (size_t i = 0; i < cli->option_count; i++) {
        const struct args_option *o = &cli->options[i];
        const char *text =
            o->kind == ARGS_TEXT ? args_text(&cli->args, o->name) : NULL;
        size_t count =
            o->kind == ARGS_LIST ? args_list_count(&cli->args, o->name) : 0;
        if (text || count ||
            (o->kind == ARGS_FLAG && args_flag(&cli->args, o->name)))
            append(list, o->name);
        if (text)
            append(list,
                   strcmp(text, buffer_text(&cli->given.text)) ? text : "-");
        for (size_t j = 0; j < count; j++)
            append(list, args_list_at(&cli->args, o->name, j));
    }
}

/* What it was for: the command line that reads it again. */
static char *about(const struct cli *cli, const char *reason)
{
    json_t *list = json_array(), *object = json_object();
    append_operands(cli, list);
    append_options(cli, list);
    json_object_set_new(object, "arguments", list);
    json_object_set_new(object, "reason", json_string(reason));
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static int keep(struct cli *cli, const char *reason, int64_t *draft)
{
    const struct buffer *text = &cli->given.text;
    char *what = about(cli, reason);
    if (!what)
        return SATCHEL_NOMEM;
    int error = satchel_draft_keep(cli->vault, what, buffer_text(text),
                                   text->size, draft);
    free(what);
    return error;
}

/* That standard input holds a text for this command, which it has not read. */
static bool waits_unread(const struct cli *cli)
{
    bool writes = false, waits = false;
    for (size_t i = 0; i < cli->option_count; i++) {
        const struct args_option *o = &cli->options[i];
        const char *text =
            o->kind == ARGS_TEXT ? args_text(&cli->args, o->name) : NULL;
        writes = writes || !strcmp(o->name, "--draft");
        waits = waits || (text && !strcmp(text, "-")) ||
                (!strcmp(o->name, "--each") && args_flag(&cli->args, o->name));
    }
    for (size_t i = 0; i < cli->operand_count; i++)
        waits = waits || !strcmp(cli->operands[i], "-");
    return writes && waits && !args_text(&cli->args, "--draft") &&
           !cli->given.read && !isatty(STDIN_FILENO);
}

int64_t given_keep(struct cli *cli, const char *reason,
                   char note[GIVEN_NOTE_CHARS])
{
    struct given *given = &cli->given;
    int64_t draft = 0;
    note[0] = 0;
    if (args_flag(&cli->args, "--check"))
        return 0; /* it writes nothing */
    if (given->draft)
        snprintf(note, GIVEN_NOTE_CHARS, "; draft %" PRId64 " stays",
                 given->draft);
    else if (waits_unread(cli))
        snprintf(note, GIVEN_NOTE_CHARS,
                 "; the text on standard input is NOT kept: give it again");
    if (!given->unkept || (!given->text.size && !given->over))
        return 0;
    given->unkept = false;
    if (given->over)
        snprintf(note, GIVEN_NOTE_CHARS,
                 "; NOT kept as a draft: that takes %d MiB at most",
                 SATCHEL_DRAFT_BYTES_MAX >> 20);
    else if (keep(cli, reason, &draft))
        snprintf(note, GIVEN_NOTE_CHARS, "; NOT kept as a draft either: %s",
                 satchel_message(cli->vault));
    else
        snprintf(note, GIVEN_NOTE_CHARS,
                 "; kept as draft %" PRId64 " (satchel draft show %" PRId64 ")",
                 draft, draft);
    return draft;
}
