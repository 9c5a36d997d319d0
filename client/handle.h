/* The inside of a `satchel`: a vault, a lock, the last message.
 *
 * Every public call enters with handle_enter() and leaves with handle_leave(),
 * which keeps the text of a failure.  Internal to client/. */
#ifndef CLIENT_HANDLE_H
#define CLIENT_HANDLE_H

#include <pthread.h>

#include "client/satchel.h"
#include "shared/replica/record.h"

#define HANDLE_MESSAGE_CHARS 512
#define HANDLE_NOTE_CHARS 4096

#define PUBLIC __attribute__((visibility("default")))

struct satchel {
    pthread_mutex_t lock;
    struct vault *vault; /* owned; NULL when opening failed */
    int64_t change_told; /* what a daemon need not be told of */
    bool unsent;         /* it made the vault, and has asked no office yet */
    char message[HANDLE_MESSAGE_CHARS];
    char note[HANDLE_NOTE_CHARS];
};

/* Takes the lock; ERR_INVALID (with a message) when the vault is not open. */
MUST_CHECK enum err handle_enter(satchel *handle);
/* Remembers the vault's own detail when `err`, releases the lock, and gives the
 * public code. */
int handle_leave(satchel *handle, enum err err);
/* As handle_leave(), with a text of one's own. */
int handle_fail(satchel *handle, enum err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Remembers what was remarked on a write; of more than it has room for, the
 * first lines. */
void handle_note(satchel *handle, struct bytes warning);

/* *out becomes a NUL-terminated copy of the text, the caller's to free. */
MUST_CHECK enum err handle_give(char **out, const struct buffer *text);

/* What the vault holds now is old news to a daemon. */
void handle_told(satchel *handle);

/* Copies a caller's versioned struct over defaults: the shorter wins. */
#define HANDLE_TAKE(local, given)                                              \
    memcpy(&(local), (given),                                                  \
           (given)->size < sizeof(local) ? (given)->size : sizeof(local))
/* Gives a result back into a caller's struct of perhaps another version. */
#define HANDLE_GIVE(given, local)                                              \
    do {                                                                       \
        size_t handle_size = (given)->size;                                    \
        memcpy((given), &(local),                                              \
               handle_size < sizeof(local) ? handle_size : sizeof(local));     \
        (given)->size = handle_size;                                           \
    } while (0)

#endif
