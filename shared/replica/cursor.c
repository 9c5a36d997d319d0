#include "shared/replica/inbox.h"

#include <string.h>

#include "shared/replica/sums.h"

static enum err cursor_next(struct vault *vault, const char *after,
                            struct cursor *out, bool *exact)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_CURSOR_NEXT, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(after));
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_NOT_FOUND;
    struct bytes scope = db_column_bytes(s, 0);
    memset(out, 0, sizeof *out);
    if (scope.size > SCOPE_CHARS_MAX)
        err = ERR_CORRUPT;
    else
        memcpy(out->scope, scope.at, scope.size);
    out->seq = db_column_int64(s, 1);
    out->off = db_column_int64(s, 2);
    out->own = db_column_int64(s, 3);
    *exact = db_column_int64(s, 4) != 0;
    db_reset(s);
    return err;
}

enum err inbox_cursors(struct vault *vault, struct cursor *out, size_t room,
                       size_t *count)
{
    const char *after = "";
    *count = 0;
    enum err err = vault_refresh(vault);
    while (!err) {
        struct cursor cursor;
        bool exact;
        err = cursor_next(vault, after, &cursor, &exact);
        if (err)
            break;
        if (*count == room)
            return ERR_TOO_BIG;
        /* Only a sum that the office can check is worth sending. */
        cursor.has_sum = exact;
        if (exact)
            err = sums_scope(vault, cursor.scope, &cursor.sum);
        out[*count] = cursor;
        after = out[(*count)++].scope;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err scopes_add(struct vault *vault,
                           const char (*scopes)[SCOPE_CHARS_MAX + 1],
                           size_t count)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_CURSOR_ADD, &s);
    for (size_t i = 0; !err && i < count; i++) {
        if (!scope_valid(bytes_text(scopes[i])))
            return vault_fail(vault, ERR_PROTOCOL, "a scope without a name");
        db_bind_text(vault->db, s, 1, bytes_text(scopes[i]));
        err = db_step_done(vault->db, s);
    }
    return err;
}

/* A scope that is no longer listed keeps its cursor until its signed leave has
 * come: the cursor is what makes the office send it. */
enum err inbox_scopes(struct vault *vault,
                      const char (*scopes)[SCOPE_CHARS_MAX + 1], size_t count)
{
    if (!count)
        return ERR_OK;
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, scopes_add(vault, scopes, count));
}
