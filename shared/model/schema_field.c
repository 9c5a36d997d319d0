#include <stdio.h>
#include <string.h>
#include "shared/base/clock.h"
#include "shared/model/blob.h"
#include "shared/model/schema_type.h"

#define SHOWN_BYTES_MAX 60 /* of a refused value */

struct bytes field_name(const struct schema_field *field)
{
    return field->name;
}

struct bytes field_title(const struct schema_field *field)
{
    return field->title;
}

enum rule field_rule(const struct schema_field *field)
{
    return field->rule;
}

enum value_kind field_kind(const struct schema_field *field)
{
    return field->kind;
}

bool field_list(const struct schema_field *field)
{
    return field->list;
}

bool field_required(const struct schema_field *field)
{
    return field->required;
}

bool field_office(const struct schema_field *field)
{
    return field->office;
}

struct bytes field_target(const struct schema_field *field)
{
    return field->target;
}

size_t field_row_count(const struct schema_field *field)
{
    return field->row_count;
}

struct bytes field_row_at(const struct schema_field *field, size_t index)
{
    return field->rows[index];
}

size_t field_within_count(const struct schema_field *field)
{
    return field->within_count;
}

struct bytes field_within_at(const struct schema_field *field, size_t index)
{
    return field->within[index];
}

struct bytes field_once(const struct schema_field *field)
{
    return field->once;
}

const struct schema_coded *field_coded(const struct schema_field *field)
{
    return field->coded.set.size ? &field->coded : NULL;
}

size_t field_code_count(const struct schema_field *field)
{
    return field->code_count;
}

struct bytes field_code_at(const struct schema_field *field, size_t index)
{
    return field->codes[index];
}

static size_t value_index(const struct schema_field *field, struct bytes value)
{
    size_t i = 0;
    while (i < field->value_count && !bytes_equal(field->values[i], value))
        i++;
    return i;
}

bool field_below(const struct schema_field *field, struct bytes a,
                 struct bytes b)
{
    if (!field->below)
        return false;
    size_t i = value_index(field, a), j = value_index(field, b);
    size_t count = field->value_count;
    return i < count && j < count && field->below[i * count + j];
}

/* The content of a canonical text without escapes, as codes are. */
static struct bytes unquoted(struct bytes value)
{
    if (value.size < 2 || value.at[0] != '"')
        return bytes_of(NULL, 0);
    return bytes_of(value.at + 1, value.size - 2);
}

bool field_move(const struct schema_field *field, struct bytes a,
                struct bytes b)
{
    if (!field->moves)
        return true;
    const struct canon *to = canon_member_bytes(field->moves, unquoted(a));
    if (!to) /* null, unknown, refused: nothing has been reached */
        to = canon_member(field->moves, "");
    struct bytes wanted = unquoted(b);
    const struct canon *code = to ? to->first : NULL;
    while (code && !bytes_equal(code->text, wanted))
        code = code->next;
    return code != NULL;
}

static bool code_known(const struct schema_field *field, struct bytes code)
{
    for (size_t i = 0; i < field->code_count; i++)
        if (bytes_equal(field->codes[i], code))
            return true;
    return bytes_is(code, "unknown") || bytes_is(code, "refused");
}

static bool instant_valid(struct bytes text)
{
    int64_t unused;
    return instant_parse(text, &unused) == ERR_OK;
}

static bool attachment_valid(const struct canon *value)
{
    struct blob_ref unused;
    return blob_ref_read(value, &unused);
}

static bool value_fits(const struct schema_field *field,
                       const struct canon *value)
{
    bool text = value->kind == CANON_TEXT;
    switch (field->kind) {
    case VALUE_ANY:
        return true;
    case VALUE_TEXT:
        return text;
    case VALUE_CODE:
        return text && code_known(field, value->text);
    case VALUE_INT:
    case VALUE_CENTS:
        return value->kind == CANON_INT;
    case VALUE_MINUTES:
        return value->kind == CANON_INT && value->integer >= 0;
    case VALUE_BOOL:
        return value->kind == CANON_TRUE || value->kind == CANON_FALSE;
    case VALUE_DATE:
        return text && date_valid(value->text);
    case VALUE_INSTANT:
        return text && instant_valid(value->text);
    case VALUE_RECORD:
        return text && id_valid(value->text);
    case VALUE_USER:
        return text && name_valid(value->text);
    case VALUE_ATTACHMENT:
        return attachment_valid(value);
    }
    return false;
}

