#include "shared/model/view.h"

#include <string.h>

#define VIEW_ARENA_BYTES_MAX (256u << 20)

const char *const view_name_fields[] = {
    "name", "preferred_name", "legal_name", "first_name", "title", NULL};

/* Writes `,"name":raw`, or without the comma when it is the first member. */
static void put_raw(struct buffer *out, bool *first, const char *name,
                    struct bytes raw)
{
    if (!*first)
        buffer_add_char(out, ',');
    *first = false;
    canon_put_name(out, name);
    buffer_add_bytes(out, raw);
}

static void put_text(struct buffer *out, bool *first, const char *name,
                     struct bytes text)
{
    if (!*first)
        buffer_add_char(out, ',');
    *first = false;
    canon_put_name(out, name);
    canon_put_text(out, text);
}

static void put_member(struct buffer *out, bool *first,
                       const struct canon *object, const char *name)
{
    const struct canon *member = canon_member(object, name);
    if (member)
        put_raw(out, first, name, member->raw);
}

bool view_code_known(const struct schema_field *field,
                     const struct canon *value)
{
    bool known = true;
    if (field_kind(field) != VALUE_CODE || !value)
        return true;
    if (field_rule(field) != RULE_SET)
        return !field_check(field, value, NULL);
    for (const struct canon *m = value->first; known && m; m = m->next)
        known = !field_check(field, m, NULL);
    return known;
}

/* `type` is NULL when nothing is known of it. */
static void put_unknown(struct buffer *out, bool *first,
                        const struct schema_type *type,
                        const struct canon *field)
{
    const struct schema_field *known =
        type ? type_field(type, field->name) : NULL;
    if (type && !known)
        put_text(out, first, "unknown", bytes_text("field"));
    else if (known && !view_code_known(known, canon_member(field, "value")))
        put_text(out, first, "unknown", bytes_text("code"));
}

static void put_field(struct buffer *out, const struct schema_type *type,
                      const struct canon *field)
{
    static const char *const before[] = {"after", "base", "dropped", "live",
                                         "meanwhile"};
    static const char *const behind[] = {"requests", "review", "sealed"};
    bool first = true;
    buffer_add_char(out, '{');
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        put_member(out, &first, field, before[i]);
    put_raw(out, &first, "open",
            bytes_text(canon_true(field, "open") ? "true" : "false"));
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
        put_member(out, &first, field, behind[i]);
    put_unknown(out, &first, type, field);
    put_member(out, &first, field, "unreadable");
    put_member(out, &first, field, "value");
    buffer_add_char(out, '}');
}

static void put_fields(struct buffer *out, const struct schema_type *type,
                       const struct canon *state)
{
    const struct canon *fields = canon_member(state, "fields");
    buffer_add_text(out, "{");
    for (const struct canon *f = fields ? fields->first : NULL; f;
         f = f->next) {
        if (f != fields->first)
            buffer_add_char(out, ',');
        canon_put_text(out, f->name);
        buffer_add_char(out, ':');
        put_field(out, type, f);
    }
    buffer_add_text(out, "}");
}

static void put_hash(struct buffer *out, bool *first, struct bytes state)
{
    uint8_t hash[HASH_BYTES];
    char text[BASE64_CHARS(HASH_BYTES) + 1];
    state_hash(hash, state);
    base64_encode(text, hash, sizeof hash);
    put_text(out, first, "hash", bytes_text(text));
}

static void put_array(struct buffer *out, bool *first, const char *name,
                      struct bytes array)
{
    if (array.size > 2)
        put_raw(out, first, name, array);
}

static void put_show(struct buffer *out, const struct canon *state,
                     const struct schema_type *type,
                     const struct view_beside *beside)
{
    bool first = true;
    buffer_add_char(out, '{');
    put_member(out, &first, state, "case");
    put_text(out, &first, "context", beside->context);
    buffer_add_text(out, ",\"fields\":");
    put_fields(out, type, state);
    put_hash(out, &first, state->raw);
    put_array(out, &first, "history", beside->history);
    put_member(out, &first, state, "record");
    put_array(out, &first, "same", beside->same);
    put_member(out, &first, state, "type");
    put_member(out, &first, state, "waiting");
    buffer_add_char(out, '}');
}

enum err view_show(struct buffer *out, struct bytes state,
                   const struct view_beside *beside)
{
    struct arena arena;
    const struct canon *root;
    const struct schema_type *type = NULL;
    struct bytes name;
    arena_init(&arena, VIEW_ARENA_BYTES_MAX);
    enum err err = canon_parse(&arena, state, &root, NULL);
    if (!err && beside->schema && canon_text(root, "type", &name))
        err = schema_find(beside->schema, name, &type);
    if (!err)
        put_show(out, root, type, beside);
    arena_fini(&arena);
    return err ? err : buffer_err(out);
}

