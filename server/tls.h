/* The server's certificate and key, read and checked before it listens.
 *
 * The HTTP library says only that TLS cannot begin; here the operator learns
 * which of the two files is wrong, and how. */
#ifndef SERVER_TLS_H
#define SERVER_TLS_H

#include "shared/base/buffer.h"

#define TLS_DETAIL_CHARS 512
#define TLS_FILE_BYTES_MAX (1u << 20)

struct tls {
    struct buffer cert; /* PEM text, the chain included; owned */
    struct buffer key;  /* PEM text; owned, wiped */
};

/* ERR_NOT_FOUND, ERR_DENIED, ERR_IO (a file), ERR_INVALID (not PEM, or the key
 * is not the certificate's), ERR_NOMEM; `detail` says which file and why. */
MUST_CHECK enum err tls_load(struct tls *out, const char *cert_path,
                             const char *key_path, char *detail);
void tls_fini(struct tls *tls);

#endif
