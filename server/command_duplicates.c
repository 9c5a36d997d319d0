#include <stdio.h>
#include <string.h>

#include "server/command.h"
#include "server/duplicates.h"

struct listing {
    struct command *command;
    struct buffer json;
    size_t count;
};

static void print_person(const struct duplicates_pair *pair, int which)
{
    printf("  %s  %.*s%s%s\n", pair->id[which], (int)pair->name[which].size,
           (const char *)pair->name[which].at,
           *pair->born[which] ? ", born " : "", pair->born[which]);
}

static enum err list_one(void *context, const struct duplicates_pair *pair)
{
    struct listing *l = context;
    if (!l->command->json) {
        printf("%slikeness %d: %s\n", l->count++ ? "\n" : "", pair->score,
               pair->reasons);
        print_person(pair, 0);
        print_person(pair, 1);
        printf("  to say that they are one: satchel-central merge %s --into %s "
               "--data DIR\n",
               pair->id[1], pair->id[0]);
        return ERR_OK;
    }
    buffer_printf(&l->json, "%s{\"names\":[", l->count++ ? "," : "");
    canon_put_text(&l->json, pair->name[0]);
    buffer_add_char(&l->json, ',');
    canon_put_text(&l->json, pair->name[1]);
    buffer_add_text(&l->json, "],\"reasons\":");
    canon_put_text(&l->json, bytes_text(pair->reasons));
    buffer_printf(&l->json, ",\"records\":[\"%s\",\"%s\"],\"score\":%d}",
                  pair->id[0], pair->id[1], pair->score);
    return buffer_err(&l->json);
}

int command_duplicates(struct command *c)
{
    struct listing l = {.command = c};
    struct duplicates *d;
    if (c->operand_count > 0)
        return command_misuse(c, "duplicates takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    enum err err = duplicates_new(&d);
    if (err)
        return command_fail_office(c, err);
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&l.json, '[');
    err = duplicates_load(d, &c->sql, c->office->agency);
    if (!err)
        err = duplicates_find(d, list_one, &l);
    duplicates_free(d);
    return command_list_end(c, err, &l.json, l.count,
                            "no two persons look like one");
}
