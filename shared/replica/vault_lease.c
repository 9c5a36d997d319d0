/* The lease: one sync of a vault at a time, whichever process runs it.
 *
 * A process that was killed leaves its lease behind, so the owner's name says
 * which process it is: another one on this machine takes over as soon as that
 * is gone, instead of waiting for the lease to run out. */
#include "shared/replica/vault_inner.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A lease further off than this comes from a clock that has been put back. */
#define LEASE_MS_MAX INT64_C(3600000)

/* An owner: which process numbers are meant, the process, a random name. */
#define OWNER_SPACE 0
#define OWNER_PROCESS 4
#define OWNER_RANDOM 8

/* Process numbers mean something within one namespace only; 0: not known. */
static uint32_t process_space(void)
{
    struct stat space;
    return stat("/proc/self/ns/pid", &space) ? 0 : (uint32_t)space.st_ino;
}

void vault_lease_init(struct vault *vault)
{
    uint8_t *owner = vault->lease_owner;
    uint32_t space = process_space();
    int32_t process = (int32_t)getpid();
    memcpy(owner + OWNER_SPACE, &space, sizeof space);
    memcpy(owner + OWNER_PROCESS, &process, sizeof process);
    random_fill(vault->random, owner + OWNER_RANDOM,
                sizeof vault->lease_owner - OWNER_RANDOM);
}

static bool owner_is_gone(const uint8_t *owner)
{
    uint32_t space;
    int32_t process;
    memcpy(&space, owner + OWNER_SPACE, sizeof space);
    memcpy(&process, owner + OWNER_PROCESS, sizeof process);
    return space && space == process_space() && process > 0 &&
           kill((pid_t)process, 0) && errno == ESRCH;
}

static struct bytes owner_of(const struct vault *vault)
{
    return bytes_of(vault->lease_owner, sizeof vault->lease_owner);
}

static enum err lease_take(struct vault *vault, int64_t ms, bool *taken)
{
    struct sqlite3_stmt *s;
    int64_t now = clock_wall_ms(vault->clock);
    enum err err = vault_sql(vault, SQL_META_LEASE, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, owner_of(vault));
    db_bind_int64(vault->db, s, 2, now);
    db_bind_int64(vault->db, s, 3, now + ms);
    db_bind_int64(vault->db, s, 4, now + LEASE_MS_MAX);
    err = db_step_done(vault->db, s);
    *taken = !err && db_changes(vault->db);
    return err;
}

static enum err lease_end(struct vault *vault, struct bytes owner,
                          int64_t synced_ms)
{
    struct sqlite3_stmt *s;
    enum err err = vault_sql(vault, SQL_META_LEASE_END, &s);
    if (err)
        return err;
    db_bind_bytes(vault->db, s, 1, owner);
    db_bind_int64(vault->db, s, 2, synced_ms);
    return db_step_done(vault->db, s);
}

/* Ends the lease of a process that is no more. */
static enum err lease_inherit(struct vault *vault)
{
    struct sqlite3_stmt *s;
    uint8_t owner[sizeof vault->lease_owner];
    bool row = false;
    enum err err = vault_sql(vault, SQL_META_LEASE_OWNER, &s);
    if (!err)
        err = db_step_row(vault->db, s, &row);
    if (err || !row)
        return err;
    err = db_column_fixed(s, 0, owner, sizeof owner);
    db_reset(s);
    if (err || !owner_is_gone(owner))
        return ERR_OK;
    return lease_end(vault, bytes_of(owner, sizeof owner), 0);
}

enum err vault_lease(struct vault *vault, int64_t ms)
{
    bool taken;
    assert(ms <= LEASE_MS_MAX);
    enum err err = lease_take(vault, ms, &taken);
    if (err || taken)
        return err;
    err = lease_inherit(vault);
    if (!err)
        err = lease_take(vault, ms, &taken);
    if (!err && !taken)
        return vault_fail(vault, ERR_BUSY, "another sync of this vault runs");
    return err;
}

void vault_lease_end(struct vault *vault, bool synced)
{
    /* Else it runs out by itself. */
    enum err ignored = lease_end(vault, owner_of(vault),
                                 synced ? clock_wall_ms(vault->clock) : 0);
    (void)ignored;
}
