/* The simulator's command: seeds, replay, shrinking, coverage.
 *
 *   sim --seeds N [--from K] [--every E] [--jobs J] [--steps S] [--failures F]
 *       [--quick]             runs seeds K, K+E, ..., N of them, until F have
 *                             failed; quick: only says which is the first that
 *                             fails.  With COVER_SEEDS and more, what should
 *                             have happened and did not is a failure too
 *   sim --seed K [--verbose]  replays one and shrinks
 *   sim --seed K --here       in this process, told aloud
 *   sim --clocks ...          the same, each history with right and with wrong
 *                             clocks
 *   sim --corpus FILE         replays the histories of a file, one a line
 *
 * Exit 0: every history passed.  1: one failed; its seed, its shortest history
 * and the command that replays it are printed. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/history.h"

#define JOBS_MAX 16
#define COVER_SEEDS 2000 /* enough for everything to happen */
#define LINE_CHARS (STEPS_MAX * 40)

static struct history history;

static int explain(bool verbose)
{
    static struct outcome outcome;
    char why[1024];
    history_shrink(&history);
    (void)history_fails(&history, why);
    printf("shortest history: %zu steps, %s\n", history.count, why);
    history_print(&history);
    fflush(stdout);
    if (verbose)
        history_run(&history, true, &outcome);
    return 1;
}

static int replay(uint64_t seed, size_t steps, bool verbose)
{
    static struct outcome outcome;
    char why[1024];
    history_draw(&history, seed, steps);
    if (!history_fails(&history, why)) {
        if (verbose)
            history_run(&history, true, &outcome);
        printf("seed %llu passes\n", (unsigned long long)seed);
        return 0;
    }
    printf("seed %llu fails: %s\n", (unsigned long long)seed, why);
    return explain(verbose);
}

/* For a debugger. */
static int run_here(uint64_t seed, size_t steps)
{
    static struct outcome outcome;
    history_draw(&history, seed, steps);
    history_run(&history, true, &outcome);
    return outcome.failed;
}

/* What failed once, and is kept.  Lines that begin with # say why. */
static int run_corpus(const char *path, bool verbose)
{
    static char line[LINE_CHARS];
    static struct outcome outcome;
    char why[1024];
    int count = 0, failed = 0;
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "sim: %s: %s\n", path, strerror(errno));
        return 2;
    }
    while (fgets(line, sizeof line, file)) {
        if (*line == '#' || *line == '\n')
            continue;
        count++;
        if (!history_parse(&history, line)) {
            printf("not ok history %d is not understood\n", count);
            failed++;
        } else if (history_fails(&history, why)) {
            printf("not ok history %d: %s\n", count, why);
            failed++;
        }
        if (verbose)
            history_run(&history, true, &outcome);
    }
    fclose(file);
    printf("%s %d histories that failed once\n", failed ? "not ok" : "ok",
           count);
    return failed > 0;
}

/* --- many ----------------------------------------------------------------- */

struct batch {
    uint64_t from, count, every;
    size_t steps;
    int jobs, failures_max;
    bool quick; /* the first seed that fails is all that is asked for */
    struct outcome sum;
    size_t missing; /* that should have happened */
    uint64_t passed, failures, first_bad;
};

struct progress { /* what a worker tells its parent */
    uint64_t index;
    struct outcome outcome;
};

static uint64_t seed_of(const struct batch *b, uint64_t index)
{
    return b->from + index * b->every;
}

static void tell(int fd, const struct progress *progress)
{
    if (write(fd, progress, sizeof *progress) != (ssize_t)sizeof *progress)
        _exit(3);
}

static void work(const struct batch *b, int fd, uint64_t first)
{
    static struct progress progress;
    for (uint64_t i = first; i < b->count; i += (uint64_t)b->jobs) {
        progress.index = i;
        progress.outcome.failed = true; /* unless it lives to say otherwise */
        snprintf(progress.outcome.why, sizeof progress.outcome.why,
                 "the process died");
        tell(fd, &progress);
        history_draw(&history, seed_of(b, i), b->steps);
        history_run(&history, false, &progress.outcome);
        tell(fd, &progress);
        if (progress.outcome.failed)
            break;
    }
    found_remove();
    _exit(progress.outcome.failed ? 1 : 0);
}

static int worker_start(const struct batch *b, uint64_t first)
{
    int pipe_fd[2];
    if (pipe(pipe_fd))
        abort();
    fflush(NULL);
    if (fork() == 0) {
        close(pipe_fd[0]);
        work(b, pipe_fd[1], first);
    }
    close(pipe_fd[1]);
    return pipe_fd[0];
}

static bool progress_read(int fd, struct progress *progress)
{
    size_t have = 0;
    while (have < sizeof *progress) {
        ssize_t got =
            read(fd, (char *)progress + have, sizeof *progress - have);
        if (got <= 0)
            return false;
        have += (size_t)got;
    }
    return true;
}

/* One process that runs every jobs-th history. */
struct worker {
    int fd; /* negative: it is done */
    struct progress progress;
};

static void worker_failed(struct batch *b, struct worker *w)
{
    uint64_t seed = seed_of(b, w->progress.index);
    printf("seed %llu fails: %.400s\n", (unsigned long long)seed,
           w->progress.outcome.why);
    if (b->failures++ == 0 || seed < b->first_bad)
        b->first_bad = seed;
    uint64_t next = w->progress.index + (uint64_t)b->jobs;
    if (b->failures < (uint64_t)b->failures_max && next < b->count)
        w->fd = worker_start(b, next);
}

