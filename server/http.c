#include "server/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "server/http_inside.h"
#include "server/tls.h"

#define THREADS_MIN 2u
#define THREADS_MAX 16u
#define FILES_KEPT 128u /* for the store and the rest of the process */
/* Forward secrecy and authenticated ciphers only; a session is renegotiated
 * with nobody. */
#define TLS_PRIORITIES                                                         \
    "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-ECDSA:+ECDHE-RSA:+AES-256-GCM:"     \
    "+CHACHA20-POLY1305:+AES-128-GCM:+AEAD:+COMP-NULL:+GROUP-X25519:"          \
    "+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ALL:-SIGN-RSA-SHA1:"              \
    "-SIGN-ECDSA-SHA1:-SIGN-DSA-SHA1:+CTYPE-X509:%SERVER_PRECEDENCE"

static void on_library_log(void *context, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));

/* The library speaks only while it starts; later its lines are about broken
 * connections and could hold what clients sent. */
static void on_library_log(void *context, const char *format, va_list list)
{
    struct http *http = context;
    pthread_mutex_lock(&http->mutex);
    char *detail = http->library_detail;
    if (detail && !detail[0]) {
        vsnprintf(detail, HTTP_DETAIL_CHARS, format, list);
        detail[strcspn(detail, "\n")] = '\0';
    }
    pthread_mutex_unlock(&http->mutex);
}

static unsigned thread_count(unsigned wanted)
{
    if (wanted > 0)
        return wanted < THREADS_MAX ? wanted : THREADS_MAX;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = online > 0 ? (unsigned)online : THREADS_MIN;
    if (count < THREADS_MIN)
        return THREADS_MIN;
    return count < THREADS_MAX ? count : THREADS_MAX;
}

/* As many connections as there may be open files. */
static unsigned connection_count(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 512;
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 &&
        getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 512;
    if (limit.rlim_cur >= HTTP_CONNECTIONS_MAX + FILES_KEPT)
        return HTTP_CONNECTIONS_MAX;
    return limit.rlim_cur > 2 * FILES_KEPT
               ? (unsigned)limit.rlim_cur - FILES_KEPT
               : FILES_KEPT / 2;
}

/* Which server a handshake is for stands with its connection. */
static void on_connection(void *context, struct MHD_Connection *library,
                          void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    (void)library;
    *socket_context = what == MHD_CONNECTION_NOTIFY_STARTED ? context : NULL;
}

static int on_handshake(gnutls_session_t session,
                        const struct gnutls_cert_retr_st *wanted,
                        gnutls_pcert_st **certs, unsigned *count,
                        gnutls_ocsp_data_st **staples, unsigned *staple_count,
                        gnutls_privkey_t *key, unsigned *flags)
{
    (void)wanted;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(
        gnutls_session_get_ptr(session), MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    if (!info || !info->socket_context)
        return GNUTLS_E_INTERNAL_ERROR;
    const struct http *http = info->socket_context;
    *staples = NULL;
    *staple_count = 0;
    return tls_retrieve(http->options.tls, certs, count, key, flags);
}

static struct MHD_Daemon *daemon_start(struct http *http)
{
    const struct http_options *o = &http->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_SUPPRESS_DATE_NO_CLOCK | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK2, 0, (void *)(uintptr_t)on_handshake},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };
    /* One address leaves a quarter of the connections to the others. */
    unsigned connections = connection_count();
    if (o->tls)
        flags |= MHD_USE_TLS;
    else
        tls[0] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    return MHD_start_daemon(
        flags, 0, NULL, NULL, http_on_request, http, MHD_OPTION_EXTERNAL_LOGGER,
        on_library_log, http, MHD_OPTION_LISTEN_SOCKET, http->socket,
        MHD_OPTION_THREAD_POOL_SIZE, thread_count(o->threads),
        MHD_OPTION_CONNECTION_LIMIT, connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, connections - connections / 4,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, HTTP_IDLE_S, MHD_OPTION_NOTIFY_COMPLETED,
        http_on_complete, http, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
        http, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

enum err http_open(struct http **out, const struct http_options *options,
                   char *detail)
{
    *out = NULL;
    struct http *http = calloc(1, sizeof *http);
    if (!http) {
        close(options->socket);
        return ERR_NOMEM;
    }
    http->options = *options;
    http->socket = options->socket;
    detail[0] = '\0';
    pthread_mutex_init(&http->mutex, NULL);
    pthread_cond_init(&http->changed, NULL);
    http->library_detail = detail;
    http->daemon = daemon_start(http);
    pthread_mutex_lock(&http->mutex);
    http->library_detail = NULL;
    pthread_mutex_unlock(&http->mutex);
    if (!http->daemon) {
        http_close(http);
        return ERR_IO;
    }
    *out = http;
    return ERR_OK;
}

void http_drain(struct http *http)
{
    pthread_mutex_lock(&http->mutex);
    http->draining = true;
    pthread_mutex_unlock(&http->mutex);
    /* Nobody is let in from here on, but the library's threads have yet to let
     * go of the descriptor: it is closed behind them. */
    if (MHD_quiesce_daemon(http->daemon) == MHD_INVALID_SOCKET)
        return;
    http->quiesced = true;
    (void)shutdown(http->socket, SHUT_RDWR);
}

void http_settle(struct http *http, int wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (wait_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&http->mutex);
    while (http->active > 0)
        if (pthread_cond_timedwait(&http->changed, &http->mutex, &until) ==
            ETIMEDOUT)
            break;
    pthread_mutex_unlock(&http->mutex);
}

void http_close(struct http *http)
{
    if (!http)
        return;
    if (http->daemon) {
        pthread_mutex_lock(&http->mutex);
        while (http->suspended > 0)
            pthread_cond_wait(&http->changed, &http->mutex);
        pthread_mutex_unlock(&http->mutex);
        MHD_stop_daemon(http->daemon);
    }
    if (http->quiesced || !http->daemon)
        close(http->socket); /* else the library has closed it */
    pthread_cond_destroy(&http->changed);
    pthread_mutex_destroy(&http->mutex);
    free(http);
}
