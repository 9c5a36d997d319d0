#include "server/tries.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct source {
    uint8_t name[TRIES_SOURCE_BYTES];
    int64_t since_ms; /* when its window began */
    int count;        /* 0: the place is free */
};

struct tries {
    pthread_mutex_t mutex;
    const struct clock *clock;
    struct source sources[TRIES_SOURCES];
};

enum err tries_open(struct tries **out, const struct clock *clock)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    (*out)->clock = clock;
    pthread_mutex_init(&(*out)->mutex, NULL);
    return ERR_OK;
}

void tries_close(struct tries *tries)
{
    if (!tries)
        return;
    pthread_mutex_destroy(&tries->mutex);
    free(tries);
}

static bool expired(const struct source *source, int64_t now)
{
    return source->count == 0 || now - source->since_ms >= TRIES_WINDOW_MS;
}

/* The source's own place, or a free one, or the oldest. */
static struct source *source_find(struct tries *tries, const uint8_t *name,
                                  int64_t now)
{
    struct source *best = &tries->sources[0];
    for (size_t i = 0; i < TRIES_SOURCES; i++) {
        struct source *s = &tries->sources[i];
        if (!expired(s, now) && memcmp(s->name, name, TRIES_SOURCE_BYTES) == 0)
            return s;
        if (expired(best, now))
            continue;
        if (expired(s, now) || s->since_ms < best->since_ms)
            best = s;
    }
    *best = (struct source){.since_ms = now};
    memcpy(best->name, name, TRIES_SOURCE_BYTES);
    return best;
}

bool tries_take(struct tries *tries, const uint8_t source[TRIES_SOURCE_BYTES],
                int *wait_s)
{
    *wait_s = 0;
    int64_t now = clock_monotonic_ms(tries->clock);
    pthread_mutex_lock(&tries->mutex);
    struct source *s = source_find(tries, source, now);
    bool allowed = s->count < TRIES_MAX;
    if (allowed)
        s->count++;
    else
        *wait_s = (int)((s->since_ms + TRIES_WINDOW_MS - now + 999) / 1000);
    pthread_mutex_unlock(&tries->mutex);
    return allowed;
}

void tries_give_back(struct tries *tries,
                     const uint8_t source[TRIES_SOURCE_BYTES])
{
    int64_t now = clock_monotonic_ms(tries->clock);
    pthread_mutex_lock(&tries->mutex);
    for (size_t i = 0; i < TRIES_SOURCES; i++) {
        struct source *s = &tries->sources[i];
        if (expired(s, now) || memcmp(s->name, source, TRIES_SOURCE_BYTES) != 0)
            continue;
        s->count--;
        break;
    }
    pthread_mutex_unlock(&tries->mutex);
}
