/* One line that the office sends: where it stands, and its fold. */
#include "shared/replica/inbox_inner.h"

#include <string.h>

#include "shared/replica/branch.h"
#include "shared/replica/line.h"
#include "shared/replica/state.h"
#include "shared/replica/succession.h"

#define BRANCHES_MAX 16 /* of one log; each needs a restored office */

static enum err writer_find(struct applying *a, const char *replica)
{
    if (a->log && !strcmp(a->replica, replica))
        return ERR_OK;
    enum err err =
        line_replica(a->inbox->vault, bytes_text(replica), 0, &a->log);
    memcpy(a->replica, replica, sizeof a->replica);
    return err;
}

enum err inbox_apply_member(struct applying *a, int64_t key)
{
    struct vault *vault = a->inbox->vault;
    struct bytes name = bytes_of(&key, sizeof key);
    struct sqlite3_stmt *s;
    if (!a->close->scope[0] || map_has(a->inbox->members, name))
        return ERR_OK;
    enum err err = vault_sql(vault, SQL_MEMBER_ADD, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(a->close->scope));
    db_bind_int64(vault->db, s, 2, key);
    err = db_step_done(vault->db, s);
    return err ? err : map_put(a->inbox->members, name, a);
}

/* The case of a record that is new here. */
static struct bytes home_of(const struct applying *a,
                            const struct revision *revision)
{
    const struct revision *creation =
        map_get(a->inbox->homes, revision->record);
    if (creation)
        return creation->kase;
    return a->joining ? bytes_text(a->joining) : bytes_of(NULL, 0);
}

/* Moves what is counted of a record to the case that its creation names. */
static enum err rehome(struct applying *a, const struct state_row *row,
                       int64_t to)
{
    struct state_lines lines;
    state_lines_init(&lines);
    enum err err = state_lines_load(a->inbox->vault, row->id, &lines);
    for (size_t i = 0; !err && i < lines.count; i++) {
        uint8_t hash[HASH_BYTES];
        if (!own_logs_counts(&a->own, lines.lines[i].replica, lines.lines[i].n))
            continue;
        hash_bytes(hash, lines.lines[i].line);
        err = sums_add(a->inbox->sums, row->key, 0 - hash_share(hash));
        if (!err)
            err = sums_add(a->inbox->sums, to, hash_share(hash));
    }
    state_lines_fini(&lines);
    return err;
}

static enum err key_find(struct applying *a, const struct state_row *row,
                         const struct revision *revision,
                         const struct case_key **key)
{
    struct vault *vault = a->inbox->vault;
    const struct revision *original = revision_original(revision);
    if (row->key && (row->has_type || !original->creates))
        return case_key_get(vault, row->key, key);
    enum err err = case_key_obtain(vault, home_of(a, revision), key);
    if (!err && row->key && row->key != (*key)->id)
        err = rehome(a, row, (*key)->id);
    return err;
}

/* --- where it stands -------------------------------------------------------
 */

/* The line of an entry, and the place that it takes. */
struct arrival {
    size_t index; /* of the entry */
    const struct revision *revision;
    const struct own_log *own; /* of its log; NULL when it is another's */
    int64_t branch, log;
    int64_t line; /* log.id */
};

static enum err same_find(struct applying *a, const struct arrival *in,
                          bool *there, bool *same)
{
    uint8_t hash[HASH_BYTES];
    enum err err =
        line_hash(a->inbox->vault, a->log, in->revision->dot.n, hash);
    *there = !err;
    *same = !err && !memcmp(hash, in->revision->hash, sizeof hash);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* Of a log of this vault's own, branch 0 is what was written here: what a copy
 * wrote at the same place, or later, takes another. */
static enum err branch_first(struct applying *a, struct arrival *in)
{
    struct vault *vault = a->inbox->vault;
    bool there, same;
    in->branch = 0;
    in->own = own_logs_find(&a->own, a->log);
    if (!in->own)
        return ERR_OK;
    enum err err = same_find(a, in, &there, &same);
    if (err || same)
        return err;
    if (in->own->current)
        return ERR_FORK;
    in->branch = 1;
    return there
               ? succession_lost(vault, in->own->identity, in->revision->dot.n)
               : ERR_OK;
}

/* What the office sends, it has; but a line of the present log counts in sums
 * only once there is a receipt for it, which then adds it. */
static bool counts(const struct applying *a, const struct arrival *in)
{
    return in->log != a->self.log ||
           in->revision->dot.n <= a->self.public.received;
}

/* A line that stands here already, but in no record, since it was carried: when
 * the office has it after all, it is folded too, as it is everywhere else. */
static enum err known_find(struct applying *a, const struct state_row *row,
                           const struct case_key *key, struct arrival *in)
{
    struct vault *vault = a->inbox->vault;
    struct sqlite3_stmt *s;
    bool found;
    enum err err = vault_sql(vault, SQL_RECORD_LINE_OF, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, in->log);
    db_bind_int64(vault->db, s, 2, in->revision->dot.n);
    db_bind_int64(vault->db, s, 3, key->id);
    db_bind_int64(vault->db, s, 4, row->id);
    err = db_step_row(vault->db, s, &found);
    if (!err && found)
        in->line = db_column_int64(s, 0);
    db_reset(s);
    return err;
}

static enum err carried_returned(struct applying *a, const struct arrival *in)
{
    struct vault *vault = a->inbox->vault;
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_CARRIED_RETURNED, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, in->log);
    db_bind_int64(vault->db, s, 2, in->revision->dot.n);
    return db_step_done(vault->db, s);
}

