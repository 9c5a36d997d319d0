/* Any record: write, read, resolve. */
#include <stdlib.h>
#include <string.h>

#include "client/handle.h"
#include "shared/model/view.h"

#define RESULT_BYTES_MAX (64u << 20)

static enum err describe(const struct record_written *w, char **result)
{
    struct buffer out;
    buffer_init(&out, RESULT_BYTES_MAX);
    buffer_add_text(&out, "{\"context\":");
    canon_put_text(&out, buffer_bytes(&w->context));
    buffer_printf(&out, ",\"n\":%lld,\"record\":\"%s\",\"replica\":\"%s\"",
                  (long long)w->dot.n, w->record, w->dot.replica);
    buffer_add_text(&out, ",\"warning\":");
    canon_put_text(&out, buffer_bytes(&w->warning));
    buffer_add_text(&out, "}");
    enum err err = buffer_err(&out);
    if (!err)
        err = handle_give(result, &out);
    buffer_fini(&out);
    return err;
}

static struct bytes text_or_empty(const char *text)
{
    return text ? bytes_text(text) : bytes_of(NULL, 0);
}

static enum err write_one(satchel *handle, const struct satchel_write *w,
                          char **result)
{
    struct record_write write = {.type = w->type,
                                 .record = w->record,
                                 .kase = w->case_id,
                                 .context = w->context,
                                 .set = text_or_empty(w->set_json),
                                 .add = text_or_empty(w->add_json),
                                 .drop = text_or_empty(w->drop_json),
                                 .seal = w->seal != 0,
                                 .lenient = w->lenient != 0};
    struct record_written written;
    record_written_init(&written);
    enum err err = record_write(handle->vault, &write, &written);
    if (!err)
        handle_note(handle, buffer_bytes(&written.warning));
    if (!err && result)
        err = describe(&written, result);
    record_written_fini(&written);
    return err;
}

PUBLIC int satchel_write(satchel *handle, const struct satchel_write *given,
                         char **result)
{
    struct satchel_write taken = SATCHEL_WRITE_INIT;
    HANDLE_TAKE(taken, given);
    if (result)
        *result = NULL;
    enum err err = handle_enter(handle);
    if (!err)
        err = write_one(handle, &taken, result);
    return handle_leave(handle, err);
}

PUBLIC int satchel_begin(satchel *handle)
{
    enum err err = handle_enter(handle);
    if (!err)
        err = record_batch_begin(handle->vault);
    return handle_leave(handle, err);
}

PUBLIC int satchel_commit(satchel *handle)
{
    enum err err = handle_enter(handle);
    if (!err)
        err = record_batch_commit(handle->vault);
    return handle_leave(handle, err);
}

PUBLIC void satchel_rollback(satchel *handle)
{
    if (!handle_enter(handle))
        record_batch_rollback(handle->vault);
    pthread_mutex_unlock(&handle->lock);
}

static const char *custody_text(enum custody custody)
{
    static const char *const texts[] = {[CUSTODY_HERE] = "here",
                                        [CUSTODY_RECEIVED] = "received",
                                        [CUSTODY_BACKED_UP] = "backed up"};
    return texts[custody];
}

static enum err add_entry(void *context, const struct record_entry *entry)
{
    struct buffer *out = context;
    if (out->size > 1)
        buffer_add_char(out, ',');
    return view_entry(out, entry->line, custody_text(entry->custody),
                      entry->held);
}

/* What the office has merged with it: a JSON array. */
static enum err read_same(struct vault *vault, const char *record,
                          struct bytes state, struct buffer *out)
{
    struct arena arena;
    struct same *same = NULL;
    struct bytes type = bytes_of(NULL, 0);
    const struct canon *root;
    arena_init(&arena, RESULT_BYTES_MAX);
    enum err err = canon_parse(&arena, state, &root, NULL);
    if (!err && canon_text(root, "type", &type))
        err = record_same(vault, type, &same);
    if (!err && same)
        err = same_others(same, record, out);
    same_free(same);
    arena_fini(&arena);
    return err;
}

