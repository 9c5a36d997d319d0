/* What the two HTTP files share: the daemon and one connection's request. */
#ifndef SERVER_HTTP_INSIDE_H
#define SERVER_HTTP_INSIDE_H

#include <microhttpd.h>
#include <pthread.h>
#include "server/http.h"

struct http {
    struct MHD_Daemon *daemon;   /* owned */
    struct http_options options; /* texts borrowed */
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* active or suspended fell */
    size_t active;          /* requests between begin and close */
    size_t suspended;
    bool draining;
    int socket;           /* the library's, once its daemon runs ... */
    bool quiesced;        /* ... until this: then owned again */
    char *library_detail; /* borrowed while starting */
};

enum MHD_Result http_on_request(void *context,
                                struct MHD_Connection *connection,
                                const char *url, const char *method,
                                const char *version, const char *upload,
                                size_t *upload_size, void **request);
void http_on_complete(void *context, struct MHD_Connection *connection,
                      void **request, enum MHD_RequestTerminationCode how);

#endif
