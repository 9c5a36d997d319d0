#include "server/role_table.h"

#include <stdio.h>
#include <string.h>

/* Takes what stands before `end`, and `end` itself, off the text. */
static struct bytes take(struct bytes *text, char end)
{
    const uint8_t *at = memchr(text->at, end, text->size);
    size_t size = at ? (size_t)(at - text->at) : text->size;
    size_t taken = at ? size + 1 : size;
    struct bytes out = bytes_of(text->at, size);
    *text = bytes_of(text->at + taken, text->size - taken);
    return out;
}

static bool line_read(struct bytes line, struct role_table_line *out)
{
    for (size_t i = 0; i < line.size && line.at[0] != '#'; i++) {
        if (line.at[i] != ':' && line.at[i] != '!')
            continue;
        size_t words = i + 2 < line.size ? i + 2 : line.size;
        out->name = bytes_of(line.at, i);
        out->mark = (char)line.at[i];
        out->words = bytes_of(line.at + words, line.size - words);
        return true;
    }
    return false;
}

bool role_table_next(struct bytes *text, struct role_table_line *out)
{
    while (text->size)
        if (line_read(take(text, '\n'), out))
            return true;
    return false;
}

struct bytes role_table_entry(struct bytes table, struct bytes name, char mark)
{
    struct role_table_line line;
    while (role_table_next(&table, &line))
        if (line.mark == mark && bytes_equal(line.name, name))
            return line.words;
    return bytes_of(NULL, 0);
}

struct bytes role_table_word(struct bytes *words)
{
    return take(words, ' ');
}

bool role_table_has(struct bytes words, const char *wanted)
{
    while (words.size)
        if (bytes_is(role_table_word(&words), wanted))
            return true;
    return false;
}

void role_table_say(struct bytes words, bool (*only)(struct bytes role),
                    char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    while (words.size && used < room) {
        struct bytes role = role_table_word(&words);
        if (only && !only(role))
            continue;
        int size = snprintf(out + used, room - used, "%s%.*s", used ? ", " : "",
                            (int)role.size, (const char *)role.at);
        used += size > 0 ? (size_t)size : 0;
    }
}
