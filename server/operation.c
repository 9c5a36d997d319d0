#include "server/operation.h"

#include <stdio.h>
#include <string.h>
#include "tools/embed.h"

const char *const operation_callers[OPERATION_CALLERS] = {
    "stranger", /* has nothing */
    "invited",  /* has a code */
    "device",   /* a worker's, enrolled */
    "site",     /* a site's, enrolled */
    "revoked",  /* a device that was shut out */
    "disabled", /* the device of a user who was */
};

bool operation_is_address(const struct role_table_line *line)
{
    return memchr(line->name.at, '/', line->name.size) != NULL;
}

struct bytes operation_table(void)
{
    return bytes_of(embed_operations[0].at, embed_operations[0].size);
}

enum err operation_check(const char *operation, const char *user,
                         const char *role, char *detail)
{
    char may[OPERATION_DETAIL_CHARS / 2];
    struct bytes roles =
        role_table_entry(operation_table(), bytes_text(operation), ':');
    if (role_table_has(roles, role))
        return ERR_OK;
    role_table_say(roles, NULL, may, sizeof may);
    snprintf(detail, OPERATION_DETAIL_CHARS,
             "%.64s: %.64s has the role %.64s, which does not do this; these "
             "do: %s",
             operation, user, role, may);
    return ERR_DENIED;
}