static enum err read_one(struct vault *vault, const char *record, bool history,
                         struct buffer *out)
{
    struct buffer state, context, entries, same;
    buffer_init(&state, STATE_BYTES_MAX);
    buffer_init(&context, RESULT_BYTES_MAX);
    buffer_init(&entries, RESULT_BYTES_MAX);
    buffer_init(&same, RESULT_BYTES_MAX);
    enum err err = record_read(vault, record, &state, &context);
    if (!err)
        err = read_same(vault, record, buffer_bytes(&state), &same);
    if (!err && history) {
        buffer_add_char(&entries, '[');
        err = record_history(vault, record, add_entry, &entries);
        buffer_add_char(&entries, ']');
    }
    const struct view_beside beside = {.context = buffer_bytes(&context),
                                       .history = buffer_bytes(&entries),
                                       .same = buffer_bytes(&same),
                                       .schema = vault_schema(vault)};
    if (!err)
        err = view_show(out, buffer_bytes(&state), &beside);
    buffer_fini(&same);
    buffer_wipe(&entries);
    buffer_fini(&context);
    buffer_wipe(&state);
    return err;
}

PUBLIC int satchel_read(satchel *handle, const char *record, int history,
                        char **json)
{
    *json = NULL;
    struct buffer out;
    buffer_init(&out, RESULT_BYTES_MAX);
    enum err err = handle_enter(handle);
    if (!err)
        err = read_one(handle->vault, record, history != 0, &out);
    if (!err)
        err = handle_give(json, &out);
    buffer_wipe(&out);
    return handle_leave(handle, err);
}

/* Finds the write id behind a dot, or takes a write id as it is. */
static enum err add_choice(struct buffer *keep, const struct canon *live,
                           const char *name)
{
    for (const struct canon *w = live ? live->first : NULL; w; w = w->next) {
        struct bytes dot, id;
        if (!canon_text(w, "dot", &dot) || !canon_text(w, "write", &id))
            continue;
        if (!bytes_is(dot, name) && !bytes_is(id, name))
            continue;
        if (keep->at[keep->size - 1] != '[')
            buffer_add_char(keep, ',');
        return canon_put_text(keep, id);
    }
    return ERR_NOT_FOUND;
}

/* Builds {"field":["write",...]} from names among the field's live values.
 * ERR_EXISTS: it has one value, and nothing waits. */
static enum err choose(struct buffer *keep, struct bytes state,
                       const char *field, const char *const *names,
                       const char **missing)
{
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, RESULT_BYTES_MAX);
    enum err err = canon_parse(&arena, state, &root, NULL);
    const struct canon *fields = err ? NULL : canon_member(root, "fields");
    const struct canon *known = fields ? canon_member(fields, field) : NULL;
    if (!err && !known) {
        *missing = field;
        err = ERR_NOT_FOUND;
    }
    if (!err && !canon_true(known, "open"))
        err = ERR_EXISTS;
    buffer_add_char(keep, '{');
    canon_put_text(keep, bytes_text(field));
    buffer_add_text(keep, ":[");
    for (size_t i = 0; !err && names[i]; i++) {
        err = add_choice(keep, canon_member(known, "live"), names[i]);
        if (err == ERR_NOT_FOUND)
            *missing = names[i];
    }
    buffer_add_text(keep, "]}");
    arena_fini(&arena);
    return err ? err : buffer_err(keep);
}

PUBLIC int satchel_resolve(satchel *handle, const char *record,
                           const char *field, const char *context,
                           const char *const *names)
{
    const char *missing = NULL;
    struct buffer state, present, keep;
    buffer_init(&state, STATE_BYTES_MAX);
    buffer_init(&present, RESULT_BYTES_MAX);
    buffer_init(&keep, RESULT_BYTES_MAX);
    bool settled = false;
    enum err err = handle_enter(handle);
    if (!err)
        err = record_read(handle->vault, record, &state, &present);
    if (!err) {
        err = choose(&keep, buffer_bytes(&state), field, names, &missing);
        settled = err == ERR_EXISTS;
    }
    if (!err) {
        struct record_write write = {
            .record = record, .context = context, .keep = buffer_bytes(&keep)};
        struct record_written written;
        record_written_init(&written);
        err = record_write(handle->vault, &write, &written);
        record_written_fini(&written);
    }
    buffer_fini(&keep);
    buffer_fini(&present);
    buffer_wipe(&state);
    if (settled)
        return handle_fail(handle, err,
                           "%s is not in conflict; nothing is to be settled",
                           field);
    if (missing)
        return handle_fail(handle, err,
                           "%s: %s is not among its live values; see `satchel "
                           "show %s`",
                           field, missing, record);
    return handle_leave(handle, err);
}
