#include "shared/replica/record_guard.h"

#include <string.h>

#include "shared/model/guard_note.h"
#include "shared/replica/identity_row.h"

struct asking {
    struct vault *vault;
    const struct record_guarded *written;
    char role[NAME_CHARS_MAX + 1]; /* of who writes; "" not known yet */
};

static enum err written_add(void *context, struct guard_case *kase,
                            const struct guard_record **out)
{
    const struct asking *a = context;
    const struct record_guarded *w = a->written;
    struct bytes state = buffer_bytes(&w->row->fold.state);
    if (state.size)
        return guard_case_add(kase, state, out);
    /* Of a record's first line there is no fold. */
    struct fold fold;
    fold_init(&fold);
    enum err err = fold_first(a->vault->schema, w->revision, &fold);
    if (!err)
        err = guard_case_add(kase, buffer_bytes(&fold.state), out);
    fold_fini(&fold);
    return err;
}

static enum err of_type(void *context, struct guard_case *kase,
                        struct bytes type)
{
    const struct asking *a = context;
    struct state_row row;
    state_row_init(&row);
    enum err err = ERR_OK;
    while (!err) {
        row.key = a->written->key->id;
        err = state_next(a->vault, SQL_RECORD_NEXT_OF_CASE, type, &row);
        if (!err && row.fold.state.size)
            err = guard_case_add(kase, buffer_bytes(&row.fold.state), NULL);
    }
    state_row_fini(&row);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
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

enum err record_guard(struct vault *vault, const struct record_guarded *written,
                      struct buffer *warning)
{
    struct asking a = {.vault = vault, .written = written};
    const struct guard_source source = {written_add, of_type, role_of, &a};
    return guard_notes(written->type, written->set, &source, warning);
}
