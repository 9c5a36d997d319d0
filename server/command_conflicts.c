#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/ingest.h"
#include "server/print.h"
#include "server/record.h"
#include "shared/model/typed.h"
#include "shared/model/view.h"

static const char record_open[] =
    "SELECT record FROM record WHERE agency = $1 AND open_count > 0 "
    "AND type IS NOT NULL ORDER BY record";

/* --- list ----------------------------------------------------------------- */

struct listing {
    struct command *command;
    size_t count;
};

/* The conflict with the context in which it was read, members in order. */
static void print_with_context(const struct canon *conflict,
                               struct bytes context)
{
    bool done = false;
    struct buffer json;
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&json, '{');
    for (const struct canon *m = conflict->first; m || !done;) {
        if (json.size > 1)
            buffer_add_char(&json, ',');
        if (!done &&
            (!m || canon_compare_names(m->name, bytes_text("context")) > 0)) {
            buffer_add_text(&json, "\"context\":");
            canon_put_text(&json, context);
            done = true;
            continue;
        }
        canon_put_text(&json, m->name);
        buffer_add_char(&json, ':');
        buffer_add_bytes(&json, m->raw);
        m = m->next;
    }
    buffer_add_char(&json, '}');
    fputs(buffer_text(&json), stdout);
    buffer_fini(&json);
}

static enum err print_all(struct listing *l, const struct record *record,
                          struct bytes json, struct bytes context)
{
    struct arena arena;
    struct buffer name;
    const struct canon *root;
    arena_init(&arena, (size_t)256 << 20);
    buffer_init(&name, STATE_BYTES_MAX);
    enum err err = canon_parse(&arena, json, &root, NULL);
    if (!err)
        err = record_name(record, l->command->office, &l->command->sql, &name);
    const struct canon *conflict = err ? NULL : root->first;
    for (; conflict; conflict = conflict->next, l->count++) {
        if (!l->command->json) {
            print_conflict(conflict, record->type, buffer_bytes(&name),
                           record->id);
            continue;
        }
        fputs(l->count ? "," : "", stdout);
        print_with_context(conflict, context);
    }
    buffer_fini(&name);
    arena_fini(&arena);
    return err;
}

static enum err list_record(struct listing *l, const struct record *record)
{
    struct buffer json, token;
    struct seen seen;
    size_t count = 0;
    seen_init(&seen);
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    buffer_init(&token, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&json, '[');
    enum err err = view_conflicts(&json, record->state, &count);
    buffer_add_char(&json, ']');
    if (!err)
        err = record_context(record, &seen, &token);
    if (!err)
        err = buffer_err(&json);
    if (!err)
        err = print_all(l, record, buffer_bytes(&json), buffer_bytes(&token));
    buffer_fini(&token);
    buffer_fini(&json);
    seen_fini(&seen);
    return err;
}

static enum err list_one(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct listing *l = context;
    struct record record;
    char id[ID_CHARS + 1];
    (void)columns;
    sql_copy_text(id, sizeof id, &row[0]);
    enum err err =
        record_load(&record, l->command->office, &l->command->sql, id);
    if (!err)
        err = list_record(l, &record);
    record_fini(&record);
    return err;
}

int command_conflicts_list(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "conflicts list takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    if (c->json)
        putchar('[');
    enum err err =
        sql_each_row(&c->sql, record_open,
                     SQL_VALUES(sql_text(c->office->agency)), list_one, &l);
    if (err)
        return command_fail_office(c, err);
    if (c->json)
        puts("]");
    else if (l.count == 0)
        puts("no conflicts: nothing waits for a decision");
    return EXIT_DONE;
}

/* --- resolve -------------------------------------------------------------- */

struct decision {
    const char *field;
    const char *value; /* "" clears the field; NULL: values are kept */
    struct record record;
    struct seen seen;
    struct buffer json; /* the member `keep` or `set` of the draft */
};

/* The write id of the live value that `name` (a dot or a write id) means. */
static bool live_find(const struct decision *d, const char *name,
                      struct bytes *write)
{
    const struct canon *field = record_field(&d->record, d->field);
    const struct canon *live = field ? canon_member(field, "live") : NULL;
    struct bytes dot;
    for (const struct canon *w = live ? live->first : NULL; w; w = w->next)
        if (canon_text(w, "write", write) && canon_text(w, "dot", &dot) &&
            (bytes_is(*write, name) || bytes_is(dot, name)))
            return true;
    return false;
}

