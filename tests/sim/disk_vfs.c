/* SQLite's side of the simulator's disks. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/disk.h"
#include "tests/sim/disk_inner.h"

#define SECTOR 512

struct handle {
    sqlite3_file base;
    struct file *file;
    int lock;
    uint16_t shm_shared, shm_exclusive;
    bool shm_open;
};

/* --- sqlite3_file ------------------------------------------------------------
 */

static int sim_close(sqlite3_file *base)
{
    (void)base;
    return SQLITE_OK;
}

static int sim_read(sqlite3_file *base, void *out, int count, sqlite3_int64 at)
{
    struct file *file = ((struct handle *)base)->file;
    if (file->machine->off)
        return SQLITE_IOERR_READ;
    int refused = file_refuses(file, true);
    if (refused)
        return refused;
    int64_t have = file->size > at ? file->size - at : 0;
    int64_t take = have < count ? have : count;
    if (take)
        memcpy(out, file->data + at, (size_t)take);
    if (take == count)
        return SQLITE_OK;
    memset((char *)out + take, 0, (size_t)(count - take));
    return SQLITE_IOERR_SHORT_READ;
}

static int sim_write(sqlite3_file *base, const void *in, int count,
                     sqlite3_int64 at)
{
    struct file *file = ((struct handle *)base)->file;
    int refused = file_refuses(file, false);
    if (refused)
        return refused;
    if (file_write_fails(file))
        return SQLITE_IOERR_WRITE;
    file_remember(file, at, count);
    if (at + count > file->size)
        file_resize(file, at + count);
    memcpy(file->data + at, in, (size_t)count);
    return SQLITE_OK;
}

static int sim_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = ((struct handle *)base)->file;
    if (file_write_fails(file))
        return SQLITE_IOERR_TRUNCATE;
    if (size < file->size)
        file_remember(file, size, file->size - size);
    file_resize(file, size);
    return SQLITE_OK;
}

static int sim_sync(sqlite3_file *base, int flags)
{
    struct file *file = ((struct handle *)base)->file;
    (void)flags;
    if (file_refuses(file, false))
        return SQLITE_IOERR_FSYNC;
    if (file_write_fails(file))
        return SQLITE_IOERR_FSYNC;
    file_synced(file);
    return SQLITE_OK;
}

static int sim_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct file *file = ((struct handle *)base)->file;
    *size = file->size;
    return file->machine->off ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

/* One process, so locks only keep connections of one file apart. */
static int sim_lock(sqlite3_file *base, int level)
{
    struct handle *h = (struct handle *)base;
    struct file *f = h->file;
    if (h->lock >= level)
        return SQLITE_OK;
    if (level == SQLITE_LOCK_SHARED) {
        if (f->locked_exclusive || f->locked_pending)
            return SQLITE_BUSY;
        f->locks_shared++;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (f->locked_reserved)
            return SQLITE_BUSY;
        f->locked_reserved = true;
    } else {
        if (h->lock < SQLITE_LOCK_RESERVED) {
            if (f->locked_reserved)
                return SQLITE_BUSY;
            f->locked_reserved = true;
        }
        h->lock = SQLITE_LOCK_PENDING;
        f->locked_pending = true;
        if (f->locks_shared > 1)
            return SQLITE_BUSY;
        f->locked_exclusive = true;
    }
    h->lock = level;
    return SQLITE_OK;
}

static int sim_unlock(sqlite3_file *base, int level)
{
    struct handle *h = (struct handle *)base;
    struct file *f = h->file;
    if (h->lock >= SQLITE_LOCK_RESERVED && level < SQLITE_LOCK_RESERVED)
        f->locked_reserved = f->locked_pending = f->locked_exclusive = false;
    if (h->lock >= SQLITE_LOCK_SHARED && level == SQLITE_LOCK_NONE)
        f->locks_shared--;
    if (level < h->lock)
        h->lock = level;
    return SQLITE_OK;
}

static int sim_check_reserved(sqlite3_file *base, int *out)
{
    *out = ((struct handle *)base)->file->locked_reserved;
    return SQLITE_OK;
}

