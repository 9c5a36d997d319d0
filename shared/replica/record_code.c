#include "shared/replica/record_code.h"

#include "shared/model/coded.h"
#include "shared/replica/state.h"

#define STATE_ROOM ((size_t)64 << 20) /* of a code set that is parsed */

struct coding {
    struct vault *vault;
    const struct canon *set, *state;
    struct buffer *warning;
};

/* What was just written, else what was there; empty: neither. */
static struct bytes text_of(const struct coding *c, struct bytes name)
{
    const struct canon *value =
        name.size ? canon_member_bytes(c->set, name) : NULL;
    if (!value && name.size && c->state) {
        value = canon_member(c->state, "fields");
        value = value ? canon_member_bytes(value, name) : NULL;
        value = value ? canon_member(value, "value") : NULL;
    }
    return value && value->kind == CANON_TEXT ? value->text : bytes_of(NULL, 0);
}

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

static enum err note(struct coding *c, struct bytes field, const char *what)
{
    if (c->warning->size)
        buffer_add_char(c->warning, '\n');
    buffer_add_bytes(c->warning, field);
    buffer_add_text(c->warning, ": ");
    buffer_add_text(c->warning, what);
    return buffer_add_text(c->warning, "; stored all the same");
}

static enum err judge(struct coding *c, struct bytes field,
                      const struct coded *coded, struct bytes state)
{
    struct arena arena;
    const struct canon *root = NULL;
    char detail[CODED_DETAIL_CHARS];
    arena_init(&arena, STATE_ROOM);
    enum err err =
        state.size ? canon_parse(&arena, state, &root, NULL) : ERR_OK;
    if (!err && !coded_stands(coded, root, detail))
        err = note(c, field, detail);
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_CORRUPT : err;
}

static enum err look_up(struct coding *c, struct bytes field,
                        const struct coded *coded)
{
    char id[ID_CHARS + 1];
    struct state_row row;
    bool any = true;
    enum err err = code_set_id(id, coded->set, coded->version);
    if (err)
        return err;
    state_row_init(&row);
    err = state_load(c->vault, bytes_text(id), &row);
    struct bytes state = buffer_bytes(&row.fold.state);
    if (!err && !state.size)
        err = any_set_here(c->vault, &any);
    if (!err && any)
        err = judge(c, field, coded, state);
    state_row_fini(&row);
    return err;
}

static bool is_written(const struct coding *c, struct bytes name)
{
    return name.size && canon_member_bytes(c->set, name);
}

static enum err field_judge(struct coding *c, const struct schema_field *field)
{
    const struct schema_coded *of = field_coded(field);
    struct bytes name = field_name(field);
    if (!of || (!is_written(c, name) && !is_written(c, of->set) &&
                !is_written(c, of->version) && !is_written(c, of->on)))
        return ERR_OK;
    const struct coded coded = {text_of(c, of->set), text_of(c, of->version),
                                text_of(c, name), text_of(c, of->on)};
    if (!coded.set.size || !coded.version.size || !coded.code.size)
        return ERR_OK;
    return look_up(c, name, &coded);
}

enum err record_code(struct vault *vault, const struct schema_type *type,
                     const struct canon *set, const struct canon *state,
                     struct buffer *warning)
{
    struct coding c = {vault, set, state, warning};
    enum err err = ERR_OK;
    for (size_t i = 0; type && set && !err && i < type_field_count(type); i++)
        err = field_judge(&c, type_field_at(type, i));
    return err;
}
