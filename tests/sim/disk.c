#include "tests/sim/disk.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 256
#define MACHINES_MAX 64
#define NAME_MAX_CHARS 128
#define SHM_REGIONS_MAX 64
#define SECTOR 512

/* What a write replaced, until the next sync. */
struct undo {
    struct undo *next; /* older */
    int64_t offset, size_before;
    size_t count;
    unsigned char old[];
};

struct file {
    char name[NAME_MAX_CHARS];
    bool exists;
    unsigned char *data; /* owned */
    int64_t size, room;
    struct undo *undo; /* owned, newest first */
    int locks_shared;
    bool locked_reserved, locked_pending, locked_exclusive;
    void *shm[SHM_REGIONS_MAX]; /* owned */
    int shm_shared[SQLITE_SHM_NLOCK];
    bool shm_exclusive[SQLITE_SHM_NLOCK];
    int shm_users;
};

struct machine {
    char name[NAME_MAX_CHARS];
    bool off;
    int64_t writes_left; /* negative: no cut is planned */
    uint64_t writes;
};

struct handle {
    sqlite3_file base;
    struct file *file;
    int lock;
    uint16_t shm_shared, shm_exclusive;
    bool shm_open;
};

static struct file files[FILES_MAX];
static struct machine machines[MACHINES_MAX];
static const struct random *dice;
static const char *disk_root = "/";

/* --- machines ---------------------------------------------------------------
 */

static struct machine *machine_of(const char *path)
{
    char name[NAME_MAX_CHARS];
    size_t root = strlen(disk_root);
    const char *start = strncmp(path, disk_root, root) ? path : path + root;
    size_t length = strcspn(start, "/");
    assert(length < sizeof name);
    memcpy(name, start, length);
    name[length] = 0;
    for (int i = 0; i < MACHINES_MAX; i++) {
        if (!*machines[i].name) {
            memcpy(machines[i].name, name, length + 1);
            machines[i].writes_left = -1;
        }
        if (!strcmp(machines[i].name, name))
            return &machines[i];
    }
    abort();
}

static bool off(const struct file *file)
{
    return machine_of(file->name)->off;
}

/* Counts a write; true when the power goes (or is already gone). */
static bool write_fails(const struct file *file)
{
    struct machine *machine = machine_of(file->name);
    if (!machine->off && machine->writes_left == 0)
        machine->off = true;
    if (machine->off)
        return true;
    machine->writes++;
    if (machine->writes_left > 0)
        machine->writes_left--;
    return false;
}

/* --- files ------------------------------------------------------------------
 */

static void undo_forget(struct file *file)
{
    while (file->undo) {
        struct undo *older = file->undo->next;
        free(file->undo);
        file->undo = older;
    }
}

static void file_drop(struct file *file)
{
    undo_forget(file);
    for (int i = 0; i < SHM_REGIONS_MAX; i++)
        free(file->shm[i]);
    free(file->data);
    memset(file, 0, sizeof *file);
}

static struct file *file_find(const char *name, bool create)
{
    struct file *spare = NULL;
    for (int i = 0; i < FILES_MAX; i++) {
        if (!strcmp(files[i].name, name) && *name)
            return files[i].exists || create ? &files[i] : NULL;
        if (!*files[i].name && !spare)
            spare = &files[i];
    }
    if (!create)
        return NULL;
    assert(spare && strlen(name) < NAME_MAX_CHARS);
    strcpy(spare->name, name);
    return spare;
}

static void file_resize(struct file *file, int64_t size)
{
    if (size > file->room) {
        file->room = size * 2 + 4096;
        file->data = realloc(file->data, (size_t)file->room);
        assert(file->data);
    }
    if (size > file->size)
        memset(file->data + file->size, 0, (size_t)(size - file->size));
    file->size = size;
}

/* Remembers [offset, offset + count) and the size, sector by sector, so that a
 * power cut may keep one part of a write and lose another. */
static void undo_remember(struct file *file, int64_t offset, int64_t count)
{
    for (int64_t done = 0; done < count || !done; done += SECTOR) {
        int64_t at = offset + done;
        int64_t part = count - done < SECTOR ? count - done : SECTOR;
        int64_t have = file->size > at ? file->size - at : 0;
        size_t old = (size_t)(have < part ? have : part);
        struct undo *undo = malloc(sizeof *undo + old);
        assert(undo);
        undo->next = file->undo;
        undo->offset = at;
        undo->size_before = file->size;
        undo->count = old;
        if (old)
            memcpy(undo->old, file->data + at, old);
        file->undo = undo;
    }
}

static void undo_apply(struct file *file)
{
    for (struct undo *u = file->undo; u; u = u->next) {
        if (!random_below(dice, 2))
            continue;
        if (u->count && u->offset + (int64_t)u->count > file->size)
            file_resize(file, u->offset + (int64_t)u->count);
        if (u->count)
            memcpy(file->data + u->offset, u->old, u->count);
        if (file->size > u->size_before)
            file_resize(file, u->size_before);
    }
    undo_forget(file);
}

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
    if (off(file))
        return SQLITE_IOERR_READ;
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
    if (write_fails(file))
        return SQLITE_IOERR_WRITE;
    undo_remember(file, at, count);
    if (at + count > file->size)
        file_resize(file, at + count);
    memcpy(file->data + at, in, (size_t)count);
    return SQLITE_OK;
}

