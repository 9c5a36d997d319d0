/* The agency's secrets: root key, box key, page key, in one file of mode 0600
 * in a folder that no backup of the data takes along. */
#ifndef SERVER_OFFICE_KEYS_H
#define SERVER_OFFICE_KEYS_H

#include "server/office.h"

/* Makes folder and file, durably.  ERR_EXISTS: there are keys already. */
MUST_CHECK enum err office_keys_make(const char *folder,
                                     const struct random *random);
/* ERR_NOT_FOUND, ERR_CORRUPT, ERR_DENIED, ERR_IO. */
MUST_CHECK enum err office_keys_load(const char *folder,
                                     struct office_keys *out);

#endif
