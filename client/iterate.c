/* Iterators: a snapshot of JSON texts, walked one by one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/attachment.h"
#include "client/handle.h"
#include "shared/model/typed.h"
#include "shared/model/view.h"
#include "shared/replica/draft.h"

#define SNAPSHOT_BYTES_MAX (1u << 30)
#define MISSPELT_CHARS (SCHEMA_DETAIL_CHARS + 80)

struct satchel_iterator {
    struct buffer texts; /* owned: NUL-terminated texts, one after the other */
    size_t at;
    const struct canon *where;  /* while filling: an object, or NULL */
    const struct canon *wanted; /* of its values, what is compared: texts */
    struct same *same;          /* while filling with `where`: owned */
    size_t rows;                /* looked at while filling */
    struct arena arena;
};

static bool wanted(const struct satchel_iterator *i, struct bytes state,
                   enum err *err)
{
    if (!i->where)
        return true;
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, STATE_BYTES_MAX * 4u);
    *err = canon_parse(&arena, state, &root, NULL);
    bool all = !*err;
    const struct canon *value = i->wanted ? i->wanted->first : NULL;
    for (const struct canon *w = i->where->first; all && w && value;
         w = w->next, value = value->next) {
        char name[NAME_CHARS_MAX + 1];
        all = w->name.size < sizeof name;
        if (!all)
            break;
        memcpy(name, w->name.at, w->name.size);
        name[w->name.size] = 0;
        all = same_matches(i->same, root, name, value->text);
    }
    arena_fini(&arena);
    return all;
}

static enum err add_row(void *context, const char *record, struct bytes state)
{
    struct satchel_iterator *i = context;
    (void)record;
    enum err err = ERR_OK;
    i->rows++;
    if (!wanted(i, state, &err))
        return err;
    err = view_row(&i->texts, state);
    return err ? err : buffer_add(&i->texts, "", 1);
}

/* One conflict a text: the commas that view_conflicts() puts between objects
 * are not needed, so each field is asked for by a count of its own. */
static enum err add_conflicts(void *context, const char *record,
                              struct bytes state)
{
    struct satchel_iterator *i = context;
    (void)record;
    struct buffer list;
    size_t count = 0;
    buffer_init(&list, SNAPSHOT_BYTES_MAX);
    buffer_add_char(&list, '[');
    enum err err = view_conflicts(&list, state, &count);
    buffer_add_char(&list, ']');
    struct arena arena;
    const struct canon *root = NULL;
    arena_init(&arena, SNAPSHOT_BYTES_MAX);
    if (!err)
        err = canon_parse(&arena, buffer_bytes(&list), &root, NULL);
    for (const struct canon *c = err ? NULL : root->first; c; c = c->next) {
        buffer_add_bytes(&i->texts, c->raw);
        buffer_add(&i->texts, "", 1);
    }
    arena_fini(&arena);
    buffer_fini(&list);
    return err ? err : buffer_err(&i->texts);
}

static struct satchel_iterator *iterator_new(void)
{
    struct satchel_iterator *i = calloc(1, sizeof *i);
    if (i) {
        buffer_init(&i->texts, SNAPSHOT_BYTES_MAX);
        arena_init(&i->arena, SATCHEL_LINE_BYTES_MAX * 16u);
    }
    return i;
}

PUBLIC void satchel_iterator_close(satchel_iterator *iterator)
{
    if (!iterator)
        return;
    buffer_wipe(&iterator->texts);
    same_free(iterator->same);
    arena_fini(&iterator->arena);
    free(iterator);
}

/* One of `wanted`: a text, whatever it stands for. */
static enum err condition_put(struct buffer *out,
                              const struct schema_field *field,
                              const char *text)
{
    struct buffer compared;
    buffer_init(&compared, SATCHEL_LINE_BYTES_MAX);
    enum err err = typed_condition(&compared, field, text);
    if (!err)
        err = canon_put_text(out, buffer_bytes(&compared));
    buffer_fini(&compared);
    return err;
}

/* The NUL-terminated text of a condition; of another value its JSON. */
static const char *condition_text(struct satchel_iterator *i,
                                  const struct canon *w)
{
    return arena_copy(&i->arena, w->kind == CANON_TEXT ? w->text : w->raw);
}

/* What is compared, by the kinds of the fields. */
static enum err conditions_type(struct satchel_iterator *i,
                                const struct schema_type *type)
{
    struct buffer typed;
    buffer_init(&typed, SATCHEL_LINE_BYTES_MAX);
    enum err err = ERR_OK;
    const struct canon *w = i->where->first;
    for (; !err && w; w = w->next) {
        const char *text = condition_text(i, w);
        buffer_add_text(&typed, w == i->where->first ? "[" : ",");
        if (!text)
            err = ERR_NOMEM;
        else
            err = condition_put(&typed, type ? type_field(type, w->name) : NULL,
                                text);
    }
    buffer_add_char(&typed, ']');
    const char *copy = err || buffer_err(&typed)
                           ? NULL
                           : arena_copy(&i->arena, buffer_bytes(&typed));
    if (!err)
        err = buffer_err(&typed);
    buffer_fini(&typed);
    if (err || !i->where->first)
        return err;
    return copy ? canon_parse(&i->arena, bytes_text(copy), &i->wanted, NULL)
                : ERR_NOMEM;
}

