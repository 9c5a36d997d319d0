/* roles: who may do what, as schema/operations.txt has it. */
#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/operation.h"
#include "server/role.h"

#define NAME_WIDTH 32

/* Commands and reports have columns for roles, addresses for who asks. */
static const char *column(bool address, size_t i)
{
    size_t count = address ? OPERATION_CALLERS : role_count();
    return i >= count ? NULL : address ? operation_callers[i] : role_at(i);
}

static void head_print(bool address)
{
    const char *name;
    printf("%s%-*s", address ? "\n" : "", NAME_WIDTH, "");
    for (size_t i = 0; (name = column(address, i)) != NULL; i++)
        printf(" %s", name);
    putchar('\n');
}

static void line_print(const struct role_table_line *line)
{
    const char *name;
    bool address = operation_is_address(line);
    printf("%-*.*s", NAME_WIDTH, (int)line->name.size,
           (const char *)line->name.at);
    if (line->mark == '!')
        printf(" nobody: %.*s", (int)line->words.size,
               (const char *)line->words.at);
    for (size_t i = 0; line->mark == ':' && (name = column(address, i)) != NULL;
         i++)
        printf(" %-*s", (int)strlen(name),
               role_table_has(line->words, name) ? "x" : ".");
    putchar('\n');
}

static void line_json(struct buffer *json, const struct role_table_line *line)
{
    struct bytes words = line->words;
    const char *before = "";
    buffer_add_text(json, "{\"operation\":");
    canon_put_text(json, line->name);
    if (line->mark == '!') {
        buffer_add_text(json, ",\"otherwise\":");
        canon_put_text(json, words);
        words = bytes_of(NULL, 0);
    }
    buffer_add_text(json, ",\"roles\":[");
    while (words.size) {
        buffer_add_text(json, before);
        canon_put_text(json, role_table_word(&words));
        before = ",";
    }
    buffer_add_text(json, "]}");
}

static void print_all(const struct command *c, struct buffer *json)
{
    struct bytes table = operation_table();
    struct role_table_line line;
    bool address = false;
    if (!c->json)
        head_print(false);
    for (const char *before = "["; role_table_next(&table, &line);
         before = ",") {
        if (c->json) {
            buffer_add_text(json, before);
            line_json(json, &line);
            continue;
        }
        if (!address && operation_is_address(&line))
            head_print(true);
        address = operation_is_address(&line);
        line_print(&line);
    }
}

int command_roles(struct command *c)
{
    struct buffer json;
    if (c->operand_count > 0)
        return command_misuse(c, "roles takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    print_all(c, &json);
    buffer_add_char(&json, ']');
    if (c->json)
        return command_print(c, &json);
    buffer_fini(&json);
    return EXIT_DONE;
}
