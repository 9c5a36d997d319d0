#include "shared/replica/inbox_inner.h"

#include <string.h>

#include "shared/replica/identity_row.h"
#include "shared/replica/leave.h"
#include "shared/replica/line.h"
#include "shared/replica/state.h"

/* A page while it is applied. */
struct applying {
    struct inbox *inbox;
    const struct inbox_close *close;
    const struct revision **revisions; /* per entry; NULL where none */
    bool *unfolded; /* per entry: has a record, but no form that we know */
    struct identity_row self;
    int64_t page;                    /* page.id; 0: none */
    size_t added;                    /* lines that were new */
    const char *joining;             /* case of the last join, or NULL */
    char replica[REPLICA_CHARS + 1]; /* the last writer looked up */
    int64_t log;
    bool scrub; /* keys were destroyed */
};

static struct bytes entry_line(const struct inbox *inbox,
                               const struct inbox_entry *entry)
{
    return bytes_of(inbox->text.at + entry->at, entry->size);
}

/* Parses every line and notes which records are created in this page, since
 * what is said about a record may stand before its creation. */
static enum err parse(struct applying *a)
{
    struct inbox *inbox = a->inbox;
    struct arena *arena = &inbox->vault->arena;
    a->revisions = arena_take(arena, (inbox->count + 1) * sizeof *a->revisions);
    a->unfolded = arena_take(arena, (inbox->count + 1) * sizeof *a->unfolded);
    if (!a->revisions || !a->unfolded)
        return ERR_NOMEM;
    for (size_t i = 0; i < inbox->count; i++) {
        const struct inbox_entry *entry = &inbox->entries[i];
        if (entry->kind != INBOX_LINE)
            continue;
        const struct revision *r = NULL;
        enum err err =
            revision_parse(arena, entry_line(inbox, entry), &r, NULL);
        if (err == ERR_NOMEM)
            return err;
        if (!r || !r->dot.n || r->record.size != ID_CHARS)
            return vault_fail(inbox->vault, ERR_PROTOCOL,
                              "the office sent a line that is no revision");
        a->revisions[i] = r;
        a->unfolded[i] = err != ERR_OK;
        const struct revision *original = revision_original(r);
        if (!err && original->creates && !map_has(inbox->homes, r->record))
            err = map_put(inbox->homes, r->record, (void *)(uintptr_t)original);
        if (err == ERR_NOMEM)
            return err;
    }
    return ERR_OK;
}

/* --- the page receipt ----------------------------------------------------- */

static enum err page_add(struct applying *a)
{
    struct inbox *inbox = a->inbox;
    struct vault *vault = inbox->vault;
    struct sqlite3_stmt *s;
    uint8_t hashes[PAGE_LINES_MAX * HASH_BYTES];
    size_t size = 0;
    if (!a->close->has_mac || !inbox->lines)
        return ERR_OK;
    for (size_t i = 0; i < inbox->count; i++)
        if (a->revisions[i]) {
            memcpy(hashes + size, a->revisions[i]->hash, HASH_BYTES);
            size += HASH_BYTES;
        }
    enum err err = vault_sql(vault, SQL_PAGE_ADD, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, bytes_of(hashes, size));
    db_bind_bytes(vault->db, s, 2, bytes_of(a->close->mac, MAC_BYTES));
    db_bind_text(vault->db, s, 3, bytes_text(a->self.public.lineage));
    err = db_step_done(vault->db, s);
    a->page = db_last_rowid(vault->db);
    return err;
}

/* --- lines ---------------------------------------------------------------- */

static enum err writer_find(struct applying *a, const char *replica)
{
    if (a->log && !strcmp(a->replica, replica))
        return ERR_OK;
    enum err err = line_replica(a->inbox->vault, bytes_text(replica), &a->log);
    memcpy(a->replica, replica, sizeof a->replica);
    return err;
}

static enum err member_add(struct applying *a, int64_t key)
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

/* What the office sends, it has; but a line of the present log counts in sums
 * only once there is a receipt for it, which then adds it. */
