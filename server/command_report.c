/* report: the office's figures, each one .sql file (server/reports). */
#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/report_print.h"

/* Parameters that have an option of their own; `--set` gives any. */
static const struct {
    const char *option, *parameter;
} options[] = {
    {"--from", "from"},     {"--to", "to"},         {"--as-of", "as_of"},
    {"--county", "county"}, {"--worker", "worker"},
};
#define OPTION_COUNT (sizeof options / sizeof *options)

/* --- the list ------------------------------------------------------------- */

static int list_all(struct command *c)
{
    struct arena arena;
    struct report report;
    struct buffer out;
    char detail[REPORT_DETAIL_CHARS];
    enum err err = ERR_OK;
    arena_init(&arena, REPORT_RUN_BYTES_MAX);
    buffer_init(&out, COMMAND_JSON_BYTES_MAX);
    buffer_add_text(&out, c->json ? "[" : "");
    for (size_t i = 0; i < report_count() && !err; i++) {
        err = report_at(&report, &arena, i, detail);
        if (err)
            break;
        if (!c->json) {
            buffer_printf(&out, "%s%-6s  %s", i ? "\n" : "", report.id,
                          report.title);
            continue;
        }
        buffer_printf(&out,
                      "%s{\"clauses\":\"%s\",\"definition\":", i ? "," : "",
                      report.clauses);
        canon_put_text(&out, bytes_text(report.definition));
        buffer_printf(&out, ",\"report\":\"%s\",\"title\":", report.id);
        canon_put_text(&out, bytes_text(report.title));
        buffer_add_char(&out, '}');
    }
    buffer_add_text(&out, c->json ? "]" : "");
    arena_fini(&arena);
    if (!err)
        return command_print(c, &out);
    buffer_fini(&out);
    return command_fail(c, err, "a report cannot be read: %s", detail);
}

/* --- one ------------------------------------------------------------------ */

static size_t place_of(const struct report *report, struct bytes name)
{
    size_t i = 0;
    while (i < report->parameter_count &&
           !bytes_is(name, report->parameters[i].name))
        i++;
    return i;
}

static int unknown(const struct command *c, const struct report *report,
                   struct bytes name)
{
    char takes[REPORT_DETAIL_CHARS] = "none";
    size_t size = 0;
    for (size_t i = 0; i < report->parameter_count; i++)
        size += (size_t)snprintf(takes + size, sizeof takes - size, "%s%s",
                                 i ? ", " : "", report->parameters[i].name);
    return command_misuse(c, "%s has no parameter %.*s; it has: %s", report->id,
                          (int)(name.size < 64 ? name.size : 64),
                          (const char *)name.at, takes);
}

static int give(const struct command *c, const struct report *report,
                struct bytes name, const char *text, const char *given[])
{
    size_t i = place_of(report, name);
    if (i == report->parameter_count)
        return unknown(c, report, name);
    given[i] = text;
    return EXIT_DONE;
}

static int read_given(const struct command *c, const struct report *report,
                      const char *given[])
{
    int code = EXIT_DONE;
    const char *text;
    for (size_t i = 0; i < OPTION_COUNT && code == EXIT_DONE; i++)
        if ((text = args_text(&c->args, options[i].option)))
            code =
                give(c, report, bytes_text(options[i].parameter), text, given);
    if (args_list_count(&c->args, "--caseload") > 1)
        return command_misuse(c, "a report is of one caseload, or of all");
    text = args_list_at(&c->args, "--caseload", 0);
    if (text && code == EXIT_DONE)
        code = give(c, report, bytes_text("caseload"), text, given);
    for (size_t i = 0;
         (text = args_list_at(&c->args, "--set", i)) && code == EXIT_DONE;
         i++) {
        const char *equals = strchr(text, '=');
        if (!equals)
            return command_misuse(c, "--set %.64s: give NAME=VALUE", text);
        code = give(c, report, bytes_of(text, (size_t)(equals - text)),
                    equals + 1, given);
    }
    return code;
}

static int print_run(const struct command *c, const struct report_run *run,
                     enum command_format format)
{
    struct buffer out;
    struct report_form form = {.ids = args_flag(&c->args, "--ids"),
                               .shared = args_flag(&c->args, "--shared"),
                               .bare = args_flag(&c->args, "--bare")};
    buffer_init(&out, REPORT_RUN_BYTES_MAX);
    if (format == COMMAND_TEXT)
        report_print_text(&out, run, &form);
    else if (format == COMMAND_CSV)
        report_print_csv(&out, run, &form);
    else
        report_print_json(&out, run, &form);
    if (out.size > 0 && out.at[out.size - 1] == '\n')
        out.at[--out.size] = '\0';
    if (format == COMMAND_CSV && form.bare) {
        struct buffer told;
        buffer_init(&told, COMMAND_JSON_BYTES_MAX);
        report_print_currency(&told, run, "");
        fputs(buffer_text(&told), stderr);
        buffer_fini(&told);
    }
    return command_print(c, &out);
}

static int run_failed(const struct command *c, const struct report *report,
                      enum err err, const char *detail)
{
    if (err == ERR_NOT_FOUND)
        return command_fail(c, err,
                            "%s reads records of type %s, which this office "
                            "does not have; `import schema` adds types",
                            report->id, detail);
    return command_fail(c, err,
                        "%s cannot be made: %s (where views are missing or "
                        "old, `rebuild` makes them)",
                        report->id, detail[0] ? detail : err_text(err));
}

static int run_report(struct command *c, const struct report *report,
                      enum command_format format)
{
    const char *given[REPORT_PARAMETERS_MAX] = {NULL};
    char detail[REPORT_DETAIL_CHARS] = "";
    struct report_run run = {0};
    if (args_flag(&c->args, "--shared") && report_is_personal(report))
        return command_misuse(c,
                              "%s names persons, so that nothing of it can be "
                              "shared; leave --shared out",
                              report->id);
    int code = read_given(c, report, given);
    snprintf(c->operation, sizeof c->operation, "report %.16s", report->id);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    enum err err = report_values(&run, report, c->office, given, detail);
    if (err) {
        code = command_misuse(c, "%s", detail[0] ? detail : err_text(err));
    } else {
        err = report_rows(&run, c->office, detail);
        code = err ? run_failed(c, report, err, detail)
                   : print_run(c, &run, format);
    }
    report_run_fini(&run);
    return code;
}

int command_report(struct command *c)
{
    struct arena arena;
    struct report report;
    char detail[REPORT_DETAIL_CHARS];
    enum command_format format;
    if (c->operand_count > 1)
        return command_misuse(c, "one report at a time");
    int code = command_format(c, &format);
    if (code != EXIT_DONE)
        return code;
    if (c->operand_count == 0)
        return list_all(c);
    arena_init(&arena, REPORT_RUN_BYTES_MAX);
    enum err err = report_find(&report, &arena, c->operands[0], detail);
    if (err == ERR_NOT_FOUND)
        code = command_misuse(c,
                              "there is no report %.64s; `satchel-central "
                              "report` lists them",
                              c->operands[0]);
    else if (err)
        code = command_fail(c, err, "%s cannot be read: %s", c->operands[0],
                            detail);
    else
        code = run_report(c, &report, format);
    arena_fini(&arena);
    return code;
}
