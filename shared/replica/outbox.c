#include "shared/replica/outbox.h"

#include <string.h>

#include "shared/replica/identity_row.h"
#include "shared/replica/line.h"
#include "shared/replica/succession.h"

/* Columns of SQL_LOG_RANGE. */
enum {
    COLUMN_N,
    COLUMN_BODY,
    COLUMN_KEY,
    COLUMN_READABLE,
    COLUMN_OFFICE_WRAP,
    COLUMN_SIGNATURE,
    COLUMN_TOKEN
};

/* One log being read; `last` is the last n that may be given, `hole` the first
 * that was erased and stops it, 0 when none does. */
struct reading {
    int64_t log, from, last, hole;
    const char *name;
    size_t bytes, used;
    struct buffer line;
    outbox_each *each;
    void *context;
};

/* The last signed place within `count` lines from `from`, or the first after
 * them; 0 when nothing is signed from there on. */
static enum err signed_last(struct vault *vault, int64_t log, int64_t from,
                            int64_t upto, int64_t *last)
{
    struct sqlite3_stmt *s;
    bool row;
    *last = 0;
    enum err err = vault_sql(vault, SQL_LINK_BEFORE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, log);
    db_bind_int64(vault->db, s, 2, upto);
    err = db_step_row(vault->db, s, &row);
    if (!err && row)
        *last = db_column_int64(s, 0);
    db_reset(s);
    if (err || *last >= from)
        return err;
    *last = 0;
    err = vault_sql(vault, SQL_LINK_NEXT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, log);
    db_bind_int64(vault->db, s, 2, from - 1);
    err = db_step_row(vault->db, s, &row);
    if (!err && row)
        *last = db_column_int64(s, 0);
    db_reset(s);
    return err;
}

/* A plain line when it can be read, else its envelope. */
static enum err line_fill(struct vault *vault, struct reading *r,
                          struct sqlite3_stmt *s, struct outbox_line *line)
{
    struct bytes body = db_column_bytes(s, COLUMN_BODY);
    if (vault->unlocked && db_column_int64(s, COLUMN_READABLE)) {
        buffer_clear(&r->line);
        enum err err = line_open(vault, db_column_int64(s, COLUMN_KEY), r->name,
                                 line->n, body, &r->line);
        line->line = buffer_bytes(&r->line);
        r->used += line->line.size;
        return err;
    }
    struct bytes token = db_column_bytes(s, COLUMN_TOKEN);
    if (token.size != TOKEN_KEYED_BYTES ||
        db_column_is_null(s, COLUMN_OFFICE_WRAP))
        return ERR_CORRUPT;
    line->sealed = true;
    line->envelope = body;
    line->office_wrap = db_column_bytes(s, COLUMN_OFFICE_WRAP);
    case_key_reference(line->case_token, token.at,
                       db_column_int64(s, COLUMN_KEY));
    r->used += body.size * 4 / 3;
    return ERR_OK;
}

/* The signature at a place of the log, if there is one. */
static enum err signature_find(struct vault *vault, int64_t log,
                               struct outbox_line *line)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_LINK_NEXT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, log);
    db_bind_int64(vault->db, s, 2, line->n - 1);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    line->has_signature = db_column_int64(s, 0) == line->n;
    if (line->has_signature)
        err = db_column_fixed(s, 3, line->signature, SIGNATURE_BYTES);
    db_reset(s);
    return err;
}

/* Erased lines from `n` up to `last`, by their hashes. */
static enum err erased_give(struct vault *vault, struct reading *r, int64_t n,
                            int64_t last)
{
    enum err err = ERR_OK;
    for (; !err && n <= last; n++) {
        struct outbox_line line = {.n = n, .erased = true};
        memcpy(line.replica, r->name, sizeof line.replica);
        err = line_hash(vault, r->log, n, line.hash);
        if (err == ERR_NOT_FOUND)
            err = ERR_GAP;
        if (!err)
            err = signature_find(vault, r->log, &line);
        if (!err)
            err = r->each(r->context, &line);
    }
    return err;
}

static enum err line_give(struct vault *vault, struct reading *r,
                          struct sqlite3_stmt *s, bool *stop)
{
    struct outbox_line line = {.n = db_column_int64(s, COLUMN_N)};
    struct bytes signature = db_column_bytes(s, COLUMN_SIGNATURE);
    memcpy(line.replica, r->name, sizeof line.replica);
    enum err err = line_fill(vault, r, s, &line);
    if (err)
        return err;
    line.has_signature = signature.size == SIGNATURE_BYTES;
    if (line.has_signature)
        memcpy(line.signature, signature.at, SIGNATURE_BYTES);
    *stop = line.has_signature && r->used >= r->bytes;
    return r->each(r->context, &line);
}

/* What is not here was erased, and what was not is a gap.  Of a line that
 * stands under two keys, the row that is wrapped to the office
 * comes first: it is the one that was written here. */
