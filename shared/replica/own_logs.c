#include "shared/replica/own_logs.h"

#include <stdlib.h>

static enum err log_add(struct own_logs *logs, struct sqlite3_stmt *s)
{
    struct own_log *grown =
        realloc(logs->logs, (logs->count + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    logs->logs = grown;
    grown[logs->count++] = (struct own_log){
        .identity = db_column_int64(s, 0),
        .log = db_column_int64(s, 1),
        .received = db_column_int64(s, 2),
        .current = db_column_int64(s, 3) != 0,
        .backed = db_column_int64(s, 4),
    };
    return ERR_OK;
}

enum err own_logs_load(struct vault *vault, struct own_logs *out)
{
    struct sqlite3_stmt *s;
    *out = (struct own_logs){NULL, 0};
    enum err err = vault_sql(vault, SQL_IDENTITY_LOGS, &s);
    if (err)
        return err;
    for (bool row = true; !err && row;) {
        err = db_step_row(vault->db, s, &row);
        if (!err && row)
            err = log_add(out, s);
    }
    db_reset(s);
    if (err)
        own_logs_fini(out);
    return err;
}

void own_logs_fini(struct own_logs *logs)
{
    free(logs->logs);
    *logs = (struct own_logs){NULL, 0};
}

const struct own_log *own_logs_find(const struct own_logs *logs, int64_t log)
{
    for (size_t i = 0; i < logs->count; i++)
        if (logs->logs[i].log == log)
            return &logs->logs[i];
    return NULL;
}

bool own_logs_counts(const struct own_logs *logs, int64_t log, int64_t n)
{
    const struct own_log *own = own_logs_find(logs, log);
    return !own || !own->current || n <= own->received;
}
