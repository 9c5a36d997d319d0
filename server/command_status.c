#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "server/command_money.h"
#include "server/command_recovery.h"
#include "server/office_journal.h"
#include "server/tls_note.h"

static const struct {
    const char *name, *text, *statement;
} counts[] = {
    {"attachments", "attachments",
     "SELECT count(*) FROM blob WHERE agency = $1"},
    {"attachments_missing", "attachments that have not arrived",
     "SELECT count(*) FROM blob WHERE agency = $1 AND received_at IS NULL"},
    {"cases", "cases",
     "SELECT count(*) FROM case_row WHERE agency = $1 AND case_id <> ''"},
    {"cases_unseen", "cases that the office alone sees",
     "SELECT count(*) FROM case_row c WHERE c.agency = $1 AND c.case_id <> '' "
     "AND NOT EXISTS (SELECT 1 FROM membership m JOIN account_scope s "
     "ON s.agency = m.agency AND s.scope = m.scope WHERE m.agency = c.agency "
     "AND m.case_id = c.case_id AND m.left_seq IS NULL)"},
    {"conflicts", "conflicts that wait for a person",
     "SELECT coalesce(sum(open_count), 0) FROM record WHERE agency = $1"},
    {"devices", "devices that may sync",
     "SELECT count(*) FROM replica WHERE agency = $1 AND kind = 'w' "
     "AND closed IS NULL AND revoked_at IS NULL"},
    {"holds", "lines that are held",
     "SELECT count(*) FROM held WHERE agency = $1 AND released IS NULL"},
    {"lines", "lines in custody",
     "SELECT count(*) FROM line WHERE agency = $1"},
    {"records", "records", "SELECT count(*) FROM record WHERE agency = $1"},
    {"replicas", "writers in all, office terms included",
     "SELECT count(*) FROM replica WHERE agency = $1"},
    {"users", "users",
     "SELECT count(*) FROM account WHERE agency = $1 "
     "AND disabled_at IS NULL"},
};
#define COUNTS (sizeof counts / sizeof counts[0])

static const char agency_name[] = "SELECT name FROM agency WHERE agency = $1";

static enum err take_name(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    buffer_add_bytes(context, row[0].bytes);
    return buffer_err(context);
}

