#include "server/office_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYS_HEAD "satchel office keys 1\n"
#define KEYS_BYTES_MAX 512
#define SEED_BYTES 32

static const char *const names[] = {"root", "box", "page"};

struct seeds {
    uint8_t at[3][SEED_BYTES];
};

static enum err file_path(char *out, size_t room, const char *folder)
{
    int size = snprintf(out, room, "%s/agency.keys", folder);
    return size > 0 && (size_t)size < room ? ERR_OK : ERR_TOO_BIG;
}

static void keys_format(char text[KEYS_BYTES_MAX], const struct seeds *seeds)
{
    size_t at = (size_t)snprintf(text, KEYS_BYTES_MAX, "%s", KEYS_HEAD);
    for (size_t i = 0; i < 3; i++) {
        char hex[SEED_BYTES * 2 + 1];
        hex_encode(hex, seeds->at[i], SEED_BYTES);
        at += (size_t)snprintf(text + at, KEYS_BYTES_MAX - at, "%s %s\n",
                               names[i], hex);
        sodium_memzero(hex, sizeof hex);
    }
}

static enum err file_write(const char *path, const char *text)
{
    size_t size = strlen(text);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = ERR_OK;
    if (write(fd, text, size) != (ssize_t)size || fsync(fd))
        err = err_of_errno(errno);
    if (close(fd) && !err)
        err = ERR_IO;
    if (err)
        (void)unlink(path);
    return err;
}

/* Makes the file's name durable too. */
static enum err folder_sync(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = fsync(fd) ? err_of_errno(errno) : ERR_OK;
    return close(fd) && !err ? ERR_IO : err;
}

enum err office_keys_make(const char *folder, const struct random *random)
{
    char path[1100], text[KEYS_BYTES_MAX];
    struct seeds seeds;
    enum err err = file_path(path, sizeof path, folder);
    if (err)
        return err;
    if (mkdir(folder, 0700) && errno != EEXIST)
        return err_of_errno(errno);
    random_fill(random, &seeds, sizeof seeds);
    keys_format(text, &seeds);
    err = file_write(path, text);
    sodium_memzero(text, sizeof text);
    sodium_memzero(&seeds, sizeof seeds);
    return err ? err : folder_sync(folder);
}

static enum err keys_parse(const char *text, struct seeds *out)
{
    const char *at = text;
    if (strncmp(at, KEYS_HEAD, strlen(KEYS_HEAD)) != 0)
        return ERR_CORRUPT;
    at += strlen(KEYS_HEAD);
    for (size_t i = 0; i < 3; i++) {
        size_t size = strlen(names[i]);
        if (strncmp(at, names[i], size) != 0 || at[size] != ' ' ||
            strlen(at) < size + 1 + SEED_BYTES * 2 + 1)
            return ERR_CORRUPT;
        at += size + 1;
        if (hex_decode(out->at[i], SEED_BYTES, bytes_of(at, SEED_BYTES * 2)) !=
                ERR_OK ||
            at[SEED_BYTES * 2] != '\n')
            return ERR_CORRUPT;
        at += SEED_BYTES * 2 + 1;
    }
    return ERR_OK;
}

static enum err file_read(const char *path, char text[KEYS_BYTES_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    ssize_t size = read(fd, text, KEYS_BYTES_MAX - 1);
    enum err err = size < 0 ? err_of_errno(errno) : ERR_OK;
    text[size < 0 ? 0 : size] = '\0';
    (void)close(fd);
    return err;
}

enum err office_keys_load(const char *folder, struct office_keys *out)
{
    char path[1100], text[KEYS_BYTES_MAX];
    struct seeds seeds;
    enum err err = file_path(path, sizeof path, folder);
    if (!err)
        err = file_read(path, text);
    if (!err)
        err = keys_parse(text, &seeds);
    if (!err) {
        keypair_from_seed(&out->root, seeds.at[0]);
        crypto_box_seed_keypair(out->box_public, out->box_secret, seeds.at[1]);
        memcpy(out->page_key, seeds.at[2], sizeof out->page_key);
    }
    sodium_memzero(text, sizeof text);
    sodium_memzero(&seeds, sizeof seeds);
    return err;
}
