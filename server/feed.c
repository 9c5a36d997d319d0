#include <string.h>
#include "server/ingest_batch.h"

/* The writer of a line surely has it, so that its feed may leave it out: no
 * leave has ever told anybody to let go of the case, or its cursor had passed
 * the case's last join and it wrote the line after that. */
static bool writer_has(struct batch *b, const struct batch_case *kase,
                       const struct batch_member *member, const char *replica,
                       int64_t n)
{
    if (!b->push || b->push->contributed ||
        strcmp(b->push->replica, replica) != 0)
        return false;
    if (!kase->total.ever_left)
        return true;
    const struct cursor *cursor = batch_cursor(b, member->scope);
    return cursor && cursor->seq >= member->joined_seq && cursor->own < n;
}

static enum err entry_add(struct batch *b, struct batch_scope *scope,
                          uint64_t sum, struct feed_row *row)
{
    scope->head.seq++;
    scope->head.sum = sum;
    scope->dirty = true;
    row->seq = scope->head.seq;
    row->sum = sum;
    return store_feed_add(b->sql, b->agency, scope->name, row);
}

enum err feed_line(struct batch *b, struct batch_case *kase, int64_t arrival,
                   const uint8_t hash[HASH_BYTES], const char *replica,
                   int64_t n)
{
    uint64_t share = hash_share(hash);
    kase->total.count++;
    kase->total.sum += share;
    kase->dirty = true;
    enum err err = store_placed_add(b->sql, b->agency, kase->kase,
                                    kase->total.count, arrival);
    for (size_t i = 0; !err && i < kase->member_count; i++) {
        struct batch_member *member = &kase->members[i];
        if (member->left_seq)
            continue;
        bool has = writer_has(b, kase, member, replica, n);
        struct feed_row row = {.kind = FEED_LINE,
                               .kase = kase->kase,
                               .arrival = arrival,
                               .skip = has ? replica : NULL};
        err =
            entry_add(b, member->scope, member->scope->head.sum + share, &row);
    }
    return err;
}

enum err feed_join(struct batch *b, struct batch_case *kase,
                   struct batch_scope *scope, int64_t *seq)
{
    struct feed_row row = {
        .kind = FEED_JOIN, .kase = kase->kase, .upto = kase->total.count};
    enum err err = entry_add(b, scope, scope->head.sum + kase->total.sum, &row);
    *seq = row.seq;
    return err;
}

enum err feed_leave(struct batch *b, struct batch_case *kase,
                    struct batch_member *member, int64_t *seq)
{
    struct feed_row row = {
        .kind = FEED_LEAVE, .kase = kase->kase, .upto = member->joined_seq};
    enum err err = entry_add(b, member->scope,
                             member->scope->head.sum - kase->total.sum, &row);
    *seq = row.seq;
    return err;
}

/* Told once a push. */
static enum err leave_again(struct batch *b, const struct batch_case *kase,
                            struct batch_member *member)
{
    struct feed_row row = {
        .kind = FEED_LEAVE, .kase = kase->kase, .upto = member->joined_seq};
    if (member->told_push == b->push_number)
        return ERR_OK;
    member->told_push = b->push_number;
    return entry_add(b, member->scope, member->scope->head.sum, &row);
}

/* The writer saw the case at some time, as this store knows it. */
static bool saw(const struct batch_case *kase, const struct batch_log *log)
{
    for (size_t i = 0; i < kase->member_count; i++)
        if (scope_list_has(&log->scopes, kase->members[i].scope->name))
            return true;
    return false;
}

/* A case that was disposed of, and that this store has never let the writer
 * see: it was taken back to before the case was begun, or a vault was copied.
 */
static enum err leave_first(struct batch *b, struct batch_case *kase,
                            const struct batch_log *log)
{
    const char *scope = scope_list_caseload(&log->scopes);
    struct batch_member *member;
    if (!scope)
        return ERR_OK;
    enum err err = batch_member_add(b, kase, scope, &member);
    if (!err)
        err = leave_again(b, kase, member);
    if (err)
        return err;
    struct member_row row = {.left_seq = member->scope->head.seq};
    member->left_seq = row.left_seq;
    memcpy(row.scope, scope, strlen(scope) + 1);
    return store_member_put(b->sql, b->agency, kase->kase, &row);
}

enum err feed_leave_again(struct batch *b, struct batch_case *kase,
                          const struct batch_log *log)
{
    enum err err = ERR_OK;
    if (!b->push || b->push->contributed || log->row.kind != 'w')
        return ERR_OK;
    if (kase->disposed && !saw(kase, log))
        return leave_first(b, kase, log);
    for (size_t i = 0; i < kase->member_count; i++)
        if (!kase->members[i].left_seq &&
            scope_list_has(&log->scopes, kase->members[i].scope->name))
            return ERR_OK;
    for (size_t i = 0; !err && i < kase->member_count; i++) {
        struct batch_member *member = &kase->members[i];
        const struct cursor *cursor = batch_cursor(b, member->scope);
        if (member->left_seq && cursor && cursor->seq >= member->left_seq &&
            scope_list_has(&log->scopes, member->scope->name))
            err = leave_again(b, kase, member);
    }
    return err;
}
