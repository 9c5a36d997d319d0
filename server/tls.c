#include "server/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static enum err file_read(struct buffer *out, const char *what,
                          const char *path, char *detail)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : 1;
    while (size > 0) {
        enum err err = buffer_reserve(out, 4096);
        if (err) {
            snprintf(detail, TLS_DETAIL_CHARS, "the %s %.200s is over %u bytes",
                     what, path, TLS_FILE_BYTES_MAX);
            close(fd);
            return err;
        }
        size = read(fd, out->at + out->size, 4096);
        if (size > 0)
            out->size += (size_t)size;
    }
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (size == 0)
        return buffer_add_char(out, '\0'); /* the library reads a text */
    snprintf(detail, TLS_DETAIL_CHARS, "cannot read the %s %.200s: %.80s", what,
             path, strerror(number));
    return err_of_errno(number);
}

/* gnutls takes both at once; its answer says which one is at fault. */
static enum err check(const struct tls *tls, const char *cert_path,
                      const char *key_path, char *detail)
{
    gnutls_certificate_credentials_t credentials;
    if (gnutls_certificate_allocate_credentials(&credentials) < 0)
        return ERR_NOMEM;
    gnutls_datum_t cert = {tls->cert.at, (unsigned)tls->cert.size - 1};
    gnutls_datum_t key = {tls->key.at, (unsigned)tls->key.size - 1};
    int result = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key,
                                                     GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(credentials);
    if (result >= 0)
        return ERR_OK;
    if (result == GNUTLS_E_MEMORY_ERROR)
        return ERR_NOMEM;
    if (result == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
        snprintf(detail, TLS_DETAIL_CHARS,
                 "the key %.180s does not belong to the certificate %.180s; "
                 "give the two files that were issued together",
                 key_path, cert_path);
    else if (!strstr(buffer_text(&tls->cert), "-----BEGIN CERTIFICATE-----"))
        snprintf(detail, TLS_DETAIL_CHARS,
                 "%.200s holds no PEM certificate (\"BEGIN CERTIFICATE\")",
                 cert_path);
    else if (!strstr(buffer_text(&tls->key), "PRIVATE KEY-----"))
        snprintf(detail, TLS_DETAIL_CHARS,
                 "%.200s holds no PEM private key (\"BEGIN PRIVATE KEY\")",
                 key_path);
    else
        snprintf(detail, TLS_DETAIL_CHARS,
                 "the certificate %.150s with the key %.150s cannot be used: "
                 "%.100s",
                 cert_path, key_path, gnutls_strerror(result));
    return ERR_INVALID;
}

enum err tls_load(struct tls *out, const char *cert_path, const char *key_path,
                  char *detail)
{
    buffer_init(&out->cert, TLS_FILE_BYTES_MAX);
    buffer_init(&out->key, TLS_FILE_BYTES_MAX);
    enum err err = file_read(&out->cert, "certificate", cert_path, detail);
    if (!err)
        err = file_read(&out->key, "key", key_path, detail);
    if (!err)
        err = check(out, cert_path, key_path, detail);
    if (err)
        tls_fini(out);
    return err;
}

void tls_fini(struct tls *tls)
{
    buffer_fini(&tls->cert);
    buffer_wipe(&tls->key);
}
