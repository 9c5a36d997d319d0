/* unknown: what devices of other versions wrote that this office's record types
 * do not have.  It is kept as it was written and counted nowhere. */
#include <stdio.h>
#include <string.h>

#include "server/command.h"
#include "shared/base/map.h"
#include "shared/model/view.h"

#define RECORD_ARENA_BYTES ((size_t)256 << 20)
#define LIST_BYTES_MAX ((size_t)256 << 20)
#define KEY_BYTES_MAX (1u << 20)
#define CODE_BYTES_SHOWN 80

static const char every_state[] =
    "SELECT state FROM record WHERE agency = $1 AND type IS NOT NULL "
    "ORDER BY type, record";
static const char user_of[] =
    "SELECT account FROM replica WHERE agency = $1 AND replica = $2";

struct entry {
    const char *what; /* "type", "field" or "code" */
    const char *type, *field, *code;
    int64_t records, first, last; /* by the devices' clocks; last 0: unknown */
    char by[REPLICA_CHARS + 1];   /* who wrote the last */
};

struct listing {
    struct command *command;
    struct arena kept;   /* owns the entries */
    struct arena record; /* reused */
    struct map *entries;
    struct buffer key; /* reused */
    struct buffer json;
    size_t count;
};

static enum err entry_find(struct listing *l, const struct entry *like,
                           struct entry **out)
{
    buffer_clear(&l->key);
    buffer_printf(&l->key, "%s\n%s\n%s\n%s", like->what, like->type,
                  like->field, like->code);
    enum err err = buffer_err(&l->key);
    if (err || (*out = map_get(l->entries, buffer_bytes(&l->key))))
        return err;
    *out = arena_take(&l->kept, sizeof **out);
    if (!*out)
        return ERR_NOMEM;
    **out = (struct entry){
        .what = like->what,
        .type = arena_copy(&l->kept, bytes_text(like->type)),
        .field = arena_copy(&l->kept, bytes_text(like->field)),
        .code = arena_copy(&l->kept, bytes_text(like->code)),
        .first = INT64_MAX,
    };
    if (!(*out)->type || !(*out)->field || !(*out)->code)
        return ERR_NOMEM;
    return map_put(l->entries, buffer_bytes(&l->key), *out);
}

/* When, and by whom, what stands in the field was written. */
static void entry_time(struct entry *entry, const struct canon *field)
{
    const struct canon *live = canon_member(field, "live");
    for (live = live ? live->first : NULL; live; live = live->next) {
        struct bytes dot;
        int64_t at;
        if (!canon_int(live, "at", &at) || !canon_text(live, "dot", &dot))
            continue;
        entry->first = at < entry->first ? at : entry->first;
        if (at < entry->last)
            continue;
        entry->last = at;
        snprintf(entry->by, sizeof entry->by, "%.*s",
                 (int)(dot.size < REPLICA_CHARS ? dot.size : REPLICA_CHARS),
                 (const char *)dot.at);
    }
}

static enum err entry_note(struct listing *l, const struct entry *like,
                           const struct canon *field)
{
    struct entry *entry;
    enum err err = entry_find(l, like, &entry);
    if (err)
        return err;
    entry->records++;
    if (like->field[0]) {
        entry_time(entry, field);
        return ERR_OK;
    }
    for (; field; field = field->next) /* of an unknown type: all of them */
        entry_time(entry, field);
    return ERR_OK;
}

static const char *text_of(struct listing *l, struct bytes text)
{
    const char *copy = arena_copy(&l->record, text);
    return copy ? copy : "";
}

static enum err take_field(struct listing *l, const struct schema_type *type,
                           struct entry *like, const struct canon *field)
{
    const struct schema_field *known = type_field(type, field->name);
    const struct canon *value = canon_member(field, "value");
    like->field = text_of(l, field->name);
    like->code = "";
    like->what = "field";
    if (!known)
        return entry_note(l, like, field);
    if (view_code_known(known, value))
        return ERR_OK;
    like->what = "code";
    like->code = text_of(
        l, value->kind == CANON_TEXT
               ? value->text
               : bytes_of(value->raw.at, value->raw.size < CODE_BYTES_SHOWN
                                             ? value->raw.size
                                             : CODE_BYTES_SHOWN));
    return entry_note(l, like, field);
}

