#include "server/blob_keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "server/blob_file.h"

/* --- census --------------------------------------------------------------- */

struct census {
    const struct office *office;
    uint8_t (*lost)[HASH_BYTES]; /* owned */
    size_t count, room;
};

static enum err lost_add(struct census *c, const uint8_t blob[HASH_BYTES])
{
    if (c->count == c->room) {
        size_t room = c->room ? c->room * 2 : 16;
        void *grown = realloc(c->lost, room * sizeof *c->lost);
        if (!grown)
            return ERR_NOMEM;
        c->lost = grown;
        c->room = room;
    }
    memcpy(c->lost[c->count++], blob, HASH_BYTES);
    return ERR_OK;
}

static enum err look(void *context, const struct blob_row *row)
{
    struct census *c = context;
    return !row->received_at || blob_file_there(c->office, row->blob)
               ? ERR_OK
               : lost_add(c, row->blob);
}

enum err blob_keep_census(const struct office *office, struct sql *sql,
                          int64_t *lost)
{
    struct census c = {.office = office};
    enum err err = store_blob_each(sql, office->agency, false, look, &c);
    for (size_t i = 0; !err && i < c.count; i++)
        err = store_blob_received(sql, office->agency, c.lost[i], 0);
    *lost = (int64_t)c.count;
    free(c.lost);
    return err;
}

/* --- copies --------------------------------------------------------------- */

struct copying {
    const char *from, *to;
    struct blob_copies *out;
};

static enum err bytes_copy(int from, int to)
{
    uint8_t chunk[BLOB_CHUNK_BYTES];
    for (int64_t at = 0;;) {
        ssize_t got = read(from, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_of_errno(errno);
        if (got == 0)
            return fsync(to) ? err_of_errno(errno) : ERR_OK;
        enum err err = blob_part_write(to, at, bytes_of(chunk, (size_t)got));
        if (err)
            return err;
        at += got;
    }
}

static enum err file_copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return err_of_errno(errno);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    enum err err = out < 0 ? err_of_errno(errno) : bytes_copy(in, out);
    close(in);
    if (out >= 0 && close(out) != 0 && !err)
        err = err_of_errno(errno);
    return err;
}

static enum err copy_one(struct copying *c, const struct blob_row *row)
{
    char from[BLOB_PATH_CHARS], to[BLOB_PATH_CHARS];
    char partial[BLOB_PATH_CHARS + 8];
    blob_file_path(from, c->from, row->blob);
    blob_file_path(to, c->to, row->blob);
    if (access(to, R_OK) == 0)
        return ERR_OK;
    if (access(from, R_OK) != 0) {
        c->out->absent++;
        return ERR_NOT_FOUND;
    }
    snprintf(partial, sizeof partial, "%s.copy", to);
    enum err err = file_copy(from, partial);
    if (!err)
        err = blob_file_check(partial, row);
    if (!err && rename(partial, to) != 0)
        err = err_of_errno(errno);
    if (err)
        unlink(partial);
    if (err == ERR_CORRUPT) {
        c->out->absent++;
        return ERR_NOT_FOUND;
    }
    if (err) {
        snprintf(c->out->detail, sizeof c->out->detail, "%.400s: %s", from,
                 err_text(err));
    }
    c->out->fresh += !err;
    return err;
}

static enum err copy_row(void *context, const struct blob_row *row)
{
    struct copying *c = context;
    if (!row->received_at)
        return ERR_OK;
    enum err err = copy_one(c, row);
    c->out->count += !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(errno);
    enum err err = fsync(fd) ? err_of_errno(errno) : ERR_OK;
    close(fd);
    return err;
}

enum err blob_keep_copy(const struct office *office, struct sql *sql,
                        const char *from, const char *to,
                        struct blob_copies *out)
{
    struct copying c = {.from = from, .to = to, .out = out};
    int64_t bytes;
    *out = (struct blob_copies){.count = 0};
    enum err err = store_blob_total(sql, office->agency, &bytes);
    if (err || !bytes)
        return err;
    if (mkdir(to, 0700) != 0 && errno != EEXIST) {
        err = err_of_errno(errno);
        snprintf(out->detail, sizeof out->detail, "%.400s: %s", to,
                 err_text(err));
        return err;
    }
    err = store_blob_each(sql, office->agency, false, copy_row, &c);
    return err ? err : folder_sync(to);
}

void blob_keep_beside(char *out, size_t room, const char *backup)
{
    const char *slash = strrchr(backup, '/');
    int size = slash ? (int)(slash - backup) + 1 : 0;
    snprintf(out, room, "%.*sblobs", size, backup);
}
