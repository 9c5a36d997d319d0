/* voucher issue, list, void, settle. */
#include <stdio.h>
#include <string.h>

#include "server/command_money.h"

/* --- issue ---------------------------------------------------------------- */

static int read_issue(const struct command *c, struct money_issue *given)
{
    static const char *const needed[] = {"--user", "--amount", "--category",
                                         "--until"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!args_text(&c->args, needed[i]))
            return command_misuse(c,
                                  "%s is missing; see `satchel-central "
                                  "voucher issue --help`",
                                  needed[i]);
    *given =
        (struct money_issue){.user = args_text(&c->args, "--user"),
                             .category = args_text(&c->args, "--category"),
                             .until = args_text(&c->args, "--until"),
                             .person = args_text(&c->args, "--person"),
                             .enrollment = args_text(&c->args, "--enrollment"),
                             .pool = args_text(&c->args, "--pool"),
                             .fund_source = args_text(&c->args, "--fund")};
    if (c->operand_count > 0)
        return command_misuse(c, "voucher issue takes no operand");
    if (!given->person == !given->pool)
        return command_misuse(c, "say for whom, --person ID, or from which "
                                 "pool, --pool NAME");
    return command_cents(c, "--amount", 0, &given->cents);
}

int command_voucher_issue(struct command *c)
{
    struct money_issue given;
    struct money_answer answer;
    int code = read_issue(c, &given);
    if (code == EXIT_DONE)
        code = command_money_begin(c);
    if (code != EXIT_DONE)
        return code;
    code = command_money_end(
        c, money_issue(c->office, &c->sql, c->author, &given, &answer));
    if (code == EXIT_DONE && c->json)
        printf("{\"amount_cents\":%lld,\"backed_up\":true,\"left_cents\":%lld,"
               "\"number\":\"%s\",\"voucher\":\"%s\"}\n",
               (long long)answer.cents, (long long)(answer.limit - answer.used),
               answer.number, answer.id);
    else if (code == EXIT_DONE)
        printf("voucher %s of %s for %s, until %s\n  %s\n  it is on the "
               "device after its next sync\n",
               answer.number, command_amount(answer.cents), given.user,
               given.until, answer.id);
    return code;
}

int command_voucher_void(struct command *c)
{
    return command_money_void(c, MONEY_VOUCHER);
}

int command_voucher_settle(struct command *c)
{
    const char *note = args_text(&c->args, "--note");
    char id[ID_CHARS + 1];
    size_t uses = 0;
    if (c->operand_count != 1)
        return command_misuse(c, "voucher settle ID: give one id or number");
    if (!note)
        return command_misuse(c, "--note TEXT is missing: what was found");
    int code = command_money_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err =
        money_named(c->office, &c->sql, MONEY_VOUCHER, c->operands[0], id);
    if (!err)
        err = money_settle(c->office, &c->sql, c->author, id, note, &uses);
    code = command_money_end(c, err);
    if (code == EXIT_DONE && c->json)
        printf("{\"uses\":%zu,\"voucher\":\"%s\"}\n", uses, id);
    else if (code == EXIT_DONE)
        printf("%s is settled, with its %zu uses\n", id, uses);
    return code;
}

/* --- list ----------------------------------------------------------------- */

struct listing {
    struct command *command;
    struct money_list list;
    struct buffer json;
    bool alarms;
    size_t count;
    int64_t outstanding;
};

static const char *state_of(const struct listing *l, const struct money *v,
                            int64_t counts, const char *today)
{
    if (money_of(&l->list, MONEY_SPEND, v->id, NULL))
        return "spent";
    if (money_voided(&l->list, v->id))
        return counts ? "void, not known on the device" : "void";
    return strcmp(v->on, today) < 0 ? "expired" : "outstanding";
}

static enum money_alarm use_put(struct listing *l, const struct money *use)
{
    enum money_alarm alarm = money_alarm(&l->list, use);
    struct buffer *json = &l->json;
    char at[INSTANT_CHARS];
    instant_format(at, use->received_at);
    if (!l->command->json) {
        printf("  spent: %s to %s by %s on %s (%s)\n",
               command_amount(use->cents), use->payee, use->by, use->on,
               use->id);
        if (alarm)
            printf("  ALARM: %s; known since %.10s, for the roles fiscal and "
                   "supervisor\n",
                   money_alarm_text(alarm), at);
    }
    buffer_printf(json, "{\"alarm\":");
    if (alarm)
        buffer_printf(json, "\"%s\"", money_alarm_name(alarm));
    else
        buffer_add_text(json, "null");
    buffer_printf(json,
                  ",\"amount_cents\":%lld,\"by\":\"%s\",\"on\":\"%s\","
                  "\"owner\":%s,\"payee\":",
                  (long long)use->cents, use->by, use->on,
                  alarm ? "\"fiscal\"" : "null");
    canon_put_text(json, bytes_text(use->payee));
    buffer_printf(json, ",\"person\":\"%s\",\"since\":%lld,\"spend\":\"%s\"}",
                  use->person, (long long)use->received_at, use->id);
    return alarm;
}

