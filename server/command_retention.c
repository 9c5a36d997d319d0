/* case close, legal-hold set and lift: how long a case is kept. */
#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/retention.h"

static int case_operand(const struct command *c)
{
    if (c->operand_count != 1)
        return command_misuse(c, "%s CASE: give one case", c->name);
    if (!id_valid(bytes_text(c->operands[0])))
        return command_misuse(c,
                              "\"%.64s\" is no case id; it is a UUID in "
                              "lower case",
                              c->operands[0]);
    return EXIT_DONE;
}

static int begin(struct command *c)
{
    int code = command_open(c, COMMAND_WRITE);
    return code == EXIT_DONE ? command_begin(c) : code;
}

int command_case_close(struct command *c)
{
    const char *on = args_text(&c->args, "--on");
    const char *class = args_text(&c->args, "--retention");
    int code = case_operand(c);
    if (code == EXIT_DONE && !on)
        code = command_misuse(c, "--on DATE is missing: the day of closing");
    if (code == EXIT_DONE)
        code = begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = retention_close(c->office, &c->sql, c->author,
                                   c->operands[0], on, class);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code == EXIT_DONE && c->json)
        printf("{\"case\":\"%s\",\"closed_on\":\"%s\"}\n", c->operands[0], on);
    else if (code == EXIT_DONE)
        printf("%s is closed since %s\n", c->operands[0], on);
    return code;
}

static int hold(struct command *c, bool held)
{
    const char *reason = args_text(&c->args, "--reason");
    int code = case_operand(c);
    if (code == EXIT_DONE && !reason)
        code = command_misuse(c, "--reason TEXT is missing");
    if (code == EXIT_DONE)
        code = begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = retention_hold(c->office, &c->sql, c->author, c->operands[0],
                                  held, reason);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code == EXIT_DONE && c->json)
        printf("{\"case\":\"%s\",\"legal_hold\":%s}\n", c->operands[0],
               held ? "true" : "false");
    else if (code == EXIT_DONE)
        printf("%s is %s legal hold\n", c->operands[0],
               held ? "under" : "no longer under");
    return code;
}

int command_legal_hold_set(struct command *c)
{
    return hold(c, true);
}

int command_legal_hold_lift(struct command *c)
{
    return hold(c, false);
}
