#include "server/blob_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define SEALED_BYTES (BLOB_CHUNK_BYTES + BLOB_SEAL_BYTES)
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define DISK_RESERVE_BYTES (1ll << 30) /* text must always have room */
#define STREAM_BYTES 9
#define LEFT_OVER_S 3600
#define PART_S (30 * 86400)

/* --- places --------------------------------------------------------------- */

void blob_file_folder(char out[BLOB_PATH_CHARS], const struct office *office)
{
    snprintf(out, BLOB_PATH_CHARS, "%.1000s/blobs", office->data_dir);
}

void blob_file_path(char out[BLOB_PATH_CHARS], const char *folder,
                    const uint8_t blob[HASH_BYTES])
{
    char name[BLOB_NAME_CHARS + 1];
    hex_encode(name, blob, HASH_BYTES);
    snprintf(out, BLOB_PATH_CHARS, "%.1100s/%s", folder, name);
}

static void content_path(char out[BLOB_PATH_CHARS], const struct office *office,
                         const uint8_t blob[HASH_BYTES])
{
    char folder[BLOB_PATH_CHARS];
    blob_file_folder(folder, office);
    blob_file_path(out, folder, blob);
}

/* Two devices that have sealed the same content have different streams. */
static void part_path(char out[BLOB_PATH_CHARS], const struct office *office,
                      const uint8_t blob[HASH_BYTES], struct bytes wrap)
{
    char content[BLOB_PATH_CHARS], stream[BASE64_CHARS(STREAM_BYTES) + 1];
    uint8_t hash[HASH_BYTES];
    hash_bytes(hash, wrap);
    base64_encode(stream, hash, STREAM_BYTES);
    content_path(content, office, blob);
    snprintf(out, BLOB_PATH_CHARS, "%.1150s.%s.part", content, stream);
}

static enum err folder_make(const struct office *office)
{
    char folder[BLOB_PATH_CHARS];
    blob_file_folder(folder, office);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return err_of_errno(errno);
    return ERR_OK;
}

static enum err folder_sync(const struct office *office)
{
    char folder[BLOB_PATH_CHARS];
    blob_file_folder(folder, office);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = fsync(fd) ? err_of_errno(errno) : ERR_OK;
    close(fd);
    return err;
}

bool blob_file_there(const struct office *office,
                     const uint8_t blob[HASH_BYTES])
{
    char path[BLOB_PATH_CHARS];
    content_path(path, office, blob);
    return access(path, R_OK) == 0;
}

bool blob_file_room(const struct office *office, int64_t more)
{
    struct statvfs disk;
    if (statvfs(office->data_dir, &disk) != 0)
        return true; /* the write itself will say */
    return (int64_t)disk.f_bavail * (int64_t)disk.f_frsize >
           more + DISK_RESERVE_BYTES;
}

static bool is_older(int folder, const char *name, time_t age_s)
{
    struct stat status;
    return fstatat(folder, name, &status, 0) == 0 &&
           status.st_mtime + age_s < time(NULL);
}

/* Nothing is finishing for an hour; who brings no more of a part for a month
 * begins anew. */
static bool is_left_over(int folder, const char *name)
{
    char content[BLOB_NAME_CHARS + 1];
    size_t size = strcspn(name, ".");
    if (size != BLOB_NAME_CHARS || !name[size])
        return false;
    memcpy(content, name, size);
    content[size] = '\0';
    if (!strncmp(name + size, ".new.", 5))
        return is_older(folder, name, LEFT_OVER_S);
    return faccessat(folder, content, F_OK, 0) == 0 ||
           is_older(folder, name, PART_S);
}

void blob_file_sweep(const struct office *office)
{
    char folder[BLOB_PATH_CHARS];
    blob_file_folder(folder, office);
    DIR *files = opendir(folder);
    if (!files)
        return;
    for (const struct dirent *file; (file = readdir(files));)
        if (is_left_over(dirfd(files), file->d_name))
            (void)unlinkat(dirfd(files), file->d_name, 0);
    closedir(files);
}