static enum err take_row(void *context, const struct sql_value *row,
                         size_t columns)
{
    struct listing *l = context;
    const struct canon *state;
    struct bytes name;
    (void)columns;
    arena_clear(&l->record);
    enum err err = canon_parse(&l->record, row[0].bytes, &state, NULL);
    const struct canon *fields = err ? NULL : canon_member(state, "fields");
    if (err || !fields || !canon_text(state, "type", &name))
        return err;
    const struct schema_type *type;
    err = schema_find(l->command->office->schema, name, &type);
    if (err)
        return err;
    struct entry like = {
        .what = "type", .type = text_of(l, name), .field = "", .code = ""};
    if (!type)
        return entry_note(l, &like, fields->first);
    for (const struct canon *at = fields->first; at && !err; at = at->next)
        err = take_field(l, type, &like, at);
    return err;
}

/* --- showing -------------------------------------------------------------- */

static enum err take_user(void *context, const struct sql_value *row,
                          size_t columns)
{
    (void)columns;
    sql_copy_text(context, NAME_CHARS_MAX + 1, &row[0]);
    return ERR_OK;
}

static void put_member(struct buffer *json, const char *name, const char *text)
{
    buffer_printf(json, ",\"%s\":", name);
    command_json_text(json, text);
}

static void show_json(struct listing *l, const struct entry *e,
                      const char *user)
{
    struct buffer *json = &l->json;
    buffer_add_text(json, l->count ? ",{\"by\":" : "{\"by\":");
    command_json_text(json, e->by);
    put_member(json, "code", e->code);
    put_member(json, "field", e->field);
    buffer_add_text(json, ",\"first\":");
    command_json_time(json, e->last ? e->first : 0);
    buffer_add_text(json, ",\"last\":");
    command_json_time(json, e->last);
    buffer_printf(json, ",\"records\":%lld", (long long)e->records);
    put_member(json, "type", e->type);
    put_member(json, "unknown", e->what);
    put_member(json, "user", user);
    buffer_add_char(json, '}');
}

static void show_text(const struct entry *e, const char *user)
{
    char first[INSTANT_CHARS] = "", last[INSTANT_CHARS] = "";
    if (e->last) {
        instant_format_local(first, e->first);
        instant_format_local(last, e->last);
    }
    printf("%-5s  %s%s%s%s%s\n", e->what, e->type, e->field[0] ? "." : "",
           e->field, e->code[0] ? " = " : "", e->code);
    printf("       %lld record%s, %.10s to %.10s, last by %s (%s)\n",
           (long long)e->records, e->records == 1 ? "" : "s", first, last,
           e->by, user[0] ? user : "nobody's");
}

static enum err show_all(struct listing *l)
{
    struct command *c = l->command;
    enum err err = ERR_OK;
    for (size_t i = 0; i < map_count(l->entries) && !err; i++) {
        const struct entry *e = map_value_at(l->entries, i);
        char user[NAME_CHARS_MAX + 1] = "";
        err = sql_find(&c->sql, user_of,
                       SQL_VALUES(sql_text(c->office->agency), sql_text(e->by)),
                       take_user, user);
        if (err == ERR_NOT_FOUND)
            err = ERR_OK;
        if (c->json)
            show_json(l, e, user);
        else
            show_text(e, user);
        l->count++;
    }
    return err;
}

int command_unknown(struct command *c)
{
    struct listing l = {.command = c};
    if (c->operand_count > 0)
        return command_misuse(c, "unknown takes no operand");
    int code = command_open(c, COMMAND_READ);
    if (code != EXIT_DONE)
        return code;
    enum err err = map_new(&l.entries);
    if (err)
        return command_fail_office(c, err);
    arena_init(&l.kept, LIST_BYTES_MAX);
    arena_init(&l.record, RECORD_ARENA_BYTES);
    buffer_init(&l.key, KEY_BYTES_MAX);
    buffer_init(&l.json, COMMAND_JSON_BYTES_MAX);
    buffer_add_char(&l.json, '[');
    err = sql_each_row(&c->sql, every_state,
                       SQL_VALUES(sql_text(c->office->agency)), take_row, &l);
    if (!err)
        err = show_all(&l);
    code = command_list_end(c, err, &l.json, l.count,
                            "nothing that this office's record types do not "
                            "have; `findings --policy code_not_in_effect` "
                            "looks at the codes of code sets");
    buffer_fini(&l.key);
    arena_fini(&l.record);
    arena_fini(&l.kept);
    map_free(l.entries);
    return code;
}
