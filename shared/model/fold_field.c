#include "shared/model/fold_field.h"

#include <stdlib.h>
#include <string.h>

/* --- ops ---------------------------------------------------------------- */

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

/* --- claims ------------------------------------------------------------- */

static bool is_request(const struct field *field, const struct op *op)
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
static enum err claims_gather(struct folding *f, const struct field *field,
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
        if (is_request(field, op) != requests)
            continue;
        if (op->kind == OP_SET)
            out->at[out->count++] = (struct claim){op->act, op->act, op->node};
        else if (op->kind == OP_KEEP)
            keep_claims(op, &targets, out);
    }
    return ERR_OK;
}

/* --- what is listed beside the value ------------------------------------- */

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
        if ((requests ? !readable || !is_request(field, op) : readable) ||
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
        if (is_request(field, &field->ops[i]) ||
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

static enum err lists_make(struct folding *f, const struct field *field,
                           struct outcome *out)
{
    if (!needs_lists(field))
        return ERR_OK;
    cover_clear(&f->cover);
    for (size_t i = 0; i < field->op_count; i++)
        if (!is_request(field, &field->ops[i]) &&
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

/* --- rules -------------------------------------------------------------- */

static bool is_maximum(const struct field *field, struct bytes value,
                       const struct bytes *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (field_below(field->known, value, values[i]))
            return false;
    return true;
}

/* Rules `furthest` and `safest`: the maxima among the live values. */
static enum err maxima_make(struct folding *f, const struct field *field,
                            struct outcome *out)
{
    struct bytes *values =
        arena_take(f->arena, out->live.count * sizeof *values);
    out->review = arena_take(f->arena, out->live.count * sizeof *out->review);
    if (!values || !out->review)
        return ERR_NOMEM;
    size_t count = 0;
    for (size_t i = 0; i < out->live.count; i++) {
        size_t j = 0;
        while (j < count && !bytes_equal(values[j], out->live.at[i].raw))
            j++;
        if (j == count)
            values[count++] = out->live.at[i].raw;
    }
    for (size_t i = 0; i < count; i++)
        if (is_maximum(field, values[i], values, count))
            out->review[out->review_count++] = values[i];
    if (out->review_count != 1)
        return ERR_OK;
    out->value = out->review[0];
    out->review_count = 0;
    return ERR_OK;
}

static enum err values_fold(struct folding *f, const struct field *field,
                            struct claims found, struct outcome *out)
{
    struct claims alive;
    if (!found.count)
        return ERR_OK;
    enum err err = claims_live(f, found, &alive);
    if (!err)
        err = claims_list(f, alive, &out->live);
    if (err)
        return err;
    out->value = claims_best(alive)->node->raw;
    if (!claims_differ(alive))
        return ERR_OK;
    out->open = !claims_agreed(f, alive);
    err = claims_base(f, found, alive, &out->base);
    if (!err && (field->rule == RULE_FURTHEST || field->rule == RULE_SAFEST))
        err = maxima_make(f, field, out);
    out->meanwhile = field->rule == RULE_BOTH || out->review_count;
    if (out->meanwhile)
        out->value = out->base;
    return err;
}

enum err field_fold(struct folding *f, const struct field *field,
                    struct outcome *out)
{
    struct claims found;
    *out = (struct outcome){.value = bytes_text("null"),
                            .base = bytes_text("null")};
    enum err err = lists_make(f, field, out);
    if (err)
        return err;
    if (field->rule == RULE_SET)
        return set_fold(f, field, out);
    err = claims_gather(f, field, false, &found);
    if (err)
        return err;
    if (field->rule == RULE_FIXED && f->seal_count)
        return fixed_fold(f, found, out);
    return values_fold(f, field, found, out);
}
