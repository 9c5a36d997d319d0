/* The simulator's command: seeds, replay, shrinking, coverage.
 *
 *   sim --seeds N [--from K] [--jobs J] [--steps S]   runs seeds K .. K+N-1
 *   sim --seed K [--verbose]                          replays one and shrinks
 *   sim --seed K --here                               in this process, told
 * aloud
 *
 * Exit 0: every seed passed.  1: one failed; its seed, its shortest history and
 * the command that replays it are printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/world.h"

#define STEPS_MAX 400

struct history {
    struct step steps[STEPS_MAX];
    size_t count;
    uint64_t seed;
};

/* How often each thing happens, of 1000. */
static const int weights[STEP_COUNT] = {
    [STEP_PERSON] = 60,       [STEP_CHILD] = 120,
    [STEP_EDIT] = 170,        [STEP_FORM_OPEN] = 60,
    [STEP_FORM_SAVE] = 60,    [STEP_MEMBER] = 40,
    [STEP_SEAL] = 20,         [STEP_RESOLVE] = 50,
    [STEP_SYNC] = 230,        [STEP_ASSIGN] = 25,
    [STEP_OFFICE_EDIT] = 40,  [STEP_OFFICE_RESOLVE] = 10,
    [STEP_DEVICE_CRASH] = 25, [STEP_OFFICE_CRASH] = 15,
    [STEP_OUTAGE] = 15,       [STEP_CLOCK] = 10,
    [STEP_CLONE] = 4,         [STEP_BACKUP] = 6,
    [STEP_RESTORE] = 5,       [STEP_FORGE] = 20,
    [STEP_LOCKED] = 15,
};

static enum step_kind draw(const struct random *dice)
{
    int total = 0;
    for (int i = 0; i < STEP_COUNT; i++)
        total += weights[i];
    int at = (int)random_below(dice, (uint64_t)total);
    for (int i = 0; i < STEP_COUNT; i++)
        if ((at -= weights[i]) < 0)
            return (enum step_kind)i;
    return STEP_SYNC;
}

/* One seed in three knows neither clones nor restores, so that it can insist
 * that nothing ever needs a reconcile. */
static void history_draw(struct history *history, uint64_t seed, size_t steps)
{
    struct random_seeded dice;
    random_seeded_init(&dice, seed);
    bool plain = seed % 3 != 0;
    history->seed = seed;
    history->count = 0;
    while (history->count < steps) {
        struct step step = {draw(&dice.random), 0};
        random_fill(&dice.random, &step.seed, sizeof step.seed);
        if (plain && (step.kind == STEP_CLONE || step.kind == STEP_RESTORE))
            continue;
        history->steps[history->count++] = step;
    }
}

struct outcome {
    bool failed;
    char why[1024];
    int64_t covered[STEP_COUNT];
    int64_t syncs, requests, reconciles, successions, crashes, writes;
    int64_t virtual_ms;
};

static void history_run(const struct history *history, bool verbose,
                        struct outcome *out)
{
    static struct world world;
    memset(out, 0, sizeof *out);
    world_open(&world, history->seed, verbose);
    int64_t start = world.now_ms;
    for (size_t i = 0; i < history->count && !world.failed; i++) {
        step_run(&world, &history->steps[i]);
        out->covered[history->steps[i].kind]++;
        oracle_during(&world);
    }
    if (!world.failed)
        oracle_settle(&world);
    out->failed = world.failed;
    memcpy(out->why, world.why, sizeof out->why);
    out->syncs = world.syncs;
    out->requests = world.requests;
    out->reconciles = world.reconciles;
    out->successions = world.successions;
    out->crashes = world.crashes;
    out->writes = (int64_t)world.write_count;
    out->virtual_ms = world.now_ms - start;
    world_close(&world);
}

/* In a process of its own, so that an abort counts as a failure too. */
static bool history_fails(const struct history *history, char why[1024])
{
    int pipe_fd[2];
    if (pipe(pipe_fd))
        abort();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct outcome outcome;
        history_run(history, false, &outcome);
        if (write(pipe_fd[1], outcome.why, sizeof outcome.why) < 0)
            _exit(2);
        _exit(outcome.failed ? 1 : 0);
    }
    int status;
    close(pipe_fd[1]);
    ssize_t got = read(pipe_fd[0], why, 1024);
    close(pipe_fd[0]);
    waitpid(child, &status, 0);
    if (!WIFEXITED(status))
        snprintf(why, 1024, "the process died of signal %d", WTERMSIG(status));
    else if (got <= 0)
        why[0] = 0;
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

/* Leaves out ever smaller pieces as long as it still fails. */
static void shrink(struct history *history)
{
    char why[1024];
    for (size_t piece = history->count / 2; piece; piece /= 2) {
        for (size_t at = 0; at + piece <= history->count;) {
            struct history shorter = *history;
            memmove(shorter.steps + at, shorter.steps + at + piece,
                    (shorter.count - at - piece) * sizeof *shorter.steps);
            shorter.count -= piece;
            if (history_fails(&shorter, why))
                *history = shorter;
            else
                at += piece;
        }
    }
}

static int replay(uint64_t seed, size_t steps, bool verbose)
{
    static struct history history;
    struct outcome outcome;
    char why[1024];
    history_draw(&history, seed, steps);
    if (!history_fails(&history, why)) {
        if (verbose)
            history_run(&history, true, &outcome);
        printf("seed %llu passes\n", (unsigned long long)seed);
        return 0;
    }
    printf("seed %llu fails: %s\n", (unsigned long long)seed, why);
    shrink(&history);
    (void)history_fails(&history, why);
    printf("shortest history: %zu steps, %s\n", history.count, why);
    for (size_t i = 0; i < history.count; i++)
        printf("  %zu %s\n", i + 1, step_name(history.steps[i].kind));
    fflush(NULL);
    if (verbose)
        history_run(&history, true, &outcome);
    return 1;
}

