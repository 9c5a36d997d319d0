#include "server/command_scopes.h"

#include <stdio.h>
#include <string.h>

static const char scope_of_others[] =
    "SELECT count(*) FROM account_scope s JOIN account a "
    "ON a.agency = s.agency AND a.account = s.account "
    "WHERE s.agency = $1 AND s.scope = $2 AND s.account <> $3 "
    "AND a.disabled_at IS NULL";
static const char scope_of_cases[] =
    "SELECT count(*) FROM membership WHERE agency = $1 AND scope = $2 "
    "AND left_seq IS NULL";
static const char scope_any[] =
    "SELECT count(*) FROM account_scope WHERE agency = $1 AND account <> $2";

static const char scope_of_user[] =
    "SELECT 1 FROM account_scope WHERE agency = $1 AND account = $2 "
    "AND scope = $3";

static int read_list(const struct command *c, const char *option,
                     const char *prefix, struct command_scopes *out)
{
    const char *text;
    for (size_t i = 0; (text = args_list_at(&c->args, option, i)); i++) {
        char scope[2 * SCOPE_CHARS_MAX];
        out->given = true;
        /* "--caseload north" and "--caseload caseload:north" are the same. */
        if (strncmp(text, prefix, strlen(prefix)) == 0)
            text += strlen(prefix);
        if (text[0] == '\0') /* --caseload "" takes all away */
            continue;
        int size = snprintf(scope, sizeof scope, "%s%s", prefix, text);
        if (size < 0 || (size_t)size > SCOPE_CHARS_MAX ||
            !scope_valid(bytes_text(scope)))
            return command_misuse(
                c,
                "\"%.64s\" cannot be the name for %s; use a-z "
                "0-9 _ . - and begin with a letter or digit",
                text, option);
        if (out->count == USER_SCOPES_MAX)
            return command_misuse(c,
                                  "at most %d caseloads and sites can be "
                                  "given",
                                  USER_SCOPES_MAX);
        memcpy(out->name[out->count++], scope, (size_t)size + 1);
    }
    return EXIT_DONE;
}

int command_scopes_read(const struct command *c, struct command_scopes *out)
{
    *out = (struct command_scopes){0};
    int code = read_list(c, "--caseload", "caseload:", out);
    return code ? code : read_list(c, "--site", "site:", out);
}

enum err command_scopes_before(struct command *c, struct command_scopes *scopes,
                               const char *user)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < scopes->count; i++) {
        err = sql_find(&c->sql, scope_of_user,
                       SQL_VALUES(sql_text(c->office->agency), sql_text(user),
                                  sql_text(scopes->name[i])),
                       NULL, NULL);
        scopes->had[i] = err == ERR_OK;
        err = err == ERR_NOT_FOUND ? ERR_OK : err;
    }
    return err;
}

/* In a new office every name is new. */
static bool nobody_else(struct command *c, const char *scope, const char *user)
{
    const char *agency = c->office->agency;
    int64_t others = 1, cases = 1, any = 0;
    enum err err = sql_find_int(
        &c->sql, scope_of_others,
        SQL_VALUES(sql_text(agency), sql_text(scope), sql_text(user)), &others);
    if (!err)
        err =
            sql_find_int(&c->sql, scope_of_cases,
                         SQL_VALUES(sql_text(agency), sql_text(scope)), &cases);
    if (!err)
        err = sql_find_int(&c->sql, scope_any,
                           SQL_VALUES(sql_text(agency), sql_text(user)), &any);
    return !err && others == 0 && any > 0 && (!user[0] || cases == 0);
}

void command_scopes_note(struct command *c, const struct command_scopes *scopes,
                         const char *user)
{
    for (size_t i = 0; i < scopes->count; i++) {
        const char *scope = scopes->name[i];
        if (scopes->had[i] || !nobody_else(c, scope, user))
            continue;
        fprintf(stderr,
                user[0] ? "note: %s is new: no other user and no case has it\n"
                        : "note: no user has %s: nobody sees the case by it\n",
                scope);
    }
}

void command_scopes_json(struct buffer *json,
                         const char (*scopes)[SCOPE_CHARS_MAX + 1],
                         size_t count)
{
    buffer_add_char(json, '[');
    for (size_t i = 0; i < count; i++)
        buffer_printf(json, "%s\"%s\"", i ? "," : "", scopes[i]);
    buffer_add_char(json, ']');
}