static enum err lines_give(struct vault *vault, struct reading *r)
{
    struct sqlite3_stmt *s;
    int64_t done = r->from - 1;
    bool stop = false;
    enum err err = vault_sql(vault, SQL_LOG_RANGE, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, r->log);
    db_bind_int64(vault->db, s, 2, r->from);
    db_bind_int64(vault->db, s, 3, r->last);
    for (bool row = true; !err && row && !stop;) {
        err = db_step_row(vault->db, s, &row);
        int64_t n = row ? db_column_int64(s, COLUMN_N) : r->last + 1;
        if (err || n == done)
            continue;
        err = erased_give(vault, r, done + 1, n - 1);
        done = n;
        if (!err && row)
            err = line_give(vault, r, s, &stop);
    }
    db_reset(s);
    return err;
}

/* Lines are given up to the first that was erased, as far as there is a
 * signature: ERR_GAP when there is none before it. */
static enum err log_read(struct vault *vault, struct reading *r, size_t count)
{
    int64_t upto = count > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)count;
    upto =
        r->last && r->last < r->from + upto - 1 ? r->last : r->from + upto - 1;
    if (r->hole && upto >= r->hole)
        upto = r->hole - 1;
    enum err err = signed_last(vault, r->log, r->from, upto, &r->last);
    if (!err && r->hole && (!r->last || r->last >= r->hole))
        err = ERR_GAP;
    if (err || !r->last)
        return err;
    buffer_init(&r->line, LINE_BYTES_MAX);
    err = lines_give(vault, r);
    buffer_wipe(&r->line);
    return err;
}

enum err outbox_read(struct vault *vault, int64_t from, size_t count,
                     size_t bytes, outbox_each *each, void *context)
{
    struct identity_row row;
    arena_clear(&vault->arena);
    enum err err = vault_refresh(vault);
    if (!err)
        err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    if (err)
        return err;
    struct reading reading = {.log = row.log,
                              .from = from,
                              .name = row.public.replica,
                              .bytes = bytes,
                              .each = each,
                              .context = context};
    return log_read(vault, &reading, count);
}

enum err outbox_link(struct vault *vault, int64_t n, uint8_t link[LINK_BYTES])
{
    struct identity_row row;
    arena_clear(&vault->arena);
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &row);
    return err ? err
               : line_link(vault, row.log, row.public.agency, row.key, n, link);
}

/* --- predecessors --------------------------------------------------------- */

struct old_context {
    outbox_each_old *each;
    void *context;
    const uint8_t *key;
    size_t given;
};

static enum err old_give(void *context, const struct outbox_line *line)
{
    struct old_context *old = context;
    old->given++;
    return old->each(old->context, old->key, line);
}

static enum err hole_find(struct vault *vault, struct reading *r)
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_PRUNED_NEXT, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, r->log);
    db_bind_int64(vault->db, s, 2, r->from);
    err = db_step_row(vault->db, s, &row);
    if (!err && row)
        r->hole = db_column_int64(s, 0);
    db_reset(s);
    return err;
}

/* The next closed log after identity `id` with lines to contribute. */
static enum err old_next(struct vault *vault, int64_t *id, struct reading *r,
                         char name[REPLICA_CHARS + 1], uint8_t key[KEY_BYTES])
{
    struct sqlite3_stmt *s;
    bool row;
    enum err err = vault_sql(vault, SQL_IDENTITY_CONTRIBUTING, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, *id);
    err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err ? err : ERR_NOT_FOUND;
    r->log = db_column_int64(s, 0);
    struct bytes text = db_column_bytes(s, 1);
    err = text.size == REPLICA_CHARS ? db_column_fixed(s, 2, key, KEY_BYTES)
                                     : ERR_CORRUPT;
    if (!err) {
        memcpy(name, text.at, REPLICA_CHARS);
        name[REPLICA_CHARS] = '\0';
    }
    r->from = db_column_int64(s, 3);
    r->last = db_column_int64(s, 4);
    *id = db_column_int64(s, 5);
    bool receipted = r->from <= db_column_int64(s, 6);
    db_reset(s);
    return err || !receipted ? err : hole_find(vault, r);
}

/* The office lacks lines that it had called backed up, and that were erased
 * here, so that nothing above them can follow in that log: what can be read is
 * carried, and the rest is given around them, with no receipt, for the office
 * to carry. */
static enum err old_broken(struct vault *vault, int64_t *id, int64_t from)
{
    if (!vault->unlocked)
        return ERR_OK;
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    if (!err)
        err = vault_end(vault, succession_lost(vault, *id, from));
    --*id; /* it is read again */
    return err;
}

