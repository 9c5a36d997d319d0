#include "shared/replica/log_scan.h"

#include <string.h>

#include "shared/replica/line.h"

void log_scan_init(struct log_scan *scan)
{
    memset(scan, 0, sizeof *scan);
    buffer_init(&scan->text, LINE_BYTES_MAX);
    arena_init(&scan->arena, REVISION_ARENA_BYTES);
}

void log_scan_fini(struct log_scan *scan)
{
    buffer_wipe(&scan->text);
    arena_fini(&scan->arena);
}

static enum err row_read(struct log_scan *scan, struct sqlite3_stmt *s,
                         struct vault *vault)
{
    struct bytes name = db_column_bytes(s, 1);
    scan->id = db_column_int64(s, 0);
    scan->n = db_column_int64(s, 2);
    scan->key = db_column_int64(s, 3);
    scan->log = db_column_int64(s, 6);
    scan->readable = db_column_int64(s, 7) != 0;
    if (name.size != REPLICA_CHARS)
        return ERR_CORRUPT;
    memcpy(scan->name, name.at, REPLICA_CHARS);
    enum err err = db_column_fixed(s, 5, scan->hash, HASH_BYTES);
    if (err || !scan->readable)
        return err;
    scan->opened = line_open(vault, scan->key, scan->name, scan->n,
                             db_column_bytes(s, 4), &scan->text);
    return scan->opened == ERR_NOMEM ? ERR_NOMEM : ERR_OK;
}

enum err log_scan_next(struct vault *vault, struct log_scan *scan)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_LOG_NEXT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, scan->id);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_NOT_FOUND;
    arena_clear(&scan->arena);
    buffer_clear(&scan->text);
    scan->revision = NULL;
    scan->opened = ERR_OK;
    err = row_read(scan, s, vault);
    db_reset(s);
    if (err || !scan->readable || scan->opened)
        return err;
    const struct revision *r = NULL;
    err = revision_parse(&scan->arena, buffer_bytes(&scan->text), &r, NULL);
    if (err == ERR_NOMEM)
        return err;
    /* What a later version wrote may be none here, but has its place. */
    if (r && r->dot.n && r->record.size == ID_CHARS)
        scan->revision = r;
    return ERR_OK;
}

enum err log_scan_replaced(struct vault *vault, const struct log_scan *scan,
                           bool *out)
{
    struct sqlite3_stmt *s;
    bool row;
    *out = false;
    enum err err = vault_sql(vault, SQL_CARRIED_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, scan->log);
    db_bind_int64(vault->db, s, 2, scan->n);
    err = db_step_row(vault->db, s, &row);
    if (!err && row)
        *out = db_column_int64(s, 0) == 0;
    db_reset(s);
    return err;
}
