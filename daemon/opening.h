/* Opening a vault as the configuration says: unlocked with its passphrase file,
 * else locked. */
#ifndef DAEMON_OPENING_H
#define DAEMON_OPENING_H

#include "daemon/options.h"
#include "shared/replica/vault.h"

/* A passphrase that does not fit leaves the vault open but locked; `detail` and
 * *locked_by then say why, else they are empty on success.  The caller owns
 * *out. */
MUST_CHECK enum err opening_vault(struct vault **out,
                                  const struct options_vault *config,
                                  enum err *locked_by,
                                  char detail[VAULT_DETAIL_CHARS]);

#endif
