#include "client/handle.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/exchange/control.h"

#define SAME(name)                                                             \
    _Static_assert((int)SATCHEL_##name == (int)ERR_##name,                     \
                   "public and internal error codes are the same numbers")
SAME(OK);
SAME(NOMEM);
SAME(IO);
SAME(FULL);
SAME(CORRUPT);
SAME(BUSY);
SAME(NOT_FOUND);
SAME(EXISTS);
SAME(INVALID);
SAME(TOO_BIG);
SAME(DENIED);
SAME(LOCKED);
SAME(PASSPHRASE);
SAME(NEWER);
SAME(FOREIGN);
SAME(READ_ONLY);
SAME(NETWORK);
SAME(PROTOCOL);
SAME(SIGNATURE);
SAME(GAP);
SAME(FORK);
SAME(STALE);
SAME(LINEAGE);
SAME(REVOKED);
SAME(AGAIN);
SAME(TIMEOUT);
SAME(CONFLICT);
SAME(UNSUPPORTED);
SAME(DESTROYED);

PUBLIC const char *satchel_error_text(int error)
{
    return err_text((enum err)error);
}

PUBLIC void satchel_free(void *memory)
{
    free(memory);
}

static satchel *handle_new(void)
{
    satchel *handle = calloc(1, sizeof *handle);
    if (handle && pthread_mutex_init(&handle->lock, NULL)) {
        free(handle);
        return NULL;
    }
    return handle;
}

typedef enum err open_call(struct vault **out, const char *path,
                           const struct vault_options *options,
                           char detail[VAULT_DETAIL_CHARS]);

static int open_with(open_call *call, satchel **out, const char *path,
                     const struct satchel_options *given)
{
    struct satchel_options taken = SATCHEL_OPTIONS_INIT;
    if (given)
        HANDLE_TAKE(taken, given);
    *out = handle_new();
    if (!*out)
        return SATCHEL_NOMEM;
    struct vault_options options = {.passphrase = taken.passphrase,
                                    .device_secret = taken.device_secret,
                                    .busy_ms = taken.busy_ms,
                                    .anyhow = true,
                                    .tries_max = taken.wrong_tries_max,
                                    .kdf_bytes = taken.kdf_memory_bytes};
    char detail[VAULT_DETAIL_CHARS] = "";
    enum err err = call(&(*out)->vault, path, &options, detail);
    if (err)
        snprintf((*out)->message, sizeof(*out)->message, "%s",
                 *detail ? detail : err_text(err));
    else
        handle_told(*out);
    return (int)err;
}

PUBLIC int satchel_create(satchel **out, const char *path,
                          const struct satchel_options *options)
{
    int error = open_with(vault_create, out, path, options);
    if (!error)
        (*out)->unsent = true;
    return error;
}

PUBLIC int satchel_open(satchel **out, const char *path,
                        const struct satchel_options *options)
{
    return open_with(vault_open, out, path, options);
}

void handle_note(satchel *handle, struct bytes warning)
{
    size_t size = warning.size;
    if (size >= sizeof handle->note) {
        size = sizeof handle->note - 1;
        while (size > 0 && warning.at[size] != '\n')
            size--;
    }
    if (size > 0)
        memcpy(handle->note, warning.at, size);
    handle->note[size] = '\0';
}

enum err handle_give(char **out, const struct buffer *text)
{
    *out = malloc(text->size + 1);
    if (*out)
        memcpy(*out, buffer_text(text), text->size + 1);
    return *out ? ERR_OK : ERR_NOMEM;
}

PUBLIC const char *satchel_note(const satchel *handle)
{
    return handle ? handle->note : "";
}

void handle_told(satchel *handle)
{
    if (vault_change_count(handle->vault, &handle->change_told))
        handle->change_told = -1;
}

/* A daemon looks for work every half minute; it need not wait for that. */
static void nudge(satchel *handle)
{
    int64_t change;
    if (!vault_change_count(handle->vault, &change) &&
        change != handle->change_told)
        control_nudge(vault_path(handle->vault));
}

PUBLIC void satchel_close(satchel *handle)
{
    if (!handle)
        return;
    if (handle->vault)
        nudge(handle);
    vault_close(handle->vault);
    pthread_mutex_destroy(&handle->lock);
    free(handle);
}

PUBLIC int satchel_discard(satchel *handle)
{
    enum err err = handle_enter(handle);
    if (!err && !handle->unsent)
        return handle_fail(handle, ERR_DENIED,
                           "this vault may be known to an office; it stays");
    if (!err) {
        err = vault_discard(handle->vault);
        handle->vault = NULL;
    }
    if (err)
        return handle_fail(handle, err, "%s", err_text(err));
    return handle_leave(handle, err);
}

PUBLIC const char *satchel_message(const satchel *handle)
{
    return handle ? handle->message : "memory is exhausted";
}

enum err handle_enter(satchel *handle)
{
    pthread_mutex_lock(&handle->lock);
    if (handle->vault)
        return ERR_OK;
    return ERR_INVALID;
}

int handle_leave(satchel *handle, enum err err)
{
    if (err) {
        const char *detail = handle->vault ? vault_detail(handle->vault)
                                           : "the vault is not open";
        snprintf(handle->message, sizeof handle->message, "%s",
                 *detail ? detail : err_text(err));
    }
    pthread_mutex_unlock(&handle->lock);
    return (int)err;
}

int handle_fail(satchel *handle, enum err err, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(handle->message, sizeof handle->message, format, list);
    va_end(list);
    pthread_mutex_unlock(&handle->lock);
    return (int)err;
}

PUBLIC int satchel_unlock(satchel *handle, const char *passphrase)
{
    enum err err = handle_enter(handle);
    if (!err)
        err = vault_unlock(handle->vault, passphrase);
    return handle_leave(handle, err);
}

PUBLIC int satchel_passphrase_change(satchel *handle, const char *before,
                                     const char *after)
{
    bool behind = false;
    enum err err = handle_enter(handle);
    if (!err)
        err = vault_passphrase_change(handle->vault, before, after, &behind);
    if (!err)
        handle_note(handle,
                    bytes_text(behind ? "the key file or the mirror could not "
                                        "be written: it opens with the old "
                                        "passphrase until it is reached again"
                                      : ""));
    return handle_leave(handle, err);
}

PUBLIC void satchel_lock(satchel *handle)
{
    if (!handle_enter(handle))
        vault_lock(handle->vault);
    pthread_mutex_unlock(&handle->lock);
}

PUBLIC int satchel_locked(satchel *handle)
{
    int locked = 1;
    if (!handle_enter(handle))
        locked = vault_locked(handle->vault);
    pthread_mutex_unlock(&handle->lock);
    return locked;
}