static int read_keep(struct command *c, struct decision *d)
{
    const char *name;
    struct buffer *json = &d->json;
    buffer_add_char(json, '{');
    canon_put_text(json, bytes_text(d->field));
    buffer_add_text(json, ":[");
    for (size_t i = 0; (name = args_list_at(&c->args, "--keep", i)); i++) {
        struct bytes write;
        if (!live_find(d, name, &write))
            return command_fail(c, ERR_NOT_FOUND,
                                "%.64s is none of the values of %s; "
                                "`conflicts list` shows them",
                                name, d->field);
        buffer_add_text(json, i ? "," : "");
        canon_put_text(json, write);
    }
    buffer_add_text(json, "]}");
    return EXIT_DONE;
}

static int read_value(struct command *c, struct decision *d)
{
    const struct schema_type *type;
    enum err err =
        schema_find(c->office->schema, bytes_text(d->record.type), &type);
    if (err)
        return command_fail_office(c, err);
    const struct schema_field *field =
        type ? type_field(type, bytes_text(d->field)) : NULL;
    buffer_add_char(&d->json, '{');
    canon_put_text(&d->json, bytes_text(d->field));
    buffer_add_char(&d->json, ':');
    err = typed_value(&d->json, field, d->value);
    buffer_add_char(&d->json, '}');
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static int read_context(struct command *c, struct decision *d)
{
    const char *token = args_text(&c->args, "--context");
    enum err err =
        token ? context_read(&d->seen, NULL, d->record.id, bytes_text(token))
              : fold_context(d->record.memo, &d->seen);
    if (err == ERR_CONFLICT)
        return command_fail(c, err,
                            "the context is of another record; take the one "
                            "that `show %s` prints",
                            d->record.id);
    if (err == ERR_INVALID)
        return command_misuse(c, "that is no context; take the one that "
                                 "`conflicts list --json` or `show` prints");
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

static int write_decision(struct command *c, struct decision *d)
{
    struct revision_draft draft = {.record = d->record.id, .seen = &d->seen};
    struct dot dot;
    char text[DOT_CHARS + 1];
    if (d->value)
        draft.set = buffer_bytes(&d->json);
    else
        draft.keep = buffer_bytes(&d->json);
    enum err err = buffer_err(&d->json);
    if (!err)
        err = ingest_office(c->office, &c->sql, c->author, &draft, &dot);
    int code = command_end(c, err ? command_fail_office(c, err) : EXIT_DONE);
    if (code != EXIT_DONE)
        return code;
    dot_format(text, &dot);
    if (c->json)
        printf("{\"dot\":\"%s\",\"field\":\"%s\",\"record\":\"%s\"}\n", text,
               d->field, d->record.id);
    else
        printf("settled by %s\n", c->author);
    return EXIT_DONE;
}

static int decide(struct command *c, struct decision *d)
{
    enum err err = record_load(&d->record, c->office, &c->sql, c->operands[0]);
    if (err)
        return command_fail_office(c, err);
    const struct canon *field = record_field(&d->record, d->field);
    if (!field)
        return command_fail(c, ERR_NOT_FOUND,
                            "the record has no value in a field %.64s",
                            d->field);
    if (!canon_true(field, "open"))
        return command_fail(c, ERR_EXISTS,
                            "%.64s is not in conflict; nothing is to be "
                            "settled",
                            d->field);
    int code = read_context(c, d);
    if (code == EXIT_DONE)
        code = d->value ? read_value(c, d) : read_keep(c, d);
    return code;
}

static int misuse(const struct command *c)
{
    const char *value = args_text(&c->args, "--value");
    int ways = (args_list_count(&c->args, "--keep") > 0) + (value != NULL) +
               args_flag(&c->args, "--clear");
    if (c->operand_count != 2)
        return command_misuse(c, "conflicts resolve RECORD FIELD: give a "
                                 "record id and a field");
    if (ways > 1)
        return command_misuse(c, "--keep, --value and --clear are different "
                                 "decisions; give one of them");
    if (!ways)
        return command_misuse(c, "say which values stand (--keep DOT...), give "
                                 "a new one (--value V), or none (--clear)");
    if (value && !value[strspn(value, " \t\r\n")])
        return command_misuse(c, "--value is empty; nothing was written: say "
                                 "--clear to clear the field");
    return EXIT_DONE;
}

int command_conflicts_resolve(struct command *c)
{
    struct decision d = {0};
    if (misuse(c))
        return EXIT_MISUSE;
    d.field = c->operands[1];
    d.value =
        args_flag(&c->args, "--clear") ? "" : args_text(&c->args, "--value");
    seen_init(&d.seen);
    buffer_init(&d.json, ORIGINAL_BYTES_MAX);
    int code = command_open(c, COMMAND_WRITE);
    if (code == EXIT_DONE)
        code = command_begin(c);
    if (code == EXIT_DONE) {
        code = decide(c, &d);
        code = code == EXIT_DONE ? write_decision(c, &d) : command_end(c, code);
    }
    record_fini(&d.record);
    buffer_fini(&d.json);
    seen_fini(&d.seen);
    return code;
}
