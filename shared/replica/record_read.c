#include "shared/replica/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/replica/identity_row.h"
#include "shared/replica/line.h"
#include "shared/replica/own_logs.h"
#include "shared/replica/state.h"
#include "shared/replica/vault_schema.h"

static enum err read_begin(struct vault *vault)
{
    vault->detail[0] = '\0';
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    enum err err = vault->batch ? ERR_OK : vault_refresh(vault);
    return err ? err : vault_schema_load(vault);
}

/* Folds anew what an older schema folded.  When that cannot be stored now, the
 * older state is shown: it is true, if not the newest view. */
static enum err renew(struct vault *vault)
{
    if (vault->batch || db_in_transaction(vault->db))
        return state_renew(vault);
    enum err err = vault_begin(vault);
    if (!err) {
        err = vault_schema_load(vault);
        err = vault_end(vault, err ? err : state_renew(vault));
    }
    if (!err)
        return vault_schema_load(vault);
    bool unwritable =
        err == ERR_FULL || err == ERR_READ_ONLY || err == ERR_BUSY;
    return unwritable ? vault_schema_load(vault) : err;
}

static enum err load(struct vault *vault, const char *record,
                     struct state_row *row)
{
    if (!id_valid(bytes_text(record)))
        return vault_fail(vault, ERR_INVALID, "%.40s: not a record id", record);
    enum err err = state_load(vault, bytes_text(record), row);
    if (!err && (!row->key || !row->fold.state.size))
        return vault_fail(vault, ERR_NOT_FOUND, "%s: no such record here",
                          record);
    return err;
}

enum err record_read(struct vault *vault, const char *record,
                     struct buffer *state, struct buffer *context)
{
    struct state_row row;
    struct seen seen;
    int64_t generation;
    enum err err = read_begin(vault);
    /* Before the state, so that it never says more than was read. */
    if (!err)
        err = vault_query(vault, SQL_META_GENERATION, &generation);
    if (err)
        return err;
    state_row_init(&row);
    seen_init(&seen);
    err = load(vault, record, &row);
    if (!err && row.epoch != vault->epoch) {
        err = renew(vault);
        if (!err)
            err = load(vault, record, &row);
    }
    if (!err)
        err = buffer_add_bytes(state, buffer_bytes(&row.fold.state));
    if (!err)
        err = fold_context(buffer_bytes(&row.fold.memo), &seen);
    if (!err)
        err = context_write(context, record, generation, &seen);
    seen_fini(&seen);
    state_row_fini(&row);
    return err;
}

/* --- lists ---------------------------------------------------------------- */

static enum err row_next(struct vault *vault, enum sql which, struct bytes type,
                         struct state_row *row)
{
    int64_t before = row->id;
    enum err err = state_next(vault, which, type, row);
    if (err || row->epoch == vault->epoch)
        return err;
    err = renew(vault);
    row->id = before;
    return err ? err : state_next(vault, which, type, row);
}