int64_t blob_file_parts(const struct office *office,
                        const uint8_t blob[HASH_BYTES])
{
    char folder[BLOB_PATH_CHARS], own[BLOB_NAME_CHARS + 1];
    int64_t bytes = 0;
    hex_encode(own, blob, HASH_BYTES);
    blob_file_folder(folder, office);
    DIR *files = opendir(folder);
    if (!files)
        return 0;
    for (const struct dirent *file; (file = readdir(files));) {
        struct stat status;
        if (strncmp(file->d_name, own, BLOB_NAME_CHARS) != 0 &&
            strstr(file->d_name, ".part") &&
            fstatat(dirfd(files), file->d_name, &status, 0) == 0)
            bytes += status.st_size;
    }
    closedir(files);
    return bytes;
}

enum err blob_file_remove(const char *folder, const uint8_t blob[HASH_BYTES])
{
    char name[BLOB_NAME_CHARS + 1];
    enum err err = ERR_OK;
    hex_encode(name, blob, HASH_BYTES);
    DIR *files = opendir(folder);
    if (!files)
        return errno == ENOENT ? ERR_OK : err_of_errno(errno);
    for (const struct dirent *file; !err && (file = readdir(files));)
        if (!strncmp(file->d_name, name, BLOB_NAME_CHARS) &&
            unlinkat(dirfd(files), file->d_name, 0) != 0 && errno != ENOENT)
            err = err_of_errno(errno);
    closedir(files);
    return err;
}

void blob_file_forget(const char *data_dir)
{
    char folder[BLOB_PATH_CHARS];
    snprintf(folder, sizeof folder, "%.1000s/blobs", data_dir);
    DIR *files = opendir(folder);
    if (!files)
        return;
    for (const struct dirent *file; (file = readdir(files));)
        (void)unlinkat(dirfd(files), file->d_name, 0);
    closedir(files);
    rmdir(folder);
}

/* --- parts ---------------------------------------------------------------- */

enum err blob_part_open(const struct office *office,
                        const uint8_t blob[HASH_BYTES], struct bytes wrap,
                        int *fd, int64_t *size)
{
    char path[BLOB_PATH_CHARS];
    struct stat status;
    *fd = -1;
    enum err err = folder_make(office);
    if (err)
        return err;
    part_path(path, office, blob, wrap);
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*fd < 0 || fstat(*fd, &status) != 0)
        return err_of_errno(errno);
    *size = status.st_size;
    return ERR_OK;
}

