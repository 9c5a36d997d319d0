/* What the simulator's disks are made of; only disk*.c include this. */
#ifndef SIM_DISK_INNER_H
#define SIM_DISK_INNER_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_NAME_CHARS 128
#define SHM_REGIONS_MAX 64

struct machine {
    char name[DISK_NAME_CHARS];
    bool off;
    int64_t writes_left; /* negative: no cut is planned */
    int64_t refuse_at;   /* operations until one is refused; 0: none is */
    bool refuse_reads, refuse_once, refused;
    int refuse_code;
    uint64_t writes;
};

/* What a write replaced, until the next sync. */
struct undo {
    struct undo *next; /* older */
    int64_t offset, size_before;
    size_t count;
    unsigned char old[];
};

struct file {
    char name[DISK_NAME_CHARS];
    struct machine *machine;
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

/* disk.c */
struct file *file_find(const char *name, bool create);
/* Counts a write; true when the power goes (or is already gone). */
bool file_write_fails(const struct file *file);
/* SQLite's code when this operation is refused, else 0. */
int file_refuses(const struct file *file, bool reads);
void file_drop(struct file *file);
void file_resize(struct file *file, int64_t size);
void file_shm_discard(struct file *file);
/* Remembers [offset, offset + count) and the size, sector by sector, so that a
 * power cut may keep one part of a write and lose another. */
void file_remember(struct file *file, int64_t offset, int64_t count);
void file_synced(struct file *file);
/* A file of its own for SQLite's temporary data. */
void file_temporary(char *name, int room);
void disk_dice(void *out, size_t size);

/* disk_vfs.c */
void disk_vfs_register(void);

#endif
