#include <stdio.h>
#include <string.h>
#include "server/command.h"
#include "server/print.h"
#include "server/record.h"
#include "server/store_line.h"
#include "shared/model/typed.h"
#include "shared/model/view.h"

static const char record_of_type[] =
    "SELECT state FROM record WHERE agency = $1 AND type = $2 ORDER BY record";
static const char any_of_type[] =
    "SELECT 1 FROM record WHERE agency = $1 AND type = $2 LIMIT 1";

/* Parses what a view made and hands it to `print`. */
static enum err print_json(struct bytes json,
                           void (*print)(const struct canon *root))
{
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, (size_t)256 << 20);
    enum err err = canon_parse(&arena, json, &root, NULL);
    if (!err)
        print(root);
    arena_fini(&arena);
    return err;
}

/* --- show ----------------------------------------------------------------- */

struct history {
    struct command *command;
    struct buffer json;
    struct arena arena;
    size_t count;
};

/* The reason for which a line is held now, or "". */
static enum err held_reason(struct history *h, struct bytes line,
                            char reason[NAME_CHARS_MAX + 1])
{
    const struct revision *revision;
    struct held_row held;
    reason[0] = '\0';
    arena_clear(&h->arena);
    enum err err = revision_parse(&h->arena, line, &revision, NULL);
    if (err)
        return err == ERR_INVALID ? ERR_OK : err;
    err = store_held_find(&h->command->sql, h->command->office->agency,
                          &revision->dot, &held);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (!held.released[0])
        memcpy(reason, held.reason, sizeof held.reason);
    return ERR_OK;
}

static enum err add_entry(void *context, int64_t arrival,
                          const uint8_t hash[HASH_BYTES], struct bytes line)
{
    struct history *h = context;
    char reason[NAME_CHARS_MAX + 1];
    (void)arrival;
    (void)hash;
    enum err err = held_reason(h, line, reason);
    buffer_add_text(&h->json, h->count++ ? "," : "");
    if (!err)
        err = view_entry(&h->json, line, "received", reason[0] ? reason : NULL);
    return err ? err : buffer_err(&h->json);
}

static enum err history_load(struct history *h, struct command *c,
                             const char *record)
{
    *h = (struct history){.command = c};
    buffer_init(&h->json, COMMAND_JSON_BYTES_MAX);
    arena_init(&h->arena, REVISION_ARENA_BYTES);
    buffer_add_char(&h->json, '[');
    enum err err = store_line_each_arrived(&c->sql, c->office->agency, record,
                                           add_entry, h);
    buffer_add_char(&h->json, ']');
    arena_fini(&h->arena);
    return err ? err : buffer_err(&h->json);
}

static enum err show(struct command *c, const struct record *record,
                     struct buffer *json)
{
    struct buffer token;
    struct seen seen;
    struct buffer others;
    struct same *same = NULL;
    struct history history = {0};
    seen_init(&seen);
    buffer_init(&token, COMMAND_JSON_BYTES_MAX);
    buffer_init(&others, COMMAND_JSON_BYTES_MAX);
    enum err err = record_context(record, &seen, &token);
    if (!err && record->type[0])
        err = record_same_load(c->office, &c->sql, bytes_text(record->type),
                               &same);
    if (!err && same)
        err = same_others(same, record->id, &others);
    if (!err && args_flag(&c->args, "--history"))
        err = history_load(&history, c, record->id);
    const struct view_beside beside = {.context = buffer_bytes(&token),
                                       .history = buffer_bytes(&history.json),
                                       .same = buffer_bytes(&others),
                                       .schema = c->office->schema};
    if (!err)
        err = view_show(json, record->state, &beside);
    same_free(same);
    buffer_fini(&others);
    buffer_fini(&history.json);
    buffer_fini(&token);
    seen_fini(&seen);
    return err;
}

int command_show(struct command *c)
{
    struct record record;
    struct buffer json;
    if (c->operand_count != 1)
        return command_misuse(c, "show ID: give one record id");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    enum err err = record_load(&record, c->office, &c->sql, c->operands[0]);
    if (err)
        return command_fail_office(c, err);
    buffer_init(&json, COMMAND_JSON_BYTES_MAX);
    err = show(c, &record, &json);
    record_fini(&record);
    if (!err && c->json)
        return command_print(c, &json);
    if (!err)
        err = print_json(buffer_bytes(&json), print_show);
    buffer_fini(&json);
    return err ? command_fail_office(c, err) : EXIT_DONE;
}

/* --- list ----------------------------------------------------------------- */

struct listing {
    struct command *command;
    struct same *same;    /* with --where only */
    struct buffer wanted; /* of each --where what is compared, and a NUL */
    struct buffer row;    /* reused */
    size_t count;
};

