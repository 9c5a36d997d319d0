#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "server/ingest_batch.h"

/* --- joins and leaves ----------------------------------------------------- */

static struct batch_member *member_find(const struct batch_case *kase,
                                        const char *scope)
{
    for (size_t i = 0; i < kase->member_count; i++)
        if (!strcmp(kase->members[i].scope->name, scope))
            return &kase->members[i];
    return NULL;
}

bool member_has(const struct batch_case *kase, const char *scope)
{
    const struct batch_member *member = member_find(kase, scope);
    return member && !member->left_seq;
}

static enum err member_store(struct batch *b, const struct batch_case *kase,
                             const struct batch_member *member)
{
    struct member_row row = {.joined_seq = member->joined_seq,
                             .left_seq = member->left_seq};
    memcpy(row.scope, member->scope->name, sizeof row.scope);
    return store_member_put(b->sql, b->agency, kase->kase, &row);
}

static enum err member_join(struct batch *b, struct batch_case *kase,
                            const char *scope)
{
    struct batch_member *member = member_find(kase, scope);
    enum err err = ERR_OK;
    if (member && !member->left_seq)
        return ERR_OK;
    if (!member)
        err = batch_member_add(b, kase, scope, &member);
    if (!err)
        err = feed_join(b, kase, member->scope, &member->joined_seq);
    if (err)
        return err;
    member->left_seq = 0;
    return member_store(b, kase, member);
}

enum err member_set(struct batch *b, struct batch_case *kase,
                    const struct scope_list *scopes)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < scopes->count; i++)
        err = member_join(b, kase, scopes->name[i]);
    for (size_t i = 0; !err && i < kase->member_count; i++) {
        struct batch_member *member = &kase->members[i];
        if (member->left_seq || scope_list_has(scopes, member->scope->name))
            continue;
        err = feed_leave(b, kase, member, &member->left_seq);
        kase->total.ever_left = kase->dirty = true;
        if (!err)
            err = member_store(b, kase, member);
    }
    return err;
}

/* --- rights --------------------------------------------------------------- */

/* The replica may have written its line n before it could know that the scope,
 * or the case in it, was no longer its own. */
static enum err unaware(struct batch *b, const struct batch_log *log,
                        const struct batch_member *member, int64_t n,
                        bool *right)
{
    const char *replica = log->row.replica;
    const char *scope = member->scope->name;
    bool granted = scope_list_has(&log->scopes, scope);
    bool reported;
    int64_t lost_own;
    enum err err = store_cursor_find(b->sql, b->agency, replica, scope,
                                     &reported, &lost_own);
    if (err || (!granted && !reported))
        return err;
    if (!granted && lost_own >= 0 && n > lost_own)
        return ERR_OK;
    if (!member->left_seq) {
        *right = true;
        return ERR_OK;
    }
    int64_t own;
    err = store_leave_own(b->sql, b->agency, replica, scope, member->left_seq,
                          &own);
    if (err && err != ERR_NOT_FOUND)
        return err;
    *right = err == ERR_NOT_FOUND || n <= own;
    return ERR_OK;
}

/* A case that no scope has ever seen is its maker's, under whatever key. */
static enum err unseen(struct batch *b, const struct batch_log *log,
                       const struct batch_case *kase, bool *right)
{
    struct batch_log *creator;
    *right = !kase->known || !strcmp(kase->total.creator, log->row.replica);
    if (*right)
        return ERR_OK;
    enum err err = batch_log_find(b, kase->total.creator, &creator);
    *right = !err && !strcmp(creator->row.account, log->row.account);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err member_right(struct batch *b, const struct batch_log *log,
                      const struct batch_case *kase, int64_t n, bool *right)
{
    enum err err = ERR_OK;
    *right = false;
    if (!kase->member_count)
        return unseen(b, log, kase, right);
    for (size_t i = 0; !*right && i < kase->member_count; i++)
        *right = !kase->members[i].left_seq &&
                 scope_list_has(&log->scopes, kase->members[i].scope->name);
    for (size_t i = 0; !err && !*right && i < kase->member_count; i++)
        err = unaware(b, log, &kase->members[i], n, right);
    return err;
}

/* --- the assignment record ------------------------------------------------ */

static enum err names_put(struct buffer *out, const char *const *names,
                          size_t count)
{
    buffer_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_add_char(out, ',');
        canon_put_text(out, bytes_text(names[i]));
    }
    buffer_add_char(out, ']');
    return buffer_err(out);
}

