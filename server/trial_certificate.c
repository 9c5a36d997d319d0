#include "server/trial_certificate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/file.h"

#define DAY_S (24 * 60 * 60)
#define NAME "Satchel office, for a trial"

void trial_certificate_paths(const char *folder, char cert[TRIAL_PATH_CHARS],
                             char key[TRIAL_PATH_CHARS])
{
    snprintf(cert, TRIAL_PATH_CHARS, "%.1050s/trial.pem", folder);
    snprintf(key, TRIAL_PATH_CHARS, "%.1050s/trial.key", folder);
}

static bool is_name(const char *host)
{
    size_t size = strlen(host);
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)host[i]) && !strchr(".-_", host[i]))
            return false;
    return size > 0 && size < 254;
}

bool trial_certificate_host(const char *host)
{
    unsigned char address[16];
    return is_name(host) || inet_pton(AF_INET6, host, address) == 1;
}

static int host_add(gnutls_x509_crt_t cert, const char *host)
{
    unsigned char address[16];
    if (inet_pton(AF_INET, host, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(
            cert, GNUTLS_SAN_IPADDRESS, address, 4, GNUTLS_FSAN_APPEND);
    if (inet_pton(AF_INET6, host, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(
            cert, GNUTLS_SAN_IPADDRESS, address, 16, GNUTLS_FSAN_APPEND);
    if (!is_name(host))
        return GNUTLS_E_INVALID_REQUEST;
    return gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, host,
                                                (unsigned)strlen(host),
                                                GNUTLS_FSAN_APPEND);
}

static int hosts_add(gnutls_x509_crt_t cert, const char *const *hosts,
                     size_t host_count)
{
    char machine[256] = "";
    int result = host_add(cert, "localhost");
    if (result >= 0)
        result = host_add(cert, "127.0.0.1");
    if (result >= 0)
        result = host_add(cert, "::1");
    if (result >= 0 && gethostname(machine, sizeof machine - 1) == 0 &&
        is_name(machine))
        result = host_add(cert, machine);
    for (size_t i = 0; i < host_count && result >= 0; i++)
        result = host_add(cert, hosts[i]);
    return result;
}

static int fill(gnutls_x509_crt_t cert, gnutls_x509_privkey_t key, int64_t now)
{
    unsigned char serial[16];
    int result = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);
    serial[0] &= 0x7f; /* a positive number */
    if (result >= 0)
        result = gnutls_x509_crt_set_version(cert, 3);
    if (result >= 0)
        result = gnutls_x509_crt_set_serial(cert, serial, sizeof serial);
    if (result >= 0) /* clocks of devices may be behind */
        result = gnutls_x509_crt_set_activation_time(cert, now - 7 * DAY_S);
    if (result >= 0)
        result = gnutls_x509_crt_set_expiration_time(cert, now + 365 * DAY_S);
    if (result >= 0)
        result = gnutls_x509_crt_set_dn_by_oid(
            cert, GNUTLS_OID_X520_COMMON_NAME, 0, NAME, sizeof NAME - 1);
    if (result >= 0)
        result = gnutls_x509_crt_set_key(cert, key);
    if (result >= 0)
        result =
            gnutls_x509_crt_set_key_usage(cert, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (result >= 0)
        result = gnutls_x509_crt_set_key_purpose_oid(
            cert, GNUTLS_KP_TLS_WWW_SERVER, 0);
    return result;
}

static enum err write_both(const char *folder, const gnutls_datum_t *cert,
                           const gnutls_datum_t *key)
{
    char cert_path[TRIAL_PATH_CHARS], key_path[TRIAL_PATH_CHARS];
    trial_certificate_paths(folder, cert_path, key_path);
    enum err err = file_write_new(key_path, bytes_of(key->data, key->size));
    if (err)
        return err;
    err = file_write_new(cert_path, bytes_of(cert->data, cert->size));
    if (err)
        (void)unlink(key_path);
    return err;
}

static enum err err_of(int result)
{
    return result == GNUTLS_E_INVALID_REQUEST ? ERR_INVALID
           : result == GNUTLS_E_MEMORY_ERROR  ? ERR_NOMEM
                                              : ERR_IO;
}

enum err trial_certificate_make(const char *folder, const char *const *hosts,
                                size_t host_count, int64_t now_ms)
{
    gnutls_x509_privkey_t key = NULL;
    gnutls_x509_crt_t cert = NULL;
    gnutls_datum_t cert_pem = {NULL, 0}, key_pem = {NULL, 0};
    int result = gnutls_x509_privkey_init(&key);
    if (result >= 0)
        result = gnutls_x509_crt_init(&cert);
    if (result >= 0)
        result = gnutls_x509_privkey_generate(
            key, GNUTLS_PK_ECDSA,
            GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    if (result >= 0)
        result = fill(cert, key, now_ms / 1000);
    if (result >= 0)
        result = hosts_add(cert, hosts, host_count);
    if (result >= 0)
        result = gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0);
    if (result >= 0)
        result = gnutls_x509_crt_export2(cert, GNUTLS_X509_FMT_PEM, &cert_pem);
    if (result >= 0)
        result =
            gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &key_pem);
    enum err err =
        result < 0 ? err_of(result) : write_both(folder, &cert_pem, &key_pem);
    if (key_pem.data)
        gnutls_memset(key_pem.data, 0, key_pem.size);
    gnutls_free(key_pem.data);
    gnutls_free(cert_pem.data);
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
    return err;
}