static enum err load(struct command *c, int64_t numbers[COUNTS],
                     struct buffer *name, struct journal_setting *journal)
{
    const char *agency = c->office->agency;
    /* One moment for all of them. */
    enum err err = sql_begin(&c->sql, false);
    if (err)
        return err;
    err = sql_find(&c->sql, agency_name, SQL_VALUES(sql_text(agency)),
                   take_name, name);
    for (size_t i = 0; i < COUNTS && !err; i++)
        err = sql_find_int(&c->sql, counts[i].statement,
                           SQL_VALUES(sql_text(agency)), &numbers[i]);
    if (!err)
        err = journal_setting_load(&c->sql, agency, journal);
    sql_rollback(&c->sql);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Members stand in alphabetical order. */
static void journal_json(struct buffer *json, const struct journal_setting *j)
{
    if (!j->path[0])
        return;
    buffer_add_text(json, ",\"journal\":{\"behind_since\":");
    command_json_time(json, j->behind_since);
    buffer_add_text(json, ",\"file\":");
    canon_put_text(json, bytes_text(j->path));
    buffer_add_char(json, '}');
}

static void journal_print(const struct journal_setting *j)
{
    char since[INSTANT_CHARS];
    if (!j->path[0]) {
        puts("no journal is kept; `serve --journal FILE` begins one");
    } else if (!j->behind_since) {
        printf("the journal %s holds everything\n", j->path);
    } else {
        instant_format_local(since, j->behind_since);
        if (access(j->path, F_OK) != 0) {
            printf("the journal %s is BEHIND since %s: the file is not there; "
                   "mount its volume, or begin a new one (`serve --journal "
                   "none`, then `serve --journal FILE`)\n",
                   j->path, since);
            return;
        }
        printf("the journal %s is BEHIND since %s; a server that can write it "
               "brings it up to date\n",
               j->path, since);
    }
}

static void tls_json(struct buffer *json, const char *keys_dir)
{
    struct tls_note note;
    if (tls_note_load(keys_dir, &note))
        return;
    buffer_add_text(json, ",\"tls\":{\"cert\":");
    canon_put_text(json, bytes_text(note.cert));
    buffer_printf(json,
                  ",\"expires\":%lld,\"failed\":", (long long)note.expires_ms);
    command_json_time(json, note.failed_ms);
    buffer_add_text(json, ",\"problem\":");
    canon_put_text(json, bytes_text(note.problem));
    buffer_add_char(json, '}');
}

static void tls_print(const struct office *office)
{
    struct tls_note note;
    char when[INSTANT_CHARS];
    if (tls_note_load(office->keys_dir, &note))
        return;
    instant_format_local(when, note.expires_ms);
    printf("the certificate %s %s %s\n", note.cert,
           note.expires_ms > clock_wall_ms(office->clock) ? "is good until"
                                                          : "EXPIRED",
           when);
    if (!note.failed_ms)
        return;
    instant_format_local(when, note.failed_ms);
    printf("it was NOT REPLACED at %s: %s\n", when, note.problem);
}

static void root_print(const struct office *office)
{
    char root[BASE64_CHARS(KEY_BYTES) + 1];
    base64_encode(root, office->keys.root.public_key, KEY_BYTES);
    printf("the root key %s verifies proofs of custody\n", root);
}

static int report_json(struct command *c, const int64_t numbers[COUNTS],
                       int64_t alarms, struct bytes name,
                       const struct journal_setting *journal)
{
    struct buffer json;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    buffer_printf(&json, "{\"agency\":\"%s\"", c->office->agency);
    for (size_t i = 0; i < COUNTS; i++) {
        /* Members stand in alphabetical order. */
        if (strcmp(counts[i].name, "lines") == 0) {
            journal_json(&json, journal);
            buffer_printf(&json, ",\"lineage\":\"%s\"", c->office->lineage);
        }
        if (strcmp(counts[i].name, "records") == 0) {
            buffer_add_text(&json, ",\"name\":");
            canon_put_text(&json, name);
        }
        if (strcmp(counts[i].name, "users") == 0) {
            buffer_add_text(&json, ",\"root\":\"");
            buffer_add_base64(&json, c->office->keys.root.public_key,
                              KEY_BYTES);
            buffer_add_char(&json, '"');
            tls_json(&json, c->office->keys_dir);
        }
        if (strcmp(counts[i].name, "replicas") == 0) {
            buffer_add_text(&json, ",\"recovery\":");
            enum err err = recovery_json(c, &json);
            if (err) {
                buffer_fini(&json);
                return command_fail_office(c, err);
            }
        }
        buffer_printf(&json, ",\"%s\":%lld", counts[i].name,
                      (long long)numbers[i]);
    }
    buffer_printf(&json, ",\"voucher_alarms\":%lld}", (long long)alarms);
    return command_print(c, &json);
}

int command_status(struct command *c)
{
    int64_t numbers[COUNTS] = {0}, alarms = 0;
    struct buffer name;
    struct journal_setting journal = {.path = ""};
    if (c->operand_count > 0)
        return command_misuse(c, "status takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&name, 64u * 1024);
    enum err err = load(c, numbers, &name, &journal);
    if (!err)
        err = command_voucher_alarms(c, &alarms);
    if (err) {
        code = command_fail_office(c, err);
    } else if (c->json) {
        code = report_json(c, numbers, alarms, buffer_bytes(&name), &journal);
    } else {
        printf("%s (%s), lineage %s\n", buffer_text(&name), c->office->agency,
               c->office->lineage);
        for (size_t i = 0; i < COUNTS; i++)
            printf("%-40s %8lld\n", counts[i].text, (long long)numbers[i]);
        if (alarms)
            printf("%-40s %8lld\n", "ALARMS: `voucher list --alarms`",
                   (long long)alarms);
        journal_print(&journal);
        tls_print(c->office);
        root_print(c->office);
        err = recovery_print(c);
        code = err ? command_fail_office(c, err) : EXIT_DONE;
    }
    buffer_fini(&name);
    return code;
}
