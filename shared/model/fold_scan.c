#include "shared/model/fold_scan.h"

#include <string.h>

struct walk walk_of(struct bytes text)
{
    static const uint8_t nothing;
    const uint8_t *at = text.size ? text.at : &nothing;
    return (struct walk){at, at + text.size, false};
}

static void fail(struct walk *walk)
{
    walk->bad = true;
    walk->at = walk->end;
}

bool walk_accept(struct walk *walk, const char *text)
{
    size_t size = strlen(text);
    if ((size_t)(walk->end - walk->at) < size ||
        memcmp(walk->at, text, size) != 0)
        return false;
    walk->at += size;
    return true;
}

void walk_expect(struct walk *walk, const char *text)
{
    if (!walk_accept(walk, text))
        fail(walk);
}

/* Past the closing quote of a text whose opening quote has been taken. */
static void skip_text(struct walk *walk)
{
    while (walk->at < walk->end) {
        const uint8_t *quote =
            memchr(walk->at, '"', (size_t)(walk->end - walk->at));
        if (!quote)
            break;
        const uint8_t *before = quote;
        while (before > walk->at && before[-1] == '\\')
            before--;
        walk->at = quote + 1;
        if ((quote - before) % 2 == 0)
            return;
    }
    fail(walk);
}

struct bytes walk_text(struct walk *walk)
{
    walk_expect(walk, "\"");
    const uint8_t *from = walk->at;
    if (!walk->bad)
        skip_text(walk);
    if (walk->bad)
        return bytes_of(NULL, 0);
    return bytes_of(from, (size_t)(walk->at - from) - 1);
}

struct bytes walk_value(struct walk *walk)
{
    const uint8_t *from = walk->at;
    size_t depth = 0;
    while (walk->at < walk->end) {
        uint8_t c = *walk->at;
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        walk->at++;
        if (c == '"')
            skip_text(walk);
        else if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        if (depth == 0 && (c == '"' || c == '}' || c == ']'))
            break;
    }
    if (depth || walk->at == from)
        fail(walk);
    if (walk->bad)
        return bytes_of(NULL, 0);
    return bytes_of(from, (size_t)(walk->at - from));
}

bool walk_next(struct walk *walk, char close, bool *first)
{
    char text[2] = {close, 0};
    if (walk->bad || walk_accept(walk, text))
        return false;
    if (!*first)
        walk_expect(walk, ",");
    *first = false;
    return !walk->bad;
}