enum err blob_part_write(int fd, int64_t offset, struct bytes bytes)
{
    while (bytes.size) {
        ssize_t put = pwrite(fd, bytes.at, bytes.size, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_of_errno(errno);
        offset += put;
        bytes = bytes_of(bytes.at + put, bytes.size - (size_t)put);
    }
    return ERR_OK;
}

static enum err read_whole(int fd, int64_t offset, uint8_t *at, size_t size,
                           size_t *got)
{
    for (*got = 0; *got < size;) {
        ssize_t part =
            pread(fd, at + *got, size - *got, (off_t)(offset + (int64_t)*got));
        if (part < 0 && errno == EINTR)
            continue;
        if (part < 0)
            return err_of_errno(errno);
        if (part == 0)
            break;
        *got += (size_t)part;
    }
    return ERR_OK;
}

struct opening {
    uint8_t key[32];
    struct blob_hasher *hasher;
    uint8_t *sealed, *plain;
    int from, to;
};

static enum err chunk_open(struct opening *o, const struct blob_row *row,
                           int64_t index)
{
    uint8_t ad[BLOB_AD_BYTES];
    size_t size;
    unsigned long long plain_bytes = 0;
    blob_ad(ad, row->salt, index);
    enum err err = read_whole(o->from, index * SEALED_BYTES, o->sealed,
                              SEALED_BYTES, &size);
    if (err)
        return err;
    if (size <= BLOB_SEAL_BYTES ||
        crypto_aead_xchacha20poly1305_ietf_decrypt(
            o->plain, &plain_bytes, NULL, o->sealed + NONCE_BYTES,
            size - NONCE_BYTES, ad, sizeof ad, o->sealed, o->key) != 0)
        return ERR_CORRUPT;
    struct bytes plain = bytes_of(o->plain, (size_t)plain_bytes);
    blob_hasher_add(o->hasher, plain);
    return blob_part_write(o->to, index * BLOB_CHUNK_BYTES, plain);
}

static enum err part_open_all(struct opening *o, const struct blob_row *row)
{
    uint8_t name[HASH_BYTES];
    enum err err = blob_hasher_new(&o->hasher, row->salt);
    for (int64_t i = 0; !err && i < blob_chunks(row->bytes); i++)
        err = chunk_open(o, row, i);
    if (o->hasher)
        blob_hasher_end(o->hasher, name);
    blob_hasher_free(o->hasher);
    if (!err && memcmp(name, row->blob, sizeof name) != 0)
        err = ERR_CORRUPT;
    if (!err && fsync(o->to) != 0)
        err = err_of_errno(errno);
    return err;
}

static enum err part_open_into(const struct office *office,
                               const struct blob_row *row, struct bytes wrap,
                               int from, int to)
{
    struct opening o = {.from = from, .to = to};
    const struct office_keys *keys = &office->keys;
    if (wrap.size != crypto_box_SEALBYTES + sizeof o.key ||
        crypto_box_seal_open(o.key, wrap.at, wrap.size, keys->box_public,
                             keys->box_secret) != 0)
        return ERR_CORRUPT;
    o.sealed = malloc(SEALED_BYTES);
    o.plain = malloc(BLOB_CHUNK_BYTES);
    enum err err = o.sealed && o.plain ? part_open_all(&o, row) : ERR_NOMEM;
    free(o.sealed);
    free(o.plain);
    sodium_memzero(o.key, sizeof o.key);
    return err;
}

enum err blob_part_finish(const struct office *office,
                          const struct blob_row *row, struct bytes wrap, int fd)
{
    char content[BLOB_PATH_CHARS], part[BLOB_PATH_CHARS];
    char fresh[BLOB_PATH_CHARS];
    content_path(content, office, row->blob);
    part_path(part, office, row->blob, wrap);
    snprintf(fresh, sizeof fresh, "%.1150s.new.XXXXXX", content);
    int to = mkstemp(fresh);
    if (to < 0)
        return err_of_errno(errno);
    enum err err = part_open_into(office, row, wrap, fd, to);
    if (close(to) != 0 && !err)
        err = err_of_errno(errno);
    if (!err && rename(fresh, content) != 0)
        err = err_of_errno(errno);
    if (err)
        unlink(fresh);
    else
        err = folder_sync(office);
    if (!err || err == ERR_CORRUPT)
        unlink(part);
    return err;
}

/* --- contents ------------------------------------------------------------- */

enum err blob_file_read(const struct office *office,
                        const uint8_t blob[HASH_BYTES], int64_t offset,
                        size_t most, struct buffer *out)
{
    char path[BLOB_PATH_CHARS];
    size_t got = 0;
    content_path(path, office, blob);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = buffer_reserve(out, most);
    if (!err)
        err = read_whole(fd, offset, out->at + out->size, most, &got);
    out->size += got;
    close(fd);
    return err;
}

static enum err content_hash(int fd, const struct blob_row *row,
                             struct blob_hasher *hasher, uint8_t *chunk)
{
    int64_t offset = 0;
    for (;;) {
        size_t got;
        enum err err = read_whole(fd, offset, chunk, BLOB_CHUNK_BYTES, &got);
        if (err)
            return err;
        blob_hasher_add(hasher, bytes_of(chunk, got));
        offset += (int64_t)got;
        if (got < BLOB_CHUNK_BYTES)
            return offset == row->bytes ? ERR_OK : ERR_CORRUPT;
    }
}

enum err blob_file_check(const char *path, const struct blob_row *row)
{
    uint8_t name[HASH_BYTES];
    struct blob_hasher *hasher = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    uint8_t *chunk = malloc(BLOB_CHUNK_BYTES);
    enum err err = chunk ? blob_hasher_new(&hasher, row->salt) : ERR_NOMEM;
    if (!err) {
        err = content_hash(fd, row, hasher, chunk);
        blob_hasher_end(hasher, name);
    }
    if (!err && memcmp(name, row->blob, sizeof name) != 0)
        err = ERR_CORRUPT;
    blob_hasher_free(hasher);
    free(chunk);
    close(fd);
    return err;
}