static const char *const expected[] = {
    [VALUE_ANY] = "a value",
    [VALUE_TEXT] = "text",
    [VALUE_CODE] = "one of",
    [VALUE_INT] = "a whole number",
    [VALUE_BOOL] = "true or false",
    [VALUE_DATE] = "a date such as 2026-11-21",
    [VALUE_INSTANT] = "an instant such as 2026-11-21T15:20-06:00",
    [VALUE_RECORD] = "a record id",
    [VALUE_USER] = "a user name",
    [VALUE_CENTS] = "an amount in whole cents",
    [VALUE_MINUTES] = "a number of minutes",
    [VALUE_ATTACHMENT] = "an attachment (satchel attach makes one)",
};

static int cut(struct bytes text)
{
    size_t size = text.size < SHOWN_BYTES_MAX ? text.size : SHOWN_BYTES_MAX;
    while (size < text.size && size && (text.at[size] & 0xC0) == 0x80)
        size--; /* never inside a character */
    return (int)size;
}

static enum err refuse(const struct schema_field *field,
                       const struct canon *value, bool list, char *detail)
{
    if (!detail)
        return ERR_INVALID;
    int used = snprintf(
        detail, SCHEMA_DETAIL_CHARS, "%.*s: %.*s%s is not %s%s",
        (int)field->name.size, (const char *)field->name.at, cut(value->raw),
        (const char *)value->raw.at,
        value->raw.size > SHOWN_BYTES_MAX ? "..." : "",
        list ? "a list of " : "",
        list && field->kind == VALUE_CODE ? "codes" : expected[field->kind]);
    if (field->kind != VALUE_CODE || list)
        return ERR_INVALID;
    for (size_t i = 0; i < field->code_count && used > 0; i++) {
        size_t room = SCHEMA_DETAIL_CHARS - (size_t)used;
        struct bytes code = field->codes[i];
        if (code.size + 8 > room) {
            snprintf(detail + used, room, ", ...");
            break;
        }
        used += snprintf(detail + used, room, "%s%.*s", i ? ", " : " ",
                         (int)code.size, (const char *)code.at);
    }
    return ERR_INVALID;
}

enum err field_check(const struct schema_field *field,
                     const struct canon *value, char *detail)
{
    if (detail)
        detail[0] = '\0';
    if (value->kind == CANON_NULL)
        return ERR_OK;
    if (!field->list)
        return value_fits(field, value) ? ERR_OK
                                        : refuse(field, value, false, detail);
    if (value->kind != CANON_ARRAY)
        return refuse(field, value, true, detail);
    const struct canon *item = value->first;
    for (; item; item = item->next)
        if (!value_fits(field, item))
            return refuse(field, item, false, detail);
    return ERR_OK;
}

static const char *const rules[] = {
    [RULE_FIXED] = "fixed",       [RULE_LATEST] = "latest",
    [RULE_FURTHEST] = "furthest", [RULE_SAFEST] = "safest",
    [RULE_SET] = "set",           [RULE_BOTH] = "both",
};

const char *rule_name(enum rule rule)
{
    return rules[rule];
}

enum err rule_parse(struct bytes text, enum rule *out)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (bytes_is(text, rules[i])) {
            *out = (enum rule)i;
            return ERR_OK;
        }
    return ERR_INVALID;
}

static const char *const kinds[] = {
    [VALUE_ANY] = "any",         [VALUE_TEXT] = "text",
    [VALUE_CODE] = "code",       [VALUE_INT] = "int",
    [VALUE_BOOL] = "bool",       [VALUE_DATE] = "date",
    [VALUE_INSTANT] = "instant", [VALUE_RECORD] = "record",
    [VALUE_USER] = "user",       [VALUE_CENTS] = "cents",
    [VALUE_MINUTES] = "minutes", [VALUE_ATTACHMENT] = "attachment",
};

const char *kind_name(enum value_kind kind)
{
    return kinds[kind];
}

bool kind_parse(struct bytes text, enum value_kind *out)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (bytes_is(text, kinds[i])) {
            *out = (enum value_kind)i;
            return true;
        }
    return false;
}
