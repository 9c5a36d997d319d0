/* Addresses of an office: which are allowed, and the URL of a path there.
 *
 * Work must not travel in the clear, so plain http:// is for this machine alone
 * (127.0.0.0/8, ::1, localhost).  Pure. */
#ifndef EXCHANGE_ENDPOINT_H
#define EXCHANGE_ENDPOINT_H

#include "shared/base/bytes.h"

#define ENDPOINT_CHARS 512
#define ENDPOINT_HOST_CHARS 256
#define ENDPOINT_DETAIL_CHARS 256

/* Joins `server` ("https://office.example:8470", a final slash is allowed) and
 * `path` ("/v1/sync").  ERR_TOO_BIG when it does not fit. */
MUST_CHECK enum err endpoint_url(char out[ENDPOINT_CHARS], const char *server,
                                 const char *path);
/* The host of a URL without brackets or port; ERR_INVALID when there is none.
 */
MUST_CHECK enum err endpoint_host(char out[ENDPOINT_HOST_CHARS],
                                  const char *url);
bool endpoint_is_loopback(const char *host);
/* ERR_INVALID, with what to do instead in `detail`, for any URL that is neither
 * https:// nor http:// to loopback. */
MUST_CHECK enum err endpoint_check(const char *url,
                                   char detail[ENDPOINT_DETAIL_CHARS]);

#endif
