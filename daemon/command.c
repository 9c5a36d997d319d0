#include "daemon/command.h"

#include <string.h>
#include "shared/model/canon.h"

typedef void verb_run(const struct couriers *couriers, struct courier *courier,
                      struct command *out, struct buffer *reply);

void command_refuse(struct buffer *reply, const char *error, const char *detail)
{
    buffer_add_text(reply, "{\"detail\":");
    canon_put_text(reply, bytes_text(detail));
    buffer_add_text(reply, ",\"error\":");
    canon_put_text(reply, bytes_text(error));
    buffer_add_text(reply, ",\"ok\":false}\n");
}

static void agree(struct buffer *reply)
{
    buffer_add_text(reply, "{\"ok\":true}\n");
}

static void run_status(const struct couriers *couriers, struct courier *courier,
                       struct command *out, struct buffer *reply)
{
    (void)courier;
    (void)out;
    int64_t now = clock_monotonic_ms(clock_system());
    buffer_add_text(reply, "{\"ok\":true,\"vaults\":[");
    for (size_t i = 0; i < couriers->count; i++) {
        if (i)
            buffer_add_char(reply, ',');
        courier_status(couriers->list[i], now, reply);
    }
    buffer_add_text(reply, "]}\n");
}

static void run_sync(const struct couriers *couriers, struct courier *courier,
                     struct command *out, struct buffer *reply)
{
    (void)couriers;
    (void)reply;
    out->courier = courier;
    out->ticket = courier_sync(courier);
}

static void run_nudge(const struct couriers *couriers, struct courier *courier,
                      struct command *out, struct buffer *reply)
{
    (void)couriers;
    (void)out;
    courier_nudge(courier);
    agree(reply);
}

static void run_lock(const struct couriers *couriers, struct courier *courier,
                     struct command *out, struct buffer *reply)
{
    (void)couriers;
    (void)out;
    courier_lock(courier);
    agree(reply);
}

static void run_unlock(const struct couriers *couriers, struct courier *courier,
                       struct command *out, struct buffer *reply)
{
    (void)couriers;
    (void)reply;
    out->courier = courier;
    out->wants_passphrase = true;
}

static void run_stop(const struct couriers *couriers, struct courier *courier,
                     struct command *out, struct buffer *reply)
{
    (void)couriers;
    (void)courier;
    out->stop = true;
    agree(reply);
}

static const struct verb {
    const char *name;
    bool of_vault;
    verb_run *run;
} verbs[] = {
    {"status", false, run_status}, {"sync", true, run_sync},
    {"nudge", true, run_nudge},    {"lock", true, run_lock},
    {"unlock", true, run_unlock},  {"stop", false, run_stop},
};

static const struct verb *verb_of(const char *line, const char **rest)
{
    size_t size = strcspn(line, " ");
    *rest = line[size] ? line + size + 1 : "";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (strlen(verbs[i].name) == size && !memcmp(verbs[i].name, line, size))
            return &verbs[i];
    return NULL;
}

static struct courier *courier_of(const struct couriers *couriers,
                                  const char *name)
{
    for (size_t i = 0; i < couriers->count; i++)
        if (courier_answers_to(couriers->list[i], name))
            return couriers->list[i];
    return NULL;
}

void command_run(const struct couriers *couriers, const char *line,
                 struct command *out, struct buffer *reply)
{
    const char *rest;
    struct courier *courier = NULL;
    *out = (struct command){.ticket = 0};
    const struct verb *verb = verb_of(line, &rest);
    if (verb && verb->of_vault)
        courier = courier_of(couriers, rest);
    if (!verb)
        command_refuse(reply, "unknown-command",
                       "commands are status, sync, nudge, lock, unlock, stop");
    else if (verb->of_vault && !courier)
        command_refuse(reply, "unknown-vault",
                       "this daemon does not serve that vault");
    else
        verb->run(couriers, courier, out, reply);
}

void command_passphrase(struct command *command, const char *passphrase,
                        struct buffer *reply)
{
    char detail[VAULT_DETAIL_CHARS];
    enum err err = courier_unlock(command->courier, passphrase, detail);
    *command = (struct command){.ticket = 0};
    if (err)
        command_refuse(reply, err_name(err), detail);
    else
        agree(reply);
}

bool command_awaited(struct command *command, struct buffer *reply)
{
    if (!command->ticket || courier_synced(command->courier) < command->ticket)
        return false;
    if (control_report_write(reply, courier_report(command->courier))) {
        buffer_clear(reply);
        command_refuse(reply, "nomem", err_text(ERR_NOMEM));
    } else {
        buffer_add_char(reply, '\n');
    }
    *command = (struct command){.ticket = 0};
    return true;
}
