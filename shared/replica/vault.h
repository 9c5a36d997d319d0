/* The vault: one worker's encrypted SQLite file on one device.
 *
 * Several processes may open one vault at once (SQLite's WAL); within a process
 * a handle belongs to one thread at a time.  Bodies and states are sealed under
 * case keys, each wrapped to the vault key and to the office's box key, so a
 * locked vault can still push.  The log refuses UPDATE and DELETE (triggers).
 *
 * The vault key is sealed under Argon2id of the passphrase mixed with the
 * device secret, a file outside the vault. */
#ifndef REPLICA_VAULT_H
#define REPLICA_VAULT_H

#include "shared/base/clock.h"
#include "shared/base/random.h"
#include "shared/model/chain.h"
#include "shared/model/schema.h"
#include "shared/wire/message.h"

#define VAULT_APPLICATION_ID 0x53617631 /* "Sav1" */
#define VAULT_DETAIL_CHARS 512
/* What a try at a passphrase costs today: libsodium's interactive. */
#define VAULT_KDF_OPS 2
#define VAULT_KDF_BYTES (INT64_C(64) << 20)

struct vault;

struct vault_options {
    const char *passphrase;      /* NULL: open locked */
    const char *device_secret;   /* path of the device secret file; NULL: the
                                    user's default (created when absent):
                                    $SATCHEL_DEVICE_SECRET_FILE, else
                                    $XDG_DATA_HOME/satchel/device.secret, else
                                    $HOME/.local/share/satchel/device.secret */
    const struct clock *clock;   /* NULL: the system's */
    const struct random *random; /* NULL: the system's */
    const char *vfs;             /* SQLite VFS name, NULL: default */
    int64_t kdf_ops, kdf_bytes;  /* of a new passphrase; 0: the above, or as
                                    before where that is more */
    int tries_max;               /* of a new passphrase: so many wrong ones
                                    destroy the vault's key; -1: none are
                                    counted; 0: as before, at first none */
    int busy_ms;                 /* 0: 5000 */
    bool anyhow; /* open for reading, or alone, where nothing can be written or
                    the disk is full */
};

#define VAULT_TRIES_MAX 100
/* Creates an empty vault: file, vault key, no identity yet.  ERR_EXISTS. */
MUST_CHECK enum err vault_create(struct vault **out, const char *path,
                                 const struct vault_options *options,
                                 char detail[VAULT_DETAIL_CHARS]);
/* Opens; unlocks when a passphrase is given.  ERR_NOT_FOUND, ERR_FOREIGN (not
 * a vault), ERR_NEWER, ERR_PASSPHRASE, ERR_DESTROYED, ERR_READ_ONLY,
 * ERR_CORRUPT. */
MUST_CHECK enum err vault_open(struct vault **out, const char *path,
                               const struct vault_options *options,
                               char detail[VAULT_DETAIL_CHARS]);
void vault_close(struct vault *vault);
/* Closes it and removes its file, which is for one that was made for nothing.
 * ERR_BUSY: another process has it open; it stays. */
MUST_CHECK enum err vault_discard(struct vault *vault);
/* ERR_PASSPHRASE: the detail says how many more wrong ones there may be;
 * ERR_DESTROYED: there were too many, and the vault's key is gone.  Locked it
 * still pushes. */
MUST_CHECK enum err vault_unlock(struct vault *vault, const char *passphrase);
/* From one passphrase to another, in one durable step; the old one counts as a
 * try.  The vault key stays: the old passphrase and a copy of the file from
 * before still come to it.  *behind: the key file or the mirror could not be
 * written anew just now and has the key under the old one yet. */
MUST_CHECK enum err vault_passphrase_change(struct vault *vault,
                                            const char *before,
                                            const char *after, bool *behind);
void vault_lock(struct vault *vault); /* forgets all keys in memory */
bool vault_locked(const struct vault *vault);
const char *vault_detail(const struct vault *vault); /* of the last error */
const char *vault_path(const struct vault *vault);
const struct clock *vault_clock(const struct vault *vault);
const struct random *vault_random(const struct vault *vault);

/* The schema in force: built-in types and those received from the office.
 * Borrowed until the next inbox call. */
const struct schema *vault_schema(struct vault *vault);
/* One of them, borrowed likewise; NULL: there is none. */
MUST_CHECK enum err vault_type_find(struct vault *vault, struct bytes name,
                                    const struct schema_type **out);

/* Cases that leaves have made unreadable since this handle was opened. */
int64_t vault_cases_left(const struct vault *vault);

/* A counter that every committed change raises, in whichever process. */
MUST_CHECK enum err vault_change_count(struct vault *vault, int64_t *count);

/* One sync at a time: takes the lease for `ms`, ERR_BUSY when another handle
 * has it, unless that was in a process of this machine that is gone. */
MUST_CHECK enum err vault_lease(struct vault *vault, int64_t ms);
/* `synced`: an exchange has succeeded under it, and is the last one now. */
void vault_lease_end(struct vault *vault, bool synced);

/* Checks everything derived against the log, chain and seals.  Each problem is
 * given to `report`; *problems counts them.  Needs an unlocked vault. */
MUST_CHECK enum err vault_verify(struct vault *vault,
                                 void (*report)(void *context,
                                                const char *text),
                                 void *context, size_t *problems);
/* Folds everything anew from the log. */
MUST_CHECK enum err vault_rebuild(struct vault *vault);

#endif