static void put_row(struct buffer *out, const struct canon *state)
{
    const struct canon *fields = canon_member(state, "fields");
    bool first = true;
    buffer_add_char(out, '{');
    put_member(out, &first, state, "case");
    if (!first)
        buffer_add_char(out, ',');
    first = false;
    buffer_add_text(out, "\"fields\":{");
    for (const struct canon *f = fields ? fields->first : NULL; f;
         f = f->next) {
        const struct canon *value = canon_member(f, "value");
        if (f != fields->first)
            buffer_add_char(out, ',');
        canon_put_text(out, f->name);
        buffer_add_char(out, ':');
        buffer_add_bytes(out, value ? value->raw : bytes_text("null"));
    }
    buffer_add_char(out, '}');
    put_hash(out, &first, state->raw);
    put_member(out, &first, state, "record");
    put_member(out, &first, state, "type");
    buffer_add_char(out, '}');
}

enum err view_row(struct buffer *out, struct bytes state)
{
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, VIEW_ARENA_BYTES_MAX);
    enum err err = canon_parse(&arena, state, &root, NULL);
    if (!err)
        put_row(out, root);
    arena_fini(&arena);
    return err ? err : buffer_err(out);
}

static bool is_value(const struct canon *node, struct bytes value)
{
    if (node->kind == CANON_TEXT)
        return bytes_equal(node->text, value);
    return bytes_equal(node->raw, value);
}

bool view_matches(const struct canon *state, const char *name,
                  struct bytes value)
{
    const struct canon *fields = canon_member(state, "fields");
    const struct canon *field = fields ? canon_member(fields, name) : NULL;
    const struct canon *node = field ? canon_member(field, "value") : NULL;
    if (!node)
        return false;
    if (node->kind != CANON_ARRAY)
        return is_value(node, value);
    for (const struct canon *m = node->first; m; m = m->next)
        if (is_value(m, value))
            return true;
    return false;
}

static void put_conflict(struct buffer *out, const struct canon *state,
                         const struct canon *field)
{
    const struct canon *value = canon_member(field, "value");
    bool meanwhile = canon_true(field, "meanwhile");
    bool first = true;
    buffer_add_char(out, '{');
    put_member(out, &first, field, "base");
    put_member(out, &first, state, "case");
    put_text(out, &first, "field", field->name);
    put_member(out, &first, state, "record");
    put_member(out, &first, field, "review");
    if (!meanwhile && value)
        put_raw(out, &first, "shown", value->raw);
    put_member(out, &first, state, "type");
    const struct canon *live = canon_member(field, "live");
    put_raw(out, &first, "values", live ? live->raw : bytes_text("[]"));
    buffer_add_char(out, '}');
}

enum err view_conflicts(struct buffer *out, struct bytes state, size_t *count)
{
    struct arena arena;
    const struct canon *root;
    arena_init(&arena, VIEW_ARENA_BYTES_MAX);
    enum err err = canon_parse(&arena, state, &root, NULL);
    const struct canon *fields = err ? NULL : canon_member(root, "fields");
    for (const struct canon *f = fields ? fields->first : NULL; f;
         f = f->next) {
        if (!canon_true(f, "open"))
            continue;
        if ((*count)++)
            buffer_add_char(out, ',');
        put_conflict(out, root, f);
    }
    arena_fini(&arena);
    return err ? err : buffer_err(out);
}

static void put_node(struct buffer *out, bool *first, const char *name,
                     const struct canon *node)
{
    if (node)
        put_raw(out, first, name, node->raw);
}

static void put_entry(struct buffer *out, const struct revision *r,
                      const char *custody, const char *held)
{
    const struct revision *original = revision_original(r);
    char dot[DOT_CHARS + 1];
    bool first = true;
    dot_format(dot, &r->dot);
    buffer_add_char(out, '{');
    put_node(out, &first, "add", original->add);
    if (!first)
        buffer_add_char(out, ',');
    first = false;
    canon_put_name(out, "at");
    buffer_add_int(out, original->at);
    put_text(out, &first, "author", original->author);
    if (r->inner || r->carries.size)
        put_text(out, &first, "carried_by", r->author);
    put_node(out, &first, "clock", r->clock);
    if (custody)
        put_text(out, &first, "custody", bytes_text(custody));
    put_text(out, &first, "dot", bytes_text(dot));
    put_node(out, &first, "drop", original->drop);
    if (held && *held)
        put_text(out, &first, "held", bytes_text(held));
    put_node(out, &first, "hold", r->hold);
    put_node(out, &first, "keep", r->keep ? r->keep : original->keep);
    if (r->release.size)
        put_text(out, &first, "release", r->release);
    if (original->seal)
        put_raw(out, &first, "seal", bytes_text("true"));
    put_node(out, &first, "set", original->set);
    put_text(out, &first, "write", bytes_text(r->write));
    buffer_add_char(out, '}');
}

enum err view_entry(struct buffer *out, struct bytes line, const char *custody,
                    const char *held)
{
    struct arena arena;
    const struct revision *revision;
    arena_init(&arena, VIEW_ARENA_BYTES_MAX);
    enum err err = revision_parse(&arena, line, &revision, NULL);
    if (!err)
        put_entry(out, revision, custody, held);
    arena_fini(&arena);
    return err ? err : buffer_err(out);
}
