#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include "shared/base/log.h"

static int64_t fixed_ms(void *context)
{
    (void)context;
    return 1795296000000;
}

static const struct clock fixed_clock = {
    .wall_ms = fixed_ms,
    .monotonic_ms = fixed_ms,
};

#define HEAD "program=test at=2026-11-21T21:20:00.000Z "

struct pipe_log {
    int ends[2];
    struct log log;
};

static void pipe_open(struct pipe_log *p)
{
    assert_int_equal(pipe(p->ends), 0);
    p->log = (struct log){
        .fd = p->ends[1],
        .level = LOG_INFO,
        .clock = &fixed_clock,
        .program = "test",
    };
}

/* Reads all that was logged, as text, and closes. */
static const char *pipe_read(struct pipe_log *p, char *out, size_t room)
{
    size_t size = 0;
    ssize_t got;
    close(p->ends[1]);
    while ((got = read(p->ends[0], out + size, room - 1 - size)) > 0)
        size += (size_t)got;
    close(p->ends[0]);
    out[size] = '\0';
    return out;
}

static void an_event_is_one_line_of_pairs(void **state)
{
    (void)state;
    struct pipe_log p;
    char text[4096];
    pipe_open(&p);
    log_event(&p.log, LOG_INFO, "sync_done", "lines", "%d", 5, "bytes", "%lld",
              1LL << 40, "left", "%zu", (size_t)7, "result", "%s", "ok", NULL);
    log_event(&p.log, LOG_ERROR, "stop", NULL);
    assert_string_equal(pipe_read(&p, text, sizeof text),
                        HEAD "level=info event=sync_done lines=5 "
                             "bytes=1099511627776 left=7 result=ok\n" HEAD
                             "level=error event=stop\n");
}

static void what_could_forge_a_line_is_quoted(void **state)
{
    (void)state;
    struct pipe_log p;
    char text[4096];
    pipe_open(&p);
    log_event(&p.log, LOG_WARN, "odd", "a", "%s", "x y", "b", "%s",
              "q\"\\\nlevel=error", "c", "%s", "", "d", "%s",
              (const char *)NULL, NULL);
    assert_string_equal(
        pipe_read(&p, text, sizeof text),
        HEAD "level=warn event=odd a=\"x y\" b=\"q\\\"\\\\\\x0alevel=error\" "
             "c=\"\" d=\"\"\n");
}

static void lines_above_the_level_are_dropped(void **state)
{
    (void)state;
    struct pipe_log p;
    char text[4096];
    pipe_open(&p);
    log_event(&p.log, LOG_DEBUG, "detail", NULL);
    struct log silent = p.log;
    silent.fd = -1;
    log_event(&silent, LOG_ERROR, "nobody_hears", NULL);
    assert_string_equal(pipe_read(&p, text, sizeof text), "");
}

static void a_long_line_is_cut_and_still_ends(void **state)
{
    (void)state;
    struct pipe_log p;
    static char text[8192];
    char value[5000];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    pipe_open(&p);
    log_event(&p.log, LOG_INFO, "long", "v", "%s", value, NULL);
    pipe_read(&p, text, sizeof text);
    assert_int_equal(strlen(text), 2048);
    assert_int_equal(text[2047], '\n');
}

#define LINES_EACH 100

static void *log_many(void *context)
{
    const struct log *log = context;
    for (int i = 0; i < LINES_EACH; i++)
        log_event(log, LOG_INFO, "tick", "i", "%d", 1000 + i, NULL);
    return NULL;
}

static void lines_of_several_threads_stay_whole(void **state)
{
    (void)state;
    struct pipe_log p;
    pthread_t threads[4];
    static char text[65536];
    pipe_open(&p);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, log_many, &p.log),
                         0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    pipe_read(&p, text, sizeof text);
    int lines = 0;
    size_t head = strlen(HEAD);
    for (char *line = text; *line; lines++) {
        char *end = strchr(line, '\n');
        assert_non_null(end);
        assert_memory_equal(line, HEAD, head);
        assert_int_equal(end - line,
                         strlen(HEAD "level=info event=tick i=1000"));
        line = end + 1;
    }
    assert_int_equal(lines, 4 * LINES_EACH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_one_line_of_pairs),
        cmocka_unit_test(what_could_forge_a_line_is_quoted),
        cmocka_unit_test(lines_above_the_level_are_dropped),
        cmocka_unit_test(a_long_line_is_cut_and_still_ends),
        cmocka_unit_test(lines_of_several_threads_stay_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