static enum err matches(const struct listing *l, struct bytes state, bool *out)
{
    const struct command *c = l->command;
    struct arena arena;
    const struct canon *root;
    *out = true;
    if (!l->same)
        return ERR_OK;
    arena_init(&arena, (size_t)256 << 20);
    enum err err = canon_parse(&arena, state, &root, NULL);
    const char *text, *value = buffer_text(&l->wanted);
    for (size_t i = 0; !err && (text = args_list_at(&c->args, "--where", i));
         i++, value += strlen(value) + 1) {
        char name[NAME_CHARS_MAX + 1];
        snprintf(name, sizeof name, "%.*s", (int)(strchr(text, '=') - text),
                 text);
        *out = *out && same_matches(l->same, root, name, bytes_text(value));
    }
    arena_fini(&arena);
    return err;
}

static enum err list_one(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct listing *l = context;
    bool wanted;
    (void)columns;
    enum err err = matches(l, row[0].bytes, &wanted);
    if (err || !wanted)
        return err;
    buffer_clear(&l->row);
    err = view_row(&l->row, row[0].bytes);
    if (err)
        return err;
    if (l->command->json)
        printf("%s%s", l->count ? "," : "", buffer_text(&l->row));
    else
        err = print_json(buffer_bytes(&l->row), print_row);
    l->count++;
    return err;
}

static int check_where(const struct command *c)
{
    const char *text;
    for (size_t i = 0; (text = args_list_at(&c->args, "--where", i)); i++) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text || equals - text > NAME_CHARS_MAX)
            return command_misuse(c, "--where %.64s: write FIELD=VALUE", text);
    }
    return EXIT_DONE;
}

static enum err conditions_type(struct listing *l,
                                const struct schema_type *type)
{
    enum err err = ERR_OK;
    const char *text;
    for (size_t i = 0;
         !err && (text = args_list_at(&l->command->args, "--where", i)); i++) {
        const char *equals = strchr(text, '=');
        struct bytes name = bytes_of(text, (size_t)(equals - text));
        err = typed_condition(&l->wanted, type ? type_field(type, name) : NULL,
                              equals + 1);
        buffer_add(&l->wanted, "", 1);
    }
    return err ? err : buffer_err(&l->wanted);
}

/* Nothing was found: is it that a field is misspelt, or its value cannot be? */
static int check_fields(const struct command *c, const struct schema_type *type,
                        const char *name)
{
    const char *text;
    for (size_t i = 0; type && (text = args_list_at(&c->args, "--where", i));
         i++) {
        size_t size = (size_t)(strchr(text, '=') - text);
        const struct schema_field *field =
            type_field(type, bytes_of(text, size));
        char detail[SCHEMA_DETAIL_CHARS];
        if (field && typed_condition_check(field, text + size + 1, detail) ==
                         ERR_INVALID)
            return command_fail(c, ERR_INVALID, "%.64s.%s", name, detail);
        if (!field)
            return command_fail(c, ERR_INVALID,
                                "%.64s.%.*s: this record type has no such "
                                "field",
                                name, (int)size, text);
    }
    return EXIT_DONE;
}

int command_list(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count != 1)
        return command_misuse(c, "list TYPE: give one type of record");
    int code = check_where(c);
    if (code == EXIT_DONE)
        code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    const char *type = c->operands[0];
    const struct schema_type *known;
    enum err err = schema_find(c->office->schema, bytes_text(type), &known);
    if (err)
        return command_fail_office(c, err);
    if (!known &&
        sql_find(&c->sql, any_of_type,
                 SQL_VALUES(sql_text(c->office->agency), sql_text(type)), NULL,
                 NULL) == ERR_NOT_FOUND)
        return command_fail(c, ERR_INVALID, "%.64s: no such record type", type);
    buffer_init(&l.row, COMMAND_JSON_BYTES_MAX);
    if (c->json)
        putchar('[');
    buffer_init(&l.wanted, COMMAND_JSON_BYTES_MAX);
    err = conditions_type(&l, known);
    if (!err && args_list_count(&c->args, "--where") > 0)
        err = record_same_load(c->office, &c->sql, bytes_text(""), &l.same);
    if (!err)
        err = sql_each_row(
            &c->sql, record_of_type,
            SQL_VALUES(sql_text(c->office->agency), sql_text(c->operands[0])),
            list_one, &l);
    same_free(l.same);
    buffer_fini(&l.wanted);
    buffer_fini(&l.row);
    if (err)
        return command_fail_office(c, err);
    if (c->json)
        puts("]");
    if (l.count > 0)
        return EXIT_DONE;
    code = check_fields(c, known, type);
    if (code == EXIT_DONE && !c->json)
        puts("none");
    return code;
}
