#include "server/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the two files held. */
struct pair {
    struct buffer cert; /* PEM text, the chain included; owned */
    struct buffer key;  /* PEM text; owned, wiped */
    int64_t expires_ms;
};

struct tls {
    pthread_mutex_t mutex;
    const char *cert_path, *key_path; /* borrowed */
    struct pair pair;
};

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
static enum err check(const struct pair *pair, const char *cert_path,
                      const char *key_path, char *detail)
{
    gnutls_certificate_credentials_t credentials;
    if (gnutls_certificate_allocate_credentials(&credentials) < 0)
        return ERR_NOMEM;
    gnutls_datum_t cert = {pair->cert.at, (unsigned)pair->cert.size - 1};
    gnutls_datum_t key = {pair->key.at, (unsigned)pair->key.size - 1};
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
    else if (!strstr(buffer_text(&pair->cert), "-----BEGIN CERTIFICATE-----"))
        snprintf(detail, TLS_DETAIL_CHARS,
                 "%.200s holds no PEM certificate (\"BEGIN CERTIFICATE\")",
                 cert_path);
    else if (!strstr(buffer_text(&pair->key), "PRIVATE KEY-----"))
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

static gnutls_datum_t datum(const struct buffer *pem)
{
    return (gnutls_datum_t){pem->at, (unsigned)pem->size - 1};
}

static enum err expiry(struct pair *pair)
{
    gnutls_x509_crt_t cert;
    gnutls_datum_t pem = datum(&pair->cert);
    if (gnutls_x509_crt_init(&cert) < 0)
        return ERR_NOMEM;
    enum err err = ERR_OK;
    if (gnutls_x509_crt_import(cert, &pem, GNUTLS_X509_FMT_PEM) < 0)
        err = ERR_INVALID;
    else
        pair->expires_ms =
            (int64_t)gnutls_x509_crt_get_expiration_time(cert) * 1000;
    gnutls_x509_crt_deinit(cert);
    return err;
}

static void pair_fini(struct pair *pair)
{
    buffer_fini(&pair->cert);
    buffer_wipe(&pair->key);
}

static enum err pair_load(struct pair *out, const char *cert_path,
                          const char *key_path, char *detail)
{
    buffer_init(&out->cert, TLS_FILE_BYTES_MAX);
    buffer_init(&out->key, TLS_FILE_BYTES_MAX);
    enum err err = file_read(&out->cert, "certificate", cert_path, detail);
    if (!err)
        err = file_read(&out->key, "key", key_path, detail);
    if (!err)
        err = check(out, cert_path, key_path, detail);
    if (!err)
        err = expiry(out);
    if (err)
        pair_fini(out);
    return err;
}

enum err tls_open(struct tls **out, const char *cert_path, const char *key_path,
                  char *detail)
{
    *out = NULL;
    detail[0] = '\0';
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return ERR_NOMEM;
    tls->cert_path = cert_path;
    tls->key_path = key_path;
    enum err err = pair_load(&tls->pair, cert_path, key_path, detail);
    if (err) {
        free(tls);
        return err;
    }
    pthread_mutex_init(&tls->mutex, NULL);
    *out = tls;
    return ERR_OK;
}

enum err tls_reload(struct tls *tls, int64_t now_ms, char *detail)
{
    struct pair pair, before;
    detail[0] = '\0';
    enum err err = pair_load(&pair, tls->cert_path, tls->key_path, detail);
    if (err)
        return err;
    if (pair.expires_ms <= now_ms) {
        snprintf(detail, TLS_DETAIL_CHARS, "the certificate %.200s has expired",
                 tls->cert_path);
        pair_fini(&pair);
        return ERR_INVALID;
    }
    pthread_mutex_lock(&tls->mutex);
    before = tls->pair;
    tls->pair = pair;
    pthread_mutex_unlock(&tls->mutex);
    pair_fini(&before);
    return ERR_OK;
}

int64_t tls_expires_ms(struct tls *tls)
{
    pthread_mutex_lock(&tls->mutex);
    int64_t expires_ms = tls->pair.expires_ms;
    pthread_mutex_unlock(&tls->mutex);
    return expires_ms;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    pair_fini(&tls->pair);
    pthread_mutex_destroy(&tls->mutex);
    free(tls);
}

static int key_copy(gnutls_privkey_t *out, const struct buffer *pem)
{
    gnutls_datum_t text = datum(pem);
    int result = gnutls_privkey_init(out);
    if (result < 0)
        return result;
    result = gnutls_privkey_import_x509_raw(*out, &text, GNUTLS_X509_FMT_PEM,
                                            NULL, 0);
    if (result < 0)
        gnutls_privkey_deinit(*out);
    return result;
}

int tls_retrieve(struct tls *tls, gnutls_pcert_st **certs, unsigned *count,
                 gnutls_privkey_t *key, unsigned *flags)
{
    gnutls_pcert_st *chain = gnutls_calloc(TLS_CHAIN_MAX, sizeof *chain);
    if (!chain)
        return GNUTLS_E_MEMORY_ERROR;
    *count = TLS_CHAIN_MAX;
    pthread_mutex_lock(&tls->mutex);
    gnutls_datum_t text = datum(&tls->pair.cert);
    int result = gnutls_pcert_list_import_x509_raw(chain, count, &text,
                                                   GNUTLS_X509_FMT_PEM, 0);
    if (result >= 0 && (result = key_copy(key, &tls->pair.key)) < 0)
        for (unsigned i = 0; i < *count; i++)
            gnutls_pcert_deinit(&chain[i]);
    pthread_mutex_unlock(&tls->mutex);
    if (result < 0) {
        gnutls_free(chain);
        return result;
    }
    *certs = chain;
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    return 0;
}
