/* Drafts: refused text, kept. */
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"
#include "shared/replica/draft.h"

_Static_assert(SATCHEL_DRAFT_BYTES_MAX == DRAFT_BYTES_MAX,
               "the public limit is the vault's");

PUBLIC int satchel_draft_keep(satchel *handle, const char *about_json,
                              const void *text, size_t text_bytes,
                              int64_t *draft)
{
    enum err err = handle_enter(handle);
    if (!err)
        err = draft_keep(handle->vault, bytes_text(about_json),
                         bytes_of(text, text_bytes), draft);
    return handle_leave(handle, err);
}

static void wipe(char *text, size_t size)
{
    if (text)
        explicit_bzero(text, size);
    free(text);
}

static enum err read_one(struct vault *vault, int64_t id, struct buffer *about,
                         struct buffer *text, struct buffer *shown)
{
    struct draft draft;
    enum err err = draft_read(vault, id, &draft, about, text);
    return err ? err : draft_show(shown, &draft);
}

PUBLIC int satchel_draft_read(satchel *handle, int64_t draft, char **json,
                              char **text, size_t *text_bytes)
{
    struct buffer about, all, shown;
    buffer_init(&about, DRAFT_ABOUT_BYTES_MAX);
    buffer_init(&all, DRAFT_BYTES_MAX);
    buffer_init(&shown, DRAFT_ABOUT_BYTES_MAX * 2u);
    *text = NULL;
    if (json)
        *json = NULL;
    enum err err = handle_enter(handle);
    if (!err)
        err = read_one(handle->vault, draft, &about, &all, &shown);
    char *whole = NULL, *what = NULL;
    if (!err)
        err = handle_give(&whole, &all);
    if (!err && json)
        err = handle_give(&what, &shown);
    if (err) {
        wipe(whole, all.size);
        free(what);
    } else {
        *text = whole;
        *text_bytes = all.size;
        if (json)
            *json = what;
    }
    buffer_wipe(&shown);
    buffer_wipe(&all);
    buffer_wipe(&about);
    return handle_leave(handle, err);
}

PUBLIC int satchel_draft_drop(satchel *handle, int64_t draft)
{
    enum err err = handle_enter(handle);
    if (!err)
        err = draft_drop(handle->vault, draft);
    return handle_leave(handle, err);
}
