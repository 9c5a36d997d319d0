/* Opening a vault as the configuration says: unlocked with its passphrase file,
 * else locked. */
#ifndef DAEMON_OPENING_H
#define DAEMON_OPENING_H

#include "daemon/options.h"
#include "shared/replica/vault.h"

/* A passphrase that does not fit leaves the vault open but locked; `detail`
 * then says so, else it is empty on success.  The caller owns *out. */
MUST_CHECK enum err opening_vault(struct vault **out,
                                  const struct options_vault *config,
                                  char detail[VAULT_DETAIL_CHARS]);

#endif
