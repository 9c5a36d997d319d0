/* put: the office writes a record, in the words of `satchel put`. */
#include <stdlib.h>
#include <string.h>

#include "server/command.h"
#include "server/put.h"
#include "server/record.h"
#include "shared/model/change.h"
#include "shared/model/prose.h"
#include "shared/model/typed.h"

#define GIVEN_BYTES_MAX (64u << 20)
#define RESULTS_BYTES_MAX (1u << 30)
#define NOTE_BYTES_MAX (64u << 20)

/* --- what is to be written ------------------------------------------------ */

struct typing {
    struct command *command;
    const struct schema_type *type; /* NULL: unknown */
};

static enum err value_read(void *context, const char *name, const char *text,
                           json_t **out)
{
    struct typing *typing = context;
    struct buffer json;
    const struct schema_field *field =
        typing->type ? type_field(typing->type, bytes_text(name)) : NULL;
    buffer_init(&json, GIVEN_BYTES_MAX);
    enum err err = typed_value(&json, field, text);
    if (!err)
        *out = json_loadb(buffer_text(&json), json.size, JSON_DECODE_ANY, NULL);
    if (!err && !*out)
        err = ERR_NOMEM;
    buffer_fini(&json);
    return err;
}

static int change_fail(const struct command *c, const struct change *change,
                       enum err err)
{
    if (change->fault[0] && change->misuse)
        return command_misuse(c, "%s", change->fault);
    return command_fail(c, err, "%s",
                        change->fault[0] ? change->fault : err_text(err));
}

/* All of standard input. */
static int given_read(const struct command *c, struct buffer *text)
{
    char chunk[65536];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        if (buffer_add(text, chunk, got))
            return command_fail(c, buffer_err(text),
                                "standard input: over %u MiB; nothing was "
                                "written: split it",
                                GIVEN_BYTES_MAX >> 20);
    if (ferror(stdin))
        return command_fail(c, ERR_IO,
                            "standard input was not readable to its end");
    if (memchr(buffer_text(text), 0, text->size))
        return command_fail(c, ERR_INVALID,
                            "standard input: holds a NUL byte; give UTF-8 "
                            "text");
    return EXIT_DONE;
}

/* Operands behind the type, "-" for what standard input says. */
static int change_read(const struct command *c, struct change *change)
{
    struct buffer text;
    bool reads = false;
    int code = EXIT_DONE;
    enum err err = ERR_OK;
    for (size_t i = 1; i < c->operand_count; i++)
        reads |= !strcmp(c->operands[i], "-");
    buffer_init(&text, GIVEN_BYTES_MAX);
    if (reads)
        code = given_read(c, &text);
    if (reads && code == EXIT_DONE)
        err = change_json(change, buffer_text(&text), "standard input");
    for (size_t i = 1; code == EXIT_DONE && !err && i < c->operand_count; i++)
        if (strcmp(c->operands[i], "-") != 0)
            err = change_operand(change, c->operands[i]);
    buffer_fini(&text);
    return err ? change_fail(c, change, err) : code;
}

/* --- what came of it ------------------------------------------------------ */

static void print_notes(struct bytes warning)
{
    const char *at = (const char *)warning.at, *end = at + warning.size;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        struct buffer line;
        line_end = line_end ? line_end : end;
        buffer_init(&line, NOTE_BYTES_MAX);
        prose_text(&line, bytes_of(at, (size_t)(line_end - at)), 0);
        fprintf(stderr, "satchel-central: note: %s\n", buffer_text(&line));
        buffer_fini(&line);
        at = line_end + 1;
    }
}

static bool checks(const struct command *c)
{
    return args_flag(&c->args, "--check");
}

