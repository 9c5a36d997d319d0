#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "server/disposal.h"
#include "server/forgotten.h"
#include "server/office_journal.h"
#include "server/recovery.h"
#include "server/store_agency.h"
#include "server/sync_inner.h"

/* --- what the header tells ------------------------------------------------ */

/* The device's head when it last applied anything: what it wrote since, it
 * wrote knowing what that reply said. */
static int64_t own_latest(const struct sync *s)
{
    int64_t own = 0;
    for (size_t i = 0; i < s->header.cursor_count; i++)
        if (s->header.cursors[i].own > own)
            own = s->header.cursors[i].own;
    return own;
}

static bool cursor_given(const struct sync *s, const char *scope)
{
    for (size_t i = 0; i < s->header.cursor_count; i++)
        if (!strcmp(s->header.cursors[i].scope, scope))
            return true;
    return false;
}

static enum err grants_note(struct sync *s, struct batch *b,
                            struct scope_list *known)
{
    enum err err =
        store_cursor_scopes(b->sql, b->agency, s->header.replica, known);
    for (size_t i = 0; !err && i < s->scopes.count; i++) {
        const char *scope = s->scopes.name[i];
        if (scope_list_has(known, scope))
            continue;
        err = store_cursor_granted(b->sql, b->agency, s->header.replica, scope);
        if (!err)
            err = scope_list_add(known, scope);
    }
    return err;
}

/* Every reply tells a scope that is not granted any more as left, and every
 * reply to a push has a token of its own: whoever comes with that one has heard
 * of it, and goes on naming the scope.  What the office has by the third time
 * may have been written before; no device of ours comes to that. */
static enum err cursor_note(struct sync *s, struct batch *b,
                            const struct cursor *cursor)
{
    const char *replica = s->header.replica;
    enum err err = store_cursor_report(b->sql, b->agency, replica, cursor);
    bool heard = !s->by_file && !s->header.locked && s->header.token[0] &&
                 !strcmp(s->header.token, s->row.token_latest);
    if (err || !heard || scope_list_has(&s->scopes, cursor->scope))
        return err;
    return store_cursor_clung(b->sql, b->agency, replica, cursor->scope,
                              s->row.head);
}

/* Cursors are noted before the lines are judged: a line's right depends on what
 * its writer knew.  To name a scope is no grant: a cursor counts where the
 * scope was granted and has not been let go since. */
static enum err cursors_note(struct sync *s, struct batch *b)
{
    struct scope_list *known = arena_take(&b->arena, sizeof *known);
    if (!known)
        return ERR_NOMEM;
    enum err err = grants_note(s, b, known);
    for (size_t i = 0; !err && i < s->header.cursor_count; i++)
        if (scope_list_has(known, s->header.cursors[i].scope))
            err = cursor_note(s, b, &s->header.cursors[i]);
    /* What a file does not name may have been granted after it was written. */
    bool names_all = s->header.cursor_count && !s->by_file;
    for (size_t i = 0; !err && names_all && i < known->count; i++)
        if (!scope_list_has(&s->scopes, known->name[i]) &&
            !cursor_given(s, known->name[i]))
            err = store_cursor_lost(b->sql, b->agency, s->header.replica,
                                    known->name[i], own_latest(s));
    return err;
}

static enum err clock_note(struct sync *s, struct batch *b)
{
    if (!s->header.clock)
        return ERR_OK;
    return store_clock_samples(b->sql, b->agency, s->header.replica, b->now,
                               s->header.clock->raw);
}

/* --- outcomes ------------------------------------------------------------- */

static enum err act_on_replica(struct sync *s, struct batch *b,
                               const char *what, const char *reason)
{
    struct buffer detail;
    buffer_init(&detail, 1024);
    enum err err =
        buffer_printf(&detail, "{\"reason\":\"%s\",\"replica\":\"%s\"}", reason,
                      s->header.replica);
    if (!err)
        err = store_act(b->sql, b->agency, b->now, "office", what,
                        buffer_bytes(&detail));
    buffer_fini(&detail);
    return err;
}

