/* A certificate that the office makes for itself, so that it can be tried over
 * a network on its first day: for this machine and the names that are given,
 * signed by nobody else, good for a year.  Devices pin the very file.  The
 * agency's own takes its place with `serve --tls-cert`. */
#ifndef SERVER_TRIAL_CERTIFICATE_H
#define SERVER_TRIAL_CERTIFICATE_H

#include "server/tls.h"

#define TRIAL_PATH_CHARS 1100

/* Where they are: FOLDER/trial.pem and FOLDER/trial.key. */
void trial_certificate_paths(const char *folder, char cert[TRIAL_PATH_CHARS],
                             char key[TRIAL_PATH_CHARS]);
/* Is it a name or an address? */
bool trial_certificate_host(const char *host);
/* `hosts` are names or addresses.  ERR_EXISTS: there is one; ERR_INVALID: one
 * of the hosts is neither, and nothing was made. */
MUST_CHECK enum err trial_certificate_make(const char *folder,
                                           const char *const *hosts,
                                           size_t host_count, int64_t now_ms);

#endif