enum err outbox_old_waits(struct vault *vault, bool *waits)
{
    char name[REPLICA_CHARS + 1];
    uint8_t key[KEY_BYTES];
    struct reading reading = {.name = name};
    int64_t id = 0;
    enum err err = vault_refresh(vault);
    if (!err)
        err = old_next(vault, &id, &reading, name, key);
    *waits = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err outbox_read_old(struct vault *vault, size_t count,
                         outbox_each_old *each, void *context)
{
    char name[REPLICA_CHARS + 1];
    uint8_t key[KEY_BYTES];
    struct old_context old = {each, context, key, 0};
    int64_t id = 0;
    enum err err = vault_refresh(vault);
    while (!err && old.given < count) {
        struct reading reading = {
            .name = name, .bytes = SIZE_MAX, .each = old_give, .context = &old};
        err = old_next(vault, &id, &reading, name, key);
        if (!err)
            err = log_read(vault, &reading, count - old.given);
        if (err == ERR_GAP && reading.hole)
            err = old_broken(vault, &id, reading.from);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err predecessor_find(struct vault *vault, const char *replica,
                                 struct identity_row *out)
{
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, out);
    while (!err && out->succeeds) {
        err = identity_row_get(vault, out->succeeds, out);
        if (!err && !strcmp(out->public.replica, replica))
            return ERR_OK;
    }
    return err ? err : ERR_NOT_FOUND;
}

static enum err old_done(struct vault *vault, const char *replica, int64_t n)
{
    struct identity_row row;
    struct sqlite3_stmt *s;
    uint8_t link[LINK_BYTES];
    arena_clear(&vault->arena);
    enum err err = predecessor_find(vault, replica, &row);
    if (!err)
        err = line_link(vault, row.log, row.public.agency, row.key, n, link);
    if (!err)
        err = vault_sql(vault, SQL_IDENTITY_CONTRIBUTED, &s);
    if (err)
        return err;
    vault->changed = true;
    db_bind_int64(vault->db, s, 1, row.id);
    db_bind_int64(vault->db, s, 2, n);
    db_bind_bytes(vault->db, s, 3, bytes_of(link, sizeof link));
    return db_step_done(vault->db, s);
}

enum err outbox_old_done(struct vault *vault, const char *replica, int64_t n)
{
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, old_done(vault, replica, n));
}

static enum err old_earlier(struct vault *vault, const char *replica, int64_t n,
                            bool *earlier)
{
    int64_t log;
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_IDENTITY_CONTRIBUTE_EARLIER, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(replica));
    db_bind_int64(vault->db, s, 2, n + 1);
    err = db_step_done(vault->db, s);
    *earlier = !err && db_changes(vault->db) > 0;
    if (!*earlier)
        return err;
    err = line_replica(vault, bytes_text(replica), 0, &log);
    return err ? err : vault_run_ints(vault, SQL_HELD_DROP_FROM, log, n + 1);
}

enum err outbox_old_earlier(struct vault *vault, const char *replica, int64_t n,
                            bool *earlier)
{
    *earlier = false;
    enum err err = vault_begin(vault);
    return err ? err
               : vault_end(vault, old_earlier(vault, replica, n, earlier));
}

enum err outbox_old_link(struct vault *vault, const char *replica, int64_t n,
                         uint8_t link[LINK_BYTES])
{
    struct identity_row row;
    enum err err = predecessor_find(vault, replica, &row);
    return err ? err
               : line_link(vault, row.log, row.public.agency, row.key, n, link);
}

static enum err old_change(struct vault *vault, enum sql which,
                           const char *replica, bool *changed)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, which, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(replica));
    err = db_step_done(vault->db, s);
    *changed = !err && db_changes(vault->db) > 0;
    return err;
}

enum err outbox_old_whole(struct vault *vault, const char *replica, bool *whole)
{
    *whole = false;
    enum err err = vault_begin(vault);
    return err ? err
               : vault_end(vault,
                           old_change(vault, SQL_IDENTITY_CONTRIBUTE_WHOLE,
                                      replica, whole));
}

enum err outbox_old_stop(struct vault *vault, const char *replica,
                         bool *stopped)
{
    *stopped = false;
    enum err err = vault_begin(vault);
    return err ? err
               : vault_end(vault,
                           old_change(vault, SQL_IDENTITY_CONTRIBUTE_STOP,
                                      replica, stopped));
}

/* What was to be contributed of it begins where the office has another line:
 * what it has as we have it is below. */
static enum err old_lost(struct vault *vault, const char *replica,
                         bool *stopped)
{
    struct reading r = {.log = 0};
    char name[REPLICA_CHARS + 1];
    uint8_t key[KEY_BYTES];
    int64_t id = 0;
    enum err err;
    do
        err = old_next(vault, &id, &r, name, key);
    while (!err && strcmp(name, replica) != 0);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    err = old_change(vault, SQL_IDENTITY_CONTRIBUTE_STOP, replica, stopped);
    if (!err)
        err = succession_lost(vault, id, r.from);
    return err ? err : vault_run_ints(vault, SQL_IDENTITY_CONTRIBUTE, id, 0, 0);
}

enum err outbox_old_lost(struct vault *vault, const char *replica,
                         bool *stopped)
{
    *stopped = false;
    if (!vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    arena_clear(&vault->arena);
    enum err err = vault_begin(vault);
    return err ? err : vault_end(vault, old_lost(vault, replica, stopped));
}
