#include "server/user.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "server/role.h"
#include "server/store_replica.h"

#define USER_COLUMNS "account, role, os_user, password, disabled_at"

static const char user_by_name[] =
    "SELECT " USER_COLUMNS " FROM account WHERE agency = $1 AND account = $2";
static const char user_by_os[] =
    "SELECT " USER_COLUMNS " FROM account "
    "WHERE agency = $1 AND os_user = $2 AND disabled_at IS NULL";
static const char user_all[] =
    "SELECT " USER_COLUMNS " FROM account WHERE agency = $1 ORDER BY account";
static const char scopes_of[] =
    "SELECT scope FROM account_scope WHERE agency = $1 AND account = $2 "
    "ORDER BY place";
static const char scopes_clear[] =
    "DELETE FROM account_scope WHERE agency = $1 AND account = $2";
static const char scope_add[] =
    "INSERT INTO account_scope(agency, account, place, scope) "
    "VALUES ($1, $2, $3, $4)";
static const char user_insert[] =
    "INSERT INTO account(agency, account, role, made_at) "
    "VALUES ($1, $2, $3, $4)";
static const char role_set[] =
    "UPDATE account SET role = $3 WHERE agency = $1 AND account = $2";
static const char os_set[] =
    "UPDATE account SET os_user = $3 WHERE agency = $1 AND account = $2";
static const char password_set[] =
    "UPDATE account SET password = $3 WHERE agency = $1 AND account = $2";
static const char password_get[] =
    "SELECT password FROM account "
    "WHERE agency = $1 AND account = $2 AND disabled_at IS NULL";
static const char disabled_set[] =
    "UPDATE account SET disabled_at = $3 WHERE agency = $1 AND account = $2";

static enum err fail(struct office *office, enum err err, const char *format,
                     ...) __attribute__((format(printf, 3, 4)));

static enum err fail(struct office *office, enum err err, const char *format,
                     ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(office->detail, sizeof office->detail, format, list);
    va_end(list);
    return err;
}

/* --- reading -------------------------------------------------------------- */

static enum err take_user(void *context, const struct sql_value *row,
                          size_t columns)
{
    struct user *user = context;
    (void)columns;
    sql_copy_text(user->name, sizeof user->name, &row[0]);
    sql_copy_text(user->role, sizeof user->role, &row[1]);
    sql_copy_text(user->os_user, sizeof user->os_user, &row[2]);
    user->has_password = !sql_is_null(&row[3]);
    user->disabled = !sql_is_null(&row[4]);
    user->scope_count = 0;
    return ERR_OK;
}

static enum err take_scope(void *context, const struct sql_value *row,
                           size_t columns)
{
    struct user *user = context;
    (void)columns;
    if (user->scope_count == USER_SCOPES_MAX)
        return ERR_TOO_BIG;
    sql_copy_text(user->scopes[user->scope_count++], SCOPE_CHARS_MAX + 1,
                  &row[0]);
    return ERR_OK;
}

static enum err load_scopes(struct office *office, struct sql *sql,
                            struct user *user)
{
    return sql_each_row(
        sql, scopes_of,
        SQL_VALUES(sql_text(office->agency), sql_text(user->name)), take_scope,
        user);
}

static enum err find(struct office *office, struct sql *sql,
                     const char *statement, const char *key, struct user *out)
{
    enum err err = sql_find(sql, statement,
                            SQL_VALUES(sql_text(office->agency), sql_text(key)),
                            take_user, out);
    return err ? err : load_scopes(office, sql, out);
}

enum err user_find(struct office *office, struct sql *sql, const char *name,
                   struct user *out)
{
    enum err err = find(office, sql, user_by_name, name, out);
    if (err == ERR_NOT_FOUND)
        return fail(office, err,
                    "there is no user %.64s; `user list` shows who is here",
                    name);
    return err;
}

enum err user_find_os(struct office *office, struct sql *sql,
                      const char *os_user, struct user *out)
{
    return find(office, sql, user_by_os, os_user, out);
}

struct listing {
    struct office *office;
    struct sql *sql;
    user_each *each;
    void *context;
};

static enum err list_one(void *context, const struct sql_value *row,
                         size_t columns)
{
    const struct listing *listing = context;
    struct user user = {0};
    enum err err = take_user(&user, row, columns);
    if (!err)
        err = load_scopes(listing->office, listing->sql, &user);
    return err ? err : listing->each(listing->context, &user);
}

