#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/lost.h"
#include "server/print.h"
#include "server/recovery.h"
#include "server/revoke.h"

static const char replica_all[] =
    "SELECT replica, account, role, head, enrolled_at, seen_at, closed, "
    "revoked_at, predecessor, "
    "(SELECT count(*) FROM held h WHERE h.agency = r.agency "
    "AND h.replica = r.replica AND h.released IS NULL), "
    "(SELECT disabled_at FROM account a WHERE a.agency = r.agency "
    "AND a.account = r.account) "
    "FROM replica r WHERE agency = $1 AND kind = 'w' "
    "ORDER BY account, enrolled_at";

struct device {
    char replica[REPLICA_CHARS + 1], user[NAME_CHARS_MAX + 1];
    char role[NAME_CHARS_MAX + 1], closed[CLOSED_CHARS_MAX + 1];
    char predecessor[REPLICA_CHARS + 1];
    int64_t head, enrolled_at, seen_at, revoked_at, held, disabled_at;
};

/* --- list ----------------------------------------------------------------- */

struct listing {
    struct command *command;
    struct buffer json;
    size_t count;
};

static void read_device(struct device *d, const struct sql_value *row)
{
    sql_copy_text(d->replica, sizeof d->replica, &row[0]);
    sql_copy_text(d->user, sizeof d->user, &row[1]);
    sql_copy_text(d->role, sizeof d->role, &row[2]);
    d->head = row[3].integer;
    d->enrolled_at = row[4].integer;
    d->seen_at = sql_is_null(&row[5]) ? 0 : row[5].integer;
    sql_copy_text(d->closed, sizeof d->closed, &row[6]);
    d->revoked_at = sql_is_null(&row[7]) ? 0 : row[7].integer;
    sql_copy_text(d->predecessor, sizeof d->predecessor, &row[8]);
    d->held = row[9].integer;
    d->disabled_at = sql_is_null(&row[10]) ? 0 : row[10].integer;
}

static const char *state_of(const struct device *d)
{
    if (d->revoked_at)
        return "revoked";
    if (d->closed[0])
        return "closed";
    return d->disabled_at ? "disabled" : "open"; /* the user is */
}

/* When it was shut out; 0: it is not. */
static int64_t shut_at(const struct device *d)
{
    return d->revoked_at ? d->revoked_at : d->disabled_at;
}

static void device_json(struct buffer *json, const struct device *d)
{
    buffer_add_text(json, "{\"closed\":");
    command_json_text(json, d->closed);
    buffer_printf(json,
                  ",\"enrolled_at\":%lld,\"head\":%lld,\"held\":%lld,"
                  "\"predecessor\":",
                  (long long)d->enrolled_at, (long long)d->head,
                  (long long)d->held);
    command_json_text(json, d->predecessor);
    buffer_printf(json, ",\"replica\":\"%s\",\"revoked_at\":", d->replica);
    command_json_time(json, d->revoked_at);
    buffer_printf(json, ",\"role\":\"%s\",\"seen_at\":", d->role);
    command_json_time(json, d->seen_at);
    buffer_printf(json, ",\"state\":\"%s\",\"user\":\"%s\"}", state_of(d),
                  d->user);
}

static void print_device(const struct device *d)
{
    printf("%s  %-16s %-10s lines %-8lld ", d->replica, d->user, state_of(d),
           (long long)d->head);
    fputs(d->seen_at ? "last heard " : "never heard", stdout);
    if (d->seen_at)
        print_time(d->seen_at);
    if (shut_at(d) && !d->closed[0])
        fputs(d->seen_at > shut_at(d) ? "   (it was told)"
                                      : "   (NOT TOLD YET)",
              stdout);
    if (d->held)
        printf("   %lld HELD", (long long)d->held);
    if (d->predecessor[0])
        printf("   follows %s", d->predecessor);
    if (d->closed[0])
        printf("   (%s)", d->closed);
    putchar('\n');
}

static enum err list_one(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct listing *l = context;
    struct device device;
    (void)columns;
    read_device(&device, row);
    if (l->command->json) {
        buffer_add_text(&l->json, l->count ? "," : "");
        device_json(&l->json, &device);
    } else {
        print_device(&device);
    }
    l->count++;
    return buffer_err(&l->json);
}

int command_replica_list(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "replica list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&l.json, '[');
    enum err err =
        sql_each_row(&c->sql, replica_all,
                     SQL_VALUES(sql_text(c->office->agency)), list_one, &l);
    return command_list_end(c, err, &l.json, l.count,
                            "no device is enrolled yet; `invite` makes a code");
}

/* --- revoke --------------------------------------------------------------- */

static enum err write_act(struct command *c, const struct replica_row *row,
                          int64_t now)
{
    char detail[128];
    int size =
        snprintf(detail, sizeof detail, "{\"replica\":\"%s\"}", row->replica);
    return store_act(&c->sql, c->office->agency, now, c->by, "revoke",
                     bytes_of(detail, (size_t)size));
}

static int revoke(struct command *c, const char *replica, bool *recovering)
{
    struct replica_row row;
    int64_t began_at;
    int64_t now = clock_wall_ms(c->office->clock);
    enum err err =
        store_replica_find(&c->sql, c->office->agency, replica, &row);
    if (err == ERR_NOT_FOUND || (!err && row.kind != 'w'))
        return command_fail(c, ERR_NOT_FOUND,
                            "there is no device %.32s; `replica list` shows "
                            "which are enrolled",
                            replica);
    if (!err && row.revoked_at)
        return command_fail(c, ERR_EXISTS, "the device %s is revoked already",
                            replica);
    if (!err)
        err = revoke_write(c->office, &c->sql, c->author, &row,
                           args_text(&c->args, "--reason"));
    if (!err)
        err = write_act(c, &row, now);
    if (!err)
        err = recovery_find(&c->sql, c->office->agency, &began_at);
    *recovering = !err;
    return err && err != ERR_NOT_FOUND ? command_fail_office(c, err)
                                       : EXIT_DONE;
}

/* A copy of the vault that goes on under an id of its own stays in. */
static int copies_tell(struct command *c)
{
    struct lost lost;
    enum err err = lost_load(&lost, c->office, &c->sql, c->operands[0]);
    if (err)
        return command_fail_office(c, err);
    for (size_t i = 0; i < lost.identity_count; i++) {
        const struct lost_identity *identity = &lost.identities[i];
        if (!identity->line && !identity->revoked_at && !identity->closed[0])
            (void)fprintf(stderr,
                          "note: %s is of a copy of its vault and goes on; "
                          "`replica lost` shuts both out\n",
                          identity->replica);
    }
    lost_fini(&lost);
    return EXIT_DONE;
}

int command_replica_revoke(struct command *c)
{
    bool recovering = false;
    if (c->operand_count != 1)
        return command_misuse(c, "replica revoke ID: give one device");
    int code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    code = command_end(c, revoke(c, c->operands[0], &recovering));
    if (code == EXIT_DONE && c->json)
        printf("{\"replica\":\"%s\",\"state\":\"revoked\"}\n", c->operands[0]);
    else if (code == EXIT_DONE)
        printf("%s is revoked; with its next sync it learns so\n",
               c->operands[0]);
    if (code == EXIT_DONE && recovering)
        (void)fprintf(stderr,
                      "note: the office was restored and is in recovery: what "
                      "it lost, and only this device holds of others' work, "
                      "does not come back; `status` says what is "
                      "missing\n");
    return code == EXIT_DONE ? copies_tell(c) : code;
}
