#include <string.h>
#include "server/sync_inner.h"

static const char feed_entries[] =
    "SELECT f.seq, f.kind, f.case_id, f.upto, f.skip, m.joined_seq, "
    "m.left_seq, l.replica, l.hash, l.line FROM feed f "
    "LEFT JOIN membership m ON m.agency = f.agency "
    "AND m.case_id = f.case_id AND m.scope = f.scope "
    "LEFT JOIN line l ON l.arrival = f.arrival "
    "WHERE f.agency = $1 AND f.scope = $2 AND f.seq > $3 ORDER BY f.seq";
static const char case_lines[] =
    "SELECT l.replica, l.hash, l.line FROM placed p "
    "JOIN line l ON l.arrival = p.arrival WHERE p.agency = $1 "
    "AND p.case_id = $2 AND p.case_seq > $3 AND p.case_seq <= $4 "
    "ORDER BY p.case_seq";

static const char wrote_in_case[] =
    "SELECT 1 FROM placed p JOIN line l ON l.arrival = p.arrival "
    "WHERE p.agency = $1 AND p.case_id = $2 AND l.replica = $3 LIMIT 1";

/* Joins and leaves have no limit of their own; what applies a page at once
 * should not have to hold more of them than this. */
#define PAGE_ENTRIES_MAX 1024u

/* Reading one scope's feed. */
struct reading {
    struct outgoing *out;
    const char *scope;
    struct cursor from; /* of the request */
    struct cursor at;   /* what the reply has reached */
    bool moved;         /* since the last cursor line */
    bool full;          /* the reply has no room for more */
};

/* --- pages ---------------------------------------------------------------- */

static enum err page_end(struct reading *r, bool end)
{
    r->moved = false;
    return outgoing_cursor(r->out, &r->at, end);
}

/* A hold statement that may be cut off from its line by a cursor line. */
static bool states_hold(const char *replica, struct bytes line)
{
    static const char hold[] = "\"hold\":{";
    size_t size = sizeof hold - 1;
    if (replica[0] != 'o')
        return false;
    for (size_t at = 0; at + size <= line.size; at++)
        if (line.at[at] == '"' && !memcmp(line.at + at, hold, size))
            return true;
    return false;
}

/* Ends the page when the next line needs another one.  ERR_AGAIN: no room. */
static enum err page_turn(struct reading *r, bool hold)
{
    struct outgoing *out = r->out;
    if (out->page_lines < PAGE_LINES_MAX - (hold ? 1u : 0u) &&
        out->page_entries < PAGE_ENTRIES_MAX)
        return ERR_OK;
    enum err err = page_end(r, false);
    int64_t room = out->sync->header.room;
    if (!err && (int64_t)out->plain.size >= room) {
        r->full = true;
        return ERR_AGAIN;
    }
    return err;
}

static enum err line_put(struct reading *r, const struct sql_value *replica,
                         const struct sql_value *hash,
                         const struct sql_value *line)
{
    char writer[REPLICA_CHARS + 1];
    sql_copy_text(writer, sizeof writer, replica);
    if (hash->bytes.size != HASH_BYTES)
        return ERR_CORRUPT;
    bool hold = states_hold(writer, line->bytes);
    enum err err = page_turn(r, hold);
    if (!err)
        err = outgoing_revision(r->out, hash->bytes.at, line->bytes);
    return err;
}

/* --- entries -------------------------------------------------------------- */

struct entry {
    int64_t seq;
    enum feed_kind kind;
    char kase[ID_CHARS + 1];
    int64_t upto;
    bool skip;   /* the reader wrote it and has it */
    bool member; /* now */
    int64_t joined_seq;
};

static struct entry entry_read(const struct reading *r,
                               const struct sql_value *row)
{
    struct entry e = {.seq = row[0].integer,
                      .kind = (enum feed_kind)row[1].integer,
                      .upto = row[3].integer,
                      .joined_seq = row[5].integer};
    sql_copy_text(e.kase, sizeof e.kase, &row[2]);
    e.skip = !sql_is_null(&row[4]) &&
             bytes_is(row[4].bytes, r->out->sync->header.replica);
    e.member = !sql_is_null(&row[5]) && sql_is_null(&row[6]);
#ifdef MUTANT_UNFILTERED_FEED
    e.member = true;
#endif
    return e;
}

static enum err join_row(void *context, const struct sql_value *row,
                         size_t columns)
{
    (void)columns;
    struct reading *r = context;
#ifdef MUTANT_OWN_LEFT_OUT_OF_JOINS
    if (bytes_is(row[0].bytes, r->out->sync->header.replica)) {
        r->at.off++;
        return ERR_OK;
    }
#endif
    enum err err = line_put(r, &row[0], &row[1], &row[2]);
    if (!err) {
        r->at.off++;
        r->moved = true;
    }
    return err;
}

/* A join brings the first lines of its case, from `off` on when the request
 * has the beginning. */
