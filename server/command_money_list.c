/* authorization list: what was asked for, what it repeats, what came of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/command_money.h"

struct listing {
    struct command *command;
    struct money_list list;
    const struct money **sorted; /* owned: requests and uses, likes together */
    size_t sorted_count;
    struct buffer json;
    size_t count;
};

/* --- what is alike -------------------------------------------------------- */

static int order(const void *a, const void *b)
{
    const struct money *left = *(const struct money *const *)a;
    const struct money *right = *(const struct money *const *)b;
    int way = strcmp(left->person, right->person);
    if (!way)
        way = strcmp(left->category, right->category);
    if (!way)
        way = strcmp(left->alike, right->alike);
    if (!way && left->received_at != right->received_at)
        way = left->received_at < right->received_at ? -1 : 1;
    return way ? way : strcmp(left->id, right->id);
}

static enum err sort(struct listing *l)
{
    l->sorted = calloc(l->list.count + 1, sizeof *l->sorted);
    if (!l->sorted)
        return ERR_NOMEM;
    for (size_t i = 0; i < l->list.count; i++) {
        const struct money *m = &l->list.at[i];
        if (m->kind == MONEY_REQUEST || m->kind == MONEY_SPEND)
            l->sorted[l->sorted_count++] = m;
    }
    qsort(l->sorted, l->sorted_count, sizeof *l->sorted, order);
    return ERR_OK;
}

static int64_t days_of(struct command *c, const char *category)
{
    struct money_cap cap;
    enum err err = money_cap_find(&cap, c->office, &c->sql, category, false);
    return err ? MONEY_REPEAT_DAYS : cap.repeat_days;
}

static bool same_group(const struct money *a, const struct money *b)
{
    return !strcmp(a->person, b->person) && !strcmp(a->category, b->category) &&
           !strcmp(a->alike, b->alike);
}

/* --- one of them ---------------------------------------------------------- */

static const char *state_of(const struct listing *l, const struct money *m)
{
    if (money_authorized(&l->list, m->id))
        return "authorized";
    if (m->withdrawn)
        return "withdrawn";
    return money_of(&l->list, MONEY_AUTHORIZATION, m->id, NULL) ? "void"
                                                                : "requested";
}

static size_t receipts_of(const struct listing *l, const struct money *paid)
{
    size_t count = 0;
    const struct money *receipt = NULL;
    while (paid &&
           (receipt = money_of(&l->list, MONEY_RECEIPT, paid->id, receipt)))
        count += !receipt->withdrawn;
    return count;
}

static void print_one(struct listing *l, const struct money *m,
                      const struct buffer *alike)
{
    const struct money *paid = money_authorized(&l->list, m->id);
    char at[INSTANT_CHARS];
    instant_format(at, m->at);
    printf("%s  %s  %s to %s, asked for by %s on %.10s\n", m->id, m->category,
           command_amount(m->cents), m->payee, m->by, at);
    if (paid)
        printf("  authorised: number %s, %s, by %s; receipts: %zu\n",
               paid->number, command_amount(paid->cents), paid->by,
               receipts_of(l, paid));
    else
        printf("  %s\n", state_of(l, m));
    if (alike->size)
        printf("  POSSIBLE DUPLICATE OF %s\n", buffer_text(alike));
}

static void json_paid(struct buffer *json, const struct money *paid,
                      size_t receipts)
{
    if (!paid) {
        buffer_add_text(json, "null");
        return;
    }
    buffer_printf(json,
                  "{\"amount_cents\":%lld,\"by\":\"%s\",\"number\":\"%s\","
                  "\"paid\":%s,\"receipts\":%zu,\"record\":\"%s\"}",
                  (long long)paid->cents, paid->by, paid->number,
                  paid->paid ? "true" : "false", receipts, paid->id);
}

static void json_one(struct listing *l, const struct money *m,
                     const struct buffer *alike)
{
    const struct money *paid = money_authorized(&l->list, m->id);
    struct buffer *json = &l->json;
    buffer_printf(json, "%s{\"amount_cents\":%lld,\"authorization\":",
                  l->count ? "," : "", (long long)m->cents);
    json_paid(json, paid, receipts_of(l, paid));
    buffer_printf(json, ",\"by\":\"%s\",\"case\":\"%s\",\"category\":\"%s\",",
                  m->by, m->kase, m->category);
    buffer_add_text(json, "\"payee\":");
    canon_put_text(json, bytes_text(m->payee));
    buffer_printf(json,
                  ",\"person\":\"%s\",\"possible_duplicate_of\":[%s],"
                  "\"request\":\"%s\",\"state\":\"%s\"}",
                  m->person, buffer_text(alike), m->id, state_of(l, m));
}

static enum err tell(struct listing *l, const struct money *m, size_t from,
                     size_t to, int64_t days)
{
    struct buffer alike;
    const char *quote = l->command->json ? "\"" : "";
    buffer_init(&alike, COMMAND_JSON_BYTES_MAX);
    for (size_t i = from; i < to; i++) {
        const struct money *other = l->sorted[i];
        if (!other->withdrawn && money_alike(m, other, days))
            buffer_printf(&alike, "%s%s%s%s", alike.size ? "," : "", quote,
                          other->id, quote);
    }
    if (l->command->json)
        json_one(l, m, &alike);
    else
        print_one(l, m, &alike);
    l->count++;
    enum err err = buffer_err(&alike);
    buffer_fini(&alike);
    return err ? err : buffer_err(&l->json);
}

static bool wanted(const struct listing *l, const struct money *m)
{
    const char *person = args_text(&l->command->args, "--person");
    if (m->kind != MONEY_REQUEST ||
        (person && strcmp(m->person, money_root(&l->list, person)) != 0))
        return false;
    return !args_flag(&l->command->args, "--waiting") ||
           (!m->withdrawn && !money_authorized(&l->list, m->id));
}

static enum err tell_all(struct listing *l)
{
    enum err err = sort(l);
    for (size_t from = 0, to = 0; !err && from < l->sorted_count; from = to) {
        while (to < l->sorted_count &&
               same_group(l->sorted[from], l->sorted[to]))
            to++;
        int64_t days = days_of(l->command, l->sorted[from]->category);
        for (size_t i = from; !err && i < to; i++)
            if (wanted(l, l->sorted[i]))
                err = tell(l, l->sorted[i], from, to, days);
    }
    return err;
}

int command_authorization_list(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "authorization list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&l.json, '[');
    enum err err = money_load_all(&l.list, c->office, &c->sql);
    if (!err)
        err = tell_all(&l);
    buffer_add_char(&l.json, ']');
    free(l.sorted);
    money_list_fini(&l.list);
    if (!err && c->json)
        return command_print(c, &l.json);
    buffer_fini(&l.json);
    if (!err && l.count == 0)
        puts("nothing was asked for");
    c->office->detail[0] = err ? c->office->detail[0] : '\0';
    return err ? command_fail_office(c, err) : EXIT_DONE;
}
