/* A second place for unsent work. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"
#include "shared/model/canon.h"
#include "shared/replica/mirror.h"

#define JSON_BYTES_MAX (64u << 10)

/* The daemon works from another folder: the path is kept from / on. */
static enum err whole_path(const char *path, char out[MIRROR_PATH_CHARS])
{
    char folder[MIRROR_PATH_CHARS];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) + (slash == path) : 1;
    if (size >= sizeof folder)
        return ERR_TOO_BIG;
    memcpy(folder, slash ? path : ".", size);
    folder[size] = '\0';
    char *real = realpath(folder, NULL);
    if (!real)
        return err_of_errno(errno);
    int got = snprintf(out, MIRROR_PATH_CHARS, "%s%s%s", real,
                       real[1] ? "/" : "", slash ? slash + 1 : path);
    free(real);
    return got < MIRROR_PATH_CHARS ? ERR_OK : ERR_TOO_BIG;
}

PUBLIC int satchel_mirror(satchel *handle, const char *path)
{
    char whole[MIRROR_PATH_CHARS] = "";
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    if (path && *path) {
        err = whole_path(path, whole);
        if (err)
            return handle_fail(handle, err, "%s: %s", path,
                               err == ERR_NOT_FOUND ? "there is no such folder"
                                                    : err_text(err));
    }
    return handle_leave(handle, mirror_set(handle->vault, whole));
}

static enum err status_write(const struct mirror_status *status,
                             struct buffer *out)
{
    buffer_add_text(out, "{\"file\":");
    canon_put_text(out, bytes_text(status->path));
    buffer_printf(out,
                  ",\"missing\":%lld,\"problem\":", (long long)status->missing);
    if (status->err == ERR_NOT_FOUND)
        buffer_add_text(out, "\"its volume is not there\"");
    else if (status->err == ERR_FORK)
        buffer_add_text(out, "\"it holds writes that this vault has not\"");
    else if (status->err)
        canon_put_text(out, bytes_text(err_text(status->err)));
    else
        buffer_add_text(out, "null");
    buffer_printf(out, ",\"same_volume\":%s}",
                  status->same_volume ? "true" : "false");
    return buffer_err(out);
}

PUBLIC int satchel_mirror_status(satchel *handle, char **json)
{
    struct mirror_status status;
    struct buffer out;
    *json = NULL;
    enum err err = handle_enter(handle);
    if (err)
        return handle_leave(handle, err);
    buffer_init(&out, JSON_BYTES_MAX);
    err = mirror_status(handle->vault, &status);
    if (!err && status.path[0])
        err = status_write(&status, &out);
    if (!err && status.path[0])
        err = handle_give(json, &out);
    buffer_fini(&out);
    return handle_leave(handle, err);
}