/* Of what is only checked there is no record, just what was remarked on. */
static enum err result_add(const struct command *c, const struct put_written *w,
                           struct buffer *json)
{
    buffer_add_char(json, '{');
    if (!checks(c)) {
        buffer_add_text(json, "\"context\":");
        canon_put_text(json, buffer_bytes(&w->context));
        buffer_printf(json, ",\"n\":%lld,\"record\":\"%s\",\"replica\":\"%s\",",
                      (long long)w->dot.n, w->record, w->dot.replica);
    }
    buffer_add_text(json, "\"warning\":");
    canon_put_text(json, buffer_bytes(&w->warning));
    return buffer_add_text(json, "}\n");
}

/* What is said once all of it is committed. */
struct results {
    struct buffer out;   /* owned: for stdout */
    struct buffer notes; /* owned: lines */
    bool noted;
};

static enum err results_add(const struct command *c, struct results *results,
                            const struct put_written *w)
{
    results->noted |= w->warning.size > 0;
    if (c->json)
        return result_add(c, w, &results->out);
    if (w->warning.size && results->notes.size)
        buffer_add_char(&results->notes, '\n');
    buffer_add_bytes(&results->notes, buffer_bytes(&w->warning));
    if (!checks(c))
        buffer_printf(&results->out, "%s\n", w->record);
    enum err err = buffer_err(&results->notes);
    return err ? err : buffer_err(&results->out);
}

/* --- writing -------------------------------------------------------------- */

struct putting {
    struct command *command;
    struct user user;
    char type[NAME_CHARS_MAX + 1];
    struct put put;
    struct results results;
    size_t line; /* of --each; 0: none */
};

static int put_fail(const struct putting *p, enum err err)
{
    const struct command *c = p->command;
    const char *detail = c->office->detail[0] ? c->office->detail
                         : c->sql.detail      ? c->sql.detail(c->sql.context)
                                              : "";
    if (!p->line)
        return command_fail_office(c, err);
    return command_fail(c, err, "standard input:%zu: %s; nothing was written",
                        p->line, detail[0] ? detail : err_text(err));
}

static int change_write(struct putting *p, const struct change *change)
{
    struct put_written written;
    char *set = change_text(change->set), *add = change_text(change->add),
         *drop = change_text(change->drop);
    put_written_init(&written);
    p->put.set = bytes_text(set ? set : "");
    p->put.add = bytes_text(add ? add : "");
    p->put.drop = bytes_text(drop ? drop : "");
    enum err err =
        put_write(p->command->office, &p->command->sql, &p->put, &written);
    if (!err)
        err = results_add(p->command, &p->results, &written);
    put_written_fini(&written);
    free(set);
    free(add);
    free(drop);
    return err ? put_fail(p, err) : EXIT_DONE;
}

static int put_one(struct putting *p, const json_t *shown, const char *type)
{
    struct change change;
    struct typing typing = {.command = p->command};
    enum err err =
        schema_find(p->command->office->schema, bytes_text(type), &typing.type);
    if (err)
        return command_fail_office(p->command, err);
    err = change_init(&change, shown, value_read, &typing);
    int code = err ? change_fail(p->command, &change, err)
                   : change_read(p->command, &change);
    if (code == EXIT_DONE)
        code = change_write(p, &change);
    change_fini(&change);
    return code;
}

/* What is revised says of which kinds values are, and which members there are.
 */
static int put_revision(struct putting *p)
{
    struct command *c = p->command;
    struct record record;
    enum err err = record_load(&record, c->office, &c->sql, p->put.record);
    if (err)
        return command_fail_office(c, err);
    json_t *shown =
        json_loadb((const char *)record.state.at, record.state.size, 0, NULL);
    int code = put_one(p, shown, record.type);
    json_decref(shown);
    record_fini(&record);
    return code;
}

static int put_line(struct putting *p, const char *line)
{
    struct change change;
    const struct command *c = p->command;
    json_error_t fault;
    json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &fault);
    enum err err = change_init(&change, NULL, NULL, NULL);
    int code = EXIT_DONE;
    if (!err && !json_is_object(object))
        code = command_fail(c, ERR_INVALID,
                            "standard input:%zu: %s; nothing was written",
                            p->line, object ? "not an object" : fault.text);
    else if (!err)
        err = change_object(&change, object);
    if (err)
        code = command_fail(
            c, err, "standard input:%zu: %s; nothing was written", p->line,
            change.fault[0] ? change.fault : err_text(err));
    if (code == EXIT_DONE)
        code = change_write(p, &change);
    change_fini(&change);
    json_decref(object);
    return code;
}

