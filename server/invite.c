#include "server/invite.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include "server/store_replica.h"
#include "server/user.h"

static const char invite_add[] =
    "INSERT INTO invite(agency, code_hash, account, made_at, expires_at) "
    "VALUES ($1, $2, $3, $4, $5)";

static enum err act_write(struct office *office, struct sql *sql, int64_t now,
                          const char *account, int64_t expires_at,
                          const char *by)
{
    struct buffer detail;
    buffer_init(&detail, 4096);
    buffer_printf(&detail,
                  "{\"expires_at\":%lld,\"user\":", (long long)expires_at);
    canon_put_text(&detail, bytes_text(account));
    buffer_add_char(&detail, '}');
    enum err err = buffer_err(&detail);
    if (!err)
        err = store_act(sql, office->agency, now, by, "invite",
                        buffer_bytes(&detail));
    buffer_fini(&detail);
    return err;
}

enum err invite_make(struct office *office, struct sql *sql,
                     const char *account, int64_t expires_at, const char *by,
                     char shown[INVITE_SHOWN_CHARS + 1])
{
    struct user user;
    enum err err = user_find(office, sql, account, &user);
    if (!err && user.disabled) {
        snprintf(office->detail, sizeof office->detail,
                 "the user %s is disabled", account);
        err = ERR_DENIED;
    }
    if (err)
        return err;
    char code[INVITE_CHARS + 1];
    uint8_t hash[HASH_BYTES];
    int64_t now = clock_wall_ms(office->clock);
    invite_code(code, office->random);
    invite_hash(hash, code);
    err = sql_run(sql, invite_add,
                  SQL_VALUES(sql_text(office->agency),
                             sql_blob(bytes_of(hash, sizeof hash)),
                             sql_text(account), sql_int(now),
                             sql_int(expires_at)));
    if (!err)
        err = act_write(office, sql, now, account, expires_at, by);
    if (!err)
        snprintf(shown, INVITE_SHOWN_CHARS + 1, "%.4s-%.4s-%.4s-%.4s", code,
                 code + 4, code + 8, code + 12);
    sodium_memzero(code, sizeof code);
    return err;
}
