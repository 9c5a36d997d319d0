#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/store_case.h"
#include "server/store_line.h"
#include "server/store_replica.h"

static const char record_of_case[] =
    "SELECT state FROM record WHERE agency = $1 AND record IN ("
    "SELECT l.record FROM placed p JOIN line l ON l.arrival = p.arrival "
    "WHERE p.agency = $1 AND p.case_id = $2) ORDER BY record";

static enum err put_line(const struct buffer *json)
{
    enum err err = buffer_err(json);
    if (!err && fprintf(stdout, "%s\n", buffer_text(json)) < 0)
        err = ERR_IO;
    return err;
}

static enum err export_state(void *context, const struct sql_value *row,
                             size_t columns)
{
    struct buffer *json = context;
    (void)columns;
    buffer_clear(json);
    buffer_add_text(json, "{\"record\":");
    buffer_add_bytes(json, row[0].bytes);
    buffer_add_char(json, '}');
    return put_line(json);
}

/* The line as text, so that its bytes can be checked against the hash that its
 * author signed. */
static enum err export_line(void *context, int64_t arrival,
                            const uint8_t hash[HASH_BYTES], struct bytes line)
{
    struct buffer *json = context;
    buffer_clear(json);
    buffer_printf(json, "{\"arrival\":%lld,\"hash\":\"", (long long)arrival);
    buffer_add_base64(json, hash, HASH_BYTES);
    buffer_add_text(json, "\",\"line\":");
    if (line.size)
        canon_put_text(json, line);
    else /* it was disposed of */
        buffer_add_text(json, "null");
    buffer_add_char(json, '}');
    return put_line(json);
}

static enum err export_head(struct command *c, const char *kase,
                            const struct case_total *total, struct buffer *json)
{
    char instant[INSTANT_CHARS];
    instant_format(instant, clock_wall_ms(c->office->clock));
    buffer_printf(json, "{\"export\":{\"agency\":\"%s\",\"at\":\"%s\",\"by\":",
                  c->office->agency, instant);
    canon_put_text(json, bytes_text(c->by));
    buffer_printf(json, ",\"case\":\"%s\",\"lineage\":\"%s\",\"lines\":%lld}}",
                  kase, c->office->lineage, (long long)total->count);
    return put_line(json);
}

/* Whoever takes a case out of the office stands in its acts. */
static enum err export_act(struct command *c, const char *kase)
{
    char detail[128];
    int size = snprintf(detail, sizeof detail,
                        "{\"case\":\"%s\",\"format\":\"ndjson\"}", kase);
    enum err err = sql_begin(&c->sql, true);
    if (err)
        return err;
    err = store_act(&c->sql, c->office->agency, clock_wall_ms(c->office->clock),
                    c->by, "export", bytes_of(detail, (size_t)size));
    if (err) {
        sql_rollback(&c->sql);
        return err;
    }
    return sql_commit(&c->sql);
}

static enum err export_all(struct command *c, const char *kase,
                           const struct case_total *total, struct buffer *json)
{
    const char *agency = c->office->agency;
    enum err err = export_head(c, kase, total, json);
    if (!err)
        err = sql_each_row(&c->sql, record_of_case,
                           SQL_VALUES(sql_text(agency), sql_text(kase)),
                           export_state, json);
    if (!err)
        err = store_line_each_of_case(&c->sql, agency, kase, 1, total->count,
                                      export_line, json);
    return err;
}

int command_export_case(struct command *c)
{
    const char *format = args_text(&c->args, "--format");
    struct case_total total;
    struct buffer json;
    if (c->operand_count != 1)
        return command_misuse(c, "export case ID: give one case");
    const char *kase = c->operands[0];
    if (format && strcmp(format, "ndjson") != 0)
        return command_misuse(c, "the format %.32s is not known; ndjson is",
                              format);
    if (!id_valid(bytes_text(kase)))
        return command_misuse(c,
                              "\"%.64s\" is no case id; it is a UUID in "
                              "lower case",
                              kase);
    int code = command_open(c, COMMAND_ADMIN);
    if (code != EXIT_DONE)
        return code;
    enum err err = store_case_find(&c->sql, c->office->agency, kase, &total);
    if (err == ERR_NOT_FOUND)
        return command_fail(c, err,
                            "there is no case %s at the office; `case list` "
                            "shows which are here",
                            kase);
    if (!err)
        err = export_act(c, kase);
    if (err)
        return command_fail_office(c, err);
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    err = sql_begin(&c->sql, false);
    if (!err) {
        err = export_all(c, kase, &total, &json);
        sql_rollback(&c->sql);
    }
    buffer_fini(&json);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}
