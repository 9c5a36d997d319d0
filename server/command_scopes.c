#include "server/command_scopes.h"

#include <stdio.h>
#include <string.h>

static int read_list(const struct command *c, const char *option,
                     const char *prefix, struct command_scopes *out)
{
    const char *text;
    for (size_t i = 0; (text = args_list_at(&c->args, option, i)); i++) {
        char scope[2 * SCOPE_CHARS_MAX];
        out->given = true;
        /* "--caseload north" and "--caseload caseload:north" are the same. */
        if (strncmp(text, prefix, strlen(prefix)) == 0)
            text += strlen(prefix);
        if (text[0] == '\0') /* --caseload "" takes all away */
            continue;
        int size = snprintf(scope, sizeof scope, "%s%s", prefix, text);
        if (size < 0 || (size_t)size > SCOPE_CHARS_MAX ||
            !scope_valid(bytes_text(scope)))
            return command_misuse(
                c,
                "\"%.64s\" cannot be the name for %s; use a-z "
                "0-9 _ . - and begin with a letter or digit",
                text, option);
        if (out->count == USER_SCOPES_MAX)
            return command_misuse(c,
                                  "at most %d caseloads and sites can be "
                                  "given",
                                  USER_SCOPES_MAX);
        memcpy(out->name[out->count++], scope, (size_t)size + 1);
    }
    return EXIT_DONE;
}

int command_scopes_read(const struct command *c, struct command_scopes *out)
{
    *out = (struct command_scopes){0};
    int code = read_list(c, "--caseload", "caseload:", out);
    return code ? code : read_list(c, "--site", "site:", out);
}

void command_scopes_json(struct buffer *json,
                         const char (*scopes)[SCOPE_CHARS_MAX + 1],
                         size_t count)
{
    buffer_add_char(json, '[');
    for (size_t i = 0; i < count; i++)
        buffer_printf(json, "%s\"%s\"", i ? "," : "", scopes[i]);
    buffer_add_char(json, ']');
}