static bool has_alarm(const struct listing *l, const char *voucher)
{
    const struct money *use = NULL;
    while ((use = money_of(&l->list, MONEY_SPEND, voucher, use)))
        if (money_alarm(&l->list, use))
            return true;
    return false;
}

static enum err tell(struct listing *l, const struct money *v,
                     const char *today)
{
    struct command *c = l->command;
    int64_t counts;
    enum err err =
        money_voucher_counts(&l->list, c->office, &c->sql, v, &counts);
    const char *state = state_of(l, v, counts, today);
    const struct money *use = money_of(&l->list, MONEY_SPEND, v->id, NULL);
    if (err)
        return err;
    l->outstanding += use ? 0 : counts;
    if (!c->json)
        printf("%s  %s %s for %s, until %s: %s (%s)\n", v->number, v->category,
               command_amount(v->cents), v->assigned_to, v->on, state, v->id);
    buffer_printf(&l->json,
                  "%s{\"amount_cents\":%lld,\"assigned_to\":\"%s\","
                  "\"category\":\"%s\",\"counts_cents\":%lld,"
                  "\"expires_on\":\"%s\",\"number\":\"%s\",\"person\":",
                  l->count++ ? "," : "", (long long)v->cents, v->assigned_to,
                  v->category, (long long)counts, v->on, v->number);
    command_json_text(&l->json, v->person);
    buffer_add_text(&l->json, ",\"pool\":");
    command_json_text(&l->json, v->pool);
    buffer_printf(&l->json, ",\"state\":\"%s\",\"uses\":[", state);
    for (size_t i = 0; use; i++) {
        if (i)
            buffer_add_char(&l->json, ',');
        (void)use_put(l, use);
        use = money_of(&l->list, MONEY_SPEND, v->id, use);
    }
    buffer_printf(&l->json, "],\"voucher\":\"%s\"}", v->id);
    return buffer_err(&l->json);
}

/* Uses of what the office does not have, as after a rollback. */
static enum err tell_unknown(struct listing *l, const struct money *use)
{
    if (!l->command->json)
        printf("voucher %s: %s\n", use->of, money_alarm_text(ALARM_UNKNOWN));
    buffer_printf(&l->json,
                  "%s{\"number\":null,\"state\":\"unknown\","
                  "\"uses\":[",
                  l->count++ ? "," : "");
    (void)use_put(l, use);
    buffer_printf(&l->json, "],\"voucher\":\"%s\"}", use->of);
    return buffer_err(&l->json);
}

static enum err tell_all(struct listing *l)
{
    char today[INSTANT_CHARS];
    enum err err = ERR_OK;
    instant_format(today, clock_wall_ms(l->command->office->clock));
    today[MONEY_DATE_CHARS] = '\0';
    for (size_t i = 0; !err && i < l->list.count; i++) {
        const struct money *m = &l->list.at[i];
        if (m->kind == MONEY_VOUCHER && (!l->alarms || has_alarm(l, m->id)))
            err = tell(l, m, today);
        else if (m->kind == MONEY_SPEND && !money_find(&l->list, m->of))
            err = tell_unknown(l, m);
    }
    return err;
}

int command_voucher_list(struct command *c)
{
    struct listing l = {.command = c,
                        .alarms = args_flag(&c->args, "--alarms")};
    if (c->operand_count > 0)
        return command_misuse(c, "voucher list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&l.json, '[');
    enum err err = money_load_vouchers(&l.list, c->office, &c->sql);
    if (!err)
        err = tell_all(&l);
    money_list_fini(&l.list);
    if (!err && !c->json && l.count > 0 && !l.alarms)
        printf("outstanding: %s\n", command_amount(l.outstanding));
    return command_list_end(c, err, &l.json, l.count,
                            l.alarms ? "no alarms" : "no vouchers");
}

enum err command_voucher_alarms(struct command *c, int64_t *count)
{
    struct money_list list = {.at = NULL};
    *count = 0;
    enum err err = money_load_vouchers(&list, c->office, &c->sql);
    for (size_t i = 0; !err && i < list.count; i++)
        if (list.at[i].kind == MONEY_SPEND && money_alarm(&list, &list.at[i]))
            ++*count;
    money_list_fini(&list);
    return err;
}
