/* export ndjson: every record of the office as it is shown, a line each. */
#include <stdio.h>
#include "server/command.h"
#include "shared/model/view.h"

static const char every_state[] =
    "SELECT state FROM record WHERE agency = $1 ORDER BY record";
static const char record_count[] =
    "SELECT count(*) FROM record WHERE agency = $1";

struct export
{
    struct command *command;
    struct buffer out; /* reused */
};

/* Says how many lines follow, so that a copy that was cut off is noticed. */
static enum err put_head(struct export *x)
{
    const struct command *c = x->command;
    char instant[INSTANT_CHARS];
    int64_t count;
    enum err err =
        sql_find_int(&x->command->sql, record_count,
                     SQL_VALUES(sql_text(c->office->agency)), &count);
    if (err)
        return err;
    instant_format(instant, clock_wall_ms(c->office->clock));
    buffer_printf(&x->out,
                  "{\"export\":{\"agency\":\"%s\",\"at\":\"%s\",\"by\":",
                  c->office->agency, instant);
    canon_put_text(&x->out, bytes_text(c->by));
    buffer_printf(&x->out, ",\"lineage\":\"%s\",\"records\":%lld}}",
                  c->office->lineage, (long long)count);
    return command_put_line(&x->out);
}

static enum err put_row(void *context, const struct sql_value *row,
                        size_t columns)
{
    struct export *x = context;
    size_t open = 0;
    (void)columns;
    buffer_add_text(&x->out, "{\"conflicts\":[");
    enum err err = view_conflicts(&x->out, row[0].bytes, &open);
    buffer_add_text(&x->out, "],\"record\":");
    if (!err)
        err = view_row(&x->out, row[0].bytes);
    buffer_add_char(&x->out, '}');
    return err ? err : command_put_line(&x->out);
}

static enum err put_all(struct export *x)
{
    struct command *c = x->command;
    enum err err = sql_begin(&c->sql, false);
    if (err)
        return err;
    buffer_init(&x->out, COMMAND_JSON_BYTES_MAX);
    err = put_head(x);
    if (!err)
        err = sql_each_row(&c->sql, every_state,
                           SQL_VALUES(sql_text(c->office->agency)), put_row, x);
    buffer_fini(&x->out);
    sql_rollback(&c->sql);
    return err;
}

int command_export_ndjson(struct command *c)
{
    struct export x = {.command = c};
    if (c->operand_count)
        return command_misuse(c, "export ndjson takes no operand; `export "
                                 "case ID` gives one case");
    int code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_leaves(c, NULL, "every record");
    if (code != EXIT_DONE)
        return code;
    enum err err =
        command_act(c, "export", bytes_text("{\"format\":\"ndjson\"}"));
    if (!err)
        err = put_all(&x);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}