static enum err identity_close(struct sync *s, struct batch *b)
{
    enum err err = store_replica_close(b->sql, b->agency, s->header.replica,
                                       "fork", b->now);
    if (!err)
        err = act_on_replica(s, b, "close", "fork");
    s->verdict = VERDICT_FORK;
    s->status = 200; /* whatever was said of the body before */
    sync_judged(s);
    return err;
}

static enum err witness_note(struct sync *s, struct batch *b)
{
    return s->header.base_n > s->row.head
               ? recovery_witness(b->sql, b->agency, s->header.replica,
                                  s->header.base_n, b->now)
               : ERR_OK;
}

static enum err rolled_back(struct sync *s, struct batch *b)
{
    enum err err = office_new_lineage(b->office, b->sql);
    if (!err)
        err = witness_note(s, b);
    if (!err)
        err = store_lineage(b->sql, b->agency, s->lineage);
    s->status = 200;
    sync_judged(s);
    return err;
}

/* More of its log is backed up than it was told, or may have heard: the reply
 * that said so may have been lost. */
static enum err backed_tell(struct sync *s, struct batch *b)
{
    const struct replica_row *row = &s->row;
    if (s->stale || s->revoked || s->by_file || s->stage == STAGE_REFUSED)
        return ERR_OK;
    s->backed_due = row->backed > row->backed_told ||
                    (row->backed_told > 0 &&
                     strcmp(s->header.token, row->token_latest) != 0);
    return row->backed > row->backed_told
               ? store_replica_told(b->sql, b->agency, s->header.replica,
                                    row->backed)
               : ERR_OK;
}

/* A new token whenever the reply will carry something; the one that came stays
 * good when there is nothing to say. */
static enum err token_give(struct sync *s, struct batch *b)
{
    uint8_t bits[TOKEN_BYTES];
    const char *latest = s->header.token;
    bool carries = s->feed_waits || s->head > s->row.head || s->backed_due ||
                   s->header.mode != MODE_SYNC || !s->header.token[0];
    if (s->stage == STAGE_REFUSED)
        return ERR_OK;
    if (s->by_file)
        return s->header.locked || s->revoked
                   ? ERR_OK
                   : store_replica_unlocked(b->sql, b->agency,
                                            s->header.replica, b->now);
    if (s->revoked)
        return store_replica_heard(b->sql, b->agency, s->header.replica,
                                   b->now);
    if (s->stale)
        return ERR_OK;
    if (carries || strcmp(s->header.token, s->row.token_latest) != 0) {
        random_fill(s->office->random, bits, sizeof bits);
        base64_encode(s->token, bits, sizeof bits);
        latest = s->token;
    }
    return store_replica_tokens(b->sql, b->agency, s->header.replica, latest,
                                s->header.token, !s->header.locked, b->now);
}

/* --- lines ---------------------------------------------------------------- */

static void push_of(const struct sync *s, const struct piece *piece,
                    struct push *out)
{
    bool own = piece == s->pieces;
    *out = (struct push){.first = piece->first,
                         .lines = piece->lines,
                         .hashes = (const uint8_t(*)[HASH_BYTES])piece->hashes,
                         .count = piece->signed_count,
                         .signature = piece->signature,
                         .revisions = piece->revisions,
                         .cursors = own ? s->header.cursors : NULL,
                         .cursor_count = own ? s->header.cursor_count : 0,
                         .contributed = piece->contributed};
    memcpy(out->replica, piece->row.replica, sizeof out->replica);
    memcpy(out->link, piece->signed_link, LINK_BYTES);
}

/* A predecessor of which this office knows nothing gets a row, so that its log
 * can be unbroken again. */