static enum err join_put(struct reading *r, const struct entry *e)
{
    struct sync *s = r->out->sync;
    if (r->at.off == 0) {
        struct join_line join;
        struct buffer line;
        memcpy(join.kase, e->kase, sizeof join.kase);
        buffer_init(&line, 1024);
        enum err err = page_turn(r, false);
        if (!err)
            err = join_line_write(&line, &join);
        if (!err)
            err = outgoing_line(r->out, buffer_bytes(&line));
        buffer_fini(&line);
        if (err)
            return err;
    }
    return sql_each_row(s->sql, case_lines,
                        SQL_VALUES(sql_text(s->office->agency),
                                   sql_text(e->kase), sql_int(r->at.off),
                                   sql_int(e->upto)),
                        join_row, r);
}

/* The reader had passed the join that this leave undoes, or a part of it; or it
 * wrote in the case, and so has it although it heard of no join. */
static enum err leave_put(struct reading *r, const struct entry *e)
{
    struct sync *s = r->out->sync;
    bool passed = r->from.seq >= e->upto ||
                  (r->from.off > 0 && r->from.seq + 1 == e->upto);
    enum err err = ERR_OK;
    if (!passed)
        err =
            sql_find(s->sql, wrote_in_case,
                     SQL_VALUES(sql_text(s->office->agency), sql_text(e->kase),
                                sql_text(s->header.replica)),
                     NULL, NULL);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = page_turn(r, false);
    return err ? err : outgoing_leave(r->out, r->scope, e->kase);
}

static enum err entry_put(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    struct reading *r = context;
    struct entry e = entry_read(r, row);
    enum err err = ERR_OK;
    if (e.kind == FEED_LEAVE && !e.member)
        err = leave_put(r, &e);
    else if (e.kind == FEED_JOIN && e.member && e.joined_seq == e.seq)
        err = join_put(r, &e);
    else if (e.kind == FEED_LINE && e.member && e.seq > e.joined_seq && !e.skip)
        err = line_put(r, &row[7], &row[8], &row[9]);
    if (err)
        return err;
    r->at.seq = e.seq;
    r->at.off = 0;
    r->moved = true;
    return ERR_OK;
}

/* --- scopes --------------------------------------------------------------- */

static const struct cursor *cursor_of(const struct sync *s, const char *scope)
{
    for (size_t i = 0; i < s->header.cursor_count; i++)
        if (!strcmp(s->header.cursors[i].scope, scope))
            return &s->header.cursors[i];
    return NULL;
}

/* Whether the scope's end has to be said: not when it would repeat what the
 * device has said itself.  Lines of the scope that came with this push moved
 * it. */
static bool end_is_news(const struct reading *r, const struct cursor *cursor)
{
    return !cursor || !cursor->has_sum || r->at.seq != cursor->seq ||
           r->out->page_lines > 0 || r->moved;
}

static enum err scope_read(struct outgoing *out, const char *scope)
{
    struct sync *s = out->sync;
    const struct cursor *cursor = cursor_of(s, scope);
    struct reading r = {.out = out, .scope = scope};
    struct feed_head head;
    if (cursor)
        r.from = *cursor;
    else
        memcpy(r.from.scope, scope, strlen(scope) + 1);
    r.at = r.from;
    enum err err = store_scope_find(s->sql, s->office->agency, scope, &head);
    if (!err && (r.from.seq < head.seq || r.from.off))
        err = sql_each_row(s->sql, feed_entries,
                           SQL_VALUES(sql_text(s->office->agency),
                                      sql_text(scope), sql_int(r.from.seq)),
                           entry_put, &r);
    if (err == ERR_AGAIN && r.full) {
        out->more = true;
        return ERR_OK;
    }
    if (err || !end_is_news(&r, cursor))
        return err;
    r.at.has_sum = true;
    r.at.sum = head.sum;
    return page_end(&r, true);
}

static enum err lost_scopes(struct outgoing *out)
{
    struct sync *s = out->sync;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < s->header.cursor_count; i++)
        if (!scope_list_has(&s->scopes, s->header.cursors[i].scope))
            err = outgoing_leave(out, s->header.cursors[i].scope, "");
    return err;
}

enum err feed_read(struct outgoing *out)
{
    struct sync *s = out->sync;
    enum err err = lost_scopes(out);
    for (size_t i = 0; !err && !out->more && i < s->scopes.count; i++) {
        if ((int64_t)out->plain.size >= s->header.room) {
            out->more = true;
            break;
        }
        err = scope_read(out, s->scopes.name[i]);
    }
    return err;
}

enum err feed_waits(struct sync *s, bool *waits)
{
    enum err err = ERR_OK;
    *waits = false;
    for (size_t i = 0; i < s->header.cursor_count; i++)
        if (!scope_list_has(&s->scopes, s->header.cursors[i].scope))
            *waits = true;
    for (size_t i = 0; !err && !*waits && i < s->scopes.count; i++) {
        struct feed_head head;
        const struct cursor *cursor = cursor_of(s, s->scopes.name[i]);
        err = store_scope_find(s->sql, s->office->agency, s->scopes.name[i],
                               &head);
        *waits = !cursor || !cursor->has_sum || cursor->seq != head.seq ||
                 cursor->off;
    }
    return err;
}
