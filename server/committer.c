#include "server/committer.h"

#include <pthread.h>
#include <stdlib.h>

struct queue {
    struct job *first, *last;
};

struct committer {
    struct office *office; /* borrowed */
    struct bell *bell;     /* borrowed */
    struct sql sql;        /* owned; used by the thread alone */
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool started, ending;
    struct queue small, large, own; /* `own`: jobs that run alone */
};

static void queue_add(struct queue *queue, struct job *job)
{
    job->next = NULL;
    if (queue->last)
        queue->last->next = job;
    else
        queue->first = job;
    queue->last = job;
}

static struct job *queue_take(struct queue *queue)
{
    struct job *job = queue->first;
    queue->first = job->next;
    if (!queue->first)
        queue->last = NULL;
    job->next = NULL;
    return job;
}

/* The jobs of the next transaction. */
static size_t take_batch(struct committer *c, struct job **jobs)
{
    size_t count = 0, bytes = 0;
    while (c->small.first && count < COMMIT_JOBS_MAX - 1)
        jobs[count++] = queue_take(&c->small);
    while (
        c->large.first && count < COMMIT_JOBS_MAX &&
        (bytes == 0 || bytes + c->large.first->bytes <= COMMIT_LARGE_BYTES)) {
        bytes += c->large.first->bytes;
        jobs[count++] = queue_take(&c->large);
    }
    return count;
}

static void commit_batch(struct committer *c, struct job **jobs, size_t count)
{
    struct sync *syncs[COMMIT_JOBS_MAX];
    for (size_t i = 0; i < count; i++)
        syncs[i] = jobs[i]->sync;
    enum err err = sync_commit_many(c->office, &c->sql, syncs, count);
    if (err)
        log_event(c->office->log, LOG_ERROR, "commit_failed", "error", "%s",
                  err_name(err), "requests", "%zu", count, "detail", "%s",
                  c->sql.detail(c->sql.context), NULL);
    else
        bell_ring(c->bell);
    for (size_t i = 0; i < count; i++)
        jobs[i]->done(jobs[i], err);
}

static void run_own(struct committer *c, struct job *job)
{
    enum err err = job->run(job, &c->sql);
    if (!err)
        bell_ring(c->bell);
    job->done(job, err);
}

static void *committer_thread(void *context)
{
    struct committer *c = context;
    struct job *jobs[COMMIT_JOBS_MAX];
    bool worked = false;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        struct job *own = c->own.first ? queue_take(&c->own) : NULL;
        size_t count = take_batch(c, jobs);
        if (!own && count == 0) {
            if (c->ending)
                break;
            if (worked) { /* nobody waits: a good moment to tidy up */
                worked = false;
                pthread_mutex_unlock(&c->mutex);
                sql_idle(&c->sql);
                pthread_mutex_lock(&c->mutex);
                continue;
            }
            pthread_cond_wait(&c->changed, &c->mutex);
            continue;
        }
        pthread_mutex_unlock(&c->mutex);
        worked = true;
        if (own)
            run_own(c, own);
        if (count > 0)
            commit_batch(c, jobs, count);
        pthread_mutex_lock(&c->mutex);
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

enum err committer_open(struct committer **out, struct office *office,
                        struct bell *bell)
{
    *out = NULL;
    struct committer *c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->office = office;
    c->bell = bell;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->changed, NULL);
    enum err err = office_connect(office, &c->sql);
    if (!err && pthread_create(&c->thread, NULL, committer_thread, c) != 0)
        err = ERR_NOMEM;
    if (err) {
        committer_close(c);
        return err;
    }
    c->started = true;
    *out = c;
    return ERR_OK;
}

void committer_close(struct committer *c)
{
    if (!c)
        return;
    if (c->started) {
        pthread_mutex_lock(&c->mutex);
        c->ending = true;
        pthread_cond_broadcast(&c->changed);
        pthread_mutex_unlock(&c->mutex);
        pthread_join(c->thread, NULL);
    }
    if (c->sql.close)
        c->sql.close(c->sql.context);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->mutex);
    free(c);
}

void committer_submit(struct committer *c, struct job *job)
{
    pthread_mutex_lock(&c->mutex);
    if (!job->sync)
        queue_add(&c->own, job);
    else
        queue_add(job->bytes <= COMMIT_SMALL_BYTES ? &c->small : &c->large,
                  job);
    pthread_cond_signal(&c->changed);
    pthread_mutex_unlock(&c->mutex);
}
