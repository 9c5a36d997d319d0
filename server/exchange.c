#include "server/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/embed.h"

#define TEMPLATE_BYTES_MAX (256u * 1024)
#define DAY_CHARS 10

struct exchange {
    struct buffer text; /* owned: the template, canonical */
    struct arena arena; /* owned */
    const struct canon *root;
    char *type; /* in the arena */
};

struct writing {
    const struct exchange *exchange;
    const struct canon *state;
    struct buffer *out;
    char *detail;
};

/* How much a part of the template asked of the record, and was given. */
struct answer {
    size_t asked, given;
};

static enum err write_value(struct writing *w, const struct canon *part,
                            struct answer *answer);

/* --- opening -------------------------------------------------------------- */

static const struct embed *find_template(const char *name)
{
    char path[80];
    snprintf(path, sizeof path, "schema/exchange/%.40s.json", name);
    for (size_t i = 0; embed_exchange[i].path; i++)
        if (!strcmp(embed_exchange[i].path, path))
            return &embed_exchange[i];
    return NULL;
}

static enum err read_template(struct exchange *x, const struct embed *file)
{
    struct bytes type;
    enum err err =
        canon_normalise(&x->text, bytes_of(file->at, file->size), NULL);
    if (!err)
        err = canon_parse(&x->arena, buffer_bytes(&x->text), &x->root, NULL);
    if (err)
        return err;
    const struct canon *resources = canon_member(x->root, "resources");
    if (!resources || resources->kind != CANON_ARRAY ||
        !canon_text(x->root, "type", &type))
        return ERR_INVALID;
    x->type = arena_copy(&x->arena, type);
    return x->type ? ERR_OK : ERR_NOMEM;
}

enum err exchange_open(struct exchange **out, const char *name)
{
    *out = NULL;
    const struct embed *file = find_template(name);
    if (!file)
        return ERR_NOT_FOUND;
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return ERR_NOMEM;
    buffer_init(&x->text, TEMPLATE_BYTES_MAX);
    arena_init(&x->arena, (size_t)16 << 20);
    enum err err = read_template(x, file);
    if (err) {
        exchange_close(x);
        return err;
    }
    *out = x;
    return ERR_OK;
}

void exchange_close(struct exchange *x)
{
    if (!x)
        return;
    arena_fini(&x->arena);
    buffer_fini(&x->text);
    free(x);
}

const char *exchange_type(const struct exchange *x)
{
    return x->type;
}

/* --- what the record has -------------------------------------------------- */

/* NULL when the field has none, or null. */
static const struct canon *value_of(const struct canon *state,
                                    struct bytes field)
{
    const struct canon *fields = canon_member(state, "fields");
    const struct canon *at = fields ? canon_member_bytes(fields, field) : NULL;
    at = at ? canon_member(at, "value") : NULL;
    return at && at->kind != CANON_NULL ? at : NULL;
}

struct bytes exchange_day(const struct exchange *x, const struct canon *state)
{
    struct bytes field;
    const struct canon *value =
        canon_text(x->root, "period", &field) ? value_of(state, field) : NULL;
    if (!value || value->kind != CANON_TEXT || value->text.size < DAY_CHARS)
        return bytes_of(NULL, 0);
    return bytes_of(value->text.at, DAY_CHARS);
}

static enum err lacks(struct writing *w, struct bytes field, const char *what)
{
    snprintf(w->detail, EXCHANGE_DETAIL_CHARS, "%.*s: %s", (int)field.size,
             (const char *)field.at, what);
    return ERR_INVALID;
}

/* --- what the template asks for ------------------------------------------- */

/* 2026-11-21T15:20-06:00 has seconds there. */
static void add_instant(struct buffer *text, struct bytes instant)
{
    const size_t minutes = sizeof "2026-11-21T15:20" - 1;
    if (instant.size <= minutes || instant.at[minutes] == ':') {
        buffer_add_bytes(text, instant);
        return;
    }
    buffer_add(text, instant.at, minutes);
    buffer_add_text(text, ":00");
    buffer_add(text, instant.at + minutes, instant.size - minutes);
}

