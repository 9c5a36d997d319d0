/* What is written a second time, outside the vault's file.
 *
 * The key file, `VAULT.keys` beside every vault, holds the sealed vault key and
 * the case keys' wrappings, so that damage to the pages that hold them costs
 * nothing else.  A mirror, when one is set, is a file on another volume with
 * the same and every own line that is not backed up at the office (received,
 * while the office says nothing of backups).  Both are journals
 * (shared/base/journal.h) of mirror_record.h.  They follow the vault right
 * after each commit; a failure there never fails a write, and what is missing
 * is made up for at the next.  Where a case key was destroyed, and when the
 * lines are safe, the file is written anew without them. */
#ifndef REPLICA_MIRROR_H
#define REPLICA_MIRROR_H

#include "shared/replica/vault.h"

#define MIRROR_PATH_CHARS 4096

/* Sets the mirror's file ("" or NULL: none) and brings it up to date; the path
 * must be absolute.  When that fails nothing changes, and the vault's detail
 * says why.  An earlier mirror is removed; one that holds what
 * this vault has not is left, and nothing changes. */
MUST_CHECK enum err mirror_set(struct vault *vault, const char *path);

struct mirror_status {
    char path[MIRROR_PATH_CHARS]; /* "": there is none */
    int64_t missing;  /* unsent lines that do not stand in it; -1: unknown */
    bool same_volume; /* as the vault: it fails when the vault's does */
    enum err err;     /* why it could not be brought up to date just now */
};
/* Tries to bring it up to date first.  Works on a locked vault. */
MUST_CHECK enum err mirror_status(struct vault *vault,
                                  struct mirror_status *out);

/* Internal to shared/replica: follows the vault; never fails. */
void mirror_follow(struct vault *vault);
void mirror_close(struct vault *vault);

#endif
