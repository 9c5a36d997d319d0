/* findings, findings resolve, findings policies: what somebody should look at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/command.h"
#include "server/finding.h"
#include "server/record.h"
#include "server/store_case.h"

#define SET_MAX 32

/* --- the policies --------------------------------------------------------- */

static void put_member(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, "%s:", name);
    canon_put_text(out, bytes_text(text));
}

static void put_policy(struct buffer *out, const struct report *policy)
{
    put_member(out, "{\"clauses\"", policy->clauses);
    put_member(out, ",\"definition\"", policy->definition);
    put_member(out, ",\"do\"", policy->remedy);
    put_member(out, ",\"owner\"", policy->owner);
    put_member(out, ",\"policy\"", policy->id);
    put_member(out, ",\"title\"", policy->title);
    buffer_add_char(out, '}');
}

static void print_policy(struct buffer *out, const struct report *policy)
{
    buffer_printf(out, "%s (%s)\n  %s\n  %s\n", policy->id, policy->owner,
                  policy->title, policy->definition);
    for (size_t i = 0; i < policy->parameter_count; i++)
        buffer_printf(out, "  --set %s=%s  %s\n", policy->parameters[i].name,
                      policy->parameters[i].preset,
                      policy->parameters[i].title);
    buffer_printf(out, "  to do: %s\n", policy->remedy);
}

int command_findings_policies(struct command *c)
{
    struct arena arena;
    struct report policy;
    struct buffer out;
    char detail[REPORT_DETAIL_CHARS];
    enum err err = ERR_OK;
    if (c->operand_count > 0)
        return command_misuse(c, "findings policies takes no operand");
    arena_init(&arena, REPORT_RUN_BYTES_MAX);
    buffer_init(&out, COMMAND_JSON_BYTES_MAX);
    buffer_add_text(&out, c->json ? "[" : "");
    for (size_t i = 0; i < policy_count() && !err; i++) {
        err = policy_at(&policy, &arena, i, detail);
        if (err)
            break;
        buffer_add_text(&out, i == 0 ? "" : c->json ? "," : "\n");
        if (c->json)
            put_policy(&out, &policy);
        else
            print_policy(&out, &policy);
    }
    buffer_add_text(&out, c->json ? "]" : "");
    arena_fini(&arena);
    if (!err)
        return command_print(c, &out);
    buffer_fini(&out);
    return command_fail(c, err, "a policy cannot be read: %s", detail);
}

/* --- loading -------------------------------------------------------------- */

static int load_failed(const struct command *c,
                       const struct finding_wanted *wanted, enum err err,
                       const char *detail)
{
    if (err == ERR_INVALID && detail[0])
        return command_misuse(c, "%s", detail);
    if (err == ERR_NOT_FOUND && !detail[0])
        return command_misuse(c,
                              "there is no policy %.64s; `satchel-central "
                              "findings policies` lists them",
                              wanted->policy);
    if (err == ERR_NOT_FOUND)
        return command_fail(c, err,
                            "a policy reads records of type %s, which this "
                            "office does not have; `import schema` adds types",
                            detail);
    return command_fail(c, err,
                        "the findings cannot be made: %s (where views are "
                        "missing or old, `rebuild` makes them)",
                        detail[0] ? detail : err_text(err));
}

static int load(const struct command *c, struct findings *f,
                const struct finding_wanted *wanted)
{
    char detail[REPORT_DETAIL_CHARS];
    enum err err = findings_load(f, c->office, wanted, detail);
    return err ? load_failed(c, wanted, err, detail) : EXIT_DONE;
}

/* --- the queue ------------------------------------------------------------ */

static int print(const struct command *c, struct findings *f, const bool *shown,
                 enum command_format format)
{
    struct buffer out;
    struct report_form form = {.bare = args_flag(&c->args, "--bare")};
    enum err err = findings_rows(f, shown);
    if (err)
        return command_fail_office(c, err);
    buffer_init(&out, REPORT_RUN_BYTES_MAX);
    if (format == COMMAND_TEXT)
        findings_print(&out, f, shown);
    else if (format == COMMAND_CSV)
        report_print_csv(&out, &f->run, &form);
    else
        report_print_json(&out, &f->run, &form);
    if (out.size > 0 && out.at[out.size - 1] == '\n')
        out.at[--out.size] = '\0';
    return command_print(c, &out);
}

struct seeing {
    const struct user *user;
    bool placed, seen; /* the case is in a caseload; in one of the user's */
};

static enum err take_member(void *context, const struct member_row *member)
{
    struct seeing *s = context;
    if (member->left_seq != 0 || strncmp(member->scope, "caseload:", 9) != 0)
        return ERR_OK;
    s->placed = true;
    for (size_t i = 0; i < s->user->scope_count; i++)
        s->seen |= !strcmp(s->user->scopes[i], member->scope);
    return ERR_OK;
}

/* What belongs to a role is the work of those who have the case's caseload, and
 * of all when none has it or when the user has no caseloads. */
static enum err owns(struct command *c, const struct user *user,
                     const struct finding *finding, bool *out)
{
    struct seeing s = {.user = user};
    enum err err = ERR_OK;
    *out = finding_is_of(finding, user->name, user->role);
    if (!*out || *finding->owner || !*finding->kase || user->scope_count == 0)
        return ERR_OK;
    err = store_member_each(&c->sql, c->office->agency, finding->kase,
                            take_member, &s);
    *out = s.seen || !s.placed;
    return err;
}

