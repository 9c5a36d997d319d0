#include "shared/replica/inbox_inner.h"

#include <string.h>

#include "shared/replica/leave.h"
#include "shared/replica/line.h"

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

/* --- joins, leaves, cursor ------------------------------------------------ */

static enum err join_apply(struct applying *a, const struct inbox_entry *entry)
{
    const struct case_key *key;
    a->joining = entry->kase;
    enum err err =
        case_key_obtain(a->inbox->vault, bytes_text(entry->kase), &key);
    return err ? err : inbox_apply_member(a, key->id);
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
            err = inbox_apply_line(a, i);
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
        err = own_logs_load(vault, &a->own);
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
    own_logs_fini(&a.own);
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
