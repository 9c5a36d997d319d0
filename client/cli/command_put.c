/* put: writing by type and field. */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"
#include "shared/model/change.h"

#define RESULTS_BYTES_MAX (1u << 30) /* of one batch */

static bool checks(const struct cli *cli)
{
    return args_flag(&cli->args, "--check");
}

/* Of what is only checked there is no record, just what was remarked on. */
static void print_json(const struct cli *cli, const char *result,
                       const json_t *root)
{
    json_t *warning = json_object_get(root, "warning");
    json_t *told = checks(cli) ? json_pack("{s:O}", "warning", warning) : NULL;
    char *text = told ? json_dumps(told, JSON_COMPACT) : NULL;
    cli_print_json(text ? text : result);
    free(text);
    json_decref(told);
}

/* True when something was remarked on. */
static bool print_result(const struct cli *cli, const char *result)
{
    json_t *root = cli_parse(result);
    const char *warning = json_string_value(json_object_get(root, "warning"));
    bool noted = warning && *warning;
    if (cli->json)
        print_json(cli, result, root);
    else if (!checks(cli))
        puts(json_string_value(json_object_get(root, "record")));
    if (warning && !cli->json)
        print_notes(warning);
    json_decref(root);
    return noted;
}

/* --- what is to be written ------------------------------------------------ */

struct typing {
    struct cli *cli;
    const char *type; /* values are read by its kinds */
    int error;        /* of the library, which has a message for it */
};

static enum err value_read(void *context, const char *field, const char *text,
                           json_t **out)
{
    struct typing *typing = context;
    char *json;
    typing->error =
        satchel_value(typing->cli->vault, typing->type, field, text, &json);
    if (typing->error)
        return (enum err)typing->error;
    *out = cli_parse(json);
    satchel_free(json);
    return ERR_OK;
}

static int change_fail(struct cli *cli, const struct change *change,
                       const struct typing *typing, enum err err)
{
    if (typing->error)
        return cli_fail_vault(cli, typing->error);
    if (err == ERR_NOMEM)
        return cli_fail(cli, EXIT_FAILED, "nomem", "memory is exhausted");
    return change->misuse
               ? cli_misuse(cli, "%s", change->fault)
               : cli_fail(cli, EXIT_FAILED, "invalid", "%s", change->fault);
}

/* What is only checked is written and taken back. */
static int write_or_check(struct cli *cli, struct satchel_write *write,
                          char **result)
{
    if (!checks(cli)) {
        int error = given_begin(cli);
        return error ? error
                     : given_end(cli, satchel_write(cli->vault, write, result));
    }
    int error = satchel_begin(cli->vault);
    if (error)
        return error;
    error = satchel_write(cli->vault, write, result);
    satchel_rollback(cli->vault);
    return error;
}

static int write_change(struct cli *cli, struct change *change,
                        struct satchel_write *write)
{
    bool noted = false;
    char *set = change_text(change->set), *add = change_text(change->add),
         *drop = change_text(change->drop), *result = NULL;
    write->set_json = set;
    write->add_json = add;
    write->drop_json = drop;
    int error = write_or_check(cli, write, &result);
    if (!error) {
        noted = print_result(cli, result);
        noted |= print_future(
            cli, "occurred_at",
            json_string_value(json_object_get(change->set, "occurred_at")));
    } else if (set)
        given_operands(cli, set);
    satchel_free(result);
    free(set);
    free(add);
    free(drop);
    if (error)
        return cli_fail_vault(cli, error);
    return noted && checks(cli) ? EXIT_NOTED : EXIT_DONE;
}

static int put_changes(struct cli *cli, struct change *change,
                       struct typing *typing, size_t from)
{
    bool reads = args_text(&cli->args, "--draft") != NULL;
    const char *text = NULL;
    enum err err = ERR_OK;
    for (size_t i = from; i < cli->operand_count; i++)
        reads |= !strcmp(cli->operands[i], "-");
    if (reads && !(text = given_read(cli)))
        return EXIT_FAILED;
    if (reads)
        err = change_json(change, text,
                          cli->given.draft ? "the draft" : "standard input");
    change->corrects = cli->given.draft != 0;
    for (size_t i = from; !err && i < cli->operand_count; i++)
        if (strcmp(cli->operands[i], "-") != 0)
            err = change_operand(change, cli->operands[i]);
    return err ? change_fail(cli, change, typing, err) : EXIT_DONE;
}

/* TYPE may be left out when revising; a field has an equals sign. */
static bool type_given(const struct cli *cli)
{
    return cli->operand_count && !strchr(cli->operands[0], '=') &&
           strcmp(cli->operands[0], "-") != 0;
}

static int put_with(struct cli *cli, struct satchel_write *write,
                    const json_t *shown, const char *type, size_t from)
{
    struct change change;
    struct typing typing = {.cli = cli, .type = type};
    enum err err = change_init(&change, shown, value_read, &typing);
    if (err)
        return change_fail(cli, &change, &typing, err);
    int code = put_changes(cli, &change, &typing, from);
    if (!code)
        code = write_change(cli, &change, write);
    change_fini(&change);
    return code;
}

static const char *article(const char *noun)
{
    return strchr("aeiou", *noun) ? "an" : "a";
}

