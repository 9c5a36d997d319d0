/* What a person typed, as a JSON value of the field's kind. */
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"
#include "shared/model/typed.h"

/* NULL: a field that no type knows. */
static enum err field_find(struct vault *vault, const char *type_name,
                           const char *name, const struct schema_field **out)
{
    const struct schema_type *type = NULL;
    enum err err = ERR_OK;
    if (type_name)
        err = vault_type_find(vault, bytes_text(type_name), &type);
    *out = type ? type_field(type, bytes_text(name)) : NULL;
    return err;
}

PUBLIC int satchel_value(satchel *handle, const char *type, const char *field,
                         const char *text, char **json)
{
    struct buffer out;
    const struct schema_field *known;
    *json = NULL;
    buffer_init(&out, SATCHEL_LINE_BYTES_MAX * 8u);
    enum err err = handle_enter(handle);
    if (!err && !utf8_valid(bytes_text(text), NULL)) {
        buffer_fini(&out);
        return handle_fail(handle, ERR_INVALID, "%s: the value is not UTF-8",
                           field);
    }
    if (!err)
        err = field_find(handle->vault, type, field, &known);
    if (!err)
        err = typed_value(&out, known, text);
    if (!err)
        err = handle_give(json, &out);
    buffer_wipe(&out);
    return handle_leave(handle, err);
}
