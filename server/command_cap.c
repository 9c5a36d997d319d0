/* cap set, cap list: how much may be spent, and how much is left. */
#include <stdio.h>
#include <string.h>

#include "server/command_money.h"

static int read_draft(const struct command *c, struct money_cap_draft *draft)
{
    const char *pool = args_text(&c->args, "--pool");
    const char *days = args_text(&c->args, "--repeat-days");
    if (c->operand_count + (pool != NULL) != 1)
        return command_misuse(c, "cap set CATEGORY, or cap set --pool NAME");
    *draft = (struct money_cap_draft){.name = pool ? pool : c->operands[0],
                                      .pool = pool != NULL,
                                      .repeat_days = -1,
                                      .authority =
                                          args_text(&c->args, "--authority")};
    if (days && (int64_parse(bytes_text(days), &draft->repeat_days) ||
                 draft->repeat_days < 0 || draft->repeat_days > 3660))
        return command_misuse(c, "--repeat-days %.32s is no number of days",
                              days);
    int code = command_cents(c, "--limit", -1, &draft->limit);
    if (code == EXIT_DONE)
        code = command_cents(c, "--own-up-to", -1, &draft->own_up_to);
    if (code == EXIT_DONE)
        code = command_cents(c, "--approval-above", -1, &draft->approval_above);
    if (code == EXIT_DONE && draft->limit < 0 && draft->own_up_to < 0 &&
        draft->approval_above < 0 && draft->repeat_days < 0 &&
        !draft->authority)
        code = command_misuse(c, "--limit AMOUNT is missing");
    return code;
}

int command_cap_set(struct command *c)
{
    struct money_cap_draft draft;
    struct money_cap cap = {.limit = 0};
    int code = read_draft(c, &draft);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = money_cap_set(c->office, &c->sql, c->author, &draft);
    if (!err)
        err = money_cap_find(&cap, c->office, &c->sql, draft.name, draft.pool);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code == EXIT_DONE && c->json)
        printf("{\"cap\":\"%s\",\"limit_cents\":%lld}\n", cap.id,
               (long long)cap.limit);
    else if (code == EXIT_DONE)
        printf("%s%s: %s at most\n", draft.pool ? "pool " : "", cap.name,
               command_amount(cap.limit));
    return code;
}

/* --- list ----------------------------------------------------------------- */

struct listing {
    struct command *command;
    const char *person; /* NULL: pools alone have a balance */
    struct money_list list;
    struct buffer json;
    size_t count;
};

static enum err used_of(struct listing *l, const struct money_cap *cap,
                        int64_t *used)
{
    struct command *c = l->command;
    *used = 0;
    if (cap->pool)
        return money_pool_used(&l->list, c->office, &c->sql, cap->name, used);
    return l->person ? money_used(&l->list, c->office, &c->sql, l->person,
                                  cap->name, "", used)
                     : ERR_OK;
}

static enum err tell(void *context, const struct money_cap *cap)
{
    struct listing *l = context;
    int64_t used;
    enum err err = used_of(l, cap, &used);
    bool known = cap->pool || l->person;
    if (err)
        return err;
    if (!l->command->json) {
        printf("%s%s: %s", cap->pool ? "pool " : "", cap->name,
               command_amount(cap->limit));
        if (known)
            printf(", used %s, left %s", command_amount(used),
                   command_amount(cap->limit - used));
        if (cap->approval_above >= 0)
            printf(", approval above %s", command_amount(cap->approval_above));
        puts(cap->open ? ", IN CONFLICT" : "");
    }
    buffer_printf(&l->json,
                  "%s{\"approval_above_cents\":", l->count++ ? "," : "");
    if (cap->approval_above < 0)
        buffer_add_text(&l->json, "null");
    else
        buffer_add_int(&l->json, cap->approval_above);
    buffer_printf(&l->json,
                  ",\"cap\":\"%s\",\"limit_cents\":%lld,\"name\":\"%s\","
                  "\"open\":%s,\"own_up_to_cents\":%lld,\"pool\":%s,"
                  "\"repeat_days\":%lld,\"used_cents\":",
                  cap->id, (long long)cap->limit, cap->name,
                  cap->open ? "true" : "false", (long long)cap->own_up_to,
                  cap->pool ? "true" : "false", (long long)cap->repeat_days);
    if (known)
        buffer_add_int(&l->json, used);
    else
        buffer_add_text(&l->json, "null");
    return buffer_add_char(&l->json, '}');
}

static enum err load(struct listing *l)
{
    struct command *c = l->command;
    return l->person ? money_load_all(&l->list, c->office, &c->sql)
                     : money_load_vouchers(&l->list, c->office, &c->sql);
}

int command_cap_list(struct command *c)
{
    struct listing l = {.command = c,
                        .person = args_text(&c->args, "--person")};
    if (c->operand_count > 0)
        return command_misuse(c, "cap list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&l.json, '[');
    enum err err = load(&l);
    if (!err)
        err = money_cap_each(c->office, &c->sql, tell, &l);
    money_list_fini(&l.list);
    return command_list_end(c, err, &l.json, l.count,
                            "no cap is set: nothing may be authorised");
}
