/* replica lost: one command for a device that is lost or stolen.
 *
 * It shuts out the copies of the vault, too, unless they are spared: nobody
 * makes one in the course of his work, and whoever has the device may have.
 * What he reads meanwhile cannot be taken back; a vault that was shut out by
 * mistake has lost nothing, and goes on with a new invitation. */
#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/lost_print.h"
#include "server/revoke.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static const char last_of_user[] =
    "SELECT r.replica FROM replica r WHERE r.agency = $1 AND r.kind = 'w' "
    "AND r.account = $2 AND NOT EXISTS (SELECT 1 FROM replica n "
    "WHERE n.agency = r.agency AND n.predecessor = r.replica) "
    "ORDER BY r.revoked_at IS NOT NULL, r.enrolled_at";

struct loss {
    struct command *command;
    char replica[REPLICA_CHARS + 1];
    const char *purpose;
    enum command_format format;
    struct lost lost;
    struct lost_people people;
    struct lost_list list;
};

/* --- which device --------------------------------------------------------- */

struct choosing {
    char replica[REPLICA_CHARS + 1];
    size_t count;
};

static enum err take_device(void *context, const struct sql_value *row,
                            size_t columns)
{
    struct choosing *choosing = context;
    (void)columns;
    if (!choosing->count++)
        sql_copy_text(choosing->replica, sizeof choosing->replica, &row[0]);
    return ERR_OK;
}

static int device_find(struct loss *l, const char *name)
{
    struct command *c = l->command;
    struct replica_row row;
    struct choosing choosing = {.count = 0};
    enum err err = store_replica_find(&c->sql, c->office->agency, name, &row);
    if (!err && row.kind == 'w') {
        memcpy(l->replica, row.replica, sizeof l->replica);
        return EXIT_DONE;
    }
    if (!err || err == ERR_NOT_FOUND)
        err = sql_each_row(
            &c->sql, last_of_user,
            SQL_VALUES(sql_text(c->office->agency), sql_text(name)),
            take_device, &choosing);
    if (err)
        return command_fail_office(c, err);
    if (choosing.count > 1)
        return command_fail(c, ERR_EXISTS,
                            "%.64s has %zu devices; `replica list` shows "
                            "them: give the id of the lost one",
                            name, choosing.count);
    if (!choosing.count)
        return command_fail(c, ERR_NOT_FOUND,
                            "there is no device %.64s, nor a user of that name "
                            "who has one; `replica list` shows which are "
                            "enrolled",
                            name);
    memcpy(l->replica, choosing.replica, sizeof l->replica);
    return EXIT_DONE;
}

/* --- what is spared ------------------------------------------------------- */

/* With what it was since the copy was made, and what it became. */
static void spare_line(struct loss *l, struct lost_identity *from)
{
    for (struct lost_identity *i = from; i && !i->line;
         i = lost_identity_find(&l->lost, i->predecessor))
        i->spared = true;
    for (size_t i = 0; i < l->lost.identity_count; i++) {
        const struct lost_identity *was = &l->lost.identities[i];
        while (was && was != from)
            was = lost_identity_find(&l->lost, was->predecessor);
        if (was)
            l->lost.identities[i].spared = true;
    }
}

static int spare_all(struct loss *l)
{
    struct command *c = l->command;
    for (size_t i = 0; i < args_list_count(&c->args, "--spare"); i++) {
        const char *replica = args_list_at(&c->args, "--spare", i);
        struct lost_identity *found = lost_identity_find(&l->lost, replica);
        if (!found || found->line)
            return command_fail(c, ERR_NOT_FOUND,
                                "%.32s is no copy of the lost device%s",
                                replica,
                                found ? ", but the device itself under another "
                                        "id"
                                      : "; only a copy can be spared");
        spare_line(l, found);
    }
    return EXIT_DONE;
}

static int family_load(struct loss *l)
{
    struct command *c = l->command;
    enum err err = lost_load(&l->lost, c->office, &c->sql, l->replica);
    return err ? command_fail_office(c, err) : spare_all(l);
}

/* --- shutting out --------------------------------------------------------- */

static enum err act_write(struct loss *l)
{
    struct command *c = l->command;
    char detail[192];
    int size = snprintf(detail, sizeof detail,
                        "{\"found_out\":\"%s\",\"purpose\":\"%s\","
                        "\"replica\":\"%s\"}",
                        l->list.found_out, l->purpose, l->replica);
    return store_act(&c->sql, c->office->agency,
                     clock_wall_ms(c->office->clock), c->by, "lost",
                     bytes_of(detail, (size_t)size));
}