/* For a debugger. */
static int run_here(uint64_t seed, size_t steps)
{
    static struct history history;
    struct outcome outcome;
    history_draw(&history, seed, steps);
    history_run(&history, true, &outcome);
    return outcome.failed;
}

static void add(struct outcome *sum, const struct outcome *one)
{
    for (int i = 0; i < STEP_COUNT; i++)
        sum->covered[i] += one->covered[i];
    sum->syncs += one->syncs;
    sum->requests += one->requests;
    sum->reconciles += one->reconciles;
    sum->successions += one->successions;
    sum->crashes += one->crashes;
    sum->writes += one->writes;
    sum->virtual_ms += one->virtual_ms;
}

struct progress { /* what a worker tells its parent */
    uint64_t seed;
    struct outcome outcome;
};

static void work(int fd, uint64_t from, uint64_t count, uint64_t stride,
                 size_t steps)
{
    static struct history history;
    static struct progress progress;
    for (uint64_t i = 0; i < count; i += stride) {
        progress.seed = from + i;
        progress.outcome.failed = true; /* unless it lives to say otherwise */
        snprintf(progress.outcome.why, sizeof progress.outcome.why, "started");
        if (write(fd, &progress, sizeof progress) != (ssize_t)sizeof progress)
            _exit(3);
        history_draw(&history, from + i, steps);
        history_run(&history, false, &progress.outcome);
        if (write(fd, &progress, sizeof progress) != (ssize_t)sizeof progress)
            _exit(3);
        if (progress.outcome.failed)
            _exit(1);
    }
    _exit(0);
}

/* Reads one worker to its end; *bad is a seed that failed or killed it. */
static uint64_t gather(int fd, struct outcome *sum, uint64_t *bad, bool *failed)
{
    static struct progress progress;
    uint64_t passed = 0, open_seed = 0;
    bool open_run = false;
    ssize_t got;
    while ((got = read(fd, &progress, sizeof progress)) > 0) {
        while (got < (ssize_t)sizeof progress) {
            ssize_t more = read(fd, (char *)&progress + got,
                                sizeof progress - (size_t)got);
            if (more <= 0)
                break;
            got += more;
        }
        open_run = progress.outcome.failed;
        open_seed = progress.seed;
        if (open_run)
            continue;
        add(sum, &progress.outcome);
        passed++;
    }
    if (open_run) {
        *bad = open_seed;
        *failed = true;
    }
    return passed;
}

static void report(const struct outcome *sum, uint64_t passed)
{
    printf("%llu histories: %lld writes, %lld syncs, %lld requests, %lld power "
           "cuts, %lld new identities, %lld reconciles, %.1f device-years\n",
           (unsigned long long)passed, (long long)sum->writes,
           (long long)sum->syncs, (long long)sum->requests,
           (long long)sum->crashes, (long long)sum->successions,
           (long long)sum->reconciles,
           (double)sum->virtual_ms * 3 / (365.25 * 86400e3));
    for (int i = 0; i < STEP_COUNT; i++)
        printf("  %-15s %lld\n", step_name((enum step_kind)i),
               (long long)sum->covered[i]);
}

static int run_many(uint64_t from, uint64_t count, size_t steps, int jobs)
{
    struct outcome sum = {0};
    uint64_t passed = 0, bad = 0;
    bool failed = false;
    int fds[16];
    for (int j = 0; j < jobs; j++) {
        int pipe_fd[2];
        if (pipe(pipe_fd))
            abort();
        fflush(NULL);
        if (fork() == 0) {
            close(pipe_fd[0]);
            work(pipe_fd[1], from + (uint64_t)j, count - (uint64_t)j,
                 (uint64_t)jobs, steps);
        }
        close(pipe_fd[1]);
        fds[j] = pipe_fd[0];
    }
    for (int j = 0; j < jobs; j++) {
        passed += gather(fds[j], &sum, &bad, &failed);
        close(fds[j]);
    }
    while (wait(NULL) > 0)
        continue;
    report(&sum, passed);
    if (failed) {
        printf("not ok simulation\n");
        (void)replay(bad, steps, false);
        printf("replay: make sim SEED=%llu\n", (unsigned long long)bad);
        return 1;
    }
    printf("acknowledged writes lost: 0 of %lld\nok simulation of %llu seeds\n",
           (long long)sum.writes, (unsigned long long)passed);
    return 0;
}

static uint64_t number(int argc, char **argv, const char *name, uint64_t other)
{
    for (int i = 1; i + 1 < argc; i++)
        if (!strcmp(argv[i], name))
            return strtoull(argv[i + 1], NULL, 10);
    return other;
}

static bool flag(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++)
        if (!strcmp(argv[i], name))
            return true;
    return false;
}

int main(int argc, char **argv)
{
    size_t steps = (size_t)number(argc, argv, "--steps", 120);
    if (steps > STEPS_MAX)
        steps = STEPS_MAX;
    if (flag(argc, argv, "--here"))
        return run_here(number(argc, argv, "--seed", 1), steps);
    if (flag(argc, argv, "--seed"))
        return replay(number(argc, argv, "--seed", 1), steps,
                      flag(argc, argv, "--verbose"));
    uint64_t jobs = number(argc, argv, "--jobs", 2);
    uint64_t count = number(argc, argv, "--seeds", 50);
    if (jobs > count)
        jobs = count;
    return run_many(number(argc, argv, "--from", 1), count, steps,
                    (int)(jobs < 16 ? jobs : 16));
}
