#include "shared/base/config.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "shared/base/arena.h"
#include "shared/base/buffer.h"

#define FILE_BYTES_MAX (256u * 1024)
/* The line buffer of inih holds 200 bytes with line end and NUL; the rest of a
 * longer line would be taken for a line of its own. */
#define LINE_CHARS_MAX 197

struct entry {
    const char *section;
    const char *key;
    const char *value;
};

struct section {
    const char *name;
    size_t line;
};

struct config {
    struct arena arena;
    size_t section_count;
    struct section sections[CONFIG_ENTRIES_MAX];
    size_t count;
    struct entry entries[CONFIG_ENTRIES_MAX]; /* texts in the arena */
    enum err err;                             /* of the handler */
};

static int on_entry(void *context, const char *section, const char *key,
                    const char *value)
{
    struct config *config = context;
    if (config->err)
        return 0;
    if (config->count == CONFIG_ENTRIES_MAX) {
        config->err = ERR_TOO_BIG;
        return 0;
    }
    struct entry *entry = &config->entries[config->count];
    entry->section = arena_copy(&config->arena, bytes_text(section));
    entry->key = arena_copy(&config->arena, bytes_text(key));
    entry->value = arena_copy(&config->arena, bytes_text(value ? value : ""));
    if (!entry->section || !entry->key || !entry->value) {
        config->err = ERR_NOMEM;
        return 0;
    }
    config->count++;
    return 1;
}

/* Appends the whole file to `text`. */
static enum err file_read(const char *path, struct buffer *text)
{
    enum err err = ERR_OK;
    FILE *file = fopen(path, "re");
    if (!file)
        return err_of_errno(errno);
    char part[4096];
    size_t size;
    while (!err && (size = fread(part, 1, sizeof part, file)) > 0)
        err = buffer_add(text, part, size);
    if (!err && ferror(file))
        err = ERR_IO;
    if (fclose(file) && !err)
        err = ERR_IO;
    return err;
}

/* Lines that inih would misread: longer than its buffer, or with a NUL. */
static enum err lines_check(struct bytes text, size_t *line)
{
    size_t length = 0;
    *line = 1;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] == '\n') {
            length = 0;
            ++*line;
            continue;
        }
        if (text.at[i] == 0)
            return ERR_INVALID;
        if (++length > LINE_CHARS_MAX)
            return ERR_TOO_BIG;
    }
    return ERR_OK;
}

static enum err section_add(struct config *config, struct bytes name,
                            size_t line)
{
    if (name.size > CONFIG_SECTION_CHARS_MAX ||
        config->section_count == CONFIG_ENTRIES_MAX)
        return ERR_TOO_BIG;
    const char *copy = arena_copy(&config->arena, name);
    if (!copy)
        return ERR_NOMEM;
    config->sections[config->section_count++] = (struct section){copy, line};
    return ERR_OK;
}

/* inih tells only of sections that hold something, and cuts their names.  The
 * text is one that it has parsed.  An indented line under a key goes on with
 * the key's value. */
static enum err sections_read(struct config *config, const char *text,
                              size_t *line)
{
    enum err err = ERR_OK;
    bool keyed = false;
    if (!strncmp(text, "\xef\xbb\xbf", 3))
        text += 3;
    for (*line = 1; !err && *text; ++*line) {
        size_t size = strcspn(text, "\n");
        const char *at = text + strspn(text, " \t\r\v\f");
        bool header = *at == '[' && (at == text || !keyed);
        if (header)
            err = section_add(config, bytes_of(at + 1, strcspn(at + 1, "]\n")),
                              *line);
        if (err)
            return err;
        if (header)
            keyed = false;
        else if (at < text + size && *at != ';' && *at != '#')
            keyed = true;
        text += size;
        text += *text == '\n';
    }
    return err;
}

static enum err config_parse(struct config *config, const char *path,
                             const struct buffer *text, char *detail)
{
    size_t line;
    enum err err = lines_check(buffer_bytes(text), &line);
    if (err) {
        snprintf(detail, CONFIG_DETAIL_CHARS, "%.160s:%zu: %s", path, line,
                 err == ERR_INVALID ? "a zero byte in a text file"
                                    : "the line is too long");
        return err;
    }
    int bad = ini_parse_string(buffer_text(text), on_entry, config);
    if (config->err)
        err = config->err;
    else if (bad)
        err = bad == -2 ? ERR_NOMEM : ERR_INVALID;
    if (err == ERR_INVALID)
        snprintf(detail, CONFIG_DETAIL_CHARS,
                 "%.160s:%d: expected [section] or key = value", path, bad);
    else if (err)
        snprintf(detail, CONFIG_DETAIL_CHARS, "%.160s:%d: %s", path, bad,
                 err == ERR_TOO_BIG ? "too many entries" : err_text(err));
    if (err)
        return err;
    err = sections_read(config, buffer_text(text), &line);
    if (err)
        snprintf(detail, CONFIG_DETAIL_CHARS, "%.160s:%zu: %s", path, line,
                 err == ERR_TOO_BIG
                     ? "a section too many, or a name of over 49 characters"
                     : err_text(err));
    return err;
}

enum err config_load(struct config **out, const char *path, char *detail)
{
    struct buffer text;
    *out = NULL;
    detail[0] = '\0';
    buffer_init(&text, FILE_BYTES_MAX);
    struct config *config = calloc(1, sizeof *config);
    if (!config)
        return ERR_NOMEM;
    arena_init(&config->arena, (size_t)8 * FILE_BYTES_MAX);
    enum err err = file_read(path, &text);
    if (err)
        snprintf(detail, CONFIG_DETAIL_CHARS, "%.160s: %s", path,
                 err == ERR_NOT_FOUND ? "no such file" : err_text(err));
    else
        err = config_parse(config, path, &text, detail);
    buffer_fini(&text);
    if (err) {
        config_free(config);
        return err;
    }
    *out = config;
    return ERR_OK;
}

void config_free(struct config *config)
{
    if (config)
        arena_fini(&config->arena);
    free(config);
}

const char *config_get(const struct config *config, const char *section,
                       const char *key)
{
    for (size_t i = config->count; i-- > 0;) {
        const struct entry *entry = &config->entries[i];
        if (!strcmp(entry->section, section) && !strcmp(entry->key, key))
            return entry->value;
    }
    return NULL;
}

size_t config_count(const struct config *config)
{
    return config->count;
}

void config_entry(const struct config *config, size_t index,
                  const char **section, const char **key, const char **value)
{
    assert(index < config->count);
    *section = config->entries[index].section;
    *key = config->entries[index].key;
    *value = config->entries[index].value;
}

bool config_section(const struct config *config, size_t index,
                    const char **section, size_t *line)
{
    if (index >= config->section_count)
        return false;
    *section = config->sections[index].name;
    *line = config->sections[index].line;
    return true;
}
