/* Codes, their order for merging, their moves for screens. */
#include <string.h>
#include "shared/model/schema_read.h"

static bool code_is_new(const struct schema_field *field, struct bytes code)
{
    for (size_t i = 0; i < field->code_count; i++)
        if (bytes_equal(field->codes[i], code))
            return false;
    return true;
}

bool codes_read(struct reading *r, const struct canon *object,
                struct schema_field *field)
{
    const struct canon *codes = canon_member(object, "codes");
    if (!codes && field->kind != VALUE_CODE)
        return true;
    if (!codes || field->kind != VALUE_CODE)
        return reading_refuse(r, field->name,
                              "codes stand with kind code, and only there");
    if (codes->kind != CANON_ARRAY || !codes->count ||
        codes->count > SCHEMA_CODES_MAX)
        return reading_refuse(r, field->name,
                              "codes: a list of codes is expected");
    field->codes = reading_take(r, codes->count * sizeof *field->codes);
    if (!field->codes)
        return false;
    const struct canon *code = codes->first;
    for (; code; code = code->next) {
        if (code->kind != CANON_TEXT || !name_valid(code->text))
            return reading_refuse(r, field->name,
                                  "codes: a code is not a name");
        if (!code_is_new(field, code->text))
            return reading_refuse(r, field->name, "codes: a code stands twice");
        field->codes[field->code_count++] = code->text;
    }
    return true;
}

static bool value_quoted(struct reading *r, struct schema_field *field,
                         struct bytes code)
{
    uint8_t *at = reading_take(r, code.size + 2);
    if (!at)
        return false;
    at[0] = '"';
    memcpy(at + 1, code.at, code.size);
    at[code.size + 1] = '"';
    field->values[field->value_count++] = bytes_of(at, code.size + 2);
    return true;
}

/* The values an order may speak of; unknown and refused always belong. */
static bool make_values(struct reading *r, struct schema_field *field)
{
    static const char *const always[] = {"unknown", "refused"};
    field->values =
        reading_take(r, (field->code_count + 2) * sizeof *field->values);
    if (!field->values)
        return false;
    if (field->kind == VALUE_BOOL) {
        field->values[field->value_count++] = bytes_text("false");
        field->values[field->value_count++] = bytes_text("true");
        return true;
    }
    for (size_t i = 0; i < field->code_count; i++)
        if (!value_quoted(r, field, field->codes[i]))
            return false;
    for (size_t i = 0; i < 2; i++)
        if (code_is_new(field, bytes_text(always[i])) &&
            !value_quoted(r, field, bytes_text(always[i])))
            return false;
    return true;
}

static size_t value_find(const struct schema_field *field,
                         const struct canon *value)
{
    size_t i = 0;
    while (i < field->value_count && !bytes_equal(field->values[i], value->raw))
        i++;
    return i;
}

static void close_order(bool *below, size_t count)
{
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; below[i * count + k] && j < count; j++)
                below[i * count + j] |= below[k * count + j];
}

static bool read_pairs(struct reading *r, const struct canon *order,
                       struct schema_field *field)
{
    size_t count = field->value_count;
    for (const struct canon *pair = order->first; pair; pair = pair->next) {
        if (pair->kind != CANON_ARRAY || pair->count != 2)
            return reading_refuse(
                r, field->name,
                "order: pairs of lower and higher are expected");
        size_t low = value_find(field, pair->first);
        size_t high = value_find(field, pair->first->next);
        if (low == count || high == count)
            return reading_refuse(r, field->name,
                                  "order: a value is not one of the codes");
        field->below[low * count + high] = true;
    }
    close_order(field->below, count);
    for (size_t i = 0; i < count; i++)
        if (field->below[i * count + i])
            return reading_refuse(r, field->name,
                                  "order: it goes round in a circle");
    return true;
}

bool order_read(struct reading *r, const struct canon *object,
                struct schema_field *field)
{
    const struct canon *order = canon_member(object, "order");
    bool ordered = field->rule == RULE_FURTHEST || field->rule == RULE_SAFEST;
    if (!order && !ordered)
        return true;
    if (!order || !ordered)
        return reading_refuse(
            r, field->name,
            "order stands with rule furthest or safest, and only "
            "there");
    if (field->kind != VALUE_CODE && field->kind != VALUE_BOOL)
        return reading_refuse(r, field->name,
                              "order: kind code or bool is expected");
    if (order->kind != CANON_ARRAY || !order->count)
        return reading_refuse(r, field->name,
                              "order: a list of pairs is expected");
    if (!make_values(r, field))
        return false;
    field->below = reading_take(r, field->value_count * field->value_count);
    return field->below && read_pairs(r, order, field);
}

static bool code_declared(const struct schema_field *field, struct bytes code)
{
    return !code_is_new(field, code) || bytes_is(code, "unknown") ||
           bytes_is(code, "refused");
}

bool moves_read(struct reading *r, const struct canon *object,
                struct schema_field *field)
{
    const struct canon *moves = canon_member(object, "moves");
    if (!moves)
        return true;
    if (moves->kind != CANON_OBJECT || field->kind != VALUE_CODE)
        return reading_refuse(r, field->name,
                              "moves: codes with lists are expected");
    for (const struct canon *from = moves->first; from; from = from->next) {
        if (from->name.size && !code_declared(field, from->name))
            return reading_refuse(r, field->name,
                                  "moves: a code is not one of the codes");
        if (from->kind != CANON_ARRAY)
            return reading_refuse(r, field->name,
                                  "moves: codes with lists are expected");
        for (const struct canon *to = from->first; to; to = to->next)
            if (to->kind != CANON_TEXT || !code_declared(field, to->text))
                return reading_refuse(r, field->name,
                                      "moves: a code is not one of the codes");
    }
    field->moves = moves;
    return true;
}

/* --- codes that somebody else publishes ----------------------------------- */

static bool coded_member(struct reading *r, const struct canon *coded,
                         const char *name, enum value_kind kind,
                         struct bytes *out)
{
    const struct canon *member = canon_member(coded, name);
    if (!member)
        return true;
    for (size_t i = 0; i < r->type->field_count; i++)
        if (member->kind == CANON_TEXT && r->type->fields[i].kind == kind &&
            bytes_equal(r->type->fields[i].name, member->text))
            *out = member->text;
    return out->size > 0;
}

bool coded_read(struct reading *r, const struct canon *object,
                struct schema_field *field)
{
    const struct canon *coded = canon_member(object, "code_set");
    if (!coded)
        return true;
    struct schema_coded *out = &field->coded;
    if (field->kind != VALUE_TEXT || field->list || field->rule == RULE_SET)
        return reading_refuse(r, field->name,
                              "code_set stands with one value of kind text");
    if (coded->kind != CANON_OBJECT ||
        !coded_member(r, coded, "set", VALUE_TEXT, &out->set) ||
        !coded_member(r, coded, "version", VALUE_TEXT, &out->version) ||
        !coded_member(r, coded, "on", VALUE_DATE, &out->on) || !out->set.size ||
        !out->version.size)
        return reading_refuse(r, field->name,
                              "code_set names the fields of this type that say "
                              "set, version and, of kind date, on");
    return true;
}
