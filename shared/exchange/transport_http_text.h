/* What curl says, in words that tell a worker what to do. */
#ifndef EXCHANGE_TRANSPORT_HTTP_TEXT_H
#define EXCHANGE_TRANSPORT_HTTP_TEXT_H

#include <curl/curl.h>
#include "shared/base/err.h"

/* `why` is curl's error buffer, may be empty. */
MUST_CHECK enum err transport_http_explain(CURLcode code, const char *host,
                                           const char *ca_file, const char *why,
                                           char detail[256]);

#endif
