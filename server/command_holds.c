#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/ingest.h"
#include "server/print.h"
#include "server/record.h"
#include "server/store_line.h"
#include "server/store_replica.h"
#include "shared/model/view.h"

static const char meaning_unknown[] = "held by the office";

/* What a reason means to the one who has to act. */
static const char *meaning(const char *reason)
{
    static const char *const meanings[][2] = {
        {"waiting", "names a line that has not arrived; takes effect when it "
                    "does"},
        {"invalid", "cannot be understood as it is"},
        {"out-of-scope", "the writer had no access to the case"},
        {"revoked", "written on a device that is shut out"},
        {"too-large", "over the limit of a line"},
        {"disposed",
         "the case was disposed of before it came: write it again in a "
         "new case if it is needed, then dispose of it, too"},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i][0], reason) == 0)
            return meanings[i][1];
    return meaning_unknown;
}

/* --- list ----------------------------------------------------------------- */

struct listing {
    struct command *command;
    size_t count;
};

struct details {
    char type[NAME_CHARS_MAX + 1], kase[ID_CHARS + 1];
    char author[NAME_CHARS_MAX + 1];
    int64_t at;         /* when it was written, as its writer says; 0 unknown */
    struct buffer name; /* of the record, for people */
    struct buffer entry; /* view_entry() of the line; "null" if unreadable */
};

/* Who wrote the line and when; of one that nobody can read, whose device sent
 * it. */
static enum err writer_load(struct details *d, struct command *c,
                            const struct held_row *held, struct bytes line)
{
    struct arena arena;
    struct replica_row device;
    const struct revision *r;
    arena_init(&arena, REVISION_ARENA_BYTES);
    enum err err = revision_parse(&arena, line, &r, NULL);
    if (!err) {
        const struct revision *original = revision_original(r);
        snprintf(d->author, sizeof d->author, "%.*s",
                 (int)original->author.size, (const char *)original->author.at);
        d->at = original->at;
        if (!d->type[0])
            snprintf(d->type, sizeof d->type, "%.*s", (int)original->type.size,
                     (const char *)original->type.at);
        if (!d->name.size)
            err = record_name_of_line(original, c->office, &c->sql, &d->name);
    } else if (err == ERR_INVALID || err == ERR_TOO_BIG) {
        err = store_replica_find(&c->sql, c->office->agency, held->dot.replica,
                                 &device);
        if (!err)
            memcpy(d->author, device.account, sizeof d->author);
    }
    arena_fini(&arena);
    return err;
}

static enum err line_load(struct details *d, struct command *c,
                          const struct held_row *held)
{
    struct buffer line;
    buffer_init(&line, LINE_BYTES_MAX);
    enum err err = store_line_load(&c->sql, c->office->agency,
                                   held->dot.replica, held->dot.n, &line, NULL);
    if (!err)
        err = writer_load(d, c, held, buffer_bytes(&line));
    if (!err)
        err = view_entry(&d->entry, buffer_bytes(&line), "received",
                         held->reason);
    buffer_fini(&line);
    if (err != ERR_INVALID && err != ERR_TOO_BIG && err != ERR_NOT_FOUND)
        return err;
    buffer_clear(&d->entry);
    return buffer_add_text(&d->entry, "null");
}

static enum err details_load(struct details *d, struct command *c,
                             const struct held_row *held)
{
    struct record record;
    enum err err = record_load(&record, c->office, &c->sql, held->record);
    if (!err) {
        memcpy(d->type, record.type, sizeof d->type);
        memcpy(d->kase, record.kase, sizeof d->kase);
        err = record_name(&record, c->office, &c->sql, &d->name);
    }
    record_fini(&record);
    return err && err != ERR_NOT_FOUND ? err : line_load(d, c, held);
}

static void held_json(const struct held_row *held, const struct details *d,
                      const char *dot, bool first)
{
    struct buffer json;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    buffer_add_text(&json, first ? "{\"at\":" : ",{\"at\":");
    command_json_time(&json, d->at);
    buffer_add_text(&json, ",\"author\":");
    command_json_text(&json, d->author);
    buffer_add_text(&json, ",\"case\":");
    command_json_text(&json, d->kase);
    buffer_printf(&json, ",\"dot\":\"%s\",\"entry\":", dot);
    buffer_add_bytes(&json, buffer_bytes(&d->entry));
    buffer_printf(&json,
                  ",\"owner\":\"%s\",\"reason\":\"%s\",\"record\":\"%s\","
                  "\"since\":%lld,\"type\":",
                  held->owner, held->reason, held->record,
                  (long long)held->since);
    command_json_text(&json, d->type);
    buffer_add_char(&json, '}');
    fputs(buffer_text(&json), stdout);
    buffer_fini(&json);
}

static void held_print(const struct held_row *held, const struct details *d,
                       const char *dot)
{
    printf("%s  ", dot);
    print_heading(d->type, buffer_bytes(&d->name), held->record);
    printf("\n  %s %s", d->at ? "written by" : "sent by",
           d->author[0] ? d->author : "nobody known");
    if (d->at) {
        fputs(" on ", stdout);
        print_time(d->at);
    }
    printf("\n  %s since ", held->reason);
    print_time(held->since);
    printf(": %s (for the %s)\n", meaning(held->reason), held->owner);
}

static enum err list_one(void *context, const struct held_row *held)
{
    struct listing *l = context;
    struct details d = {0};
    char dot[DOT_CHARS + 1];
    dot_format(dot, &held->dot);
    buffer_init(&d.name, STATE_BYTES_MAX);
    buffer_init(&d.entry, COMMAND_JSON_BYTES_MAX);
    enum err err = details_load(&d, l->command, held);
    if (!err && l->command->json) {
        held_json(held, &d, dot, l->count == 0);
    } else if (!err) {
        held_print(held, &d, dot);
    }
    l->count++;
    buffer_fini(&d.name);
    buffer_fini(&d.entry);
    return err;
}

int command_holds_list(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "holds list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        putchar('[');
    enum err err = store_held_open(&c->sql, c->office->agency, list_one, &l);
    if (err)
        return command_fail_office(c, err);
    if (c->json)
        puts("]");
    else if (l.count == 0)
        puts("nothing is held");
    return EXIT_DONE;
}

/* --- release -------------------------------------------------------------- */

static int release(struct command *c, const struct dot *dot)
{
    struct held_row held;
    enum err err = store_held_find(&c->sql, c->office->agency, dot, &held);
    if (err == ERR_NOT_FOUND)
        return command_fail(c, err,
                            "no line is held under %s; `holds list` shows "
                            "which are",
                            c->operands[0]);
    if (!err && held.released[0])
        return command_fail(c, ERR_EXISTS, "%s was released already, by %s",
                            c->operands[0], held.released);
    if (!err)
        err = ingest_release(c->office, &c->sql, c->author, dot);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

int command_holds_release(struct command *c)
{
    struct dot dot;
    if (c->operand_count != 1)
        return command_misuse(c, "holds release DOT: give one dot");
    if (!dot_parse(&dot, bytes_text(c->operands[0])))
        return command_misuse(c,
                              "\"%.64s\" is no dot; it is written "
                              "REPLICA:NUMBER",
                              c->operands[0]);
    int code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code != EXIT_DONE)
        return code;
    code = command_end(c, release(c, &dot));
    if (code == EXIT_DONE && c->json)
        printf("{\"released\":\"%s\"}\n", c->operands[0]);
    else if (code == EXIT_DONE)
        printf("%s takes effect now as what it was\n", c->operands[0]);
    return code;
}
