#include "tests/sim/disk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/disk_inner.h"

#define FILES_MAX 256
#define MACHINES_MAX 64
#define SECTOR 512

static struct file files[FILES_MAX];
static struct machine machines[MACHINES_MAX];
static const struct random *dice;
static const char *disk_root = "/";
static bool keep_unsynced;

/* --- machines ---------------------------------------------------------------
 */

static struct machine *machine_of(const char *path)
{
    char name[DISK_NAME_CHARS];
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

bool file_write_fails(const struct file *file)
{
    struct machine *machine = file->machine;
    if (!machine->off && machine->writes_left == 0)
        machine->off = true;
    if (machine->off)
        return true;
    machine->writes++;
    if (machine->writes_left > 0)
        machine->writes_left--;
    return false;
}

int file_refuses(const struct file *file, bool reads)
{
    struct machine *m = file->machine;
    if (!m->refuse_at || m->refuse_reads != reads)
        return 0;
    if (m->refuse_at > 1) {
        m->refuse_at--;
        return 0;
    }
    m->refused = true;
    if (m->refuse_once)
        m->refuse_at = 0;
    return m->refuse_code;
}

/* --- files ------------------------------------------------------------------
 */

void file_synced(struct file *file)
{
    while (file->undo) {
        struct undo *older = file->undo->next;
        free(file->undo);
        file->undo = older;
    }
}

void file_shm_discard(struct file *file)
{
    for (int i = 0; i < SHM_REGIONS_MAX; i++) {
        free(file->shm[i]);
        file->shm[i] = NULL;
    }
}

void file_drop(struct file *file)
{
    file_synced(file);
    file_shm_discard(file);
    free(file->data);
    memset(file, 0, sizeof *file);
}

struct file *file_find(const char *name, bool create)
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
    assert(spare && strlen(name) < DISK_NAME_CHARS);
    strcpy(spare->name, name);
    spare->machine = machine_of(name);
    return spare;
}

void file_resize(struct file *file, int64_t size)
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

void file_remember(struct file *file, int64_t offset, int64_t count)
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

static size_t undo_count(const struct file *file)
{
    size_t count = 0;
    for (const struct undo *u = file->undo; u; u = u->next)
        count++;
    return count;
}

static void undo_one(struct file *file, const struct undo *u)
{
    if (u->count && u->offset + (int64_t)u->count > file->size)
        file_resize(file, u->offset + (int64_t)u->count);
    if (u->count)
        memcpy(file->data + u->offset, u->old, u->count);
    if (file->size > u->size_before)
        file_resize(file, u->size_before);
}

/* What the disk had not been told to keep may be there all the same (and is,
 * when only the process died), or without its end, or in pieces. */
static void undo_apply(struct file *file)
{
    enum { ALL, BEGINNING, PIECES, KINDS };
    size_t count = undo_count(file);
    int kept = keep_unsynced ? ALL : (int)random_below(dice, KINDS);
    size_t lost = kept == BEGINNING ? (size_t)random_below(dice, count + 1) : 0;
    for (struct undo *u = file->undo; u && kept != ALL; u = u->next)
        if (kept == PIECES ? random_below(dice, 2) : lost-- > 0)
            undo_one(file, u);
        else if (kept == BEGINNING)
            break;
    file_synced(file);
}

void file_temporary(char *name, int room)
{
    static unsigned count;
    snprintf(name, (size_t)room, "%stemp/%u", disk_root, count++);
}

void disk_dice(void *out, size_t size)
{
    random_fill(dice, out, size);
}

/* --- the simulator's side ------------------------------------------------- */

void disk_reset(const char *root, const struct random *random)
{
    dice = random;
    disk_root = root;
    keep_unsynced = false;
    for (int i = 0; i < FILES_MAX; i++)
        if (*files[i].name)
            file_drop(&files[i]);
    memset(machines, 0, sizeof machines);
    disk_vfs_register();
}

void disk_power_cut(const char *name, int64_t writes)
{
    struct machine *machine = machine_of(name);
    machine->writes_left = writes;
    if (writes == 0)
        machine->off = true;
}

void disk_refuse(const char *name, int64_t nth, bool reads, int code, bool once)
{
    struct machine *machine = machine_of(name);
    machine->refuse_at = nth;
    machine->refuse_reads = reads;
    machine->refuse_code = code;
    machine->refuse_once = once;
    if (nth)
        machine->refused = false;
}

bool disk_has_refused(const char *name)
{
    return machine_of(name)->refused;
}

void disk_keep_unsynced(void)
{
    keep_unsynced = true;
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
        file_shm_discard(&files[i]);
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
    file_synced(to);
    file_shm_discard(to);
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
        char name[DISK_NAME_CHARS];
        if (!belongs(&files[i], from) || !files[i].exists)
            continue;
        snprintf(name, sizeof name, "%s%s%s", disk_root, to,
                 files[i].name + prefix);
        copy_file(&files[i], name);
    }
}

uint64_t disk_writes(const char *name)
{
    return machine_of(name)->writes;
}

/* --- a state to begin from ------------------------------------------------ */

static struct kept {
    char name[DISK_NAME_CHARS]; /* below the root */
    unsigned char *data;        /* owned */
    int64_t size;
} kept[FILES_MAX];
static size_t kept_count;

void disk_keep(void)
{
    size_t root = strlen(disk_root);
    for (int i = 0; i < FILES_MAX; i++) {
        const struct file *file = &files[i];
        struct kept *copy = &kept[kept_count];
        if (!*file->name || !file->exists || !file->size)
            continue;
        assert(!strncmp(file->name, disk_root, root));
        strcpy(copy->name, file->name + root);
        copy->size = file->size;
        copy->data = malloc((size_t)file->size);
        assert(copy->data);
        memcpy(copy->data, file->data, (size_t)file->size);
        kept_count++;
    }
}

void disk_restore(void)
{
    char name[2 * DISK_NAME_CHARS];
    for (size_t i = 0; i < kept_count; i++) {
        snprintf(name, sizeof name, "%s%s", disk_root, kept[i].name);
        struct file *file = file_find(name, true);
        file->exists = true;
        file_resize(file, kept[i].size);
        memcpy(file->data, kept[i].data, (size_t)kept[i].size);
    }
}
