#include "shared/base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX 2048

/* A line under way; what does not fit is dropped, the final newline fits. */
struct line {
    char at[LINE_BYTES_MAX];
    size_t size;
};

static void line_add(struct line *line, const char *text)
{
    for (; *text && line->size < sizeof line->at - 1; text++)
        line->at[line->size++] = *text;
}

static bool plain(const char *value)
{
    if (!*value)
        return false;
    for (; *value; value++)
        if (*value <= ' ' || *value == '"' || *value == '=' || *value == 127)
            return false;
    return true;
}

static void line_add_quoted(struct line *line, const char *value)
{
    line_add(line, "\"");
    for (; *value; value++) {
        unsigned char c = (unsigned char)*value;
        char escaped[8] = {*value};
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c < ' ' || c == 127)
            snprintf(escaped, sizeof escaped, "\\x%02x", c);
        line_add(line, escaped);
    }
    line_add(line, "\"");
}

static void line_add_pair(struct line *line, const char *key, const char *value)
{
    if (line->size)
        line_add(line, " ");
    line_add(line, key);
    line_add(line, "=");
    if (plain(value))
        line_add(line, value);
    else
        line_add_quoted(line, value);
}

static void line_write(struct line *line, int fd)
{
    line->at[line->size++] = '\n';
    const char *at = line->at;
    size_t left = line->size;
    while (left) {
        ssize_t written = write(fd, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* a log that cannot be written has no one to tell */
        at += written;
        left -= (size_t)written;
    }
}

static void line_add_arguments(struct line *line, va_list *arguments)
{
    const char *key;
    while ((key = va_arg(*arguments, const char *))) {
        const char *format = va_arg(*arguments, const char *);
        char number[32];
        const char *value = number;
        if (!strcmp(format, "%s"))
            value = va_arg(*arguments, const char *);
        else if (!strcmp(format, "%d"))
            snprintf(number, sizeof number, "%d", va_arg(*arguments, int));
        else if (!strcmp(format, "%lld"))
            snprintf(number, sizeof number, "%lld",
                     va_arg(*arguments, long long));
        else if (!strcmp(format, "%zu"))
            snprintf(number, sizeof number, "%zu", va_arg(*arguments, size_t));
        else
            assert(false); /* no conversion that log_event() knows */
        line_add_pair(line, key, value ? value : "");
    }
}

void log_event(const struct log *log, enum log_level level, const char *event,
               ...)
{
    static const char *const levels[] = {"error", "warn", "info", "debug"};
    if (log->fd < 0 || level > log->level)
        return;
    struct line line = {.size = 0};
    char at[INSTANT_CHARS];
    instant_format(at, clock_wall_ms(log->clock));
    line_add_pair(&line, "program", log->program);
    line_add_pair(&line, "at", at);
    line_add_pair(&line, "level", levels[level]);
    line_add_pair(&line, "event", event);
    va_list arguments;
    va_start(arguments, event);
    line_add_arguments(&line, &arguments);
    va_end(arguments);
    line_write(&line, log->fd);
}
