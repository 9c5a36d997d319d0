/* DATA.keys/tls: which certificate the server serves with, or served with last,
 * and why a newer one was not taken, for `status`.
 *
 * Nothing rests on it: it says what the log says, where people look. */
#ifndef SERVER_TLS_NOTE_H
#define SERVER_TLS_NOTE_H

#include "server/tls.h"

#define TLS_NOTE_PATH_CHARS 1024

struct tls_note {
    char cert[TLS_NOTE_PATH_CHARS];
    int64_t expires_ms;
    int64_t failed_ms; /* since when a new one is not good; 0: none */
    char problem[TLS_DETAIL_CHARS];
};

/* Takes the place of the note before. */
MUST_CHECK enum err tls_note_save(const char *keys_dir,
                                  const struct tls_note *note);
/* What is served is no longer TLS. */
void tls_note_drop(const char *keys_dir);
/* ERR_NOT_FOUND: TLS is not served. */
MUST_CHECK enum err tls_note_load(const char *keys_dir, struct tls_note *out);

#endif