/* Only the first seed that fails is asked for, and it lies before this one. */
static bool beyond(const struct batch *b, const struct worker *w)
{
    return b->quick && b->failures &&
           seed_of(b, w->progress.index) > b->first_bad;
}

/* One report; after a failure the worker is gone, and another goes on. */
static void worker_follow(struct batch *b, struct worker *w)
{
    if (progress_read(w->fd, &w->progress)) {
        if (w->progress.outcome.failed && !beyond(b, w))
            return;
        if (w->progress.outcome.failed) {
            close(w->fd); /* it dies when it next reports */
            w->fd = -1;
            return;
        }
        outcome_add(&b->sum, &w->progress.outcome);
        b->passed++;
        return;
    }
    close(w->fd);
    w->fd = -1;
    if (w->progress.outcome.failed)
        worker_failed(b, w);
}

static void gather(struct batch *b)
{
    static struct worker workers[JOBS_MAX];
    struct pollfd fds[JOBS_MAX];
    for (int j = 0; j < b->jobs; j++)
        workers[j].fd = worker_start(b, (uint64_t)j);
    for (bool any = true; any;) {
        any = false;
        for (int j = 0; j < b->jobs; j++) {
            fds[j] = (struct pollfd){.fd = workers[j].fd, .events = POLLIN};
            any = any || workers[j].fd >= 0;
        }
        if (!any || poll(fds, (nfds_t)b->jobs, -1) < 0)
            continue;
        for (int j = 0; j < b->jobs; j++)
            if (fds[j].revents)
                worker_follow(b, &workers[j]);
    }
    while (wait(NULL) > 0)
        continue;
}

static int run_many(struct batch *b)
{
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    gather(b);
    clock_gettime(CLOCK_MONOTONIC, &end);
    b->missing = outcome_print(&b->sum, b->passed,
                               (double)(end.tv_sec - start.tv_sec) +
                                   (double)(end.tv_nsec - start.tv_nsec) / 1e9);
    if (b->failures) {
        printf("not ok simulation: %llu of %llu seeds failed\n",
               (unsigned long long)b->failures,
               (unsigned long long)(b->passed + b->failures));
        if (b->quick) {
            printf("first failing seed %llu\n",
                   (unsigned long long)b->first_bad);
            return 1;
        }
        history_draw(&history, b->first_bad, b->steps);
        (void)explain(false);
        printf("replay: make sim%s SEED=%llu\n", history.twice ? "-clocks" : "",
               (unsigned long long)b->first_bad);
        return 1;
    }
    printf("acknowledged writes lost: 0 of %lld\n", (long long)b->sum.writes);
    if (history.twice)
        printf("%lld exchanges with wrong clocks: nothing else is accepted, "
               "kept, held or in conflict; of %lld fields that show the latest "
               "of several values %lld show another first, and list all\n",
               (long long)b->sum.requests, (long long)b->sum.latest_fields,
               (long long)b->sum.latest_moved);
    if (b->missing && b->passed >= COVER_SEEDS && !history.twice) {
        printf("not ok simulation: %zu things that should happen did not\n",
               b->missing);
        return 1;
    }
    printf("ok simulation of %llu seeds%s\n", (unsigned long long)b->passed,
           history.twice ? ", with right and wrong clocks" : "");
    return 0;
}

/* --- arguments ------------------------------------------------------------ */

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], name))
            return argv[i + 1];
    return NULL;
}

static uint64_t number(int argc, char **argv, const char *name, uint64_t other)
{
    const char *text = option(argc, argv, name);
    return text ? strtoull(text, NULL, 10) : other;
}

static bool flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return false;
}

static int run(int argc, char **argv)
{
    static struct batch batch;
    size_t steps = (size_t)number(argc, argv, "--steps", STEPS_DEFAULT);
    bool verbose = flag(argc, argv, "--verbose");
    const char *corpus = option(argc, argv, "--corpus");
    history.twice = flag(argc, argv, "--clocks");
    if (steps > STEPS_MAX)
        steps = STEPS_MAX;
    if (corpus)
        return run_corpus(corpus, verbose);
    if (flag(argc, argv, "--here"))
        return run_here(number(argc, argv, "--seed", 1), steps);
    if (flag(argc, argv, "--seed"))
        return replay(number(argc, argv, "--seed", 1), steps, verbose);
    batch =
        (struct batch){.from = number(argc, argv, "--from", 1),
                       .count = number(argc, argv, "--seeds", 50),
                       .every = number(argc, argv, "--every", 1),
                       .steps = steps,
                       .jobs = (int)number(argc, argv, "--jobs", 2),
                       .failures_max = (int)number(argc, argv, "--failures", 1),
                       .quick = flag(argc, argv, "--quick")};
    if (batch.jobs < 1 || batch.jobs > JOBS_MAX)
        batch.jobs = 2;
    return run_many(&batch);
}

int main(int argc, char **argv)
{
    /* Founded here, so that every child begins from it. */
    static struct outcome outcome;
    history_run(&history, false, &outcome);
    if (outcome.failed) {
        fprintf(stderr, "sim: an empty history fails: %s\n", outcome.why);
        found_remove();
        return 1;
    }
    int code = run(argc, argv);
    found_remove();
    return code;
}
