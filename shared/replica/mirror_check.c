/* Is the file of the past that the vault has now? */
#include <string.h>

#include "shared/replica/mirror_file.h"

uint64_t mirror_fingerprint(struct bytes sealed)
{
    uint64_t print = 0;
    if (sealed.size >= sizeof print)
        memcpy(&print, sealed.at, sizeof print);
    return print;
}

enum err mirror_case_differs(struct vault *vault, const struct mirror *m,
                             bool *differs)
{
    struct sqlite3_stmt *s;
    bool row;
    *differs = false;
    if (!m->last_case)
        return ERR_OK;
    enum err err = vault_sql(vault, SQL_CASE_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, m->last_case);
    err = db_step_row(vault->db, s, &row);
    *differs = !err && (!row || mirror_fingerprint(db_column_bytes(s, 1)) !=
                                    m->last_print);
    db_reset(s);
    return err;
}

enum err mirror_line_check(struct vault *vault, const struct mirror *m)
{
    struct sqlite3_stmt *s;
    bool row;
    if (!m->line_count)
        return ERR_OK;
    enum err err = vault_sql(vault, SQL_MIRROR_LINE_THERE, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(m->log));
    db_bind_int64(vault->db, s, 2, m->n);
    db_bind_bytes(vault->db, s, 3,
                  bytes_of(&m->last_body, sizeof m->last_body));
    err = db_step_row(vault->db, s, &row);
    db_reset(s);
    return err ? err : row ? ERR_OK : ERR_FORK;
}
