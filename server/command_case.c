#include <stdio.h>
#include <string.h>
#include "server/command_scopes.h"
#include "server/ingest.h"
#include "server/store_case.h"

static const char case_all[] =
    "SELECT c.case_id, c.count, "
    "(SELECT count(*) FROM record r WHERE r.agency = c.agency "
    "AND r.case_id = c.case_id AND r.open_count > 0), "
    "EXISTS (SELECT 1 FROM disposal d WHERE d.agency = c.agency "
    "AND d.case_id = c.case_id) "
    "FROM case_row c WHERE c.agency = $1 AND c.case_id <> '' "
    "ORDER BY c.case_id";

/* --- assign --------------------------------------------------------------- */

static int assign(struct command *c, const char *kase,
                  const struct command_scopes *scopes)
{
    struct case_total total;
    enum err err = store_case_find(&c->sql, c->office->agency, kase, &total);
    if (err == ERR_NOT_FOUND)
        return command_fail(c, err,
                            "there is no case %s at the office; `case list` "
                            "shows which are here",
                            kase);
    if (!err)
        err = ingest_assign(c->office, &c->sql, c->author, kase,
                            (const char(*)[SCOPE_CHARS_MAX + 1]) scopes->name,
                            scopes->count);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static int report_assigned(const struct command *c, const char *kase,
                           const struct command_scopes *scopes)
{
    if (!c->json) {
        printf("%s may be seen by", kase);
        for (size_t i = 0; i < scopes->count; i++)
            printf(" %s", scopes->name[i]);
        puts(scopes->count ? "" : " the office only");
        return EXIT_DONE;
    }
    struct buffer json;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    buffer_printf(&json, "{\"case\":\"%s\",\"scopes\":", kase);
    command_scopes_json(&json,
                        (const char(*)[SCOPE_CHARS_MAX + 1]) scopes->name,
                        scopes->count);
    buffer_add_char(&json, '}');
    return command_print(c, &json);
}

int command_case_assign(struct command *c)
{
    struct command_scopes scopes;
    if (c->operand_count != 1)
        return command_misuse(c, "case assign CASE: give one case");
    const char *kase = c->operands[0];
    if (!id_valid(bytes_text(kase)))
        return command_misuse(c,
                              "\"%.64s\" is no case id; it is a UUID in "
                              "lower case",
                              kase);
    int code = command_scopes_read(c, &scopes);
    if (code != EXIT_DONE)
        return code;
    if (!scopes.given)
        return command_misuse(c, "say who may see the case: --caseload C... "
                                 "and --site S... (--caseload \"\" for the "
                                 "office only)");
    code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    code = command_end(c, assign(c, kase, &scopes));
    if (code == EXIT_DONE)
        command_scopes_note(c, &scopes, "");
    return code == EXIT_DONE ? report_assigned(c, kase, &scopes) : code;
}

/* --- list ----------------------------------------------------------------- */

struct listing {
    struct command *command;
    struct buffer json;
    struct buffer scopes;
    size_t count, scope_count;
};

static enum err list_scope(void *context, const struct member_row *member)
{
    struct listing *l = context;
    if (member->left_seq > 0)
        return ERR_OK;
    buffer_printf(&l->scopes, l->command->json ? "%s\"%s\"" : "%s%s",
                  l->scope_count++ ? "," : "", member->scope);
    return buffer_err(&l->scopes);
}

static enum err list_one(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct listing *l = context;
    struct command *c = l->command;
    char kase[ID_CHARS + 1];
    (void)columns;
    sql_copy_text(kase, sizeof kase, &row[0]);
    buffer_clear(&l->scopes);
    l->scope_count = 0;
    enum err err =
        store_member_each(&c->sql, c->office->agency, kase, list_scope, l);
    if (err)
        return err;
    if (c->json)
        buffer_printf(&l->json,
                      "%s{\"case\":\"%s\",\"conflicts\":%lld,"
                      "\"disposed\":%s,\"lines\":%lld,\"scopes\":[%s]}",
                      l->count ? "," : "", kase, (long long)row[2].integer,
                      row[3].integer ? "true" : "false",
                      (long long)row[1].integer, buffer_text(&l->scopes));
    else
        printf("%s  %6lld lines  %s%s%s\n", kase, (long long)row[1].integer,
               l->scope_count ? buffer_text(&l->scopes) : "(office only)",
               row[2].integer > 0 ? "   CONFLICTS" : "",
               row[3].integer ? "   disposed of" : "");
    l->count++;
    return buffer_err(&l->json);
}

int command_case_list(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "case list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_init(&l.scopes, 64u * 1024);
    buffer_add_char(&l.json, '[');
    enum err err =
        sql_each_row(&c->sql, case_all, SQL_VALUES(sql_text(c->office->agency)),
                     list_one, &l);
    buffer_fini(&l.scopes);
    return command_list_end(c, err, &l.json, l.count, "no cases yet");
}
