/* Rule `set`: a member stands while some add of it is not covered by a drop. */
#include "shared/model/fold_field.h"

#include <stdlib.h>
#include <string.h>

struct membership {
    struct bytes member; /* decoded text */
    const struct act *act;
    const struct canon *node; /* the added member, or the reason */
};
struct memberships {
    struct membership *at; /* by member, then act */
    size_t count;
};

static int compare_memberships(const void *a, const void *b)
{
    const struct membership *x = a, *y = b;
    int order = bytes_compare(x->member, y->member);
    if (order)
        return order;
    return (x->act->index > y->act->index) - (x->act->index < y->act->index);
}

/* By member, each act once: an add may name a member twice. */
static void memberships_sort(struct memberships *m)
{
    size_t count = 0;
    if (m->count > 1)
        qsort(m->at, m->count, sizeof *m->at, compare_memberships);
    for (size_t i = 0; i < m->count; i++)
        if (!i || compare_memberships(&m->at[i], &m->at[count - 1]))
            m->at[count++] = m->at[i];
    m->count = count;
}

static enum err memberships_gather(struct folding *f, const struct field *field,
                                   enum op_kind kind, struct memberships *out)
{
    size_t room = 0;
    for (size_t i = 0; i < field->op_count; i++)
        if (field->ops[i].kind == kind)
            room += field->ops[i].node->count;
    *out =
        (struct memberships){arena_take(f->arena, room * sizeof *out->at), 0};
    if (!out->at)
        return ERR_NOMEM;
    for (size_t i = 0; i < field->op_count; i++) {
        const struct op *op = &field->ops[i];
        if (op->kind != kind || (field->office && act_by_device(op->act)))
            continue;
        for (const struct canon *m = op->node->first; m; m = m->next)
            out->at[out->count++] = (struct membership){
                kind == OP_DROP ? m->name : m->text, op->act, m};
    }
    memberships_sort(out);
    return ERR_OK;
}

/* Drops of `member` become the writers that may cover its adds; `next` walks
 * along as members grow. */
static void drops_of(struct folding *f, const struct memberships *drops,
                     struct bytes member, size_t *next)
{
    cover_clear(&f->cover);
    while (*next < drops->count &&
           bytes_compare(drops->at[*next].member, member) < 0)
        ++*next;
    size_t i = *next;
    for (; i < drops->count && bytes_equal(drops->at[i].member, member); i++)
        cover_add(&f->cover, drops->at[i].act);
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->act->index != y->act->index)
        return x->act->index > y->act->index ? 1 : -1;
    int order = bytes_compare(x->member, y->member);
    return order ? order : bytes_compare(x->raw, y->raw);
}

static struct entry entry_of(const struct membership *m)
{
    return (struct entry){
        .act = m->act, .member = m->member, .raw = m->node->raw};
}

/* Live members in order of member; `value` is their canonical array. */
static enum err live_make(struct folding *f, const struct memberships *adds,
                          const struct memberships *drops, struct outcome *out)
{
    size_t next = 0, bytes = 2;
    struct bytes last = {0};
    out->live.at = arena_take(f->arena, adds->count * sizeof *out->live.at);
    if (!out->live.at)
        return ERR_NOMEM;
    for (size_t i = 0; i < adds->count; i++) {
        const struct membership *add = &adds->at[i];
        bytes += add->node->raw.size + 1;
        if (!i || !bytes_equal(add->member, adds->at[i - 1].member))
            drops_of(f, drops, add->member, &next);
        if (!cover_has(&f->cover, add->act))
            out->live.at[out->live.count++] = entry_of(add);
    }
    uint8_t *value = arena_take(f->arena, bytes), *end = value;
    if (!value)
        return ERR_NOMEM;
    *end++ = '[';
    for (size_t i = 0; i < out->live.count; i++) {
        struct bytes raw = out->live.at[i].raw;
        if (i && bytes_equal(raw, last))
            continue;
        if (i)
            *end++ = ',';
        memcpy(end, raw.at, raw.size);
        end += raw.size;
        last = raw;
    }
    *end++ = ']';
    out->value = bytes_of(value, (size_t)(end - value));
    return ERR_OK;
}

static enum err dropped_make(struct folding *f, const struct memberships *drops,
                             struct outcome *out)
{
    struct entries *dropped = &out->dropped;
    dropped->at = arena_take(f->arena, drops->count * sizeof *dropped->at);
    if (!dropped->at)
        return ERR_NOMEM;
    for (size_t i = 0; i < drops->count; i++)
        dropped->at[dropped->count++] =
            (struct entry){.act = drops->at[i].act,
                           .member = drops->at[i].member,
                           .reason = drops->at[i].node->raw};
    if (dropped->count > 1)
        qsort(dropped->at, dropped->count, sizeof *dropped->at,
              compare_entries);
    return ERR_OK;
}

enum err set_fold(struct folding *f, const struct field *field,
                  struct outcome *out)
{
    struct memberships adds, drops;
    enum err err = memberships_gather(f, field, OP_ADD, &adds);
    if (!err)
        err = memberships_gather(f, field, OP_DROP, &drops);
    if (!err)
        err = live_make(f, &adds, &drops, out);
    if (!err)
        err = dropped_make(f, &drops, out);
    if (!err && out->live.count > 1)
        qsort(out->live.at, out->live.count, sizeof *out->live.at,
              compare_entries);
    return err;
}
