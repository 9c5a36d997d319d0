#include "server/import_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/base/file.h"

#define FILES_MAX 1024
#define PATH_CHARS 1024

struct files {
    const char *suffix;
    size_t bytes_max;
    struct arena *arena;
    import_file_fn *take;
    void *context;
    char *detail;
};

static enum err complain(const struct files *f, enum err err, const char *path,
                         const char *what)
{
    (void)snprintf(f->detail, IMPORT_DETAIL_CHARS, "%.300s: %s", path, what);
    return err;
}

static enum err unreadable(const struct files *f, enum err err,
                           const char *path, const char *why)
{
    (void)snprintf(f->detail, IMPORT_DETAIL_CHARS, "cannot read %.300s: %s",
                   path, why);
    return err;
}

static enum err read_whole(struct arena *arena, int fd, size_t bytes_max,
                           struct bytes *out)
{
    struct stat status;
    if (fstat(fd, &status))
        return err_of_errno(errno);
    if (!S_ISREG(status.st_mode))
        return ERR_INVALID;
    if (status.st_size > (off_t)bytes_max)
        return ERR_TOO_BIG;
    size_t size = (size_t)status.st_size, used = 0;
    uint8_t *at = arena_take(arena, size + 1);
    if (!at)
        return ERR_NOMEM;
    while (used < size) {
        ssize_t got = read(fd, at + used, size - used);
        if (got < 0 && errno != EINTR)
            return err_of_errno(errno);
        if (got == 0)
            break;
        if (got > 0)
            used += (size_t)got;
    }
    *out = bytes_of(at, used);
    return ERR_OK;
}

/* A FIFO must not make the import wait. */
enum err import_file_load(struct arena *arena, const char *path,
                          size_t bytes_max, struct bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = read_whole(arena, fd, bytes_max, out);
    close(fd);
    return err;
}

static enum err take_file(const struct files *f, const char *path)
{
    struct import_file file = {.name = path};
    enum err err = import_file_load(f->arena, path, f->bytes_max, &file.text);
    if (err == ERR_INVALID)
        return complain(f, err, path, "is no regular file");
    if (err == ERR_TOO_BIG)
        return complain(f, err, path, "is too large for what it is");
    if (err)
        return unreadable(f, err, path, file_err_text(err));
    return f->take(f->context, &file, f->detail);
}

static bool is_wanted(const struct files *f, const char *name)
{
    size_t size = strlen(name), end = strlen(f->suffix);
    return name[0] != '.' && size > end &&
           strcmp(name + size - end, f->suffix) == 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum err list_folder(const struct files *f, const char *path,
                            char **names, size_t *count)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    enum err err = ERR_OK;
    if (!folder)
        return unreadable(f, err_of_errno(errno), path, strerror(errno));
    while (!err && (entry = readdir(folder)) != NULL) {
        if (!is_wanted(f, entry->d_name))
            continue;
        if (*count == FILES_MAX)
            err = complain(f, ERR_TOO_BIG, path, "holds more than 1024 files");
        else if (!(names[(*count)++] =
                       arena_copy(f->arena, bytes_text(entry->d_name))))
            err = complain(f, ERR_NOMEM, path, err_text(ERR_NOMEM));
    }
    closedir(folder);
    if (!err)
        qsort(names, *count, sizeof *names, compare_names);
    return err;
}

static enum err take_folder(const struct files *f, const char *path)
{
    char file[PATH_CHARS];
    size_t count = 0;
    char **names = arena_take(f->arena, FILES_MAX * sizeof *names);
    if (!names)
        return complain(f, ERR_NOMEM, path, err_text(ERR_NOMEM));
    enum err err = list_folder(f, path, names, &count);
    for (size_t i = 0; i < count && !err; i++) {
        int size = snprintf(file, sizeof file, "%s/%s", path, names[i]);
        err = size < 0 || (size_t)size >= sizeof file
                  ? complain(f, ERR_TOO_BIG, path, "the path is too long")
                  : take_file(f, file);
    }
    if (err || count)
        return err;
    (void)snprintf(f->detail, IMPORT_DETAIL_CHARS,
                   "the folder %.300s holds no %s file", path, f->suffix);
    return ERR_NOT_FOUND;
}

enum err import_files_each(const char *path, const char *suffix,
                           size_t bytes_max, struct arena *arena,
                           import_file_fn *take, void *context, char *detail)
{
    struct files f = {suffix, bytes_max, arena, take, context, detail};
    struct stat status;
    if (stat(path, &status) != 0)
        return unreadable(&f, ERR_NOT_FOUND, path, strerror(errno));
    return S_ISDIR(status.st_mode) ? take_folder(&f, path)
                                   : take_file(&f, path);
}
