/* A scripted HTTP peer on loopback, for tests of the real transport. */
#ifndef TESTS_UNIT_EXCHANGE_PEER_H
#define TESTS_UNIT_EXCHANGE_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_REQUEST_BYTES_MAX (1u << 20)

struct peer_answer {
    const char *bytes; /* the whole answer, head and body */
    bool close;        /* after it */
    bool silent;       /* never answers; waits for the other to go */
};

struct peer {
    int fd;
    int port;
    pthread_t thread;
    const struct peer_answer *answers;
    size_t count;
    int connections;                   /* accepted so far */
    char last[PEER_REQUEST_BYTES_MAX]; /* the last request, with a NUL */
    size_t last_bytes;
    int64_t bytes; /* of all requests */
};

/* Answers one request after the other, then stops listening. */
void peer_start(struct peer *peer, const struct peer_answer *answers,
                size_t count);
void peer_join(struct peer *peer);

#endif