/* Which of them were asked for. */
static int choose(struct command *c, const struct findings *f, bool *shown)
{
    const char *owner = args_text(&c->args, "--owner");
    const char *kase = args_text(&c->args, "--case");
    struct user user = {.name = ""};
    enum err err = owner ? user_find(c->office, &c->sql, owner, &user) : ERR_OK;
    for (size_t i = 0; i < f->count && !err; i++) {
        shown[i] = (!kase || !strcmp(f->at[i]->kase, kase)) &&
                   (!f->at[i]->resolved || args_flag(&c->args, "--all"));
        if (owner && shown[i])
            err = owns(c, &user, f->at[i], &shown[i]);
    }
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static int list(struct command *c, const struct finding_wanted *wanted,
                enum command_format format)
{
    struct findings f = {.count = 0};
    int code = command_open(c, COMMAND_READ);
    if (code == EXIT_DONE)
        code = load(c, &f, wanted);
    bool *shown = calloc(f.count + 1, sizeof *shown);
    if (code == EXIT_DONE)
        code = shown ? choose(c, &f, shown) : command_fail_office(c, ERR_NOMEM);
    if (code == EXIT_DONE)
        code = print(c, &f, shown, format);
    free(shown);
    findings_fini(&f);
    return code;
}

int command_findings(struct command *c)
{
    const char *set[SET_MAX];
    enum command_format format;
    struct finding_wanted wanted = {.policy = args_text(&c->args, "--policy"),
                                    .as_of = args_text(&c->args, "--as-of"),
                                    .set = set,
                                    .set_count =
                                        args_list_count(&c->args, "--set")};
    if (c->operand_count > 0)
        return command_misuse(c,
                              "there is no command \"findings %.64s\"; see "
                              "`satchel-central findings --help`",
                              c->operands[0]);
    int code = command_format(c, &format);
    if (code != EXIT_DONE)
        return code;
    if (wanted.set_count > SET_MAX)
        return command_misuse(c, "--set is given more than %d times", SET_MAX);
    for (size_t i = 0; i < wanted.set_count; i++) {
        set[i] = args_list_at(&c->args, "--set", i);
        if (!strchr(set[i], '='))
            return command_misuse(c, "--set %.64s: give NAME=VALUE", set[i]);
    }
    return list(c, &wanted, format);
}

/* --- resolving one -------------------------------------------------------- */

/* Its owner may, whoever has its role, and a supervisor. */
static int may_resolve(struct command *c, const struct finding *finding)
{
    struct user user;
    enum err err = user_find(c->office, &c->sql, c->author, &user);
    if (err)
        return command_fail_office(c, err);
    if (finding_is_of(finding, user.name, user.role) ||
        !strcmp(user.role, finding->role) || !strcmp(user.role, FINDING_ROLE))
        return EXIT_DONE;
    return command_fail(c, ERR_DENIED,
                        "%s is %s's to resolve, or a %s's, not that of %s, "
                        "who is %s",
                        finding->id,
                        *finding->owner ? finding->owner : finding->role,
                        FINDING_ROLE, user.name, user.role);
}

static void put_set(struct buffer *set, const struct finding *finding,
                    const char *why, const char *until)
{
    put_member(set, "{\"about\"", finding->record);
    put_member(set, ",\"facts\"", finding->facts);
    put_member(set, ",\"policy\"", finding->policy->id);
    if (until)
        put_member(set, ",\"until\"", until);
    else
        buffer_add_text(set, ",\"until\":null");
    put_member(set, ",\"what\"", finding->what);
    put_member(set, ",\"why\"", why);
    buffer_add_char(set, '}');
}

/* Of a record without a case it is a case of its own, which the office sees. */
static int write(struct command *c, const struct finding *finding)
{
    struct buffer set;
    int code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&set, ORIGINAL_BYTES_MAX);
    put_set(&set, finding, args_text(&c->args, "--reason"),
            args_text(&c->args, "--until"));
    enum err err = buffer_err(&set);
    if (!err)
        err = record_put(
            c->office, &c->sql, c->author, finding->id, FINDING_RESOLUTION_TYPE,
            *finding->kase ? finding->kase : finding->id, buffer_bytes(&set));
    buffer_fini(&set);
    return command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
}

static int resolve(struct command *c, const struct findings *f)
{
    const char *id = c->operands[0];
    const struct finding *finding = findings_find(f, id);
    if (!finding)
        return command_fail(c, ERR_NOT_FOUND,
                            "there is no finding %.64s now; its facts may "
                            "have changed: `findings` lists those there are",
                            id);
    if (finding->resolved)
        return command_fail(c, ERR_EXISTS, "%s was resolved by %s already: %s",
                            id, finding->by, finding->why);
    int code = may_resolve(c, finding);
    if (code == EXIT_DONE)
        code = write(c, finding);
    if (code == EXIT_DONE && c->json)
        printf("{\"finding\":\"%s\",\"record\":\"%s\"}\n", id, finding->record);
    else if (code == EXIT_DONE)
        printf("%s is resolved until its facts change%s%s\n", id,
               args_text(&c->args, "--until") ? ", or after " : "",
               args_text(&c->args, "--until") ? args_text(&c->args, "--until")
                                              : "");
    return code;
}

int command_findings_resolve(struct command *c)
{
    struct findings f = {.count = 0};
    const struct finding_wanted wanted = {.policy = NULL};
    const char *why = args_text(&c->args, "--reason");
    if (c->operand_count != 1)
        return command_misuse(c, "findings resolve ID: give one finding");
    if (!why || !*why)
        return command_misuse(c, "--reason TEXT is missing: why nothing is to "
                                 "be done, or what was done");
    int code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = load(c, &f, &wanted);
    if (code == EXIT_DONE)
        code = resolve(c, &f);
    findings_fini(&f);
    return code;
}
