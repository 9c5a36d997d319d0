#include "server/right.h"

#include <stdio.h>
#include <string.h>
#include "server/role.h"
#include "tools/embed.h"

/* --- the table ------------------------------------------------------------ */

static struct bytes line_next(struct bytes *text)
{
    const uint8_t *end = memchr(text->at, '\n', text->size);
    size_t size = end ? (size_t)(end - text->at) : text->size;
    struct bytes line = bytes_of(text->at, size);
    size_t taken = end ? size + 1 : size;
    *text = bytes_of(text->at + taken, text->size - taken);
    return line;
}

/* What stands behind "NAME: " or "NAME! "; empty: no line is of that. */
static struct bytes entry(struct bytes name, char mark)
{
    struct bytes text = bytes_of(embed_rights[0].at, embed_rights[0].size);
    while (text.size) {
        struct bytes line = line_next(&text);
        if (line.size > name.size + 2 && !memcmp(line.at, name.at, name.size) &&
            line.at[name.size] == (uint8_t)mark)
            return bytes_of(line.at + name.size + 2, line.size - name.size - 2);
    }
    return bytes_of(NULL, 0);
}

static struct bytes word_next(struct bytes *words)
{
    const uint8_t *end = memchr(words->at, ' ', words->size);
    size_t size = end ? (size_t)(end - words->at) : words->size;
    struct bytes word = bytes_of(words->at, size);
    size_t taken = end ? size + 1 : size;
    *words = bytes_of(words->at + taken, words->size - taken);
    return word;
}

static struct bytes roles_of(struct bytes name, const struct schema_type *type)
{
    struct bytes roles = entry(name, ':');
    bool agency = type && bytes_is(type_home(type), "agency");
    return roles.size ? roles
                      : entry(bytes_text(agency ? "agency" : "case"), ':');
}

static bool has_word(struct bytes words, const char *wanted)
{
    while (words.size)
        if (bytes_is(word_next(&words), wanted))
            return true;
    return false;
}

/* --- who may -------------------------------------------------------------- */

static bool decides(struct bytes role)
{
    char name[NAME_CHARS_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)role.size, (const char *)role.at);
    return !role_has_cases(name) && strcmp(name, "site") != 0;
}

/* "worker, supervisor"; `deciding`: those alone who decide. */
static void roles_say(struct bytes roles, bool deciding, char *out, size_t room)
{
    size_t used = 0;
    out[0] = '\0';
    while (roles.size && used < room) {
        struct bytes role = word_next(&roles);
        if (deciding && !decides(role))
            continue;
        int size = snprintf(out + used, room - used, "%s%.*s", used ? ", " : "",
                            (int)role.size, (const char *)role.at);
        used += size > 0 ? (size_t)size : 0;
    }
}

static enum err written_otherwise(const char *name, struct bytes how,
                                  char *detail)
{
    snprintf(detail, RIGHT_DETAIL_CHARS,
             "%s is not written by put; it is written by: %.*s", name,
             (int)how.size, (const char *)how.at);
    return ERR_DENIED;
}

enum err right_type(const char *role, struct bytes name,
                    const struct schema_type *type, char *detail)
{
    char text[NAME_CHARS_MAX + 1], may[RIGHT_DETAIL_CHARS / 2];
    struct bytes how = entry(name, '!'), roles = roles_of(name, type);
    snprintf(text, sizeof text, "%.*s", (int)name.size, (const char *)name.at);
    if (how.size)
        return written_otherwise(text, how, detail);
    if (has_word(roles, role))
        return ERR_OK;
    roles_say(roles, false, may, sizeof may);
    snprintf(detail, RIGHT_DETAIL_CHARS,
             "%s: a user with the role %s does not write it; these do: %s",
             text, role, may);
    return ERR_DENIED;
}

enum err right_field(const char *role, struct bytes name,
                     const struct schema_type *type, struct bytes field,
                     char *detail)
{
    char path[2 * NAME_CHARS_MAX + 2], may[RIGHT_DETAIL_CHARS / 4];
    const struct schema_field *known = type ? type_field(type, field) : NULL;
    snprintf(path, sizeof path, "%.*s.%.*s", (int)name.size,
             (const char *)name.at, (int)field.size, (const char *)field.at);
    struct bytes how = entry(bytes_text(path), '!');
    if (how.size)
        return written_otherwise(path, how, detail);
    if (!known || !field_office(known) || decides(bytes_text(role)))
        return ERR_OK;
    roles_say(roles_of(name, type), true, may, sizeof may);
    snprintf(detail, RIGHT_DETAIL_CHARS,
             "%s: only the office decides this, and a user with the role %s "
             "does not; these do: %s",
             path, role, may);
    return ERR_DENIED;
}