static bool counts(const struct applying *a, int64_t n)
{
    return a->log != a->self.log || n <= a->self.public.received;
}

/* A line of a closed log that stands here already, but in no record, since it
 * was carried: when the office has it after all, it is folded too, as it is
 * everywhere else. */
static enum err known_find(struct applying *a, const struct state_row *row,
                           const struct case_key *key, int64_t n, int64_t *line)
{
    struct vault *vault = a->inbox->vault;
    struct sqlite3_stmt *s;
    bool found;
    enum err err = vault_sql(vault, SQL_RECORD_LINE_OF, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, a->log);
    db_bind_int64(vault->db, s, 2, n);
    db_bind_int64(vault->db, s, 3, key->id);
    db_bind_int64(vault->db, s, 4, row->id);
    err = db_step_row(vault->db, s, &found);
    if (!err && found)
        *line = db_column_int64(s, 0);
    db_reset(s);
    if (err || !*line)
        return err;
    err = vault_sql(vault, SQL_CARRIED_RETURNED, &s);
    if (err)
        return err;
    db_bind_int64(vault->db, s, 1, a->log);
    db_bind_int64(vault->db, s, 2, n);
    return db_step_done(vault->db, s);
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
    err = line_replica(vault, bytes_text(dot.replica), &log);
    return err ? err : held_note(vault, SQL_HELD_DROP, log, dot.n, r->release);
}

static enum err line_fold(struct applying *a, struct state_row *row,
                          const struct case_key *key,
                          const struct revision *revision, bool unfolded,
                          int64_t line)
{
    enum err err = ERR_OK;
    if (a->log == a->self.log && row->own_n < revision->dot.n)
        row->own_n = revision->dot.n;
    if (counts(a, revision->dot.n))
        err = sums_add(a->inbox->sums, key->id, hash_share(revision->hash));
    if (!err && unfolded)
        return state_keep(a->inbox->vault, row, key, line);
    if (!err)
        err = state_apply(a->inbox->vault, row, key, revision, line);
    return err ? err : statements_note(a, revision);
}

static enum err line_apply(struct applying *a, size_t index)
{
    const struct revision *revision = a->revisions[index];
    struct vault *vault = a->inbox->vault;
    const struct case_key *key = NULL;
    struct state_row row;
    int64_t line = 0;
    state_row_init(&row);
    enum err err = state_load(vault, revision->record, &row);
    if (!err)
        err = key_find(a, &row, revision, &key);
    if (!err && key->kase[0])
        err = member_add(a, key->id);
    if (!err)
        err = writer_find(a, revision->dot.replica);
    if (!err) {
        struct line_place place = {a->log, a->replica, revision->dot.n};
        err = line_add(vault, &place, key, revision->line, revision->hash,
                       a->page, false, &line);
        /* Two lines at one dot of another's log: the first stands here, and
         * the office has whoever brings the second carry it. */
        if (err == ERR_FORK && a->log != a->self.log)
            err = ERR_OK;
    }
    if (!err && !line)
        err = known_find(a, &row, key, revision->dot.n, &line);
    if (!err && line) {
        a->added++;
        err = line_fold(a, &row, key, revision, a->unfolded[index], line);
    }
    state_row_fini(&row);
    return err;
}

/* --- joins, leaves, cursor ------------------------------------------------ */

static enum err join_apply(struct applying *a, const struct inbox_entry *entry)
{
    const struct case_key *key;
    a->joining = entry->kase;
    enum err err =
        case_key_obtain(a->inbox->vault, bytes_text(entry->kase), &key);
    return err ? err : member_add(a, key->id);
}

static enum err leave_apply(struct applying *a, const struct inbox_entry *entry)
{
    struct inbox *inbox = a->inbox;
    bool gone;
    enum err err = sums_store(inbox->vault, inbox->sums);
    sums_clear(inbox->sums);
    map_clear(inbox->members);
    if (err)
        return err;
    err = entry->kase[0]
              ? leave_case(inbox->vault, entry->kase, entry->scope, &gone)
              : leave_scope(inbox->vault, entry->scope, &gone);
    a->scrub = a->scrub || gone;
    return err;
}

