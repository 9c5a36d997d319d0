/* What is listed beside a field's value until somebody answers it. */
#include "shared/model/fold_field.h"

#include <stdlib.h>

static bool is_readable(const struct field *field, const struct op *op)
{
    if (op->kind == OP_KEEP)
        return true;
    return (op->kind == OP_SET) == (field->rule != RULE_SET);
}

static bool is_listed(const struct folding *f, const struct act *act)
{
    return !cover_has(&f->cover, act);
}

static struct entry member_entry(const struct op *op, const struct canon *m)
{
    if (op->kind == OP_DROP)
        return (struct entry){
            .act = op->act, .member = m->name, .reason = m->raw};
    return (struct entry){.act = op->act, .member = m->text, .raw = m->raw};
}

/* A wish of a device for a field that the office writes, and a write of the
 * wrong form, stay listed until a later write that counts had seen them. */
static enum err listed(struct folding *f, const struct field *field,
                       bool requests, struct entries *out)
{
    size_t room = 0;
    for (size_t i = 0; i < field->op_count; i++) {
        const struct op *op = &field->ops[i];
        room += op->kind == OP_ADD || op->kind == OP_DROP || op->kind == OP_KEEP
                    ? op->node->count
                    : 1;
    }
    *out = (struct entries){arena_take(f->arena, room * sizeof *out->at), 0};
    if (!out->at)
        return ERR_NOMEM;
    for (size_t i = 0; i < field->op_count; i++) {
        const struct op *op = &field->ops[i];
        bool readable = is_readable(field, op);
        if ((requests ? !readable || !op_is_request(field, op) : readable) ||
            op->kind == OP_KEEP || !is_listed(f, op->act))
            continue;
        if (op->kind == OP_SET || !requests) {
            out->at[out->count++] =
                (struct entry){.act = op->act, .raw = op->node->raw};
            continue;
        }
        for (const struct canon *m = op->node->first; m; m = m->next)
            out->at[out->count++] = member_entry(op, m);
    }
    return ERR_OK;
}

static bool needs_lists(const struct field *field)
{
    for (size_t i = 0; i < field->op_count; i++)
        if (op_is_request(field, &field->ops[i]) ||
            !is_readable(field, &field->ops[i]))
            return true;
    return false;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    if (x->act->index != y->act->index)
        return x->act->index > y->act->index ? 1 : -1;
    if (!x->reason.size != !y->reason.size)
        return x->reason.size ? 1 : -1;
    int order = bytes_compare(x->member, y->member);
    return order ? order : bytes_compare(x->raw, y->raw);
}

/* In order, each once: an add may name a member twice. */
static void entries_sort(struct entries *entries)
{
    size_t count = 0;
    if (entries->count > 1)
        qsort(entries->at, entries->count, sizeof *entries->at,
              compare_entries);
    for (size_t i = 0; i < entries->count; i++)
        if (!i || compare_entries(&entries->at[i], &entries->at[count - 1]))
            entries->at[count++] = entries->at[i];
    entries->count = count;
}

/* A device's keep asks that the values it names stand. */
static enum err keeps_listed(struct folding *f, const struct field *field,
                             struct entries *out)
{
    struct claims asked;
    enum err err = claims_gather(f, field, true, &asked);
    if (err)
        return err;
    for (size_t i = 0; i < asked.count; i++)
        if (asked.at[i].act != asked.at[i].value &&
            is_listed(f, asked.at[i].act))
            out->at[out->count++] = (struct entry){
                .act = asked.at[i].act, .raw = asked.at[i].node->raw};
    return ERR_OK;
}

enum err lists_make(struct folding *f, const struct field *field,
                    struct outcome *out)
{
    if (!needs_lists(field))
        return ERR_OK;
    cover_clear(&f->cover);
    for (size_t i = 0; i < field->op_count; i++)
        if (!op_is_request(field, &field->ops[i]) &&
            is_readable(field, &field->ops[i]))
            cover_add(&f->cover, field->ops[i].act);
    enum err err = listed(f, field, false, &out->unreadable);
    if (!err && field->office)
        err = listed(f, field, true, &out->requests);
    if (!err && field->office && field->rule != RULE_SET)
        err = keeps_listed(f, field, &out->requests);
    entries_sort(&out->requests);
    return err;
}
