#include "shared/replica/leave.h"

#include <string.h>

static enum err run_text_int(struct vault *vault, enum sql which,
                             const char *text, int64_t value)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, which, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(text));
    db_bind_int64(vault->db, s, 2, value);
    return db_step_done(vault->db, s);
}

static enum err case_destroy(struct vault *vault, int64_t key)
{
    static const enum sql steps[] = {
        SQL_DEPART_LINES,     SQL_DEPART,
        SQL_CASE_DESTROY,     SQL_RECORD_LINE_LEAVE,
        SQL_RECORD_LEAVE,     SQL_SUM_DROP,
        SQL_MEMBER_DROP_CASE, SQL_BLOB_CHUNKS_LEAVE,
        SQL_BLOB_LEAVE,       SQL_BLOB_LET_GO,
    };
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof steps / sizeof steps[0]; i++)
        err = vault_run_int(vault, steps[i], key);
    vault->changed = vault->keys_destroyed = true;
    vault_forget(vault);
    return err ? err : vault_run(vault, SQL_MIRROR_DESTROYING);
}

static enum err destroy_unless_member(struct vault *vault, int64_t key,
                                      bool *gone)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_MEMBER_COUNT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, key);
    err = db_step_row(vault->db, s, &row);
    int64_t count = row ? db_column_int64(s, 0) : 0;
    db_reset(s);
    if (err || count)
        return err;
    *gone = true;
    vault->cases_left++;
    return case_destroy(vault, key);
}

enum err leave_case(struct vault *vault, const char *kase, const char *scope,
                    bool *gone)
{
    int64_t key;
    *gone = false;
    enum err err = case_key_number(vault, bytes_text(kase), &key);
    if (err || !key)
        return err;
    if (!strcmp(scope, "*"))
        err = vault_run_int(vault, SQL_MEMBER_DROP_CASE, key);
    else
        err = run_text_int(vault, SQL_MEMBER_DROP, scope, key);
    return err ? err : destroy_unless_member(vault, key, gone);
}

static enum err member_next(struct vault *vault, const char *scope,
                            int64_t after, int64_t *key)
{
    struct sqlite3_stmt *s;
    bool row;
    *key = 0;
    enum err err = vault_sql(vault, SQL_MEMBER_NEXT, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(scope));
    db_bind_int64(vault->db, s, 2, after);
    err = db_step_row(vault->db, s, &row);
    if (!err && row)
        *key = db_column_int64(s, 0);
    db_reset(s);
    return err;
}

enum err leave_scope(struct vault *vault, const char *scope, bool *gone)
{
    *gone = false;
    int64_t key = 0;
    enum err err = member_next(vault, scope, key, &key);
    while (!err && key) {
        err = run_text_int(vault, SQL_MEMBER_DROP, scope, key);
        if (!err)
            err = destroy_unless_member(vault, key, gone);
        if (!err)
            err = member_next(vault, scope, key, &key);
    }
    struct sqlite3_stmt *s;
    if (!err)
        err = vault_sql(vault, SQL_CURSOR_DROP, &s);
    if (err)
        return err;
    vault->changed = true;
    db_bind_text(vault->db, s, 1, bytes_text(scope));
    return db_step_done(vault->db, s);
}

enum err leave_all(struct vault *vault)
{
    static const enum sql steps[] = {
        SQL_DEPART_LINES_ALL, SQL_DEPART_ALL,
        SQL_CASE_DESTROY_ALL, SQL_RECORD_LINE_LEAVE_ALL,
        SQL_RECORD_LEAVE_ALL, SQL_SUM_DROP_ALL,
        SQL_MEMBER_DROP_ALL,  SQL_BLOB_CHUNKS_LEAVE_ALL,
        SQL_BLOB_LEAVE_ALL,   SQL_BLOB_LET_GO_ALL,
    };
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < sizeof steps / sizeof steps[0]; i++)
        err = vault_run(vault, steps[i]);
    vault->changed = vault->keys_destroyed = true;
    vault_forget(vault);
    return err ? err : vault_run(vault, SQL_MIRROR_DESTROYING);
}
