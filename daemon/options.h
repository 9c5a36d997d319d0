/* What satcheld was told: command line first, then the configuration file.
 *
 * [daemon] interval, socket, log; [vault NAME] path, passphrase_file.  Without
 * any vault, SATCHEL_VAULT names one; SATCHEL_PASSPHRASE_FILE unlocks the
 * vaults of the command line that have no file of their own. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <limits.h>
#include <stdio.h>
#include "shared/base/log.h"
#include "shared/exchange/control.h"

#define OPTIONS_VAULTS_MAX 64
#define OPTIONS_NAME_CHARS 128
#define OPTIONS_DETAIL_CHARS 512
#define OPTIONS_INTERVAL_S_MAX (24 * 60 * 60)

struct options_vault {
    char name[OPTIONS_NAME_CHARS];
    char path[PATH_MAX];
    char passphrase_file[PATH_MAX]; /* "": the vault stays locked */
};

struct options {
    struct options_vault *vaults; /* owned */
    size_t vault_count;
    bool once, help, version;
    int64_t interval_s;              /* 0: a long poll */
    char socket[CONTROL_PATH_CHARS]; /* "": the default */
    enum log_level level;
};

/* `detail` receives one line on failure: ERR_INVALID is misuse. */
MUST_CHECK enum err options_read(struct options *out, int argc, char **argv,
                                 char detail[OPTIONS_DETAIL_CHARS]);
void options_fini(struct options *options);
void options_help(FILE *out);

#endif
