#include "shared/replica/record_code.h"

#include "shared/model/coded.h"
#include "shared/model/guard_note.h"
#include "shared/replica/state.h"

static enum err any_set_here(struct vault *vault, bool *any)
{
    struct state_row row;
    state_row_init(&row);
    enum err err = state_next(vault, SQL_RECORD_NEXT_OF_TYPE,
                              bytes_text(CODE_SET_TYPE), &row);
    state_row_fini(&row);
    *any = !err;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err find(void *vault, const char *record, struct buffer *out,
                     bool *any)
{
    struct state_row row;
    state_row_init(&row);
    enum err err = state_load(vault, bytes_text(record), &row);
    if (!err)
        err = buffer_add_bytes(out, buffer_bytes(&row.fold.state));
    if (!err && !out->size)
        err = any_set_here(vault, any);
    state_row_fini(&row);
    return err;
}

enum err record_code(struct vault *vault, const struct schema_type *type,
                     const struct canon *set, const struct canon *state,
                     struct buffer *warning)
{
    return code_notes(type, set, state, find, vault, warning);
}
