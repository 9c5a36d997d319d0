/* authorize, approve, authorization void and paid. */
#include "server/command_money.h"

#include <stdio.h>
#include <string.h>
#include "shared/model/amount.h"

int command_cents(const struct command *c, const char *option, int64_t none,
                  int64_t *out)
{
    const char *text = args_text(&c->args, option);
    *out = none;
    if (!text)
        return EXIT_DONE;
    if (amount_read(text, out) == ERR_OK)
        return EXIT_DONE;
    return command_misuse(c, "%s %.32s is no amount; write it as 80 or 80.00",
                          option, text);
}

const char *command_amount(int64_t cents)
{
    static _Thread_local char text[4][AMOUNT_CHARS];
    static _Thread_local unsigned turn;
    char *out = text[turn++ % 4];
    amount_format(out, cents);
    return out;
}

int command_money_begin(struct command *c)
{
    int code = command_open(c, COMMAND_WRITE);
    if (code != EXIT_DONE)
        return code;
    enum err err = money_begin(c->office, &c->sql);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

int command_money_end(struct command *c, enum err err)
{
    err = money_end(c->office, &c->sql, err);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

int command_money_named(struct command *c, enum money_kind kind,
                        char id[ID_CHARS + 1])
{
    enum err err = money_named(c->office, &c->sql, kind, c->operands[0], id);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

/* --- authorize ------------------------------------------------------------ */

#define DESPITE_MAX 64

struct despite {
    const char *at[DESPITE_MAX];
    size_t count;
};

static int read_given(const struct command *c, struct money_authorize *given,
                      struct despite *despite)
{
    despite->count = args_list_count(&c->args, "--despite");
    if (despite->count > DESPITE_MAX)
        return command_misuse(c, "--despite: %d at most", DESPITE_MAX);
    for (size_t i = 0; i < despite->count; i++) {
        despite->at[i] = args_list_at(&c->args, "--despite", i);
        if (!id_valid(bytes_text(despite->at[i])))
            return command_misuse(c, "--despite %.64s is no record id",
                                  despite->at[i]);
    }
    *given = (struct money_authorize){
        .request = c->operands[0],
        .fund_source = args_text(&c->args, "--fund"),
        .authority = args_text(&c->args, "--authority"),
        .note = args_text(&c->args, "--note"),
        .despite = despite->at,
        .despite_count = despite->count};
    int code = command_cents(c, "--amount", 0, &given->cents);
    if (code == EXIT_DONE)
        code = command_cents(c, "--federal", -1, &given->federal_cents);
    if (code == EXIT_DONE)
        code = command_cents(c, "--state", -1, &given->state_cents);
    /* Who names one part means that there is no other. */
    if (given->federal_cents >= 0 && given->state_cents < 0)
        given->state_cents = 0;
    if (given->state_cents >= 0 && given->federal_cents < 0)
        given->federal_cents = 0;
    return code;
}

static int report(const struct command *c, const char *request,
                  const struct money_answer *answer)
{
    int64_t left = answer->limit - answer->used;
    if (c->json) {
        printf("{\"amount_cents\":%lld,\"authorization\":\"%s\","
               "\"backed_up\":true,\"left_cents\":%lld,\"number\":\"%s\","
               "\"possible_duplicates\":%zu,\"request\":\"%s\"}\n",
               (long long)answer->cents, answer->id, (long long)left,
               answer->number, answer->alike_count, request);
        return EXIT_DONE;
    }
    printf("authorised: number %s, %s, %s left of the cap; it is backed up\n"
           "  %s\n",
           answer->number, command_amount(answer->cents), command_amount(left),
           answer->id);
    if (answer->alike_count)
        printf("  possible duplicates: %zu, such as %s\n", answer->alike_count,
               answer->alike);
    return EXIT_DONE;
}

int command_authorize(struct command *c)
{
    struct money_authorize given;
    struct money_answer answer;
    struct despite despite;
    if (c->operand_count != 1)
        return command_misuse(c, "authorize REQUEST: give one request");
    int code = read_given(c, &given, &despite);
    if (code == EXIT_DONE)
        code = command_money_begin(c);
    if (code != EXIT_DONE)
        return code;
    code = command_money_end(
        c, money_authorize(c->office, &c->sql, c->author, &given, &answer));
    return code == EXIT_DONE ? report(c, c->operands[0], &answer) : code;
}

int command_approve(struct command *c)
{
    struct money_answer answer;
    int64_t cents;
    if (c->operand_count != 1)
        return command_misuse(c, "approve REQUEST: give one request");
    int code = command_cents(c, "--amount", 0, &cents);
    if (code == EXIT_DONE)
        code = command_money_begin(c);
    if (code != EXIT_DONE)
        return code;
    code = command_money_end(
        c, money_approve(c->office, &c->sql, c->author, c->operands[0], cents,
                         args_text(&c->args, "--note"), &answer));
    if (code == EXIT_DONE && c->json)
        printf("{\"amount_cents\":%lld,\"approval\":\"%s\",\"request\":\"%s\"}"
               "\n",
               (long long)answer.cents, answer.id, c->operands[0]);
    else if (code == EXIT_DONE)
        printf("approved up to %s; nothing is paid before it is authorised\n",
               command_amount(answer.cents));
    return code;
}

/* --- what becomes of it --------------------------------------------------- */

int command_money_void(struct command *c, enum money_kind kind)
{
    const char *reason = args_text(&c->args, "--reason");
    char id[ID_CHARS + 1];
    if (c->operand_count != 1)
        return command_misuse(c, "%s ID: give one id or number", c->name);
    if (!reason)
        return command_misuse(c, "--reason TEXT is missing");
    int code = command_money_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = money_named(c->office, &c->sql, kind, c->operands[0], id);
    if (!err)
        err = money_void(c->office, &c->sql, c->author, id, kind, reason);
    code = command_money_end(c, err);
    if (code == EXIT_DONE && c->json)
        printf("{\"void\":\"%s\"}\n", id);
    else if (code == EXIT_DONE)
        printf("%s is void\n", id);
    return code;
}

int command_authorization_void(struct command *c)
{
    return command_money_void(c, MONEY_AUTHORIZATION);
}

int command_authorization_paid(struct command *c)
{
    const char *on = args_text(&c->args, "--on");
    char id[ID_CHARS + 1];
    if (c->operand_count != 1)
        return command_misuse(c, "authorization paid ID: give one id or "
                                 "number");
    if (!on)
        return command_misuse(c, "--on DATE is missing: the day it was paid");
    int code = command_money_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = money_named(c->office, &c->sql, MONEY_AUTHORIZATION,
                               c->operands[0], id);
    if (!err)
        err = money_paid(c->office, &c->sql, c->author, id, on);
    code = command_money_end(c, err);
    if (code == EXIT_DONE && c->json)
        printf("{\"authorization\":\"%s\",\"paid_on\":\"%s\"}\n", id, on);
    else if (code == EXIT_DONE)
        printf("%s was paid on %s\n", id, on);
    return code;
}