enum err user_list(struct office *office, struct sql *sql, user_each *each,
                   void *context)
{
    struct listing listing = {office, sql, each, context};
    return sql_each_row(sql, user_all, SQL_VALUES(sql_text(office->agency)),
                        list_one, &listing);
}

/* --- writing -------------------------------------------------------------- */

static enum err check(struct office *office, const struct user_draft *draft)
{
    if (!name_valid(bytes_text(draft->name)))
        return fail(office, ERR_INVALID,
                    "\"%.64s\" cannot be a user's name; use 1 to 64 of a-z 0-9 "
                    "_ . - and begin with a letter or digit",
                    draft->name);
    if (draft->role && !role_known(draft->role)) {
        char names[ROLE_NAMES_CHARS];
        role_names(names);
        return fail(office, ERR_INVALID, "\"%.64s\" is no role; use %s",
                    draft->role, names);
    }
    if (draft->os_user && strlen(draft->os_user) > USER_OS_CHARS_MAX)
        return fail(office, ERR_INVALID,
                    "the operating system's user name is "
                    "too long");
    size_t size = draft->password ? strlen(draft->password) : 0;
    if (draft->password &&
        (size < USER_PASSWORD_CHARS_MIN || size > USER_PASSWORD_CHARS_MAX))
        return fail(office, ERR_INVALID,
                    "a password has %d to %d characters; this one has %zu",
                    USER_PASSWORD_CHARS_MIN, USER_PASSWORD_CHARS_MAX, size);
    if (draft->scope_count > USER_SCOPES_MAX)
        return fail(office, ERR_INVALID,
                    "a user has at most %d caseloads and sites",
                    USER_SCOPES_MAX);
    for (size_t i = 0; i < draft->scope_count; i++)
        if (!scope_valid(bytes_text(draft->scopes[i])))
            return fail(office, ERR_INVALID,
                        "\"%.64s\" is not a caseload or site; names have a-z "
                        "0-9 _ . -",
                        draft->scopes[i]);
    return ERR_OK;
}

static enum err set(struct office *office, struct sql *sql,
                    const char *statement, const char *name,
                    struct sql_value value)
{
    return sql_run(sql, statement,
                   SQL_VALUES(sql_text(office->agency), sql_text(name), value));
}

static enum err set_scopes(struct office *office, struct sql *sql,
                           const struct user_draft *draft)
{
    enum err err =
        sql_run(sql, scopes_clear,
                SQL_VALUES(sql_text(office->agency), sql_text(draft->name)));
    for (size_t i = 0; i < draft->scope_count && !err; i++)
        err = sql_run(sql, scope_add,
                      SQL_VALUES(sql_text(office->agency),
                                 sql_text(draft->name), sql_int((int64_t)i),
                                 sql_text(draft->scopes[i])));
    return err;
}

