/* export fhir: each referral as FHIR R4 resources, a line each.  Ids only: who
 * they are is told by a disclosure, to whom a consent names. */
#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/exchange.h"

#define TEMPLATE "fhir-referral"
#define RECORD_ARENA_BYTES ((size_t)256 << 20)

static const char states_of_type[] =
    "SELECT state FROM record WHERE agency = $1 AND type = $2 "
    "AND ($3 = '' OR case_id = $3) ORDER BY record";

struct export
{
    struct command *command;
    struct exchange *exchange;       /* owned */
    const char *from, *to, *kase;    /* "" not given */
    struct arena arena;              /* reused */
    struct buffer out;               /* reused */
    char first[ID_CHARS + 1];        /* the first that is left out */
    char why[EXCHANGE_DETAIL_CHARS]; /* it is */
    size_t left_out;
};

/* Days compare as their texts do; a record without one is in no period. */
static bool in_period(const struct export *x, const struct canon *state)
{
    struct bytes day = exchange_day(x->exchange, state);
    if (!x->from[0] && !x->to[0])
        return true;
    return day.size && bytes_compare(day, bytes_text(x->from)) >= 0 &&
           (!x->to[0] || bytes_compare(day, bytes_text(x->to)) <= 0);
}

static enum err put_record(struct export *x, const struct canon *state)
{
    char why[EXCHANGE_DETAIL_CHARS];
    struct bytes id;
    enum err err = exchange_write(x->exchange, state, &x->out, why);
    if (err == ERR_INVALID) {
        if (!x->left_out++ && canon_text(state, "record", &id)) {
            snprintf(x->first, sizeof x->first, "%.*s", (int)id.size,
                     (const char *)id.at);
            memcpy(x->why, why, sizeof why);
        }
        return ERR_OK;
    }
    if (!err &&
        fwrite(buffer_text(&x->out), 1, x->out.size, stdout) != x->out.size)
        err = ERR_IO;
    return err;
}

static enum err put_row(void *context, const struct sql_value *row,
                        size_t columns)
{
    struct export *x = context;
    const struct canon *state;
    (void)columns;
    arena_clear(&x->arena);
    buffer_clear(&x->out);
    enum err err = canon_parse(&x->arena, row[0].bytes, &state, NULL);
    return err || !in_period(x, state) ? err : put_record(x, state);
}

static enum err put_all(struct export *x)
{
    struct command *c = x->command;
    enum err err = sql_begin(&c->sql, false);
    if (err)
        return err;
    arena_init(&x->arena, RECORD_ARENA_BYTES);
    buffer_init(&x->out, COMMAND_JSON_BYTES_MAX);
    err = sql_each_row(&c->sql, states_of_type,
                       SQL_VALUES(sql_text(c->office->agency),
                                  sql_text(exchange_type(x->exchange)),
                                  sql_text(x->kase)),
                       put_row, x);
    buffer_fini(&x->out);
    arena_fini(&x->arena);
    sql_rollback(&c->sql);
    return err;
}

static enum err write_act(const struct export *x)
{
    char detail[200];
    int size = snprintf(detail, sizeof detail,
                        "{\"case\":\"%s\",\"format\":\"fhir\",\"from\":\"%s\","
                        "\"to\":\"%s\"}",
                        x->kase, x->from, x->to);
    return command_act(x->command, "export", bytes_of(detail, (size_t)size));
}

static int read_day(const struct command *c, const char *option,
                    const char **out)
{
    int64_t first, last;
    const char *text = args_text(&c->args, option);
    *out = text ? text : "";
    return text && day_local(bytes_text(text), &first, &last)
               ? command_misuse(
                     c, "%s %.32s: a date such as 2026-11-21 is expected",
                     option, text)
               : EXIT_DONE;
}

static int read_options(struct export *x)
{
    const struct command *c = x->command;
    const char *kase = args_text(&c->args, "--case");
    x->kase = kase ? kase : "";
    if (c->operand_count)
        return command_misuse(c, "export fhir takes options only");
    if (kase && !id_valid(bytes_text(kase)))
        return command_misuse(
            c, "\"%.64s\" is no case id; it is a UUID in lower case", kase);
    int code = read_day(c, "--from", &x->from);
    return code == EXIT_DONE ? read_day(c, "--to", &x->to) : code;
}

static const char *kase_given(const struct export *x)
{
    return x->kase[0] ? x->kase : NULL;
}

int command_export_fhir(struct command *c)
{
    struct export x = {.command = c};
    int code = read_options(&x);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_leaves(c, kase_given(&x), "referrals, by record ids");
    if (code != EXIT_DONE)
        return code;
    enum err err = exchange_open(&x.exchange, TEMPLATE);
    if (!err)
        err = write_act(&x);
    if (!err)
        err = put_all(&x);
    exchange_close(x.exchange);
    if (err)
        return command_fail_office(c, err);
    return x.left_out ? command_fail(c, ERR_INVALID,
                                     "%zu left out; the first is %s: %s",
                                     x.left_out, x.first, x.why)
                      : EXIT_DONE;
}
