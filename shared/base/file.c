#include "shared/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES 16384

const char *file_err_text(enum err err)
{
    if (err == ERR_NOT_FOUND)
        return "no such file";
    return err == ERR_FOREIGN ? "it is a folder" : err_text(err);
}

static enum err descriptor_read(int fd, struct buffer *out)
{
    uint8_t chunk[CHUNK_BYTES];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got ? err_of_errno(errno) : buffer_err(out);
        enum err err = buffer_add(out, chunk, (size_t)got);
        if (err)
            return err;
    }
}

enum err file_read(const char *path, struct buffer *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = descriptor_read(fd, out);
    close(fd);
    return err;
}

/* --- writing -------------------------------------------------------------- */

static enum err descriptor_write(int fd, struct bytes contents)
{
    while (contents.size) {
        ssize_t put = write(fd, contents.at, contents.size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_of_errno(errno);
        contents = bytes_of(contents.at + put, contents.size - (size_t)put);
    }
    return fsync(fd) ? err_of_errno(errno) : ERR_OK;
}

static enum err partial_write(const char *partial, struct bytes contents)
{
    int fd =
        open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)0600);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = descriptor_write(fd, contents);
    if (close(fd) && !err)
        err = err_of_errno(errno);
    return err;
}

/* Not every volume that files are carried on knows links. */
static enum err name_give(const char *partial, const char *path)
{
    if (!link(partial, path))
        return ERR_OK;
    if (errno == EEXIST)
        return ERR_EXISTS;
    if (!access(path, F_OK))
        return ERR_EXISTS;
    return rename(partial, path) ? err_of_errno(errno) : ERR_OK;
}

enum err file_folder_sync(const char *path)
{
    char folder[FILE_PATH_CHARS];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s",
             slash ? (int)(slash - path + (slash == path)) : 1,
             slash ? path : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    /* A volume that cannot sync a folder has nothing to sync there. */
    enum err err = fsync(fd) && errno != EINVAL ? err_of_errno(errno) : ERR_OK;
    close(fd);
    return err;
}

enum err file_write_new(const char *path, struct bytes contents)
{
    char partial[FILE_PATH_CHARS];
    int size = snprintf(partial, sizeof partial, "%s.partial", path);
    if (size < 0 || (size_t)size >= sizeof partial)
        return ERR_TOO_BIG;
    if (!access(path, F_OK))
        return ERR_EXISTS;
    enum err err = partial_write(partial, contents);
    if (!err)
        err = name_give(partial, path);
    unlink(partial);
    return err ? err : file_folder_sync(path);
}

enum err file_print_end(FILE *out)
{
    bool lost = fflush(out) || ferror(out);
    /* It may have been closed from the start, and nothing printed. */
    if (fclose(out) && errno != EBADF)
        lost = true;
    return lost ? ERR_IO : ERR_OK;
}
