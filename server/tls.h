/* The server's certificate and key: read and checked before it listens, and
 * read again while it runs.
 *
 * The HTTP library says only that TLS cannot begin; here the operator learns
 * which of the two files is wrong, and how.  Each handshake is given copies of
 * what is good at that moment, so that open connections are not touched.
 * Thread-safe. */
#ifndef SERVER_TLS_H
#define SERVER_TLS_H

#include <gnutls/abstract.h>
#include "shared/base/buffer.h"

#define TLS_DETAIL_CHARS 512
#define TLS_FILE_BYTES_MAX (1u << 20)
#define TLS_CHAIN_MAX 16 /* certificates, the server's own first */

struct tls;

/* ERR_NOT_FOUND, ERR_DENIED, ERR_IO (a file), ERR_INVALID (not PEM, or the key
 * is not the certificate's), ERR_NOMEM; `detail` says which file and why.  The
 * paths are borrowed. */
MUST_CHECK enum err tls_open(struct tls **out, const char *cert_path,
                             const char *key_path, char *detail);
/* Reads both files again.  What it had stays in use when they are not good;
 * neither is a certificate that has expired before `now_ms`: ERR_INVALID. */
MUST_CHECK enum err tls_reload(struct tls *tls, int64_t now_ms, char *detail);
/* When the server's own certificate ends, ms since 1970. */
int64_t tls_expires_ms(struct tls *tls);
void tls_close(struct tls *tls); /* NULL is allowed */

/* For gnutls_certificate_retrieve_function3: copies that the library frees.
 * Negative on failure. */
int tls_retrieve(struct tls *tls, gnutls_pcert_st **certs, unsigned *count,
                 gnutls_privkey_t *key, unsigned *flags);

#endif