static enum err parse_where(struct satchel_iterator *i, const char *json)
{
    struct buffer canonical;
    struct canon_fault fault;
    buffer_init(&canonical, SATCHEL_LINE_BYTES_MAX);
    enum err err = canon_normalise(&canonical, bytes_text(json), &fault);
    const char *copy =
        err ? NULL : arena_copy(&i->arena, buffer_bytes(&canonical));
    buffer_fini(&canonical);
    if (err)
        return err;
    if (!copy)
        return ERR_NOMEM;
    err = canon_parse(&i->arena, bytes_text(copy), &i->where, &fault);
    if (!err && i->where->kind != CANON_OBJECT)
        err = ERR_INVALID;
    return err;
}

/* Nothing was found: is it that what was asked for is misspelt, or cannot be?
 */
static bool misspelt(struct satchel_iterator *i,
                     const struct schema_type *known, const char *type,
                     char text[MISSPELT_CHARS])
{
    if (!known && i->rows == 0 && *type) {
        snprintf(text, MISSPELT_CHARS, "%.64s: no such record type", type);
        return true;
    }
    const struct canon *w = known && i->where ? i->where->first : NULL;
    for (; w; w = w->next) {
        const struct schema_field *field = type_field(known, w->name);
        const char *said = condition_text(i, w);
        char detail[SCHEMA_DETAIL_CHARS];
        if (field && said &&
            typed_condition_check(field, said, detail) == ERR_INVALID) {
            snprintf(text, MISSPELT_CHARS, "%.64s.%s", type, detail);
            return true;
        }
        if (field)
            continue;
        snprintf(text, MISSPELT_CHARS,
                 "%.64s.%.*s: this record type has no such field", type,
                 (int)(w->name.size < NAME_CHARS_MAX ? w->name.size
                                                     : NAME_CHARS_MAX),
                 (const char *)w->name.at);
        return true;
    }
    return false;
}

PUBLIC int satchel_list(satchel *handle, const char *type,
                        const char *where_json, satchel_iterator **out)
{
    *out = NULL;
    struct satchel_iterator *i = iterator_new();
    const struct schema_type *known = NULL;
    enum err err = handle_enter(handle);
    if (!i)
        return handle_fail(handle, ERR_NOMEM, "memory is exhausted");
    if (!err && where_json && parse_where(i, where_json)) {
        satchel_iterator_close(i);
        return handle_fail(handle, ERR_INVALID,
                           "where: write a JSON object of field and value, "
                           "such as {\"kind\":\"home_visit\"}");
    }
    if (!err && i->where)
        err = vault_type_find(handle->vault, bytes_text(type), &known);
    if (!err && i->where)
        err = conditions_type(i, known);
    if (!err && i->where)
        err = record_same(handle->vault, bytes_text(""), &i->same);
    if (!err)
        err = record_list(handle->vault, type, add_row, i);
    /* What only a newer schema knows is listed: records and their fields. */
    char text[MISSPELT_CHARS];
    bool found = i->texts.size > 0;
    if (!err && !found)
        err = vault_type_find(handle->vault, bytes_text(type), &known);
    if (!err && !found && misspelt(i, known, type, text)) {
        satchel_iterator_close(i);
        return handle_fail(handle, ERR_INVALID, "%s", text);
    }
    if (err)
        satchel_iterator_close(i);
    else
        *out = i;
    return handle_leave(handle, err);
}

typedef enum err fill_call(struct vault *vault, struct satchel_iterator *i);

static int snapshot(satchel *handle, fill_call *fill, satchel_iterator **out)
{
    *out = NULL;
    struct satchel_iterator *i = iterator_new();
    enum err err = handle_enter(handle);
    if (!i)
        return handle_fail(handle, ERR_NOMEM, "memory is exhausted");
    if (!err)
        err = fill(handle->vault, i);
    if (err)
        satchel_iterator_close(i);
    else
        *out = i;
    return handle_leave(handle, err);
}

static enum err fill_conflicts(struct vault *vault, struct satchel_iterator *i)
{
    return record_conflicts(vault, add_conflicts, i);
}

PUBLIC int satchel_conflicts(satchel *handle, satchel_iterator **out)
{
    return snapshot(handle, fill_conflicts, out);
}

static enum err add_draft(void *context, const struct draft *draft)
{
    struct satchel_iterator *i = context;
    enum err err = draft_show(&i->texts, draft);
    return err ? err : buffer_add(&i->texts, "", 1);
}

static enum err fill_drafts(struct vault *vault, struct satchel_iterator *i)
{
    return draft_each(vault, add_draft, i);
}

PUBLIC int satchel_drafts(satchel *handle, satchel_iterator **out)
{
    return snapshot(handle, fill_drafts, out);
}

PUBLIC int satchel_attachments(satchel *handle, const char *record,
                               satchel_iterator **out)
{
    *out = NULL;
    struct satchel_iterator *i = iterator_new();
    enum err err = handle_enter(handle);
    if (!i)
        return handle_fail(handle, ERR_NOMEM, "memory is exhausted");
    if (!err)
        err = attachment_list(handle->vault, record, &i->texts);
    if (err)
        satchel_iterator_close(i);
    else
        *out = i;
    return handle_leave(handle, err);
}

PUBLIC int satchel_next(satchel_iterator *iterator, const char **json)
{
    if (iterator->at >= iterator->texts.size)
        return SATCHEL_NOT_FOUND;
    *json = buffer_text(&iterator->texts) + iterator->at;
    iterator->at += strlen(*json) + 1;
    return SATCHEL_OK;
}
