#include "server/bell.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define POLL_MS 1000
#define ROUND_MS_MIN 10        /* between two rounds of waking */
#define ROUND_US_A_SLEEPER 200 /* a look by each sleeper takes about 50 us */

struct bell {
    struct office *office; /* borrowed */
    struct sql sql;        /* owned; used by the thread alone */
    const struct clock *clock;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool started, ended; /* the thread */
    bool stopped;
    uint64_t count;  /* rings */
    uint64_t served; /* the count of the last round */
    int64_t round_ms;
    struct sleeper *first;
    size_t sleepers;
};

static enum err take_version(void *context, const struct sql_value *row,
                             size_t columns)
{
    assert(columns == 1);
    *(int64_t *)context = row[0].integer;
    return ERR_OK;
}

/* Changes whenever another connection has committed.  On failure the last
 * known one stands: sleepers then wait for their own time. */
static int64_t data_version(struct bell *bell, int64_t last)
{
    int64_t version = last;
    enum err err = bell->sql.run(bell->sql.context, "PRAGMA data_version", NULL,
                                 0, take_version, &version);
    if (err)
        log_event(bell->office->log, LOG_WARN, "poll_failed", "error", "%s",
                  err_name(err), NULL);
    return err ? last : version;
}

static void wake_list(struct sleeper *first)
{
    while (first) {
        struct sleeper *sleeper = first;
        first = sleeper->next;
        sleeper->next = NULL;
        sleeper->wake(sleeper->context); /* it may be gone after this */
    }
}

/* Takes out those whose time is over, or all of them. */
static struct sleeper *take(struct bell *bell, bool all, int64_t now)
{
    struct sleeper *taken = NULL;
    struct sleeper **at = &bell->first;
    while (*at) {
        struct sleeper *sleeper = *at;
        if (!all && sleeper->until_ms > now) {
            at = &sleeper->next;
            continue;
        }
        *at = sleeper->next;
        sleeper->next = taken;
        taken = sleeper;
        bell->sleepers--;
    }
    return taken;
}

static int64_t round_gap_ms(const struct bell *bell)
{
    int64_t gap = (int64_t)bell->sleepers * ROUND_US_A_SLEEPER / 1000;
    return gap > ROUND_MS_MIN ? gap : ROUND_MS_MIN;
}

/* When the thread has to act next. */
static int64_t next_ms(const struct bell *bell, int64_t poll_ms)
{
    int64_t next = poll_ms;
    if (bell->count != bell->served &&
        bell->round_ms + round_gap_ms(bell) < next)
        next = bell->round_ms + round_gap_ms(bell);
    for (const struct sleeper *s = bell->first; s; s = s->next)
        if (s->until_ms < next)
            next = s->until_ms;
    return next;
}

static void wait_until(struct bell *bell, int64_t until_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    int64_t wait_ms = until_ms - clock_monotonic_ms(bell->clock);
    if (wait_ms < 1)
        wait_ms = 1;
    at.tv_sec += wait_ms / 1000;
    at.tv_nsec += wait_ms % 1000 * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    pthread_cond_timedwait(&bell->changed, &bell->mutex, &at);
}

static void *bell_thread(void *context)
{
    struct bell *bell = context;
    int64_t version = data_version(bell, 0);
    int64_t poll_ms = 0;
    pthread_mutex_lock(&bell->mutex);
    while (!bell->ended) {
        if (!bell->first) {
            pthread_cond_wait(&bell->changed, &bell->mutex);
            continue;
        }
        int64_t now = clock_monotonic_ms(bell->clock);
        if (now >= poll_ms) {
            pthread_mutex_unlock(&bell->mutex);
            int64_t last = version;
            version = data_version(bell, last);
            pthread_mutex_lock(&bell->mutex);
            bell->count += version != last;
            poll_ms = now + POLL_MS;
        }
        bool all =
            bell->stopped || (bell->count != bell->served &&
                              now >= bell->round_ms + round_gap_ms(bell));
        if (all) {
            bell->served = bell->count;
            bell->round_ms = now;
        }
        struct sleeper *taken = take(bell, all, now);
        if (!taken) {
            wait_until(bell, next_ms(bell, poll_ms));
            continue;
        }
        pthread_mutex_unlock(&bell->mutex);
        wake_list(taken);
        pthread_mutex_lock(&bell->mutex);
    }
    pthread_mutex_unlock(&bell->mutex);
    return NULL;
}

enum err bell_open(struct bell **out, struct office *office)
{
    *out = NULL;
    struct bell *bell = calloc(1, sizeof *bell);
    if (!bell)
        return ERR_NOMEM;
    bell->office = office;
    bell->clock = office->clock;
    pthread_mutex_init(&bell->mutex, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&bell->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    enum err err = office_connect(office, &bell->sql);
    if (!err && pthread_create(&bell->thread, NULL, bell_thread, bell) != 0)
        err = ERR_NOMEM;
    if (err) {
        bell_close(bell);
        return err;
    }
    bell->started = true;
    *out = bell;
    return ERR_OK;
}

void bell_close(struct bell *bell)
{
    if (!bell)
        return;
    if (bell->started) {
        pthread_mutex_lock(&bell->mutex);
        assert(!bell->first);
        bell->ended = true;
        pthread_cond_broadcast(&bell->changed);
        pthread_mutex_unlock(&bell->mutex);
        pthread_join(bell->thread, NULL);
    }
    if (bell->sql.close)
        bell->sql.close(bell->sql.context);
    pthread_cond_destroy(&bell->changed);
    pthread_mutex_destroy(&bell->mutex);
    free(bell);
}

uint64_t bell_count(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    uint64_t count = bell->count;
    pthread_mutex_unlock(&bell->mutex);
    return count;
}

void bell_sleep(struct bell *bell, struct sleeper *sleeper, uint64_t count)
{
    pthread_mutex_lock(&bell->mutex);
    bool at_once = bell->stopped || bell->count != count;
    if (!at_once) {
        sleeper->next = bell->first;
        bell->first = sleeper;
        bell->sleepers++;
        pthread_cond_broadcast(&bell->changed);
    }
    pthread_mutex_unlock(&bell->mutex);
    if (at_once)
        sleeper->wake(sleeper->context);
}

void bell_ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    bell->count++;
    if (bell->first)
        pthread_cond_broadcast(&bell->changed);
    pthread_mutex_unlock(&bell->mutex);
}

void bell_stop(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    bell->stopped = true;
    pthread_cond_broadcast(&bell->changed);
    pthread_mutex_unlock(&bell->mutex);
}

bool bell_stopped(struct bell *bell)
{
    pthread_mutex_lock(&bell->mutex);
    bool stopped = bell->stopped;
    pthread_mutex_unlock(&bell->mutex);
    return stopped;
}
