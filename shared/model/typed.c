#include "shared/model/typed.h"

#include <string.h>

static bool is_one_of(struct bytes text, const char *a, const char *b)
{
    return bytes_is(text, a) || bytes_is(text, b);
}

static enum err put_any(struct buffer *out, struct bytes text)
{
    struct buffer json;
    buffer_init(&json, TYPED_BYTES_MAX);
    enum err err = canon_normalise(&json, text, NULL);
    if (err == ERR_INVALID)
        err = canon_put_text(out, text);
    else if (!err)
        err = buffer_add_bytes(out, buffer_bytes(&json));
    buffer_fini(&json);
    return err;
}

static enum err put_value(struct buffer *out, enum value_kind kind,
                          struct bytes text)
{
    int64_t number;
    if (!text.size)
        return buffer_add_text(out, "null");
    switch (kind) {
    case VALUE_INT:
    case VALUE_CENTS:
    case VALUE_MINUTES:
        if (!int64_parse(text, &number))
            return buffer_add_int(out, number);
        break;
    case VALUE_BOOL:
        if (is_one_of(text, "true", "yes"))
            return buffer_add_text(out, "true");
        if (is_one_of(text, "false", "no"))
            return buffer_add_text(out, "false");
        break;
    case VALUE_ANY:
    case VALUE_ATTACHMENT:
        return put_any(out, text);
    case VALUE_TEXT:
    case VALUE_CODE:
    case VALUE_DATE:
    case VALUE_INSTANT:
    case VALUE_RECORD:
    case VALUE_USER:
        break;
    }
    return canon_put_text(out, text);
}

static struct bytes trimmed(struct bytes text)
{
    while (text.size && text.at[0] == ' ')
        text = bytes_of(text.at + 1, text.size - 1);
    while (text.size && text.at[text.size - 1] == ' ')
        text.size--;
    return text;
}

/* "a, b" of a field whose values are lists. */
static enum err put_list(struct buffer *out, enum value_kind kind,
                         struct bytes text)
{
    enum err err = buffer_add_char(out, '[');
    for (bool more = true; !err && more;) {
        size_t size = 0;
        while (size < text.size && text.at[size] != ',')
            size++;
        more = size < text.size;
        err = put_value(out, kind, trimmed(bytes_of(text.at, size)));
        if (more) {
            text = bytes_of(text.at + size + 1, text.size - size - 1);
            buffer_add_char(out, ',');
        }
    }
    return err ? err : buffer_add_char(out, ']');
}

static bool is_list(const struct schema_field *field)
{
    return field && field_rule(field) != RULE_SET && field_list(field);
}

enum err typed_value(struct buffer *out, const struct schema_field *field,
                     const char *text)
{
    struct bytes bytes = bytes_text(text);
    if (!field)
        return put_value(out, VALUE_TEXT, bytes);
    if (is_list(field) && *text)
        return *text == '[' ? put_any(out, bytes)
                            : put_list(out, field_kind(field), bytes);
    return put_value(out, field_kind(field), bytes);
}

/* --- conditions ----------------------------------------------------------- */

enum err typed_condition(struct buffer *out, const struct schema_field *field,
                         const char *text)
{
    struct buffer json;
    struct bytes bytes = bytes_text(text);
    buffer_init(&json, TYPED_BYTES_MAX);
    enum err err =
        put_value(&json, field ? field_kind(field) : VALUE_TEXT, bytes);
    /* Texts are compared as they are, anything else as JSON. */
    if (!err)
        err = buffer_text(&json)[0] == '"'
                  ? buffer_add_bytes(out, bytes)
                  : buffer_add_bytes(out, buffer_bytes(&json));
    buffer_fini(&json);
    return err;
}

enum err typed_condition_check(const struct schema_field *field,
                               const char *text, char *detail)
{
    struct arena arena;
    struct buffer json;
    const struct canon *value;
    arena_init(&arena, TYPED_BYTES_MAX);
    buffer_init(&json, TYPED_BYTES_MAX);
    if (is_list(field))
        buffer_add_char(&json, '[');
    enum err err = put_value(&json, field_kind(field), bytes_text(text));
    if (is_list(field))
        err = buffer_add_char(&json, ']');
    if (!err)
        err = canon_parse(&arena, buffer_bytes(&json), &value, NULL);
    if (!err)
        err = field_check(field, value, detail);
    buffer_fini(&json);
    arena_fini(&arena);
    return err;
}
