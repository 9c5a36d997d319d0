/* Rules `latest`, `furthest`, `safest` and `both`. */
#include "shared/model/fold_field.h"

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