static int put_each(struct putting *p)
{
    char *line = NULL;
    size_t room = 0;
    int code = EXIT_DONE;
    while (code == EXIT_DONE && getline(&line, &room, stdin) > 0) {
        p->line++;
        if (line[strspn(line, " \t\r\n")])
            code = put_line(p, line);
    }
    free(line);
    return code;
}

static int put_all(struct putting *p)
{
    struct command *c = p->command;
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    if (p->put.record)
        code = put_revision(p);
    else
        code = args_flag(&c->args, "--each") ? put_each(p)
                                             : put_one(p, NULL, p->put.type);
    /* What is only checked is written and taken back. */
    if (code == EXIT_DONE && checks(c))
        sql_rollback(&c->sql);
    else
        code = command_end(c, code);
    if (code != EXIT_DONE)
        return code;
    fputs(buffer_text(&p->results.out), stdout);
    print_notes(buffer_bytes(&p->results.notes));
    return checks(c) && p->results.noted ? EXIT_NOTED : EXIT_DONE;
}

/* TYPE or TYPE/ID. */
static int target_read(struct putting *p)
{
    struct command *c = p->command;
    const char *said = c->operand_count ? c->operands[0] : "";
    const char *slash = strchr(said, '/');
    size_t size = slash ? (size_t)(slash - said) : strlen(said);
    if (!size || strchr(said, '=') || !strcmp(said, "-"))
        return command_misuse(c, "which type?  satchel-central put TYPE "
                                 "FIELD=VALUE..., or TYPE/ID to revise one");
    if (size > NAME_CHARS_MAX)
        return command_fail(c, ERR_INVALID, "%.60s...: no such record type",
                            said);
    snprintf(p->type, sizeof p->type, "%.*s", (int)size, said);
    p->put.type = p->type;
    p->put.record = slash ? slash + 1 : NULL;
    return EXIT_DONE;
}

static int misuse(const struct putting *p)
{
    const struct command *c = p->command;
    const struct put *put = &p->put;
    bool each = args_flag(&c->args, "--each");
    if (!put->record && put->context)
        return command_misuse(c, "--context needs TYPE/ID: without an id this "
                                 "would be a new record");
    if (put->record && put->kase)
        return command_misuse(c, "--case is for a new record; one that is "
                                 "there stays in its case");
    if (each && (put->record || c->operand_count > 1))
        return command_misuse(c, "--each writes new records from standard "
                                 "input: give a TYPE and no fields");
    if (!each && !put->seal && c->operand_count < 2)
        return command_misuse(c, "there is nothing to write: give at least one "
                                 "FIELD=VALUE, or - to read fields from "
                                 "standard input");
    return EXIT_DONE;
}

int command_put(struct command *c)
{
    struct putting p = {.command = c};
    p.put = (struct put){.user = &p.user,
                         .kase = args_text(&c->args, "--case"),
                         .context = args_text(&c->args, "--context"),
                         .seal = args_flag(&c->args, "--seal"),
                         .lenient = args_flag(&c->args, "--lenient")};
    int code = target_read(&p);
    if (code == EXIT_DONE)
        code = misuse(&p);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    if (code != EXIT_DONE)
        return code;
    enum err err = user_find(c->office, &c->sql, c->author, &p.user);
    if (err)
        return command_fail_office(c, err);
    buffer_init(&p.results.out, RESULTS_BYTES_MAX);
    buffer_init(&p.results.notes, RESULTS_BYTES_MAX);
    code = put_all(&p);
    buffer_fini(&p.results.out);
    buffer_fini(&p.results.notes);
    return code;
}
