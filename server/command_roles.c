/* roles: who may do what, as schema/operations.txt has it. */
#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/operation.h"
#include "server/role.h"

#define NAME_WIDTH 20

static void head_print(void)
{
    printf("%-*s", NAME_WIDTH, "");
    for (size_t i = 0; i < role_count(); i++)
        printf(" %s", role_at(i));
    putchar('\n');
}

static void line_print(const struct role_table_line *line)
{
    printf("%-*.*s", NAME_WIDTH, (int)line->name.size,
           (const char *)line->name.at);
    if (line->mark == '!')
        printf(" nobody: %.*s", (int)line->words.size,
               (const char *)line->words.at);
    for (size_t i = 0; i < role_count() && line->mark == ':'; i++) {
        const char *mark = role_table_has(line->words, role_at(i)) ? "x" : ".";
        printf(" %-*s", (int)strlen(role_at(i)), mark);
    }
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

int command_roles(struct command *c)
{
    struct bytes table = operation_table();
    struct role_table_line line;
    struct buffer json;
    if (c->operand_count > 0)
        return command_misuse(c, "roles takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    if (!c->json)
        head_print();
    for (const char *before = "["; role_table_next(&table, &line);
         before = ",") {
        if (!c->json) {
            line_print(&line);
            continue;
        }
        buffer_add_text(&json, before);
        line_json(&json, &line);
    }
    buffer_add_char(&json, ']');
    if (c->json)
        return command_print(c, &json);
    buffer_fini(&json);
    return EXIT_DONE;
}