static enum err put_text(struct writing *w, struct bytes before,
                         struct bytes text, bool instant)
{
    struct buffer whole;
    buffer_init(&whole, TEMPLATE_BYTES_MAX);
    buffer_add_bytes(&whole, before);
    if (instant)
        add_instant(&whole, text);
    else
        buffer_add_bytes(&whole, text);
    enum err err = buffer_err(&whole);
    if (!err)
        err = canon_put_text(w->out, buffer_bytes(&whole));
    buffer_fini(&whole);
    return err;
}

static enum err ask_id(struct writing *w, struct bytes before,
                       struct answer *answer)
{
    struct bytes id;
    if (!canon_text(w->state, "record", &id))
        return ERR_CORRUPT;
    answer->given++;
    return put_text(w, before, id, false);
}

static enum err ask_field(struct writing *w, const struct canon *part,
                          struct bytes field, struct answer *answer)
{
    struct bytes before = bytes_of(NULL, 0), form = before;
    const struct canon *value = value_of(w->state, field);
    if (!value)
        return canon_true(part, "required")
                   ? lacks(w, field, "is empty, and must be there")
                   : ERR_OK;
    answer->given++;
    if (value->kind != CANON_TEXT)
        return buffer_add_bytes(w->out, value->raw);
    (void)canon_text(part, "before", &before);
    (void)canon_text(part, "form", &form);
    return put_text(w, before, value->text, bytes_is(form, "dateTime"));
}

static enum err ask_map(struct writing *w, const struct canon *part,
                        struct bytes field, struct answer *answer)
{
    struct bytes as, code;
    const struct canon *maps = canon_member(w->exchange->root, "maps");
    const struct canon *map = maps ? canon_member_bytes(maps, field) : NULL;
    const struct canon *codes = map ? canon_member(map, "codes") : NULL;
    if (!codes || !canon_text(part, "as", &as))
        return ERR_INVALID;
    const struct canon *value = value_of(w->state, field);
    code = value && value->kind == CANON_TEXT ? value->text : bytes_text("");
    const struct canon *row = canon_member_bytes(codes, code);
    if (!row && canon_true(map, "required"))
        return lacks(w, field, "has a value that cannot be told there");
    const struct canon *to = row ? canon_member_bytes(row, as) : NULL;
    if (!to)
        return ERR_OK;
    answer->given++;
    return canon_put_text(w->out, to->text);
}

/* --- the walk ------------------------------------------------------------- */

static enum err write_members(struct writing *w, const struct canon *part,
                              struct answer *answer)
{
    bool first = true;
    enum err err = ERR_OK;
    for (const struct canon *at = part->first; at && !err; at = at->next) {
        size_t before = w->out->size;
        struct answer own = {0};
        buffer_add_text(w->out, first ? "" : ",");
        if (part->kind == CANON_OBJECT) {
            canon_put_text(w->out, at->name);
            buffer_add_char(w->out, ':');
        }
        err = write_value(w, at, &own);
        answer->asked += own.asked;
        answer->given += own.given;
        if (own.asked && !own.given)
            w->out->size = before; /* nothing is there to be said */
        else
            first = false;
    }
    return err;
}

/* A part that asked for something and was given nothing is left out by the one
 * around it. */
static enum err write_value(struct writing *w, const struct canon *part,
                            struct answer *answer)
{
    struct bytes what;
    if (part->kind != CANON_OBJECT && part->kind != CANON_ARRAY)
        return buffer_add_bytes(w->out, part->raw);
    answer->asked++;
    if (canon_text(part, "$id", &what))
        return ask_id(w, what, answer);
    if (canon_text(part, "$field", &what))
        return ask_field(w, part, what, answer);
    if (canon_text(part, "$map", &what))
        return ask_map(w, part, what, answer);
    answer->asked--;
    bool list = part->kind == CANON_ARRAY;
    buffer_add_char(w->out, list ? '[' : '{');
    enum err err = write_members(w, part, answer);
    buffer_add_char(w->out, list ? ']' : '}');
    return err;
}

enum err exchange_write(const struct exchange *x, const struct canon *state,
                        struct buffer *out, char *detail)
{
    struct writing w = {x, state, out, detail};
    enum err err = ERR_OK;
    detail[0] = '\0';
    const struct canon *resources = canon_member(x->root, "resources");
    for (const struct canon *at = resources->first; at && !err; at = at->next) {
        struct answer answer = {0};
        err = write_value(&w, at, &answer);
        buffer_add_char(out, '\n');
    }
    return err ? err : buffer_err(out);
}
