/* What a person typed, as a JSON value of the field's kind. */
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"

static bool is_one_of(const char *text, const char *a, const char *b)
{
    return !strcmp(text, a) || !strcmp(text, b);
}

static enum err put_any(struct buffer *out, const char *text)
{
    struct buffer json;
    buffer_init(&json, SATCHEL_LINE_BYTES_MAX * 2u);
    enum err err = canon_normalise(&json, bytes_text(text), NULL);
    if (err == ERR_INVALID)
        err = canon_put_text(out, bytes_text(text));
    else if (!err)
        err = buffer_add_bytes(out, buffer_bytes(&json));
    buffer_fini(&json);
    return err;
}

static enum err put_value(struct buffer *out, enum value_kind kind,
                          const char *text)
{
    int64_t number;
    if (!*text)
        return buffer_add_text(out, "null");
    switch (kind) {
    case VALUE_INT:
    case VALUE_CENTS:
    case VALUE_MINUTES:
        if (!int64_parse(bytes_text(text), &number))
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
    return canon_put_text(out, bytes_text(text));
}

/* "a, b" of a field whose values are lists. */
static enum err put_list(struct buffer *out, enum value_kind kind,
                         const char *text)
{
    char *copy = strdup(text), *rest = copy;
    bool first = true;
    if (!copy)
        return ERR_NOMEM;
    enum err err = buffer_add_char(out, '[');
    for (char *item; !err && (item = strsep(&rest, ","));) {
        item += strspn(item, " ");
        for (size_t end = strlen(item); end && item[end - 1] == ' ';)
            item[--end] = 0;
        if (!first)
            buffer_add_char(out, ',');
        first = false;
        err = put_value(out, kind, item);
    }
    free(copy);
    return err ? err : buffer_add_char(out, ']');
}

static const struct schema_field *
field_of(struct vault *vault, const char *type_name, const char *name)
{
    const struct schema_type *type =
        type_name ? schema_type(vault_schema(vault), bytes_text(type_name))
                  : NULL;
    return type ? type_field(type, bytes_text(name)) : NULL;
}

static enum err put_typed(struct buffer *out, const struct schema_field *field,
                          const char *text)
{
    if (!field)
        return put_value(out, VALUE_TEXT, text);
    if (field_rule(field) != RULE_SET && field_list(field) && *text)
        return *text == '[' ? put_any(out, text)
                            : put_list(out, field_kind(field), text);
    return put_value(out, field_kind(field), text);
}

PUBLIC int satchel_value(satchel *handle, const char *type, const char *field,
                         const char *text, char **json)
{
    struct buffer out;
    *json = NULL;
    buffer_init(&out, SATCHEL_LINE_BYTES_MAX * 8u);
    enum err err = handle_enter(handle);
    if (!err && !utf8_valid(bytes_text(text), NULL)) {
        buffer_fini(&out);
        return handle_fail(handle, ERR_INVALID, "%s: the value is not UTF-8",
                           field);
    }
    if (!err)
        err = put_typed(&out, field_of(handle->vault, type, field), text);
    if (!err && !(*json = malloc(out.size + 1)))
        err = ERR_NOMEM;
    if (!err)
        memcpy(*json, buffer_text(&out), out.size + 1);
    buffer_wipe(&out);
    return handle_leave(handle, err);
}
