#include "shared/model/fold.h"

#include <assert.h>
#include "shared/model/fold_memo.h"
#include "shared/model/fold_write.h"

void fold_init(struct fold *fold)
{
    buffer_init(&fold->state, STATE_BYTES_MAX);
    buffer_init(&fold->memo, STATE_BYTES_MAX);
}

void fold_fini(struct fold *fold)
{
    buffer_fini(&fold->state);
    buffer_fini(&fold->memo);
}

static enum err folding_init(struct folding *f, const struct acts *acts,
                             const struct schema_type *type)
{
    struct arena *arena = acts->arena;
    *f = (struct folding){.arena = arena, .acts = acts, .type = type};
    f->seals = arena_take(arena, acts->count * sizeof(*f->seals));
    f->marked = arena_take(arena, acts->count * sizeof *f->marked);
    if (!f->seals || !f->marked)
        return ERR_NOMEM;
    for (size_t i = 0; i < acts->count; i++)
        if (acts->at[i].line->seal)
            f->seals[f->seal_count++] = &acts->at[i];
    return cover_init(&f->cover, acts);
}

static bool is_shown(const struct outcome *outcome)
{
    return outcome->live.count || outcome->after.count ||
           outcome->dropped.count || outcome->requests.count ||
           outcome->unreadable.count;
}

static enum err fields_put(struct folding *f, struct buffer *out)
{
    struct op *ops;
    size_t count;
    bool first = true;
    enum err err = ops_gather(f, &ops, &count);
    for (size_t i = 0; !err && i < count;) {
        struct outcome outcome;
        struct field field = field_of(f, &ops[i], count - i);
        err = field_fold(f, &field, &outcome);
        if (!err && is_shown(&outcome)) {
            field_put(out, &field, &outcome, first);
            first = false;
        }
        i += field.op_count;
    }
    return err;
}

static enum err state_put(const struct schema *schema, const struct acts *acts,
                          const struct act *creator, struct buffer *out)
{
    struct folding f;
    const struct revision *line = creator->line;
    const struct schema_type *type;
    enum err err = schema_find(schema, line->type, &type);
    if (!err)
        err = folding_init(&f, acts, type);
    if (err)
        return err;
    state_open(out, line->kase);
    err = fields_put(&f, out);
    state_close(out, line->record, type, line->type);
    if (err || buffer_err(out) != ERR_TOO_BIG)
        return err ? err : buffer_err(out);
    /* One record must not stop the others: its history tells what it holds. */
    buffer_clear(out);
    state_oversize(out, line, type);
    return buffer_err(out);
}

enum err fold_all(const struct schema *schema,
                  const struct revision *const *revisions, size_t count,
                  struct fold *out)
{
    struct arena arena;
    struct acts acts;
    assert(count > 0);
    buffer_clear(&out->state);
    buffer_clear(&out->memo);
    arena_init(&arena, FOLD_ARENA_BYTES_MAX);
    enum err err = acts_gather(&acts, &arena, revisions, count);
    const struct act *creator = err ? NULL : acts_creator(&acts);
    if (!err && creator) {
        err = state_put(schema, &acts, creator, &out->state);
    } else if (!err) {
        state_waiting(&out->state, revisions[0]->record);
        err = buffer_err(&out->state);
    }
    if (!err)
        err = memo_write(&out->memo, &acts, creator != NULL);
    arena_fini(&arena);
    return err;
}

enum err fold_context(struct bytes memo, struct seen *out)
{
    out->count = 0;
    if (memo.size && !memo_valid(memo))
        return ERR_CORRUPT;
    for (size_t i = 0; i < memo_count(memo); i++) {
        struct memo_entry entry = memo_at(memo, i);
        if (entry.reached < 1)
            continue;
        /* To have seen less than was there is always safe. */
        if (out->count == SEEN_REPLICAS_MAX)
            break;
        enum err err = seen_raise(out, bytes_of(entry.replica, REPLICA_CHARS),
                                  entry.reached);
        if (err)
            return err;
    }
    return ERR_OK;
}

void state_hash(uint8_t out[HASH_BYTES], struct bytes state)
{
    hash_bytes(out, state);
}
