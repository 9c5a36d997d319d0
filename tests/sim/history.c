#include "tests/sim/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/sim/clocks.h"
#include "tests/sim/focus.h"

void history_draw(struct history *history, uint64_t seed, size_t steps)
{
    const struct focus *focus = focus_of(seed);
    struct random_seeded dice;
    bool further = seed % 4 == 3 && !history->twice;
    random_seeded_init(&dice, seed);
    history->seed = seed;
    history->count = 0;
    while (history->count < steps) {
        struct step step = {focus_draw(focus, further, &dice.random), 0};
        random_fill(&dice.random, &step.seed, sizeof step.seed);
        history->steps[history->count++] = step;
    }
}

static void run_once(const struct history *history, bool verbose,
                     enum clocks clocks, struct view *view, struct outcome *out)
{
    static struct world world;
    memset(out, 0, sizeof *out);
    world_open(&world, history->seed, verbose);
    world.clocks = clocks;
    world.view = view;
    if (world_twin(&world))
        disk_keep_unsynced();
    int64_t start = world.now_ms;
    world_cover(&world, "focus %s", focus_of(history->seed)->name);
    for (size_t i = 0; i < history->count && !world.failed; i++) {
        step_run(&world, &history->steps[i]);
        world_cover(&world, "step %s", step_name(history->steps[i].kind));
        oracle_during(&world);
    }
    if (!world.failed)
        oracle_settle(&world);
    out->failed = world.failed;
    memcpy(out->why, world.why, sizeof out->why);
    out->cover = world.cover;
    out->syncs = world.syncs;
    out->requests = world.requests;
    out->reconciles = world.reconciles;
    out->successions = world.successions;
    out->crashes = world.crashes;
    out->writes = (int64_t)world.write_count;
    for (int i = 0; i < DEVICES_MAX; i++)
        out->device_ms += world.devices[i].used ? world.now_ms - start : 0;
    world_close(&world);
}

void history_run(const struct history *history, bool verbose,
                 struct outcome *out)
{
    if (history->twice)
        clocks_compare(history, verbose, run_once, out);
    else
        run_once(history, verbose, CLOCKS_DRAWN, NULL, out);
}

bool history_fails(const struct history *history, char why[1024])
{
    int pipe_fd[2];
    if (pipe(pipe_fd))
        abort();
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        static struct outcome outcome;
        history_run(history, false, &outcome);
        if (write(pipe_fd[1], outcome.why, sizeof outcome.why) < 0)
            _exit(2);
        found_remove();
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

void history_shrink(struct history *history)
{
    static struct history shorter;
    char why[1024];
    for (size_t piece = history->count / 2; piece; piece /= 2) {
        for (size_t at = 0; at + piece <= history->count;) {
            shorter = *history;
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

void history_print(const struct history *history)
{
    printf("%" PRIu64, history->seed);
    for (size_t i = 0; i < history->count; i++)
        printf(" %s:%" PRIx64, step_name(history->steps[i].kind),
               history->steps[i].seed);
    putchar('\n');
}

static bool step_parse(struct step *step, const char *word)
{
    const char *colon = strchr(word, ':');
    for (int i = 0; colon && i < STEP_COUNT; i++) {
        const char *name = step_name((enum step_kind)i);
        size_t size = strlen(name);
        if (size != (size_t)(colon - word) || memcmp(name, word, size) != 0)
            continue;
        step->kind = (enum step_kind)i;
        step->seed = strtoull(colon + 1, NULL, 16);
        return true;
    }
    return false;
}

bool history_parse(struct history *history, const char *line)
{
    char *end;
    history->count = 0;
    history->seed = strtoull(line, &end, 10);
    if (end == line)
        return false;
    while (*end == ' ') {
        if (history->count == STEPS_MAX ||
            !step_parse(&history->steps[history->count++], ++end))
            return false;
        end += strcspn(end, " \n");
    }
    return *end == '\n' || !*end;
}
