/* dispose: a case whose time is over goes, when two persons say so. */
#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/disposal.h"
#include "server/office_journal.h"
#include "server/print.h"

static int case_check(const struct command *c, const char *kase)
{
    return id_valid(bytes_text(kase))
               ? EXIT_DONE
               : command_misuse(c,
                                "\"%.64s\" is no case id; it is a UUID in "
                                "lower case",
                                kase);
}

static int case_operand(const struct command *c)
{
    return c->operand_count == 1
               ? case_check(c, c->operands[0])
               : command_misuse(c, "%s CASE: give one case", c->name);
}

/* --- one person ----------------------------------------------------------- */

int command_dispose_propose(struct command *c)
{
    const char *reason = args_text(&c->args, "--reason");
    int code = case_operand(c);
    if (code == EXIT_DONE && (!reason || !reason[0]))
        code = command_misuse(c, "--reason TEXT is missing: which rule ends "
                                 "the keeping; it names no person");
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    const char *kase = c->operands[0];
    enum err err =
        disposal_propose(c->office, &c->sql, c->author, kase, reason);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code == EXIT_DONE && c->json)
        printf("{\"proposed\":\"%s\"}\n", kase);
    else if (code == EXIT_DONE)
        printf("proposed; a second person destroys it with `dispose approve "
               "%s`\n",
               kase);
    return code;
}

int command_dispose_withdraw(struct command *c)
{
    int code = case_operand(c);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err =
        disposal_withdraw(c->office, &c->sql, c->author, c->operands[0]);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code == EXIT_DONE && c->json)
        printf("{\"withdrawn\":\"%s\"}\n", c->operands[0]);
    else if (code == EXIT_DONE)
        printf("nobody proposes to dispose of %s any more\n", c->operands[0]);
    return code;
}

/* --- the other ------------------------------------------------------------ */

/* The decision stands and is done; this may be done again. */
static int clean(struct command *c)
{
    enum err err = disposal_clean(c->office, &c->sql);
    if (err == ERR_BUSY)
        return command_fail(c, err,
                            "the store is in use: its file may still hold "
                            "traces of what was disposed of; `dispose clean` "
                            "removes them when fewer use it");
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static void remind(struct command *c)
{
    struct journal_setting setting;
    if (c->json)
        return;
    puts("backups made before hold it still: destroy them when they have "
         "served");
    if (!journal_setting_load(&c->sql, c->office->agency, &setting))
        printf("the server begins the journal anew without it; what a restore "
               "kept aside as %s.* holds it still\n",
               setting.path);
}

static int approve_one(struct command *c, const char *kase)
{
    struct disposal_row row;
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    enum err err = disposal_approve(c->office, &c->sql, c->author, kase, &row);
    code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code == EXIT_DONE && c->json)
        printf("{\"case\":\"%s\",\"decision\":\"%s\"}\n", kase, row.decision);
    else if (code == EXIT_DONE)
        printf("%s was disposed of: decision %s, proposed by %s\n", kase,
               row.decision, row.proposed_by);
    return code;
}

int command_dispose_approve(struct command *c)
{
    int code = EXIT_DONE;
    size_t done = 0;
    if (c->operand_count == 0)
        return command_misuse(c, "dispose approve CASE...: name the cases");
    for (size_t i = 0; code == EXIT_DONE && i < c->operand_count; i++)
        code = case_check(c, c->operands[i]);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_WRITE);
    for (; code == EXIT_DONE && done < c->operand_count; done++)
        code = approve_one(c, c->operands[done]);
    if (done == 0 || (done == 1 && code != EXIT_DONE))
        return code;
    int cleaned = clean(c);
    remind(c);
    return code == EXIT_DONE ? cleaned : code;
}

int command_dispose_clean(struct command *c)
{
    if (c->operand_count > 0)
        return command_misuse(c, "dispose clean takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code == EXIT_DONE)
        code = clean(c);
    if (code == EXIT_DONE)
        puts(c->json ? "{\"clean\":true}"
                     : "nothing of what was disposed of is in the store's "
                       "files");
    return code;
}

/* --- list ----------------------------------------------------------------- */

struct listing {
    const struct command *command;
    struct buffer json;
    size_t count;
};

static enum err list_entry(struct listing *l, const struct disposal_row *row)
{
    struct buffer *json = &l->json;
    bool gone = row->approved_by[0] != '\0';
    if (!l->command->json) {
        printf("%s  %s ", row->kase, gone ? "disposed of on" : "proposed on");
        print_time(row->at);
        printf("\n  by %s%s%s: %s\n", row->proposed_by, gone ? " and " : "",
               row->approved_by, row->reason);
    }
    buffer_add_text(json,
                    l->count++ ? ",{\"approved_by\":" : "{\"approved_by\":");
    command_json_text(json, row->approved_by);
    buffer_printf(json, ",\"at\":%lld,\"case\":\"%s\",\"decision\":",
                  (long long)row->at, row->kase);
    command_json_text(json, row->decision);
    buffer_add_text(json, ",\"proposed_by\":");
    command_json_text(json, row->proposed_by);
    buffer_add_text(json, ",\"reason\":");
    command_json_text(json, row->reason);
    buffer_printf(json, ",\"state\":\"%s\"}", gone ? "disposed" : "proposed");
    return buffer_err(json);
}

static enum err list_disposal(void *context, const struct disposal_row *row)
{
    return list_entry(context, row);
}

static enum err list_proposal(void *context, const struct proposal_row *row)
{
    struct disposal_row entry = {.at = row->at};
    memcpy(entry.kase, row->kase, sizeof entry.kase);
    memcpy(entry.proposed_by, row->by, sizeof entry.proposed_by);
    memcpy(entry.reason, row->reason, sizeof entry.reason);
    return list_entry(context, &entry);
}

int command_dispose_list(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "dispose list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&l.json, '[');
    const char *agency = c->office->agency;
    enum err err = store_disposal_each(&c->sql, agency, list_disposal, &l);
    if (!err)
        err = store_proposal_each(&c->sql, agency, list_proposal, &l);
    return command_list_end(c, err, &l.json, l.count,
                            "nothing was proposed or disposed of");
}