static enum err each_row(struct vault *vault, enum sql which, const char *type,
                         record_each *each, void *context)
{
    struct state_row row;
    enum err err = read_begin(vault);
    if (err)
        return err;
    state_row_init(&row);
    while (!err) {
        err = row_next(vault, which, bytes_text(type), &row);
        if (err)
            break;
        if (row.fold.state.size)
            err = each(context, row.record, buffer_bytes(&row.fold.state));
        if (err) {
            state_row_fini(&row);
            return err;
        }
    }
    state_row_fini(&row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err record_list(struct vault *vault, const char *type, record_each *each,
                     void *context)
{
    return each_row(vault, type[0] ? SQL_RECORD_NEXT_OF_TYPE : SQL_RECORD_NEXT,
                    type, each, context);
}

enum err record_conflicts(struct vault *vault, record_each *each, void *context)
{
    return each_row(vault, SQL_RECORD_NEXT_OPEN, "", each, context);
}

struct merging {
    struct same *same;
    const struct schema_type *type;
};

static enum err take_link(void *context, const char *record, struct bytes state)
{
    const struct merging *m = context;
    (void)record;
    return same_take(m->same, m->type, state);
}

enum err record_same(struct vault *vault, struct bytes type, struct same **out)
{
    struct merging m;
    enum err err = read_begin(vault);
    if (!err)
        err = same_new(&m.same);
    if (err)
        return err;
    const struct schema *schema = vault_schema(vault);
    for (size_t i = 0; !err && i < schema_type_count(schema); i++) {
        char name[NAME_CHARS_MAX + 1];
        err = schema_merging_at(schema, i, &m.type);
        if (err || !m.type)
            continue;
        struct bytes text = type_name(m.type);
        if (type.size && !bytes_equal(type, text))
            continue;
        snprintf(name, sizeof name, "%.*s", (int)text.size,
                 (const char *)text.at);
        err = record_list(vault, name, take_link, &m);
    }
    if (err)
        same_free(m.same);
    else
        *out = m.same;
    return err;
}

/* --- history -------------------------------------------------------------- */

/* The reason for which an office revision among `lines` holds the dot and no
 * later one releases it; "" otherwise. */
static const char *held_by_statement(struct state_lines *lines, const char *dot)
{
    const char *reason = "";
    for (size_t i = 0; i < lines->count; i++) {
        const struct revision *r = lines->lines[i].revision;
        if (!r)
            continue;
        if (bytes_is(r->release, dot))
            return "";
        const struct canon *hold = r->hold ? canon_member(r->hold, dot) : NULL;
        if (hold && hold->kind == CANON_TEXT) {
            const char *copy = arena_copy(&lines->arena, hold->text);
            reason = copy ? copy : "held";
        }
    }
    return reason;
}

/* What the office told of an own line, before its statement arrives. */
static enum err held_by_note(struct vault *vault, const struct state_line *line,
                             char reason[NAME_CHARS_MAX + 1])
{
    struct sqlite3_stmt *s;
    bool row;
    reason[0] = '\0';
    enum err err = vault_sql(vault, SQL_HELD_GET, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, line->replica);
    db_bind_int64(vault->db, s, 2, line->n);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    struct bytes text = db_column_bytes(s, 0);
    if (text.size <= NAME_CHARS_MAX) {
        memcpy(reason, text.at, text.size);
        reason[text.size] = '\0';
    }
    db_reset(s);
    return ERR_OK;
}

static enum custody custody_of(const struct own_logs *own,
                               const struct state_line *line)
{
    const struct own_log *log = own_logs_find(own, line->replica);
    if (!log) /* what is not our own came from the office */
        return CUSTODY_RECEIVED;
    if (line->n <= log->backed)
        return CUSTODY_BACKED_UP;
    return line->n > log->received ? CUSTODY_HERE : CUSTODY_RECEIVED;
}

static enum err entry_give(struct vault *vault, struct state_lines *lines,
                           const struct state_line *line,
                           const struct own_logs *own, record_each_entry *each,
                           void *context)
{
    char dot[DOT_CHARS + 1];
    char reason[NAME_CHARS_MAX + 1];
    struct record_entry entry = {.line = line->line, .dot.n = line->n};
    memcpy(entry.dot.replica, line->name, sizeof entry.dot.replica);
    if (line->revision)
        memcpy(entry.write, line->revision->write, sizeof entry.write);
    else
        write_id(entry.write, line->line);
    entry.custody = custody_of(own, line);
    dot_format(dot, &entry.dot);
    entry.held = held_by_statement(lines, dot);
    enum err err = held_by_note(vault, line, reason);
    if (!err && !entry.held[0])
        entry.held = reason;
    return err ? err : each(context, &entry);
}

enum err record_history(struct vault *vault, const char *record,
                        record_each_entry *each, void *context)
{
    struct state_row row;
    struct state_lines lines;
    struct own_logs own = {NULL, 0};
    enum err err = read_begin(vault);
    if (err)
        return err;
    state_row_init(&row);
    state_lines_init(&lines);
    err = load(vault, record, &row);
    if (!err)
        err = own_logs_load(vault, &own);
    if (!err)
        err = state_lines_load(vault, row.id, &lines);
    for (size_t i = 0; !err && i < lines.count; i++)
        err = entry_give(vault, &lines, &lines.lines[i], &own, each, context);
    own_logs_fini(&own);
    state_lines_fini(&lines);
    state_row_fini(&row);
    return err;
}

/* --- status --------------------------------------------------------------- */

/* Adds the counts of one log. */
static enum err log_count(struct vault *vault, int64_t log, int64_t received,
                          struct vault_status *out)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_LOG_UNSENT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, log);
    db_bind_int64(vault->db, s, 2, received);
    err = db_step_row(vault->db, s, &row);
    int64_t unsent = row ? db_column_int64(s, 0) : 0;
    db_reset(s);
    out->here += unsent;
    out->received += received;
    if (err || !unsent)
        return err;
    err = vault_sql(vault, SQL_LINK_NEXT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, log);
    db_bind_int64(vault->db, s, 2, received);
    err = db_step_row(vault->db, s, &row);
    if (!err && row) {
        int64_t age = clock_wall_ms(vault->clock) - db_column_int64(s, 1);
        if (age > out->oldest_ms)
            out->oldest_ms = age;
    }
    db_reset(s);
    return err;
}

static enum err standing(struct vault *vault, struct vault_status *out)
{
    struct identity_row row;
    arena_clear(&vault->arena);
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (err == ERR_NOT_FOUND) {
        vault->detail[0] = '\0';
        return ERR_OK;
    }
    out->enrolled = !err;
    out->revoked_ms = err ? 0 : row.revoked;
    return err;
}

enum err record_status(struct vault *vault, struct vault_status *out)
{
    struct own_logs own;
    memset(out, 0, sizeof *out);
    vault->detail[0] = '\0';
    enum err err = own_logs_load(vault, &own);
    for (size_t i = 0; !err && i < own.count; i++) {
        err = log_count(vault, own.logs[i].log, own.logs[i].received, out);
        out->backed_up += own.logs[i].backed;
    }
    own_logs_fini(&own);
    if (!err)
        err = vault_query(vault, SQL_HELD_COUNT, &out->held);
    if (!err)
        err = vault_query(vault, SQL_META_SYNCED, &out->last_sync_ms);
    if (!err)
        err = vault_query(vault, SQL_RECORD_OPEN_SUM, &out->conflicts);
    if (!vault->unlocked)
        out->conflicts = -1;
    return err ? err : standing(vault, out);
}
