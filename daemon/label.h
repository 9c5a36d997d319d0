/* What the log calls a vault.  A file's name may be a person's, and so may the
 * folders above it: neither goes into a log. */
#ifndef DAEMON_LABEL_H
#define DAEMON_LABEL_H

#include "daemon/options.h"
#include "shared/replica/vault.h"

#define LABEL_CHARS 16

/* The replica id, or, while there is none (`vault` may be NULL), a short hash
 * of the path that was given. */
void label_vault(char out[LABEL_CHARS], struct vault *vault,
                 const struct options_vault *config);
/* `detail` where it is about the office; where it is about a file, which it
 * names, the text of `err` alone. */
const char *label_detail(enum err err, const char *detail);

#endif