static int sim_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = ((struct handle *)base)->file;
    if (write_fails(file))
        return SQLITE_IOERR_TRUNCATE;
    if (size < file->size)
        undo_remember(file, size, file->size - size);
    file_resize(file, size);
    return SQLITE_OK;
}

static int sim_sync(sqlite3_file *base, int flags)
{
    struct file *file = ((struct handle *)base)->file;
    (void)flags;
    if (write_fails(file))
        return SQLITE_IOERR_FSYNC;
    undo_forget(file);
    return SQLITE_OK;
}

static int sim_size(sqlite3_file *base, sqlite3_int64 *size)
{
    struct file *file = ((struct handle *)base)->file;
    *size = file->size;
    return off(file) ? SQLITE_IOERR_FSTAT : SQLITE_OK;
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
    if (off(f))
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

static void shm_discard(struct file *f)
{
    for (int i = 0; i < SHM_REGIONS_MAX; i++) {
        free(f->shm[i]);
        f->shm[i] = NULL;
    }
}

static int sim_shm_unmap(sqlite3_file *base, int remove)
{
    struct handle *h = (struct handle *)base;
    for (int i = 0; i < SQLITE_SHM_NLOCK; i++)
        shm_release(h, i);
    if (h->shm_open && --h->file->shm_users == 0 && remove)
        shm_discard(h->file);
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
    static unsigned temporary;
    char spare[64];
    struct handle *h = (struct handle *)base;
    (void)vfs;
    memset(h, 0, sizeof *h);
    if (!name) {
        sqlite3_snprintf(sizeof spare, spare, "%stemp/%u", disk_root,
                         temporary++);
        name = spare;
    }
    struct file *file = file_find(name, flags & SQLITE_OPEN_CREATE);
    if (!file)
        return SQLITE_CANTOPEN;
    if (off(file))
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
    if (write_fails(file))
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
    random_fill(dice, out, (size_t)count);
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
    .mxPathname = NAME_MAX_CHARS,
    .zName = DISK_VFS,
    .xOpen = sim_open,
    .xDelete = sim_delete,
    .xAccess = sim_access,
    .xFullPathname = sim_full_path,
    .xRandomness = sim_randomness,
    .xSleep = sim_sleep,
    .xCurrentTime = sim_time,
};

/* --- the simulator's side ----------------------------------------------------
 */

void disk_reset(const char *root, const struct random *random)
{
    dice = random;
    disk_root = root;
    for (int i = 0; i < FILES_MAX; i++)
        if (*files[i].name)
            file_drop(&files[i]);
    memset(machines, 0, sizeof machines);
    (void)sqlite3_vfs_register(&sim_vfs, 0);
}

void disk_power_cut(const char *name, int64_t writes)
{
    struct machine *machine = machine_of(name);
    machine->writes_left = writes;
    if (writes == 0)
        machine->off = true;
}

bool disk_is_off(const char *name)
{
    return machine_of(name)->off;
}

static bool belongs(const struct file *file, const char *name)
{
    size_t root = strlen(disk_root), length = strlen(name);
    return *file->name && !strncmp(file->name, disk_root, root) &&
           !strncmp(file->name + root, name, length) &&
           file->name[root + length] == '/';
}

void disk_power_on(const char *name)
{
    struct machine *machine = machine_of(name);
    for (int i = 0; i < FILES_MAX; i++) {
        if (!belongs(&files[i], name))
            continue;
        if (machine->off)
            undo_apply(&files[i]);
        shm_discard(&files[i]);
        files[i].locks_shared = files[i].shm_users = 0;
        files[i].locked_reserved = files[i].locked_pending =
            files[i].locked_exclusive = false;
        memset(files[i].shm_shared, 0, sizeof files[i].shm_shared);
        memset(files[i].shm_exclusive, 0, sizeof files[i].shm_exclusive);
    }
    machine->off = false;
    machine->writes_left = -1;
}

static void copy_file(const struct file *from, const char *name)
{
    struct file *to = file_find(name, true);
    undo_forget(to);
    shm_discard(to);
    to->exists = true;
    file_resize(to, 0);
    file_resize(to, from->size);
    if (from->size)
        memcpy(to->data, from->data, (size_t)from->size);
}

void disk_copy(const char *from, const char *to)
{
    size_t prefix = strlen(disk_root) + strlen(from);
    for (int i = 0; i < FILES_MAX; i++)
        if (belongs(&files[i], to))
            file_drop(&files[i]);
    for (int i = 0; i < FILES_MAX; i++) {
        char name[NAME_MAX_CHARS];
        if (!belongs(&files[i], from) || !files[i].exists)
            continue;
        sqlite3_snprintf(sizeof name, name, "%s%s%s", disk_root, to,
                         files[i].name + prefix);
        copy_file(&files[i], name);
    }
}

uint64_t disk_writes(const char *name)
{
    return machine_of(name)->writes;
}