/* TYPE says what the writer took the record for. */
static int type_check(struct cli *cli, const char *record, const char *type)
{
    const char *said = type_given(cli) ? cli->operands[0] : NULL;
    if (!said || !type || !strcmp(said, type))
        return EXIT_DONE;
    return cli_fail(cli, EXIT_FAILED, "invalid", "%s is %s %s, not %s %s",
                    record, article(type), type, article(said), said);
}

/* What is revised says of which kinds values are, and which members there are.
 */
static int put_revision(struct cli *cli, struct satchel_write *write)
{
    char *json = NULL;
    json_t *shown = NULL;
    if (!satchel_read(cli->vault, write->record, 0, &json))
        shown = cli_parse(json);
    satchel_free(json);
    const char *type = json_string_value(json_object_get(shown, "type"));
    int code = type_check(cli, write->record, type);
    if (!code)
        code = put_with(cli, write, shown, type, type_given(cli));
    json_decref(shown);
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

/* Many records at once. */
struct batch {
    struct buffer results; /* owned: what each write answered, NUL-ended */
    size_t number;         /* of the line at hand */
    char fault[CHANGE_FAULT_CHARS]; /* "": the vault has the message */
};

static int write_parts(struct cli *cli, struct satchel_write *write,
                       const struct change *change, char **result)
{
    char *set = change_text(change->set), *add = change_text(change->add),
         *drop = change_text(change->drop);
    write->set_json = set;
    write->add_json = add;
    write->drop_json = drop;
    int error = satchel_write(cli->vault, write, result);
    free(set);
    free(add);
    free(drop);
    return error;
}

/* A line that is no object of fields is for the library to refuse. */
static int write_line(struct cli *cli, struct satchel_write *write,
                      struct batch *batch, const char *line, char **result)
{
    struct change change;
    json_t *object = NULL;
    write->set_json = line;
    write->add_json = write->drop_json = NULL;
    if (strstr(line, "+\"") || strstr(line, "-\""))
        object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(object)) {
        json_decref(object);
        return satchel_write(cli->vault, write, result);
    }
    enum err err = change_init(&change, NULL, NULL, NULL);
    if (!err)
        err = change_object(&change, object);
    int error = err ? (int)err : write_parts(cli, write, &change, result);
    if (err)
        snprintf(batch->fault, sizeof batch->fault, "%s",
                 change.fault[0] ? change.fault : err_text(err));
    change_fini(&change);
    json_decref(object);
    return error;
}

static int put_lines(struct cli *cli, struct satchel_write *write, FILE *from,
                     struct batch *batch)
{
    char *line = NULL, *result = NULL;
    size_t room = 0;
    int error = SATCHEL_OK;
    while (!error && next_line(cli, from, &line, &room)) {
        ++batch->number;
        if (!line[strspn(line, " \t\r\n")])
            continue;
        result = NULL;
        error = write_line(cli, write, batch, line, &result);
        if (!error)
            error =
                (int)buffer_add(&batch->results, result, strlen(result) + 1);
        satchel_free(result);
    }
    free(line);
    return error;
}

static int print_results(const struct cli *cli, const struct buffer *results)
{
    const char *at = buffer_text(results), *end = at + results->size;
    bool noted = false;
    for (; at < end; at += strlen(at) + 1)
        noted |= print_result(cli, at);
    return noted && checks(cli) ? EXIT_NOTED : EXIT_DONE;
}

static int each_fail(struct cli *cli, const struct batch *batch, FILE *from,
                     int error)
{
    const char *fault = batch->fault;
    if (buffer_err(&batch->results))
        fault = err_text((enum err)error);
    else if (!fault[0])
        fault = satchel_message(cli->vault);
    return cli_fail(cli, EXIT_FAILED, err_name((enum err)error),
                    "%s:%zu: %s; nothing was written",
                    from == stdin ? "standard input" : "the draft",
                    batch->number, fault);
}

static int write_each(struct cli *cli, struct satchel_write *write, FILE *from,
                      struct batch *batch)
{
    int error = satchel_begin(cli->vault);
    if (error)
        return cli_fail_vault(cli, error);
    error = put_lines(cli, write, from, batch);
    if (!error && checks(cli)) {
        satchel_rollback(cli->vault);
        return EXIT_DONE;
    }
    if (!error && cli->given.draft)
        error = satchel_draft_drop(cli->vault, cli->given.draft);
    if (!error) {
        error = satchel_commit(cli->vault);
        return error ? cli_fail_vault(cli, error) : EXIT_DONE;
    }
    satchel_rollback(cli->vault);
    if (from == stdin)
        given_rest(cli);
    return each_fail(cli, batch, from, error);
}

/* Every line a record, all in one durable transaction: ids are printed when it
 * is over, so that none is that of a record that was not kept. */
static int put_each(struct cli *cli, struct satchel_write *write)
{
    FILE *from = NULL;
    struct batch batch = {.number = 0};
    int code = open_lines(cli, &from);
    if (code)
        return code;
    buffer_init(&batch.results, RESULTS_BYTES_MAX);
    code = write_each(cli, write, from, &batch);
    if (!code)
        code = print_results(cli, &batch.results);
    buffer_fini(&batch.results);
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
    if (write.record)
        return put_revision(cli, &write);
    write.type = cli->operands[0];
    return args_flag(&cli->args, "--each")
               ? put_each(cli, &write)
               : put_with(cli, &write, NULL, write.type, 1);
}