/* Adds the line to its branch.  ERR_FORK when another line stands there;
 * in->line is 0 when it is part of its record already. */
static enum err line_store(struct applying *a, struct arrival *in,
                           struct state_row *row, const struct case_key *key)
{
    struct vault *vault = a->inbox->vault;
    const struct revision *revision = in->revision;
    struct line_place place = {.name = a->replica, .n = revision->dot.n};
    enum err err = ERR_OK;
    in->log = a->log;
    if (in->branch)
        err = line_replica(vault, bytes_text(a->replica), in->branch, &in->log);
    place.replica = in->log;
    if (!err)
        err = line_add(vault, &place, key, revision->line, revision->hash,
                       a->page, false, &in->line);
    bool known = !in->line;
    if (!err && known)
        err = known_find(a, row, key, in);
    if (err || !in->line)
        return err;
    /* It may have yielded here, and its case left and came back since. */
    err = carried_returned(a, in);
    if (err || (!known && !in->own && !in->branch))
        return err;
    /* It comes where something else stood, or comes back. */
    bool any;
    err = branch_prevail(vault, a->replica, in->branch, revision->dot.n,
                         a->inbox->sums, &any);
    if (err || !any)
        return err;
    state_row_fini(row);
    state_row_init(row);
    return state_load(vault, revision->record, row);
}

static enum err held_note(struct vault *vault, enum sql which, int64_t log,
                          int64_t n, struct bytes reason)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, which, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, log);
    db_bind_int64(vault->db, s, 2, n);
    if (which == SQL_HELD_ADD)
        db_bind_text(vault->db, s, 3, reason);
    return db_step_done(vault->db, s);
}

/* Keeps the count of own held lines: holds add to it, releases take away. */
static enum err statements_note(struct applying *a, const struct revision *r)
{
    struct vault *vault = a->inbox->vault;
    struct dot dot;
    const char *self = a->self.public.replica;
    if (!replica_is_office(bytes_text(r->dot.replica)))
        return ERR_OK;
    enum err err = ERR_OK;
    const struct canon *hold = r->hold ? r->hold->first : NULL;
    for (; !err && hold; hold = hold->next)
        if (hold->kind == CANON_TEXT && dot_parse(&dot, hold->name) &&
            !strcmp(dot.replica, self))
            err =
                held_note(vault, SQL_HELD_ADD, a->self.log, dot.n, hold->text);
    if (err || !r->release.size || !dot_parse(&dot, r->release))
        return err;
    int64_t log;
    err = line_replica(vault, bytes_text(dot.replica), 0, &log);
    return err ? err : held_note(vault, SQL_HELD_DROP, log, dot.n, r->release);
}

static enum err line_fold(struct applying *a, const struct arrival *in,
                          struct state_row *row, const struct case_key *key)
{
    const struct revision *revision = in->revision;
    enum err err = ERR_OK;
    if (in->log == a->self.log && row->own_n < revision->dot.n)
        row->own_n = revision->dot.n;
    if (counts(a, in))
        err = sums_add(a->inbox->sums, key->id, hash_share(revision->hash));
    if (!err && a->unfolded[in->index])
        return state_keep(a->inbox->vault, row, key, in->line);
    if (!err)
        err = state_apply(a->inbox->vault, row, key, revision, in->line);
    return err ? err : statements_note(a, revision);
}

static enum err line_try(struct applying *a, struct arrival *in)
{
    const struct case_key *key = NULL;
    struct state_row row;
    in->line = 0;
    state_row_init(&row);
    enum err err = state_load(a->inbox->vault, in->revision->record, &row);
    if (!err)
        err = key_find(a, &row, in->revision, &key);
    if (!err && key->kase[0])
        err = inbox_apply_member(a, key->id);
    if (!err)
        err = line_store(a, in, &row, key);
    if (!err && in->line) {
        a->added++;
        err = line_fold(a, in, &row, key);
    }
    state_row_fini(&row);
    return err;
}

enum err inbox_apply_line(struct applying *a, size_t index)
{
    struct arrival in = {.index = index, .revision = a->revisions[index]};
    enum err err = writer_find(a, in.revision->dot.replica);
    if (!err)
        err = branch_first(a, &in);
    if (err)
        return err;
    do
        err = line_try(a, &in);
    while (err == ERR_FORK && in.branch++ < BRANCHES_MAX);
    return err;
}
