#include "server/right.h"

#include <stdio.h>
#include <string.h>
#include "server/role.h"
#include "server/role_table.h"
#include "tools/embed.h"

/* --- the table ------------------------------------------------------------ */

static struct bytes entry(struct bytes name, char mark)
{
    return role_table_entry(bytes_of(embed_rights[0].at, embed_rights[0].size),
                            name, mark);
}

static struct bytes roles_of(struct bytes name, const struct schema_type *type)
{
    struct bytes roles = entry(name, ':');
    bool agency = type && bytes_is(type_home(type), "agency");
    return roles.size ? roles
                      : entry(bytes_text(agency ? "agency" : "case"), ':');
}

/* --- who may -------------------------------------------------------------- */

static bool decides(struct bytes role)
{
    char name[NAME_CHARS_MAX + 1];
    snprintf(name, sizeof name, "%.*s", (int)role.size, (const char *)role.at);
    return !role_has_cases(name) && strcmp(name, "site") != 0;
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
    if (role_table_has(roles, role))
        return ERR_OK;
    role_table_say(roles, NULL, may, sizeof may);
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
    role_table_say(roles_of(name, type), decides, may, sizeof may);
    snprintf(detail, RIGHT_DETAIL_CHARS,
             "%s: only the office decides this, and a user with the role %s "
             "does not; these do: %s",
             path, role, may);
    return ERR_DENIED;
}
