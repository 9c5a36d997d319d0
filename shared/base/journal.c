#include "shared/base/journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "shared/base/journal_scan.h"

#define GROUP_BYTES (1u << 20) /* kept in memory before they are written */
#define GROUP_BYTES_MAX                                                        \
    (GROUP_BYTES + JOURNAL_HEAD_BYTES + JOURNAL_PAYLOAD_BYTES_MAX)

struct journal {
    struct journal_of of; /* borrowed */
    int fd;
    bool begun;
    uint64_t end;        /* of the last intact record */
    uint64_t number;     /* of that record */
    uint64_t next;       /* number of the next record of the group */
    uint64_t written;    /* of the group, behind `end` */
    struct buffer group; /* what is not written of it yet */
};

/* --- the file --------------------------------------------------------------
 */

static enum err lock(struct journal *j)
{
    while (flock(j->fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return journal_err_of_errno(errno);
    return ERR_OK;
}

static void unlock(struct journal *j)
{
    flock(j->fd, LOCK_UN);
}

/* Makes the name of a new file durable. */
static enum err folder_sync(const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) + 1 : 1;
    char *folder = calloc(1, size + 1);
    if (!folder)
        return ERR_NOMEM;
    memcpy(folder, slash ? path : ".", size);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (fd < 0)
        return journal_err_of_errno(errno);
    enum err err = fsync(fd) ? journal_err_of_errno(errno) : ERR_OK;
    close(fd);
    return err;
}

/* The file is ours: it has records, and the first of them, unless damaged, has
 * the right name. */
static bool name_matches(const struct journal *j,
                         const struct journal_record *record)
{
    return record->kind != JOURNAL_NAME ||
           bytes_is(record->payload, j->of.name);
}

/* Reads from the last known record to the end and cuts off what is torn. */
static enum err read_on(struct journal *j, uint64_t size)
{
    struct journal_scan scan;
    struct journal_record record;
    journal_scan_init(&scan, j->fd, j->of.key, j->end, j->number);
    enum err err;
    while (!(err = journal_scan_next(&scan, &record))) {
        if (!name_matches(j, &record)) {
            err = ERR_FOREIGN;
            break;
        }
        j->end = record.end;
        j->number = record.number;
        if (j->of.seen)
            j->of.seen(j->of.context, &record);
    }
    journal_scan_fini(&scan);
    if (err != ERR_NOT_FOUND)
        return err;
    /* A torn first record is shorter than it would be; anything else that
     * has no record in it was never a journal of ours. */
    if (j->end == 0 && size >= JOURNAL_HEAD_BYTES + strlen(j->of.name))
        return ERR_FOREIGN;
    if (size > j->end && ftruncate(j->fd, (off_t)j->end) != 0)
        return journal_err_of_errno(errno);
    return ERR_OK;
}

static enum err record_at(struct journal *j, uint64_t at, uint64_t number,
                          bool *found, bool *named)
{
    struct journal_scan scan;
    struct journal_record record;
    journal_scan_init(&scan, j->fd, j->of.key, at, number);
    enum err err = journal_scan_next(&scan, &record);
    *found = !err && record.at == at && record.number == number + 1;
    *named = *found && record.kind == JOURNAL_NAME && name_matches(j, &record);
    journal_scan_fini(&scan);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* The place at which the caller left off is taken when the file is the same:
 * it begins with our name, and has its end or a record there. */
static enum err leave_out_known(struct journal *j, uint64_t size)
{
    bool found, named;
    if (j->end > 0 || j->of.at == 0 || j->of.at > size)
        return ERR_OK;
    enum err err = record_at(j, 0, 0, &found, &named);
    if (!err && named && j->of.at < size)
        err = record_at(j, j->of.at, j->of.number, &found, &(bool){false});
    if (!err && named && found) {
        j->end = j->of.at;
        j->number = j->of.number;
    }
    return err;
}

/* Under the lock: knows all that is in the file. */
static enum err catch_up(struct journal *j)
{
    struct stat here, there;
    if (fstat(j->fd, &here) != 0)
        return journal_err_of_errno(errno);
    if (stat(j->of.path, &there) != 0)
        return journal_err_of_errno(errno);
    if (here.st_dev != there.st_dev || here.st_ino != there.st_ino)
        return ERR_NOT_FOUND;
    if (!S_ISREG(here.st_mode))
        return ERR_FOREIGN;
    uint64_t size = (uint64_t)here.st_size;
    if (size < j->end)
        return ERR_CORRUPT;
    enum err err = leave_out_known(j, size);
    return err || size == j->end ? err : read_on(j, size);
}

/* --- a group ---------------------------------------------------------------
 */

static enum err group_add(struct journal *j, uint8_t kind, struct bytes payload)
{
    size_t before = j->group.size;
    uint8_t head[JOURNAL_HEAD_BYTES];
    journal_head(head, j->of.key, kind, j->next, payload);
    enum err err = buffer_reserve(&j->group, JOURNAL_HEAD_BYTES + payload.size);
    if (err) {
        j->group.size = before;
        j->group.err = ERR_OK;
        return err;
    }
    (void)buffer_add(&j->group, head, sizeof head);
    (void)buffer_add_bytes(&j->group, payload);
    j->next++;
    return ERR_OK;
}

static enum err group_write(struct journal *j)
{
    for (size_t done = 0; done < j->group.size;) {
        ssize_t put = pwrite(j->fd, j->group.at + done, j->group.size - done,
                             (off_t)(j->end + j->written + done));
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return journal_err_of_errno(errno);
        done += (size_t)put;
    }
    j->written += j->group.size;
    buffer_clear(&j->group);
    return ERR_OK;
}

enum err journal_begin(struct journal *j)
{
    assert(!j->begun);
    enum err err = lock(j);
    if (err)
        return err;
    err = catch_up(j);
    if (err) {
        unlock(j);
        return err;
    }
    j->begun = true;
    j->written = 0;
    j->next = j->number + 1;
    return ERR_OK;
}

enum err journal_add(struct journal *j, uint8_t kind, struct bytes payload)
{
    assert(j->begun && kind != JOURNAL_NAME);
    if (payload.size > JOURNAL_PAYLOAD_BYTES_MAX)
        return ERR_TOO_BIG;
    enum err err = j->group.size >= GROUP_BYTES ? group_write(j) : ERR_OK;
    return err ? err : group_add(j, kind, payload);
}

static void group_end(struct journal *j)
{
    j->begun = false;
    j->written = 0;
    if (j->group.room > GROUP_BYTES)
        buffer_fini(&j->group);
    else
        buffer_clear(&j->group);
    unlock(j);
}

void journal_cancel(struct journal *j)
{
    assert(j->begun);
    /* What cannot be cut off is read by the next writer as records that it
     * did not know of; that is sound, too. */
    int cut = ftruncate(j->fd, (off_t)j->end);
    (void)cut;
    group_end(j);
}

enum err journal_commit(struct journal *j)
{
    assert(j->begun);
    enum err err = group_write(j);
    if (!err && j->written > 0 && fdatasync(j->fd) != 0)
        err = journal_err_of_errno(errno);
    if (err) {
        journal_cancel(j);
        return err;
    }
    j->end += j->written;
    j->number = j->next - 1;
    group_end(j);
    return ERR_OK;
}

uint64_t journal_end(const struct journal *j, uint64_t *number)
{
    *number = j->number;
    return j->end;
}

/* --- opening ---------------------------------------------------------------
 */

static enum err first_record(struct journal *j)
{
    j->begun = true;
    j->next = 1;
    enum err err = group_add(j, JOURNAL_NAME, bytes_text(j->of.name));
    if (err) {
        journal_cancel(j);
        return err;
    }
    err = folder_sync(j->of.path);
    if (err) {
        journal_cancel(j);
        return err;
    }
    return journal_commit(j);
}

enum err journal_open(struct journal **out, const struct journal_of *of)
{
    *out = NULL;
    struct journal *j = calloc(1, sizeof *j);
    if (!j)
        return ERR_NOMEM;
    j->of = *of;
    buffer_init(&j->group, GROUP_BYTES_MAX);
    enum err err = ERR_OK;
    int make = of->existing ? 0 : O_CREAT;
    j->fd = open(of->path, O_RDWR | make | O_CLOEXEC | O_NOCTTY, 0600);
    if (j->fd < 0)
        err = errno == EISDIR ? ERR_FOREIGN : journal_err_of_errno(errno);
    if (!err)
        err = journal_begin(j);
    if (!err && j->number == 0 && j->end == 0)
        err = first_record(j);
    else if (!err)
        journal_cancel(j);
    if (err) {
        journal_close(j);
        return err;
    }
    *out = j;
    return ERR_OK;
}

void journal_close(struct journal *j)
{
    if (!j)
        return;
    if (j->begun)
        journal_cancel(j);
    if (j->fd >= 0)
        close(j->fd);
    buffer_fini(&j->group);
    free(j);
}