static enum err set_password(struct office *office, struct sql *sql,
                             const struct user_draft *draft)
{
    char text[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str(text, draft->password, strlen(draft->password),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return ERR_NOMEM;
    enum err err = set(office, sql, password_set, draft->name, sql_text(text));
    sodium_memzero(text, sizeof text);
    return err;
}

/* An operating system's user acts as one account only. */
static enum err set_os(struct office *office, struct sql *sql,
                       const struct user_draft *draft)
{
    struct user other;
    if (draft->os_user[0] != '\0') {
        enum err err = user_find_os(office, sql, draft->os_user, &other);
        if (!err && strcmp(other.name, draft->name) != 0)
            return fail(office, ERR_EXISTS,
                        "the operating system's user %s acts as %s already",
                        draft->os_user, other.name);
        if (err && err != ERR_NOT_FOUND)
            return err;
    }
    return set(office, sql, os_set, draft->name,
               sql_text(draft->os_user[0] ? draft->os_user : NULL));
}

static enum err set_all(struct office *office, struct sql *sql,
                        const struct user_draft *draft)
{
    enum err err = ERR_OK;
    if (draft->role)
        err = set(office, sql, role_set, draft->name, sql_text(draft->role));
    if (!err && draft->os_user)
        err = set_os(office, sql, draft);
    if (!err && draft->password)
        err = set_password(office, sql, draft);
    if (!err && draft->has_scopes)
        err = set_scopes(office, sql, draft);
    return err;
}

/* The act holds the account as it is now, so that it can be done again. */
static enum err act(struct office *office, struct sql *sql, const char *name,
                    const char *what, const char *by)
{
    struct user user;
    enum err err = user_find(office, sql, name, &user);
    if (err)
        return err;
    struct buffer b;
    buffer_init(&b, 64u * 1024);
    buffer_printf(
        &b, "{\"disabled\":%s,\"os_user\":", user.disabled ? "true" : "false");
    canon_put_text(&b, bytes_text(user.os_user));
    buffer_add_text(&b, ",\"role\":");
    canon_put_text(&b, bytes_text(user.role));
    buffer_add_text(&b, ",\"scopes\":[");
    for (size_t i = 0; i < user.scope_count; i++) {
        buffer_add_text(&b, i ? "," : "");
        canon_put_text(&b, bytes_text(user.scopes[i]));
    }
    buffer_add_text(&b, "],\"user\":");
    canon_put_text(&b, bytes_text(user.name));
    buffer_add_char(&b, '}');
    err = buffer_err(&b);
    if (!err)
        err = store_act(sql, office->agency, clock_wall_ms(office->clock), by,
                        what, buffer_bytes(&b));
    buffer_fini(&b);
    return err;
}

enum err user_add(struct office *office, struct sql *sql,
                  const struct user_draft *draft, const char *by)
{
    enum err err = check(office, draft);
    if (err)
        return err;
    if (!draft->role)
        return fail(office, ERR_INVALID, "a user needs a role: --role ROLE");
    struct user user;
    err = user_find(office, sql, draft->name, &user);
    if (!err)
        return fail(office, ERR_EXISTS,
                    "there is a user %s already; `user set %s` changes it",
                    draft->name, draft->name);
    if (err != ERR_NOT_FOUND)
        return err;
    err = sql_run(sql, user_insert,
                  SQL_VALUES(sql_text(office->agency), sql_text(draft->name),
                             sql_text(draft->role),
                             sql_int(clock_wall_ms(office->clock))));
    if (!err)
        err = set_all(office, sql, draft);
    return err ? err : act(office, sql, draft->name, "account", by);
}

enum err user_change(struct office *office, struct sql *sql,
                     const struct user_draft *draft, const char *by)
{
    struct user user;
    enum err err = check(office, draft);
    if (!err)
        err = user_find(office, sql, draft->name, &user);
    if (!err)
        err = set_all(office, sql, draft);
    return err ? err : act(office, sql, draft->name, "account", by);
}

enum err user_disable(struct office *office, struct sql *sql, const char *name,
                      const char *by)
{
    struct user user;
    enum err err = user_find(office, sql, name, &user);
    if (!err && user.disabled)
        return fail(office, ERR_EXISTS, "the user %s is disabled already",
                    name);
    if (!err)
        err = set(office, sql, disabled_set, name,
                  sql_int(clock_wall_ms(office->clock)));
    return err ? err : act(office, sql, name, "account", by);
}

enum err user_enable(struct office *office, struct sql *sql, const char *name,
                     const char *by)
{
    struct user user;
    enum err err = user_find(office, sql, name, &user);
    if (!err && !user.disabled)
        return fail(office, ERR_EXISTS, "the user %s is not disabled", name);
    if (!err)
        err = set(office, sql, disabled_set, name, sql_null());
    return err ? err : act(office, sql, name, "account", by);
}

static enum err take_password(void *context, const struct sql_value *row,
                              size_t columns)
{
    (void)columns;
    sql_copy_text(context, crypto_pwhash_STRBYTES, &row[0]);
    return ERR_OK;
}

enum err user_check_password(struct office *office, struct sql *sql,
                             const char *name, const char *password)
{
    char text[crypto_pwhash_STRBYTES] = "";
    enum err err = sql_find(
        sql, password_get, SQL_VALUES(sql_text(office->agency), sql_text(name)),
        take_password, text);
    if (err)
        return err;
    if (text[0] == '\0' ||
        crypto_pwhash_str_verify(text, password, strlen(password)) != 0)
        return fail(office, ERR_DENIED, "the password is not right");
    return ERR_OK;
}
