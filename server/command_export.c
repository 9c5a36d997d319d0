/* export case ID: everything of one case, as it is or as it stood. */
#include <stdio.h>
#include <string.h>
#include "server/case_page.h"
#include "server/command.h"
#include "server/record.h"
#include "server/store_case.h"

struct export
{
    struct command *command;
    const char *kase, *format, *as_of; /* as_of NULL: as it is */
    int64_t until;
    struct case_file file;
    struct buffer out; /* reused */
};

/* --- ndjson --------------------------------------------------------------- */

static enum err put_head(struct export *x)
{
    const struct command *c = x->command;
    struct buffer *json = &x->out;
    char instant[INSTANT_CHARS];
    instant_format(instant, clock_wall_ms(c->office->clock));
    buffer_printf(json, "{\"export\":{\"agency\":\"%s\"", c->office->agency);
    if (x->as_of)
        buffer_printf(json, ",\"as_of\":\"%s\"", x->as_of);
    buffer_printf(json, ",\"at\":\"%s\",\"by\":", instant);
    canon_put_text(json, bytes_text(c->by));
    buffer_printf(json, ",\"case\":\"%s\",\"lineage\":\"%s\",\"lines\":%zu}}",
                  x->kase, c->office->lineage, x->file.line_count);
    return command_put_line(json);
}

/* The line as text, so that its bytes can be checked against the hash that its
 * author signed. */
static enum err put_case_line(struct buffer *json, const struct case_line *line)
{
    buffer_printf(json, "{\"arrival\":%lld,\"hash\":\"",
                  (long long)line->arrival);
    buffer_add_base64(json, line->hash, HASH_BYTES);
    buffer_add_text(json, "\",\"line\":");
    if (line->line.size)
        canon_put_text(json, line->line);
    else /* it was disposed of */
        buffer_add_text(json, "null");
    buffer_printf(json, ",\"received_at\":%lld}", (long long)line->received_at);
    return command_put_line(json);
}

static enum err put_ndjson(struct export *x)
{
    enum err err = put_head(x);
    for (size_t i = 0; i < x->file.record_count && !err; i++) {
        buffer_add_text(&x->out, "{\"record\":");
        buffer_add_bytes(&x->out, x->file.records[i].state);
        buffer_add_char(&x->out, '}');
        err = command_put_line(&x->out);
    }
    for (size_t i = 0; i < x->file.line_count && !err; i++)
        err = put_case_line(&x->out, &x->file.lines[i]);
    return err;
}

/* --- html ----------------------------------------------------------------- */

static enum err name_of(void *context, struct bytes id, struct buffer *out)
{
    struct command *c = context;
    struct record record;
    char text[ID_CHARS + 1];
    memcpy(text, id.at, ID_CHARS);
    text[ID_CHARS] = '\0';
    enum err err = record_load(&record, c->office, &c->sql, text);
    if (!err)
        err = record_name(&record, c->office, &c->sql, out);
    record_fini(&record);
    return err == ERR_NOT_FOUND || err == ERR_INVALID ? ERR_OK : err;
}

static enum err put_html(struct export *x)
{
    struct command *c = x->command;
    const struct case_page page = {
        .file = &x->file,
        .schema = c->office->schema,
        .agency = c->office->agency,
        .lineage = c->office->lineage,
        .kase = x->kase,
        .by = c->by,
        .at = clock_wall_ms(c->office->clock),
        .until = x->until,
        .as_of = x->as_of,
        .name_of = name_of,
        .context = c,
    };
    enum err err = case_page_write(&x->out, &page);
    if (!err &&
        fwrite(buffer_text(&x->out), 1, x->out.size, stdout) != x->out.size)
        err = ERR_IO;
    return err;
}

/* --- the command ---------------------------------------------------------- */

/* Whoever takes a case out of the office stands in its acts. */
static enum err export_act(struct export *x)
{
    struct command *c = x->command;
    char detail[160];
    int size = snprintf(
        detail, sizeof detail, "{%s%s%s\"case\":\"%s\",\"format\":\"%s\"}",
        x->as_of ? "\"as_of\":\"" : "", x->as_of ? x->as_of : "",
        x->as_of ? "\"," : "", x->kase, x->format);
    return command_act(c, "export", bytes_of(detail, (size_t)size));
}

static enum err export_all(struct export *x)
{
    struct command *c = x->command;
    enum err err = sql_begin(&c->sql, false);
    if (err)
        return err;
    err = case_file_load(&x->file, c->office, &c->sql, x->kase, x->until);
    if (!err) {
        buffer_init(&x->out, COMMAND_JSON_BYTES_MAX);
        err = strcmp(x->format, "html") ? put_ndjson(x) : put_html(x);
        buffer_fini(&x->out);
        case_file_fini(&x->file);
    }
    sql_rollback(&c->sql);
    return err;
}

static int read_options(struct export *x)
{
    const struct command *c = x->command;
    int64_t begin;
    if (c->operand_count != 1)
        return command_misuse(c, "export case ID: give one case");
    x->kase = c->operands[0];
    if (strcmp(x->format, "ndjson") != 0 && strcmp(x->format, "html") != 0)
        return command_misuse(
            c, "the format %.32s is not known; ndjson and html are", x->format);
    if (!id_valid(bytes_text(x->kase)))
        return command_misuse(c,
                              "\"%.64s\" is no case id; it is a UUID in "
                              "lower case",
                              x->kase);
    if (x->as_of && day_local(bytes_text(x->as_of), &begin, &x->until))
        return command_misuse(
            c, "--as-of %.32s: a date such as 2026-11-21 is expected",
            x->as_of);
    return EXIT_DONE;
}

int command_export_case(struct command *c)
{
    const char *format = args_text(&c->args, "--format");
    struct export x = {.command = c,
                       .format = format ? format : "ndjson",
                       .as_of = args_text(&c->args, "--as-of"),
                       .until = INT64_MAX};
    struct case_total total;
    int code = read_options(&x);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    if (code != EXIT_DONE)
        return code;
    enum err err = store_case_find(&c->sql, c->office->agency, x.kase, &total);
    if (err == ERR_NOT_FOUND)
        return command_fail(c, err,
                            "there is no case %s at the office; `case list` "
                            "shows which are here",
                            x.kase);
    if (!err && (code = command_leaves(c, x.kase, "case file")) != EXIT_DONE)
        return code;
    if (!err)
        err = export_act(&x);
    if (!err)
        err = export_all(&x);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}
