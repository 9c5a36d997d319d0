#include "shared/model/guard_note.h"

#include "shared/model/coded.h"
#include "shared/model/fold.h"

#define NOTES_BYTES_MAX (32u << 10)
#define LOADED_MAX 32
#define CODES_BYTES_MAX ((size_t)64 << 20) /* of a code set that is parsed */

/* --- guards --------------------------------------------------------------- */

struct asking {
    const struct guard_source *source;
    struct guard_case kase;
    const struct guard_record *record; /* the one written, in `kase` */
    struct bytes loaded[LOADED_MAX];   /* types of which `kase` has all */
    size_t loaded_count;
    struct buffer *warning;
};

static enum err type_load(struct asking *a, struct bytes type)
{
    for (size_t i = 0; i < a->loaded_count; i++)
        if (bytes_equal(a->loaded[i], type))
            return ERR_OK;
    enum err err = a->source->of_type(a->source->context, &a->kase, type);
    if (!err && a->loaded_count < LOADED_MAX)
        a->loaded[a->loaded_count++] = type;
    return err;
}

static enum err types_load(struct asking *a, const struct guard *guard)
{
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < guard_type_count(guard); i++)
        err = type_load(a, guard_type_at(guard, i));
    return err;
}

static enum err guard_note(struct buffer *w, const struct schema_field *field,
                           const struct guard *guard)
{
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

static enum err guards_judge(struct asking *a, const struct schema_field *field,
                             const struct canon *value)
{
    const struct guard_source *s = a->source;
    enum err err = ERR_OK;
    for (size_t i = 0; !err && i < field_guard_count(field); i++) {
        const struct guard *guard = field_guard_at(field, i);
        if (!guard_is_at(guard, value))
            continue;
        if (!a->record)
            err = s->written(s->context, &a->kase, &a->record);
        if (err || !a->record || !guard_asks(guard, field, a->record))
            continue;
        err = types_load(a, guard);
        if (!err && !guard_holds(guard, field, a->record, &a->kase, s->role,
                                 s->context))
            err = guard_note(a->warning, field, guard);
    }
    return err;
}

enum err guard_notes(const struct schema_type *type, const struct canon *set,
                     const struct guard_source *source, struct buffer *warning)
{
    struct asking a = {.source = source, .warning = warning};
    const struct canon *value = set ? set->first : NULL;
    enum err err = ERR_OK;
    guard_case_init(&a.kase);
    for (; !err && value && type; value = value->next) {
        const struct schema_field *field = type_field(type, value->name);
        if (field)
            err = guards_judge(&a, field, value);
    }
    guard_case_fini(&a.kase);
    return err;
}

/* --- code sets ------------------------------------------------------------ */

struct coding {
    const struct canon *set, *state;
    code_state *find;
    void *context;
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

static enum err code_note(struct buffer *w, struct bytes field,
                          const char *what)
{
    if (w->size)
        buffer_add_char(w, '\n');
    buffer_add_bytes(w, field);
    buffer_add_text(w, ": ");
    buffer_add_text(w, what);
    return buffer_add_text(w, "; stored all the same");
}

static enum err code_judge(struct coding *c, struct bytes field,
                           const struct coded *coded, struct bytes state)
{
    struct arena arena;
    const struct canon *root = NULL;
    char detail[CODED_DETAIL_CHARS];
    arena_init(&arena, CODES_BYTES_MAX);
    enum err err =
        state.size ? canon_parse(&arena, state, &root, NULL) : ERR_OK;
    if (!err && !coded_stands(coded, root, detail))
        err = code_note(c->warning, field, detail);
    arena_fini(&arena);
    return err == ERR_INVALID ? ERR_CORRUPT : err;
}

static enum err code_look_up(struct coding *c, struct bytes field,
                             const struct coded *coded)
{
    char id[ID_CHARS + 1];
    struct buffer state;
    bool any = true;
    enum err err = code_set_id(id, coded->set, coded->version);
    if (err)
        return err;
    buffer_init(&state, STATE_BYTES_MAX);
    err = c->find(c->context, id, &state, &any);
    if (!err && (state.size || any))
        err = code_judge(c, field, coded, buffer_bytes(&state));
    buffer_fini(&state);
    return err;
}

static bool is_written(const struct coding *c, struct bytes name)
{
    return name.size && canon_member_bytes(c->set, name);
}

static enum err code_field(struct coding *c, const struct schema_field *field)
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
    return code_look_up(c, name, &coded);
}

enum err code_notes(const struct schema_type *type, const struct canon *set,
                    const struct canon *state, code_state *find, void *context,
                    struct buffer *warning)
{
    struct coding c = {set, state, find, context, warning};
    enum err err = ERR_OK;
    for (size_t i = 0; type && set && !err && i < type_field_count(type); i++)
        err = code_field(&c, type_field_at(type, i));
    return err;
}
