/* The acts' writes, field by field, and the claims they make. */
#include "shared/model/fold_field.h"

#include <stdlib.h>
#include <string.h>

static int compare_ops(const void *a, const void *b)
{
    const struct op *x = a, *y = b;
    int order = canon_compare_names(x->field, y->field);
    if (order)
        return order;
    if (x->act->index != y->act->index)
        return x->act->index > y->act->index ? 1 : -1;
    return (int)x->kind - (int)y->kind;
}

static size_t members(const struct canon *object)
{
    return object ? object->count : 0;
}

static const struct canon *keep_of(const struct appearance *p,
                                   const struct act *act)
{
    return p->line->keep ? p->line->keep : act->line->keep;
}

static size_t op_count(const struct act *act)
{
    size_t count = members(act->line->set) + members(act->line->add) +
                   members(act->line->drop);
    for (const struct appearance *p = act->first; p; p = p->next)
        count += members(keep_of(p, act));
    return count;
}

static struct op *ops_put(struct op *at, const struct act *act,
                          enum op_kind kind, const struct canon *object)
{
    const struct canon *node = object ? object->first : NULL;
    for (; node; node = node->next)
        *at++ = (struct op){node->name, act, kind, node};
    return at;
}

enum err ops_gather(struct folding *f, struct op **ops, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < f->acts->count; i++)
        *count += op_count(&f->acts->at[i]);
    struct op *at = *ops = arena_take(f->arena, *count * sizeof *at);
    if (!at)
        return ERR_NOMEM;
    for (size_t i = 0; i < f->acts->count; i++) {
        const struct act *act = &f->acts->at[i];
        at = ops_put(at, act, OP_SET, act->line->set);
        at = ops_put(at, act, OP_ADD, act->line->add);
        at = ops_put(at, act, OP_DROP, act->line->drop);
        for (const struct appearance *p = act->first; p; p = p->next)
            at = ops_put(at, act, OP_KEEP, keep_of(p, act));
    }
    if (*count > 1)
        qsort(*ops, *count, sizeof **ops, compare_ops);
    return ERR_OK;
}

struct field field_of(const struct folding *f, const struct op *ops,
                      size_t count)
{
    struct field field = {.name = ops->field, .rule = RULE_BOTH, .ops = ops};
    while (field.op_count < count &&
           bytes_equal(ops[field.op_count].field, ops->field))
        field.op_count++;
    if (f->type)
        field.known = type_field(f->type, ops->field);
    if (field.known) {
        field.rule = field_rule(field.known);
        field.office = field_office(field.known);
    }
    return field;
}

bool op_is_request(const struct field *field, const struct op *op)
{
    return field->office && act_by_device(op->act);
}

static int compare_ids(const void *a, const void *b)
{
    const struct op *x = *(const struct op *const *)a;
    const struct op *y = *(const struct op *const *)b;
    return strcmp(x->act->line->write, y->act->line->write);
}

/* The field's `set` ops by write id, for what a keep names. */
struct targets {
    const struct op **at;
    size_t count;
};

static enum err targets_make(struct folding *f, const struct field *field,
                             struct targets *out)
{
    *out = (struct targets){0};
    out->at = arena_take(f->arena, field->op_count * sizeof(*out->at));
    if (!out->at)
        return ERR_NOMEM;
    for (size_t i = 0; i < field->op_count; i++)
        if (field->ops[i].kind == OP_SET)
            out->at[out->count++] = &field->ops[i];
    if (out->count > 1)
        qsort(out->at, out->count, sizeof *out->at, compare_ids);
    return ERR_OK;
}

static const struct op *target_find(const struct targets *targets,
                                    struct bytes id)
{
    size_t low = 0, high = targets->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct op *op = targets->at[middle];
        int order = bytes_compare(bytes_text(op->act->line->write), id);
        if (!order)
            return op;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Of the live values that the keeper saw, the ones it names; a name that
 * stands twice counts once. */
static void keep_claims(const struct op *keep, const struct targets *targets,
                        struct claims *out)
{
    size_t from = out->count;
    while (from && out->at[from - 1].act == keep->act)
        from--;
    const struct canon *id = keep->node->first;
    for (; id; id = id->next) {
        const struct op *target = target_find(targets, id->text);
        if (!target || target->act == keep->act ||
            !act_has_seen(keep->act, target->act))
            continue;
        size_t i = from;
        while (i < out->count && out->at[i].value != target->act)
            i++;
        if (i == out->count)
            out->at[out->count++] =
                (struct claim){keep->act, target->act, target->node};
    }
}

/* `office` picks those that take effect; else the requests of devices. */
enum err claims_gather(struct folding *f, const struct field *field,
                       bool requests, struct claims *out)
{
    struct targets targets = {0};
    size_t room = 0;
    for (size_t i = 0; i < field->op_count; i++) {
        const struct op *op = &field->ops[i];
        if (op->kind == OP_KEEP && !targets.at) {
            enum err err = targets_make(f, field, &targets);
            if (err)
                return err;
        }
        room += op->kind == OP_KEEP ? op->node->count : 1;
    }
    *out = (struct claims){arena_take(f->arena, room * sizeof *out->at), 0};
    if (!out->at)
        return ERR_NOMEM;
    for (size_t i = 0; i < field->op_count; i++) {
        const struct op *op = &field->ops[i];
        if (op_is_request(field, op) != requests)
            continue;
        if (op->kind == OP_SET)
            out->at[out->count++] = (struct claim){op->act, op->act, op->node};
        else if (op->kind == OP_KEEP)
            keep_claims(op, &targets, out);
    }
    return ERR_OK;
}
