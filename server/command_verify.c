/* verify and rebuild: the office checked against its log, and derived anew. */
#include <stdio.h>
#include "server/command.h"
#include "server/verify.h"
#include "server/views.h"

#define FOUND_MAX 1000 /* problems told one by one */

struct findings {
    const struct command *command;
    struct buffer json;
    size_t count;
};

static void on_problem(void *context, const char *text)
{
    struct findings *f = context;
    if (f->count++ >= FOUND_MAX)
        return;
    if (!f->command->json) {
        printf("%s\n", text);
        return;
    }
    buffer_add_text(&f->json, f->count > 1 ? "," : "");
    canon_put_text(&f->json, bytes_text(text));
}

static int report(struct command *c, struct findings *f, size_t problems)
{
    if (c->json) {
        struct buffer json;
        buffer_init(&json, COMMAND_JSON_BYTES_MAX);
        buffer_printf(&json, "{\"found\":[%s],\"problems\":%zu}",
                      buffer_text(&f->json), problems);
        int code = command_print(c, &json);
        if (code != EXIT_DONE)
            return code;
    } else if (problems == 0) {
        puts("the office is sound: chains, signatures and derived data agree");
    }
    if (problems == 0)
        return EXIT_DONE;
    return command_fail(c, ERR_CORRUPT,
                        "%zu problem(s); `rebuild` mends what is derived, a "
                        "backup what is not",
                        problems);
}

int command_verify(struct command *c)
{
    struct findings findings = {.command = c};
    size_t problems = 0;
    if (c->operand_count > 0)
        return command_misuse(c, "verify takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&findings.json, COMMAND_JSON_BYTES_MAX / 2);
    enum err err =
        office_verify(c->office, &c->sql, on_problem, &findings, &problems);
    code = err ? command_fail_office(c, err) : report(c, &findings, problems);
    buffer_fini(&findings.json);
    return code;
}

int command_rebuild(struct command *c)
{
    if (c->operand_count > 0)
        return command_misuse(c, "rebuild takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    enum err err = office_rebuild(c->office, &c->sql);
    if (!err)
        err = views_update(c->office);
    if (err)
        return command_fail_office(c, err);
    puts(c->json ? "{\"rebuilt\":true}"
                 : "derived everything anew from the log");
    return EXIT_DONE;
}