static int name_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* What has to be added and dropped to come from the present members to the
 * wanted ones. */
struct difference {
    const char *add[SCOPES_MAX], *drop[SCOPES_MAX];
    size_t add_count, drop_count;
};

static enum err difference_find(const struct batch_case *kase,
                                const struct scope_list *scopes,
                                struct difference *out)
{
    for (size_t i = 0; i < scopes->count; i++)
        if (!member_has(kase, scopes->name[i]))
            out->add[out->add_count++] = scopes->name[i];
    for (size_t i = 0; i < kase->member_count; i++) {
        const struct batch_member *member = &kase->members[i];
        if (member->left_seq || scope_list_has(scopes, member->scope->name))
            continue;
        if (out->drop_count == SCOPES_MAX)
            return ERR_TOO_BIG;
        out->drop[out->drop_count++] = member->scope->name;
    }
    qsort(out->add, out->add_count, sizeof *out->add, name_order);
    qsort(out->drop, out->drop_count, sizeof *out->drop, name_order);
    return ERR_OK;
}

static enum err difference_write(const struct difference *difference,
                                 struct buffer *add, struct buffer *drop)
{
    if (difference->add_count) {
        buffer_add_text(add, "{\"scopes\":");
        enum err err = names_put(add, difference->add, difference->add_count);
        if (err)
            return err;
        buffer_add_char(add, '}');
    }
    for (size_t i = 0; i < difference->drop_count; i++) {
        buffer_add_text(drop, i ? "," : "{\"scopes\":{");
        canon_put_text(drop, bytes_text(difference->drop[i]));
        buffer_add_text(drop, ":\"assigned\"");
    }
    if (difference->drop_count)
        buffer_add_text(drop, "}}");
    enum err err = buffer_err(add);
    return err ? err : buffer_err(drop);
}

enum err member_assign(struct batch *b, const char *author, const char *kase,
                       const struct scope_list *scopes)
{
    char record[ID_CHARS + 1];
    id_derive(record, "assignment", bytes_text(kase));
    struct batch_case *found;
    struct difference difference = {.add_count = 0};
    struct buffer add, drop, state;
    buffer_init(&add, ORIGINAL_BYTES_MAX);
    buffer_init(&drop, ORIGINAL_BYTES_MAX);
    buffer_init(&state, STATE_BYTES_MAX);
    struct seen seen;
    seen_init(&seen);
    struct record_row row;
    enum err err = batch_case_find(b, kase, &found);
    if (!err && found->disposed && scopes->count) {
        snprintf(b->office->detail, sizeof b->office->detail,
                 "the case was disposed of: what came since stays at the "
                 "office");
        err = ERR_DENIED;
    }
    if (!err)
        err = difference_find(found, scopes, &difference);
    if (!err)
        err = difference_write(&difference, &add, &drop);
    if (!err && difference.add_count + difference.drop_count > 0) {
        err = store_record_find(b->sql, b->agency, bytes_text(record), &row,
                                &state);
        bool fresh = err == ERR_NOT_FOUND || (!err && !row.type[0]);
        if (!err)
            err = fold_context(row.memo, &seen);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
        struct revision_draft draft = {.record = record,
                                       .type = fresh ? "assignment" : NULL,
                                       .kase = fresh ? kase : NULL,
                                       .seen = &seen,
                                       .add = buffer_bytes(&add),
                                       .drop = buffer_bytes(&drop)};
        struct dot dot;
        if (!err)
            err = ingest_term(b, author, &draft, NULL, &dot);
    }
    seen_fini(&seen);
    buffer_fini(&state);
    buffer_fini(&drop);
    buffer_fini(&add);
    return err;
}

enum err member_admit(struct batch *b, const struct batch_log *writer,
                      struct batch_case *kase)
{
    const char *caseload = scope_list_caseload(&writer->scopes);
    if (kase->disposed || kase->member_count || !caseload ||
        writer->row.revoked_at || writer->row.disabled)
        return ERR_OK;
    struct scope_list *first = arena_take(&b->arena, sizeof *first);
    if (!first)
        return ERR_NOMEM;
    enum err err = scope_list_add(first, caseload);
    return err ? err : member_assign(b, "office", kase->kase, first);
}