static int sim_control(sqlite3_file *base, int op, void *argument)
{
    (void)base;
    (void)op;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int sim_sector(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int sim_characteristics(sqlite3_file *base)
{
    (void)base;
    return 0;
}

static int sim_shm_map(sqlite3_file *base, int region, int size, int extend,
                       void volatile **out)
{
    struct handle *h = (struct handle *)base;
    struct file *f = h->file;
    *out = NULL;
    if (f->machine->off)
        return SQLITE_IOERR_SHMMAP;
    assert(region < SHM_REGIONS_MAX);
    if (!h->shm_open) {
        h->shm_open = true;
        f->shm_users++;
    }
    if (!f->shm[region] && extend) {
        f->shm[region] = calloc(1, (size_t)size);
        assert(f->shm[region]);
    }
    *out = f->shm[region];
    return SQLITE_OK;
}

static void shm_release(struct handle *h, int i)
{
    struct file *f = h->file;
    uint16_t bit = (uint16_t)(1u << i);
    if (h->shm_exclusive & bit)
        f->shm_exclusive[i] = false;
    if (h->shm_shared & bit)
        f->shm_shared[i]--;
    h->shm_exclusive &= (uint16_t)~bit;
    h->shm_shared &= (uint16_t)~bit;
}

static bool shm_free_for(const struct handle *h, int i, bool exclusive)
{
    const struct file *f = h->file;
    uint16_t bit = (uint16_t)(1u << i);
    if (f->shm_exclusive[i] && !(h->shm_exclusive & bit))
        return false;
    int others = f->shm_shared[i] - ((h->shm_shared & bit) ? 1 : 0);
    return !exclusive || others == 0;
}

static int sim_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    struct handle *h = (struct handle *)base;
    bool exclusive = flags & SQLITE_SHM_EXCLUSIVE;
    for (int i = offset; i < offset + count; i++) {
        if (flags & SQLITE_SHM_UNLOCK)
            shm_release(h, i);
        else if (!shm_free_for(h, i, exclusive))
            return SQLITE_BUSY;
    }
    for (int i = offset; (flags & SQLITE_SHM_LOCK) && i < offset + count; i++) {
        uint16_t bit = (uint16_t)(1u << i);
        if (exclusive) {
            h->file->shm_exclusive[i] = true;
            h->shm_exclusive |= bit;
        } else if (!(h->shm_shared & bit)) {
            h->file->shm_shared[i]++;
            h->shm_shared |= bit;
        }
    }
    return SQLITE_OK;
}

static void sim_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int sim_shm_unmap(sqlite3_file *base, int remove)
{
    struct handle *h = (struct handle *)base;
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++)
        shm_release(h, i);
    if (h->shm_open && --h->file->shm_users == 0 && remove)
        file_shm_discard(h->file);
    h->shm_open = false;
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = sim_close,
    .xRead = sim_read,
    .xWrite = sim_write,
    .xTruncate = sim_truncate,
    .xSync = sim_sync,
    .xFileSize = sim_size,
    .xLock = sim_lock,
    .xUnlock = sim_unlock,
    .xCheckReservedLock = sim_check_reserved,
    .xFileControl = sim_control,
    .xSectorSize = sim_sector,
    .xDeviceCharacteristics = sim_characteristics,
    .xShmMap = sim_shm_map,
    .xShmLock = sim_shm_lock,
    .xShmBarrier = sim_shm_barrier,
    .xShmUnmap = sim_shm_unmap,
};

/* --- sqlite3_vfs -------------------------------------------------------------
 */

static int sim_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base,
                    int flags, int *out_flags)
{
    char spare[64];
    struct handle *h = (struct handle *)base;
    (void)vfs;
    memset(h, 0, sizeof *h);
    if (!name) {
        file_temporary(spare, sizeof spare);
        name = spare;
    }
    struct file *file = file_find(name, flags & SQLITE_OPEN_CREATE);
    if (!file)
        return SQLITE_CANTOPEN;
    if (file->machine->off)
        return SQLITE_CANTOPEN;
    file->exists = true;
    h->file = file;
    h->base.pMethods = &methods;
    if (out_flags)
        *out_flags = flags;
    return SQLITE_OK;
}

static int sim_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct file *file = file_find(name, false);
    (void)vfs;
    (void)sync;
    if (!file)
        return SQLITE_IOERR_DELETE_NOENT;
    if (file_write_fails(file))
        return SQLITE_IOERR_DELETE;
    file_drop(file);
    return SQLITE_OK;
}

static int sim_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    (void)flags;
    struct file *file = file_find(name, false);
    *out = file && (flags != SQLITE_ACCESS_EXISTS || file->size > 0);
    return SQLITE_OK;
}

static int sim_full_path(sqlite3_vfs *vfs, const char *name, int room,
                         char *out)
{
    (void)vfs;
    sqlite3_snprintf(room, out, "%s", name);
    return SQLITE_OK;
}

static int sim_randomness(sqlite3_vfs *vfs, int count, char *out)
{
    (void)vfs;
    disk_dice(out, (size_t)count);
    return count;
}

static int sim_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int sim_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 2461000.5;
    return SQLITE_OK;
}

static sqlite3_vfs sim_vfs = {
    .iVersion = 1,
    .szOsFile = sizeof(struct handle),
    .mxPathname = DISK_NAME_CHARS,
    .zName = DISK_VFS,
    .xOpen = sim_open,
    .xDelete = sim_delete,
    .xAccess = sim_access,
    .xFullPathname = sim_full_path,
    .xRandomness = sim_randomness,
    .xSleep = sim_sleep,
    .xCurrentTime = sim_time,
};

void disk_vfs_register(void)
{
    (void)sqlite3_vfs_register(&sim_vfs, 0);
}
