#include "shared/replica/succession.h"

#include <string.h>

#include "shared/replica/identity_row.h"

/* One closed log. */
struct closed {
    int64_t identity, log, received;
    char name[REPLICA_CHARS + 1];
};

static enum err closed_next(struct vault *vault, struct closed *out)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_IDENTITY_CLOSED, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, out->identity);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_NOT_FOUND;
    struct bytes name = db_column_bytes(s, 2);
    out->identity = db_column_int64(s, 0);
    out->log = db_column_int64(s, 1);
    out->received = db_column_int64(s, 3);
    if (name.size == REPLICA_CHARS)
        memcpy(out->name, name.at, REPLICA_CHARS);
    else
        err = ERR_CORRUPT;
    db_reset(s);
    return err;
}

/* The dot under which the last line at or before n of this record that was
 * carried stands now; by->n is 0 when there is none. */
static enum err carrier_find(struct vault *vault, const struct closed *log,
                             int64_t n, int64_t record, struct dot *by)
{
    struct sqlite3_stmt *s;
    bool row;
    memset(by, 0, sizeof *by);
    enum err err = vault_sql(vault, SQL_CARRIED_BEFORE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, log->log);
    db_bind_int64(vault->db, s, 2, n);
    db_bind_int64(vault->db, s, 3, record);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    struct bytes name = db_column_bytes(s, 1);
    by->n = db_column_int64(s, 0);
    if (name.size == REPLICA_CHARS)
        memcpy(by->replica, name.at, REPLICA_CHARS);
    else
        err = ERR_CORRUPT;
    db_reset(s);
    return err;
}

static struct seen_entry *entry_of(struct seen *seen, const char *replica)
{
    for (size_t i = 0; i < seen->count; i++)
        if (!strcmp(seen->entries[i].replica, replica))
            return &seen->entries[i];
    return NULL;
}

static void entry_lower(struct seen *seen, struct seen_entry *entry, int64_t n)
{
    if (n) {
        entry->n = n;
        return;
    }
    size_t after = (size_t)(seen->entries + seen->count - (entry + 1));
    memmove(entry, entry + 1, after * sizeof *entry);
    seen->count--;
}

/* In the order of closing, since a carrier may have been carried again. */
enum err succession_seen(struct vault *vault, int64_t record,
                         struct seen *seen)
{
    struct closed log = {0};
    enum err err = ERR_OK;
    while (!err) {
        struct dot by;
        err = closed_next(vault, &log);
        if (err)
            break;
        struct seen_entry *entry = entry_of(seen, log.name);
        if (!entry || entry->n <= log.received)
            continue;
        err = carrier_find(vault, &log, entry->n, record, &by);
        if (err)
            break;
        entry_lower(seen, entry, log.received);
        if (by.n)
            err = seen_raise(seen, bytes_text(by.replica), by.n);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