static enum err unknown_add(struct sync *s, struct batch *b,
                            const struct piece *piece)
{
    struct batch_log *log;
    static const uint8_t none[SIGNATURE_BYTES];
    enum err err = batch_log_find(b, piece->row.replica, &log);
    if (err != ERR_NOT_FOUND)
        return err;
    struct replica_row row = piece->row;
    memcpy(row.role, s->row.role, sizeof row.role);
    memcpy(row.account, s->row.account, sizeof row.account);
    row.enrolled_at = b->now;
    err = store_replica_add(b->sql, b->agency, &row, bytes_text(""), none);
    if (!err)
        err = store_replica_close(b->sql, b->agency, row.replica, "lineage",
                                  b->now);
    return err ? err : forgotten_shut(b->office, b->sql, row.replica);
}

/* What a revoked vault gives is held under whatever name. */
static enum err piece_revoke(struct sync *s, struct batch *b,
                             const struct piece *piece)
{
    struct batch_log *log;
    enum err err = batch_log_find(b, piece->row.replica, &log);
    if (err || !s->row.revoked_at || log->row.revoked_at)
        return err;
    log->row.revoked_at = b->now;
    return store_replica_revoke(b->sql, b->agency, log->row.replica, b->now,
                                b->now);
}

static enum err old_commit(struct sync *s, struct batch *b,
                           const struct piece *piece)
{
    struct push push;
    struct push_result result = {.held = NULL};
    push_of(s, piece, &push);
    enum err err = unknown_add(s, b, piece);
    if (!err)
        err = piece_revoke(s, b, piece);
    if (!err)
        err = piece->apart ? ERR_FORK : batch_push(b, &push, &result);
    free(result.held);
    if (err == ERR_FORK)
        err = ingest_branch(b, &push, piece->apart);
    if (err == ERR_GAP)
        sync_old_gap(s, &piece->row);
    else if (err == ERR_FORK)
        sync_old_other(s, &piece->row);
    return err == ERR_GAP || err == ERR_FORK ? ERR_OK : err;
}

static enum err own_commit(struct sync *s, struct batch *b,
                           const struct piece *piece)
{
    struct push push;
    struct push_result result;
    push_of(s, piece, &push);
    enum err err = batch_push(b, &push, &result);
    if (err == ERR_FORK)
        return identity_close(s, b);
    if (err == ERR_GAP) {
        sync_refuse(s, 422, "gap", "the office lacks earlier lines");
        return ERR_OK;
    }
    s->held = result.held;
    s->held_count = result.held_count;
    s->head = result.head;
    memcpy(s->link, result.link, LINK_BYTES);
    return err;
}

