/* Attachments inside the library. */
#ifndef CLIENT_ATTACHMENT_H
#define CLIENT_ATTACHMENT_H

#include "shared/replica/vault.h"

/* Appends a NUL-terminated JSON text for each attachment that a live value
 * names; `record` NULL: of all records. */
MUST_CHECK enum err attachment_list(struct vault *vault, const char *record,
                                    struct buffer *out);

#endif
