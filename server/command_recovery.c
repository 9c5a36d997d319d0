/* recovery close, and what `status` says of it. */
#include <stdio.h>
#include "server/command.h"
#include "server/command_recovery.h"
#include "server/ingest.h"
#include "server/recovery.h"

static void moment(char out[32], int64_t ms)
{
    char instant[INSTANT_CHARS] = "never";
    if (ms)
        instant_format(instant, ms);
    snprintf(out, 32, "%.10s%s%.5s%s", instant, ms ? " " : "",
             ms ? instant + 11 : "", ms ? " UTC" : "");
}

/* --- as people read it ---------------------------------------------------- */

static enum err print_device(void *context,
                             const struct recovery_device *device)
{
    char seen[32];
    (void)context;
    moment(seen, device->seen_at);
    printf("  not back yet: %s of %s, last heard %s\n", device->replica,
           device->account, seen);
    return ERR_OK;
}

static enum err print_gap(void *context, const struct recovery_gap *gap)
{
    char after[32];
    (void)context;
    moment(after, gap->after);
    printf("  gone: lines %lld to %lld of %s (%s), received after %s\n",
           (long long)gap->from, (long long)gap->to, gap->replica,
           gap->account[0] ? gap->account : "the office", after);
    return ERR_OK;
}

enum err recovery_print(struct command *c)
{
    char since[32];
    int64_t began_at;
    const char *agency = c->office->agency;
    enum err err = recovery_find(&c->sql, agency, &began_at);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    moment(since, began_at);
    printf("IN RECOVERY since %s: the office was taken back to an older "
           "state\n"
           "  devices bring back what they have; codes that were not used "
           "before are void\n",
           since);
    err = recovery_devices(&c->sql, agency, print_device, NULL);
    if (!err)
        err = recovery_gaps(&c->sql, agency, print_gap, NULL);
    if (!err)
        puts("  it ends when every device is back and nothing is gone, or "
             "with `recovery close`");
    return err;
}

/* --- as programs do ------------------------------------------------------- */

static void comma(struct buffer *json)
{
    if (json->at[json->size - 1] != '[')
        buffer_add_char(json, ',');
}

static enum err device_json(void *context, const struct recovery_device *device)
{
    struct buffer *json = context;
    comma(json);
    buffer_printf(json, "{\"replica\":\"%s\",\"seen_at\":", device->replica);
    command_json_time(json, device->seen_at);
    buffer_printf(json, ",\"user\":\"%s\"}", device->account);
    return buffer_err(json);
}

static enum err gap_json(void *context, const struct recovery_gap *gap)
{
    struct buffer *json = context;
    comma(json);
    buffer_add_text(json, "{\"after\":");
    command_json_time(json, gap->after);
    buffer_printf(json,
                  ",\"from\":%lld,\"replica\":\"%s\",\"to\":%lld,"
                  "\"user\":",
                  (long long)gap->from, gap->replica, (long long)gap->to);
    command_json_text(json, gap->account);
    buffer_add_char(json, '}');
    return buffer_err(json);
}

enum err recovery_json(struct command *c, struct buffer *json)
{
    int64_t began_at;
    const char *agency = c->office->agency;
    enum err err = recovery_find(&c->sql, agency, &began_at);
    if (err == ERR_NOT_FOUND)
        return buffer_add_text(json, "null");
    if (err)
        return err;
    buffer_printf(json, "{\"began_at\":%lld,\"devices\":[",
                  (long long)began_at);
    err = recovery_devices(&c->sql, agency, device_json, json);
    buffer_add_text(json, "],\"gone\":[");
    if (!err)
        err = recovery_gaps(&c->sql, agency, gap_json, json);
    buffer_add_text(json, "]}");
    return err ? err : buffer_err(json);
}

/* --- closing -------------------------------------------------------------- */

int command_recovery_close(struct command *c)
{
    if (c->operand_count > 0)
        return command_misuse(c, "recovery close takes no operand");
    int code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = recovery_close(c->office, &c->sql, c->by);
    if (!err)
        err = ingest_numbers(c->office, &c->sql);
    if (err == ERR_NOT_FOUND)
        code = command_fail(c, err, "the office is not in recovery");
    else if (err)
        code = command_fail_office(c, err);
    code = command_end(c, code);
    if (code == EXIT_DONE)
        puts(c->json ? "{\"recovery\":null}"
                     : "the recovery is closed; what was still gone stands in "
                       "the record of acts");
    return code;
}