/* What office terms said to have written before this history began. */
static enum err terms_note(struct sync *s, struct batch *b)
{
    int64_t began_at;
    enum err err = recovery_find(b->sql, b->agency, &began_at);
    for (size_t i = 0; !err && i < s->header.terms_count; i++) {
        const struct log_mark *term = &s->header.terms[i];
        struct replica_row row = {.head = 0};
        if (!replica_is_office(bytes_text(term->replica)))
            continue;
        err = store_replica_find(b->sql, b->agency, term->replica, &row);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
        if (!err && row.head < term->n)
            err = recovery_witness(b->sql, b->agency, term->replica, term->n,
                                   b->now);
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err lines_commit(struct sync *s, struct batch *b)
{
    enum err err = own_commit(s, b, &s->pieces[0]);
    for (size_t i = 1; !err && i < s->piece_count; i++)
        if (s->pieces[i].signed_count)
            err = old_commit(s, b, &s->pieces[i]);
    if (!err && s->healed.count)
        err = batch_healed(b, s->healed.lines, s->healed.count);
    if (!err && s->header.mode == MODE_RECONCILE)
        err = reconcile_commit(s, b);
    if (!err && s->header.mode == MODE_RECONCILE)
        err = terms_note(s, b);
    if (!err && s->header.mode == MODE_FIX)
        err = fix_commit(s, b);
    return err;
}

static enum err sync_commit_one(struct sync *s, struct batch *b)
{
    if (s->stage == STAGE_REFUSED && !s->piece_count &&
        s->verdict != VERDICT_FORK && s->verdict != VERDICT_ROLLED_BACK &&
        !sync_witnesses(s))
        return ERR_OK;
    /* Others may have committed since the header was read. */
    enum err err = sync_judge(s, b->sql);
    if (err)
        return err;
    s->head = s->row.head;
    if (s->verdict == VERDICT_FORK)
        return identity_close(s, b);
    if (s->verdict == VERDICT_ROLLED_BACK)
        return rolled_back(s, b);
    if (s->verdict != VERDICT_SERVE) {
        if (s->verdict == VERDICT_LINEAGE)
            err = witness_note(s, b);
        s->status = 200;
        sync_judged(s);
        return err;
    }
    err = cursors_note(s, b);
    if (!err)
        err = clock_note(s, b);
    if (!err)
        err = lines_commit(s, b);
    if (!err && s->verdict == VERDICT_SERVE)
        err = backed_tell(s, b);
    if (!err && s->verdict == VERDICT_SERVE)
        err = token_give(s, b);
    if (!err)
        err = batch_flush(b);
    /* Whoever heals may have brought the last that was missing. */
    bool heals = s->piece_count > 1 || s->header.mode != MODE_SYNC;
    bool ended = false;
    if (!err && heals)
        err = recovery_settle(b->office, b->sql, &ended);
    if (err || !ended)
        return err;
    err = ingest_number_all(b);
    return err ? err : batch_flush(b);
}

static void outcome_save(struct sync *s)
{
    s->before.stage = s->stage;
    s->before.status = s->status;
    s->before.error = s->error;
}

static void outcome_forget(struct sync *s)
{
    s->stage = s->before.stage;
    s->status = s->before.status;
    s->error = s->before.error;
    free(s->held);
    s->held = NULL;
    s->held_count = 0;
    s->token[0] = '\0';
    s->backed_due = false;
}

static enum err batch_fill(struct batch *b, struct sync *const *syncs,
                           size_t count)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < count; i++)
        err = sync_commit_one(syncs[i], b);
    return err ? err : batch_flush(b);
}

static enum err commit_together(struct office *office, struct sql *sql,
                                struct sync *const *syncs, size_t count)
{
    struct batch b;
    uint64_t ledger_bytes;
    enum err err = sql_begin(sql, true);
    if (err)
        return err;
    err = disposal_catch_up(office, sql, &ledger_bytes);
    if (!err)
        err = batch_open(&b, office, sql);
    if (!err) {
        err = batch_fill(&b, syncs, count);
        batch_fini(&b);
    }
    if (err)
        sql_rollback(sql);
    else
        err = sql_commit(sql);
    if (!err)
        office->ledger_bytes = ledger_bytes;
    bool journalled = !err && office_journal_covers(office->journal);
    for (size_t i = 0; i < count; i++) {
        if (err)
            outcome_forget(syncs[i]);
        syncs[i]->committed = !err;
        syncs[i]->journalled = journalled;
    }
    return err;
}

/* What any request may meet, and what passes. */
static bool passes(enum err err)
{
    return err == ERR_NOMEM || err == ERR_BUSY || err == ERR_FULL ||
           err == ERR_IO;
}

enum err sync_commit_many(struct office *office, struct sql *sql,
                          struct sync *const *syncs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        outcome_save(syncs[i]);
    enum err err = commit_together(office, sql, syncs, count);
    if (!err || passes(err) || count == 1)
        return err;
    /* One of them cannot be stored: the others shall not suffer for it. */
    for (size_t i = 0; i < count; i++) {
        err = commit_together(office, sql, &syncs[i], 1);
        if (err && passes(err))
            return err;
        if (err) {
            log_event(office->log, LOG_ERROR, "commit_refused", "replica", "%s",
                      syncs[i]->header.replica, "error", "%s", err_name(err),
                      NULL);
            sync_refuse(syncs[i], 500, "internal",
                        "the request could not be stored");
        }
    }
    return ERR_OK;
}
