/* Verify and rebuild. */
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"

#define REPORT_BYTES_MAX (16u << 20)

static void add_line(void *context, const char *text)
{
    struct buffer *out = context;
    buffer_add_text(out, text);
    buffer_add_char(out, '\n');
}

PUBLIC int satchel_verify(satchel *handle, int64_t *problems, char **report)
{
    struct buffer out;
    size_t count = 0;
    if (report)
        *report = NULL;
    buffer_init(&out, REPORT_BYTES_MAX);
    enum err err = handle_enter(handle);
    if (!err)
        err = vault_verify(handle->vault, add_line, &out, &count);
    if (!err)
        *problems = (int64_t)count;
    if (!err && report)
        err = handle_give(report, &out);
    buffer_fini(&out);
    return handle_leave(handle, err);
}

PUBLIC int satchel_rebuild(satchel *handle)
{
    enum err err = handle_enter(handle);
    if (!err)
        err = vault_rebuild(handle->vault);
    return handle_leave(handle, err);
}