static enum err cursor_set(struct applying *a)
{
    const struct cursor_line *line = a->close->cursor;
    struct vault *vault = a->inbox->vault;
    struct sqlite3_stmt *s;
    int64_t head;
    enum err err = line_head(vault, a->self.log, &head);
    if (!err)
        err = vault_sql(vault, SQL_CURSOR_SET, &s);
    if (err)
        return err;
    db_bind_text(vault->db, s, 1, bytes_text(line->cursor.scope));
    db_bind_int64(vault->db, s, 2, line->cursor.seq);
    db_bind_int64(vault->db, s, 3, line->cursor.off);
    db_bind_int64(vault->db, s, 4, head);
    db_bind_int64(vault->db, s, 5, line->end);
    err = db_step_done(vault->db, s);
    if (err || !line->end)
        return err;
    return vault_run_int(vault, SQL_META_SYNCED_SET,
                         clock_wall_ms(vault->clock));
}

static enum err scope_empty(struct applying *a)
{
    struct vault *vault = a->inbox->vault;
    struct sqlite3_stmt *s;
    if (!a->close->settles)
        return ERR_OK;
    enum err err = vault_sql(vault, SQL_MEMBER_DROP_SCOPE, &s);
    if (err)
        return err;
    map_clear(a->inbox->members);
    db_bind_text(vault->db, s, 1, bytes_text(a->close->scope));
    return db_step_done(vault->db, s);
}

static enum err entries_apply(struct applying *a)
{
    struct inbox *inbox = a->inbox;
    enum err err = page_add(a);
    if (!err)
        err = scope_empty(a);
    for (size_t i = 0; !err && i < inbox->count; i++) {
        const struct inbox_entry *entry = &inbox->entries[i];
        if (entry->kind == INBOX_LINE)
            err = line_apply(a, i);
        else if (entry->kind == INBOX_JOIN)
            err = join_apply(a, entry);
        else
            err = leave_apply(a, entry);
    }
    if (!err && a->page && !a->added)
        err = vault_run_int(inbox->vault, SQL_PAGE_DROP, a->page);
    if (!err)
        err = sums_store(inbox->vault, inbox->sums);
    return err;
}

static enum err apply(struct applying *a)
{
    struct vault *vault = a->inbox->vault;
    arena_clear(&vault->arena);
    enum err err = identity_row_find(vault, IDENTITY_CURRENT, &a->self);
    if (!err)
        err = parse(a);
#ifdef MUTANT_CURSOR_EARLY
    if (!err && a->close->cursor) {
        err = cursor_set(a);
        if (!err)
            err = vault_commit(vault);
        if (!err)
            err = vault_begin_relaxed(vault);
    }
#endif
    if (!err)
        err = entries_apply(a);
    if (!err && a->close->cursor)
        err = cursor_set(a);
    return err;
}

enum err inbox_apply(struct inbox *inbox, const struct inbox_close *close)
{
    struct vault *vault = inbox->vault;
    struct applying a = {.inbox = inbox, .close = close};
    bool needs_keys = inbox->lines > 0;
    for (size_t i = 0; i < inbox->count; i++)
        needs_keys = needs_keys || inbox->entries[i].kind == INBOX_JOIN;
    if (needs_keys && !vault->unlocked)
        return vault_fail(vault, ERR_LOCKED, "the vault is locked");
    /* Page and cursor are lost together or not at all, and come again. */
    enum err err = vault_begin_relaxed(vault);
    if (err)
        return err;
    err = vault_end(vault, apply(&a));
    if (err) {
        map_clear(inbox->homes);
        map_clear(inbox->members);
        sums_clear(inbox->sums);
        return err;
    }
    inbox->applied += a.added;
    inbox_discard(inbox);
    if (a.scrub) {
        vault_forget(vault);
        vault_scrub(vault);
    }
    return ERR_OK;
}