static enum err shut_out_one(struct loss *l, const char *replica)
{
    struct command *c = l->command;
    struct replica_row row;
    enum err err =
        store_replica_find(&c->sql, c->office->agency, replica, &row);
    return err || row.revoked_at
               ? err
               : revoke_write(c->office, &c->sql, c->author, &row,
                              args_text(&c->args, "--reason"));
}

/* The device first, with what it was, and by itself: of what it was before it
 * was copied a copy that is spared is a successor, too. */
static enum err shut_out(struct loss *l)
{
    enum err err = shut_out_one(l, l->replica);
    for (size_t i = 0; !err && i < l->lost.identity_count; i++)
        if (!l->lost.identities[i].spared)
            err = shut_out_one(l, l->lost.identities[i].replica);
    return err;
}

/* Of all in one transaction: whoever is shut out is listed, and the list stands
 * in the log of disclosures. */
static int revoke(struct loss *l)
{
    struct command *c = l->command;
    const char *to = args_text(&c->args, "--recipient");
    struct command_disclosure said = {
        .purpose = l->purpose,
        .to_whom = to ? to : c->author,
        .classes = bytes_text("[\"who was on a lost device\"]")};
    int code = family_load(l);
    if (code != EXIT_DONE)
        return code;
    enum err err = shut_out(l);
    if (!err)
        err = act_write(l);
    if (!err)
        err = command_disclosed(c, &said);
    lost_fini(&l->lost);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

/* --- the list ------------------------------------------------------------- */

static int list_load(struct loss *l)
{
    struct command *c = l->command;
    enum err err = sql_begin(&c->sql, false);
    if (err)
        return command_fail_office(c, err);
    int code = family_load(l);
    if (code == EXIT_DONE) {
        err = lost_cases_load(&l->lost, c->office, &c->sql);
        if (!err)
            err = lost_people_load(&l->people, &l->lost, c->office, &c->sql);
        code = err ? command_fail_office(c, err) : EXIT_DONE;
    }
    sql_rollback(&c->sql);
    return code;
}

static int list_print(struct loss *l)
{
    struct command *c = l->command;
    struct buffer out;
    enum err err = ERR_OK;
    l->list.lost = &l->lost;
    l->list.people = &l->people;
    l->list.replica = l->replica;
    buffer_init(&out, COMMAND_JSON_BYTES_MAX);
    if (l->format == COMMAND_TEXT)
        lost_print_text(&out, &l->list);
    else if (l->format == COMMAND_CSV)
        err = lost_print_csv(&out, &l->list);
    else
        lost_print_json(&out, &l->list);
    if (out.size > 0 && out.at[out.size - 1] == '\n')
        out.at[--out.size] = '\0';
    if (!err)
        return command_print(c, &out);
    buffer_fini(&out);
    return command_fail_office(c, err);
}

/* --- the command ---------------------------------------------------------- */

static int dates_read(struct loss *l)
{
    const struct command *c = l->command;
    const char *given = args_text(&c->args, "--found-out");
    char text[INSTANT_CHARS];
    int64_t first, last;
    instant_format_local(text, clock_wall_ms(clock_system()));
    snprintf(l->list.found_out, sizeof l->list.found_out, "%.10s",
             given ? given : text);
    if ((given && strlen(given) != 10) ||
        day_local(bytes_text(l->list.found_out), &first, &last))
        return command_misuse(
            c, "--found-out %.32s: a date such as 2026-11-21 is expected",
            given);
    /* Noon, so that a day of 23 or 25 hours is none more or less. */
    instant_format_local(text, first + LOST_NOTICE_DAYS * DAY_MS + DAY_MS / 2);
    snprintf(l->list.notice_by, sizeof l->list.notice_by, "%.10s", text);
    return EXIT_DONE;
}

int command_replica_lost(struct command *c)
{
    struct loss l = {.command = c};
    if (c->operand_count != 1)
        return command_misuse(c, "replica lost ID|USER: give one device");
    int code = dates_read(&l);
    if (code == EXIT_DONE)
        code = command_format(c, &l.format);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_purpose(c, "program_administration", &l.purpose);
    if (code == EXIT_DONE)
        code = device_find(&l, c->operands[0]);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    code = command_end(c, revoke(&l));
    lost_fini(&l.lost);
    if (code == EXIT_DONE)
        code = list_load(&l);
    if (code == EXIT_DONE)
        code = list_print(&l);
    lost_people_fini(&l.people);
    lost_fini(&l.lost);
    return code;
}
