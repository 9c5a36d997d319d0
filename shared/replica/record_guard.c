#include "shared/replica/record_guard.h"

#include <string.h>

#include "shared/model/guard.h"
#include "shared/replica/identity_row.h"

#define NOTES_BYTES_MAX (32u << 10)
#define LOADED_MAX 32

struct asking {
    struct vault *vault;
    const struct record_guarded *written;
    struct guard_case kase;
    const struct guard_record *record; /* the one written, in `kase` */
    struct bytes loaded[LOADED_MAX];   /* types of which `kase` has all */
    size_t loaded_count;
    char role[NAME_CHARS_MAX + 1]; /* of who writes; "" not known yet */
    struct buffer *warning;
};

static enum err record_take(struct asking *a)
{
    const struct record_guarded *w = a->written;
    struct bytes state = buffer_bytes(&w->row->fold.state);
    if (state.size)
        return guard_case_add(&a->kase, state, &a->record);
    /* Of a record's first line there is no fold. */
    struct fold fold;
    fold_init(&fold);
    enum err err = fold_first(a->vault->schema, w->revision, &fold);
    if (!err)
        err = guard_case_add(&a->kase, buffer_bytes(&fold.state), &a->record);
    fold_fini(&fold);
    return err;
}

static enum err type_load(struct asking *a, struct bytes type)
{
    struct state_row row;
    for (size_t i = 0; i < a->loaded_count; i++)
        if (bytes_equal(a->loaded[i], type))
            return ERR_OK;
    state_row_init(&row);
    enum err err = ERR_OK;
    while (!err) {
        row.key = a->written->key->id;
        err = state_next(a->vault, SQL_RECORD_NEXT_OF_CASE, type, &row);
        if (!err && row.fold.state.size)
            err = guard_case_add(&a->kase, buffer_bytes(&row.fold.state), NULL);
    }
    state_row_fini(&row);
    if (err != ERR_NOT_FOUND)
        return err;
    if (a->loaded_count < LOADED_MAX)
        a->loaded[a->loaded_count++] = type;
    return ERR_OK;
}

static enum err types_load(struct asking *a, const struct guard *guard)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < guard_type_count(guard); i++)
        err = type_load(a, guard_type_at(guard, i));
    return err;
}

/* This vault knows the role of its own user alone. */
static struct bytes role_of(void *context, struct bytes user)
{
    struct asking *a = context;
    struct identity_row row;
    if (!bytes_is(user, a->vault->tip.user))
        return bytes_of(NULL, 0);
    if (!a->role[0] && !identity_row_find(a->vault, IDENTITY_CURRENT, &row))
        memcpy(a->role, row.public.role, sizeof a->role);
    return bytes_text(a->role);
}

static enum err note(struct asking *a, const struct schema_field *field,
                     const struct guard *guard)
{
    struct buffer *w = a->warning;
    if (w->size > NOTES_BYTES_MAX)
        return ERR_OK;
    if (w->size)
        buffer_add_char(w, '\n');
    buffer_add_bytes(w, field_name(field));
    buffer_add_text(w, ": ");
    buffer_add_bytes(w, guard_says(guard));
    for (size_t i = 0; i < guard_clause_count(guard); i++) {
        buffer_add_text(w, i ? ", " : " (");
        buffer_add_bytes(w, guard_clause_at(guard, i));
    }
    return buffer_add_text(w, guard_clause_count(guard)
                                  ? "); stored all the same"
                                  : "; stored all the same");
}

static enum err field_judge(struct asking *a, const struct schema_field *field,
                            const struct canon *value)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < field_guard_count(field); i++) {
        const struct guard *guard = field_guard_at(field, i);
        if (!guard_is_at(guard, value))
            continue;
        if (!a->record)
            err = record_take(a);
        if (err || !a->record || !guard_asks(guard, field, a->record))
            continue;
        err = types_load(a, guard);
        if (!err && !guard_holds(guard, field, a->record, &a->kase, role_of, a))
            err = note(a, field, guard);
    }
    return err;
}

enum err record_guard(struct vault *vault, const struct record_guarded *written,
                      struct buffer *warning)
{
    struct asking a = {.vault = vault, .written = written, .warning = warning};
    const struct canon *value = written->set ? written->set->first : NULL;
    enum err err = ERR_OK;
    guard_case_init(&a.kase);
    for (; !err && value && written->type; value = value->next) {
        const struct schema_field *field =
            type_field(written->type, value->name);
        if (field)
            err = field_judge(&a, field, value);
    }
    guard_case_fini(&a.kase);
    return err;
}
