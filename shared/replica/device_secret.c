#include "shared/replica/device_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_ROOM 4096

static enum err path_pick(char out[PATH_ROOM], const char *path)
{
    const char *folder = "";
    const char *rest = "";
    const char *file = getenv("SATCHEL_DEVICE_SECRET_FILE");
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    if (path) {
        folder = path;
    } else if (file && file[0]) {
        folder = file;
    } else if (data && data[0]) {
        folder = data;
        rest = "/satchel/device.secret";
    } else if (home && home[0]) {
        folder = home;
        rest = "/.local/share/satchel/device.secret";
    } else {
        return ERR_NOT_FOUND;
    }
    int size = snprintf(out, PATH_ROOM, "%s%s", folder, rest);
    return size < PATH_ROOM ? ERR_OK : ERR_TOO_BIG;
}

static enum err file_read(uint8_t secret[DEVICE_SECRET_BYTES], const char *path)
{
    uint8_t got[DEVICE_SECRET_BYTES + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    ssize_t size = read(fd, got, sizeof got);
    enum err err = size < 0 ? ERR_IO : ERR_OK;
    if (close(fd) && !err)
        err = ERR_IO;
    if (!err && size != DEVICE_SECRET_BYTES)
        err = ERR_CORRUPT;
    if (!err)
        memcpy(secret, got, DEVICE_SECRET_BYTES);
    explicit_bzero(got, sizeof got);
    return err;
}

/* Makes the missing folders above `path`. */
static enum err folders_make(char path[PATH_ROOM])
{
    for (char *slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(path, 0700) && errno != EEXIST;
        *slash = '/';
        if (failed)
            return err_of_errno(errno);
    }
    return ERR_OK;
}

static enum err folder_sync(char path[PATH_ROOM])
{
    char *slash = strrchr(path, '/');
    if (slash)
        *slash = '\0';
    int fd = open(slash ? (slash == path ? "/" : path) : ".",
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (slash)
        *slash = '/';
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = fsync(fd) ? ERR_IO : ERR_OK;
    if (close(fd) && !err)
        err = ERR_IO;
    return err;
}

static enum err whole_write(const char *path,
                            const uint8_t secret[DEVICE_SECRET_BYTES])
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_of_errno(errno);
    ssize_t size = write(fd, secret, DEVICE_SECRET_BYTES);
    enum err err = ERR_OK;
    if (size != DEVICE_SECRET_BYTES)
        err = size < 0 ? err_of_errno(errno) : ERR_FULL;
    if (!err && fsync(fd))
        err = ERR_IO;
    if (close(fd) && !err)
        err = ERR_IO;
    return err;
}

/* The file appears whole or not at all; who comes second takes the first's. */
static enum err file_make(uint8_t secret[DEVICE_SECRET_BYTES],
                          char path[PATH_ROOM], const struct random *random)
{
    char fresh[PATH_ROOM + 32];
    uint64_t name;
    enum err err = folders_make(path);
    if (err)
        return err;
    random_fill(random, secret, DEVICE_SECRET_BYTES);
    random_fill(random, &name, sizeof name);
    snprintf(fresh, sizeof fresh, "%s.%llx", path, (unsigned long long)name);
    err = whole_write(fresh, secret);
    if (!err && link(fresh, path))
        err = err_of_errno(errno);
    unlink(fresh);
    if (!err)
        err = folder_sync(path);
    return err == ERR_EXISTS ? file_read(secret, path) : err;
}

enum err device_secret_load(uint8_t secret[DEVICE_SECRET_BYTES],
                            const char *path, bool create,
                            const struct random *random, char *detail,
                            size_t detail_room)
{
    char name[PATH_ROOM];
    enum err err = path_pick(name, path);
    if (err) {
        snprintf(detail, detail_room,
                 "no place for the device secret: set HOME or "
                 "SATCHEL_DEVICE_SECRET_FILE");
        return err;
    }
    err = file_read(secret, name);
    if (err == ERR_NOT_FOUND && create)
        err = file_make(secret, name, random);
    if (err)
        snprintf(detail, detail_room, "the device secret %.300s: %s", name,
                 err == ERR_CORRUPT ? "it is not 32 bytes"
                 : err == ERR_NOT_FOUND
                     ? "no such file; a vault opens only on its own device"
                     : err_text(err));
    return err;
}
